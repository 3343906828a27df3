"""Reading appointments, and which free slots suit an entry of the waiting list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from clearway.core.layout.times import local
from clearway.domain.outpatients.booking import DIED
from clearway.engine.outpatients import slots as engine
from clearway.engine.outpatients.fit import Coded, Slots, Wanted
from clearway.engine.outpatients.slots import Suggestion

from ..clinics import queries as clinics
from ..patients import queries as patients
from ..recycling import standing as recycling
from ..waiting import standing
from .models import ACTIVE, Appointment, Offer

AHEAD = timedelta(weeks=12)
KEPT = tuple(state for state in ACTIVE if state != "held")
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Choice:
    """A slot that suits, with the names that people know it by."""

    suggestion: Suggestion
    clinician: str
    site: str
    room: str

    @property
    def slot(self) -> int:
        return self.suggestion.slot

    @property
    def starts_at(self) -> datetime:
        return self.suggestion.starts_at


@dataclass(frozen=True, slots=True)
class Choices:
    """The best choices, how many slots fit in all, and why the others do not."""

    best: tuple[Choice, ...]
    fitting: int
    left_out: tuple[engine.LeftOut, ...]


COLUMNS = """
SELECT array_agg(slot.id), array_agg(extract(epoch FROM slot.starts_at)::bigint),
       array_agg((extract(epoch FROM slot.ends_at - slot.starts_at) / 60)::int),
       array_agg(session.clinician_id), array_agg(slot.kind), array_agg(slot.medium), array_agg(slot.held),
       array_agg(coalesce(extract(epoch FROM slot.released_at)::bigint, %(never)s)), array_agg(room.site_id),
       array_agg(slot.seats - coalesce(taken.seats, 0) - coalesce(asked.seats, 0)),
       array_agg(slot.blocked <> '' OR session.state <> 'open'), array_agg(room.fault <> ''),
       array_agg(coalesce(equipment.gives, ''))
FROM outpatients_slot slot
JOIN outpatients_session session ON session.id = slot.session_id
JOIN outpatients_room room ON room.id = session.room_id
LEFT JOIN outpatients_equipment equipment ON equipment.id = session.equipment_id
LEFT JOIN (
    SELECT slot_id, count(*) AS seats FROM outpatients_appointment
    WHERE organisation_id = %(organisation)s AND starts_at > %(at)s AND starts_at < %(until)s
      AND state = ANY(%(active)s) AND NOT (state = 'held' AND held_until <= %(at)s)
    GROUP BY slot_id
) taken ON taken.slot_id = slot.id
LEFT JOIN (
    SELECT freed.slot_id, count(DISTINCT freed.id) AS seats
    FROM outpatients_freed_slot freed JOIN outpatients_slot_offer offer ON offer.freed_id = freed.id
    WHERE freed.organisation_id = %(organisation)s AND freed.state = 'open' AND offer.state = 'out'
      AND offer.expires_at > %(at)s
    GROUP BY freed.slot_id
) asked ON asked.slot_id = slot.id
WHERE slot.organisation_id = %(organisation)s AND session.service_id = %(service)s
  AND slot.starts_at > %(at)s AND slot.starts_at < %(until)s
"""


def suitable(entry_id: int, organisation_id: int, at: datetime, limit: int = 9) -> Choices:
    """The free slots of the coming twelve weeks that suit an entry, best first. Eight queries.

    Raises Entry.DoesNotExist.
    """
    entry = standing.one(entry_id, organisation_id)
    return suitable_for(entry, at, limit)


def suitable_for(entry: Any, at: datetime, limit: int = 9) -> Choices:
    """The same of an entry that has been read, with its patient."""
    slots, sites = columns(entry.organisation_id, entry.service_id, at, at + AHEAD)
    suited = engine.suit(slots, wanted(entry, at), at, limit)
    return Choices(tuple(_named(suited.best, sites)), suited.fitting, suited.left_out)


def columns(
    organisation_id: int, service_id: int, at: datetime, until: datetime
) -> tuple[Slots, dict[str, str]]:
    """The slots of a service as columns, and the names of sites by code. Three queries.

    Every value of a slot is read in one row of arrays: thousands of slots are a matter of milliseconds.
    """
    given: dict[str, Any] = {
        "organisation": organisation_id,
        "service": service_id,
        "at": at,
        "until": until,
        "active": list(ACTIVE),
        "never": int(NEVER),
    }
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, given)
        row = cursor.fetchone() or ()
    key, starts, minutes, who, kind, medium, held, released, site, free, closed, faulty, gives = (
        each or [] for each in row
    )
    codes = {each.pk: each for each in clinics.sites(organisation_id)}
    names = {each.code: each.name for each in codes.values()}
    skills = {
        pk: frozenset(able) for pk, able in clinics.clinicians(organisation_id).values_list("pk", "skills")
    }
    slots = Slots(
        key=np.array(key, np.int64),
        starts=np.array(starts, np.int64),
        minutes=np.array(minutes, np.int64),
        service=np.full(len(key), service_id, np.int64),
        clinician=np.array(who, np.int64),
        kind=Coded.of(kind),
        medium=Coded.of(medium),
        held=Coded.of(held),
        released=np.array(released, np.int64),
        site=Coded.of(codes[each].code for each in site),
        free=np.array(free, np.int64),
        closed=np.array(closed, np.bool_),
        faulty=np.array(faulty, np.bool_),
        skills=Coded.of(
            skills.get(each, frozenset()) | _given(word) for each, word in zip(who, gives, strict=True)
        ),
    )
    return slots, names


def one_row(slot: Any, free: int = 1) -> Slots:
    """The columns of one slot that has been read with its session, clinician, room and equipment."""
    session = slot.session
    return Slots(
        key=np.array([slot.pk]),
        starts=np.array([int(slot.starts_at.timestamp())]),
        minutes=np.array([int((slot.ends_at - slot.starts_at).total_seconds() // 60)]),
        service=np.array([session.service_id]),
        clinician=np.array([session.clinician_id]),
        kind=Coded.of([slot.kind]),
        medium=Coded.of([slot.medium]),
        held=Coded.of([slot.held]),
        released=np.array([int(slot.released_at.timestamp()) if slot.released_at else NEVER]),
        site=Coded.of([session.room.site.code]),
        free=np.array([free]),
        closed=np.array([bool(slot.blocked) or session.state != "open"]),
        faulty=np.array([bool(session.room.fault)]),
        skills=Coded.of(
            [
                frozenset(session.clinician.skills)
                | _given(session.equipment.gives if session.equipment else "")
            ]
        ),
    )


def _given(word: str) -> frozenset[str]:
    """What the equipment of a clinic adds to what its clinician can do."""
    return frozenset({word} if word else ())


def asked(entry: Any, needs: Iterable[Any] = (), elsewhere: Iterable[tuple[int, int]] = ()) -> Wanted:
    """What an entry asks of any slot, with the patient's needs and the times at which they are elsewhere.

    No query beyond the entry, its patient and the record that stands.
    """
    patient = entry.patient.stands
    return Wanted(
        service=entry.service_id,
        kind=entry.kind,
        minutes=entry.minutes,
        priority=entry.priority,
        skills=frozenset(entry.skills),
        medium=entry.medium,
        clinician=entry.clinician_id,
        sites=frozenset(patient.sites),
        days=frozenset(patient.days),
        notice_hours=patient.notice_hours,
        treat_by=entry.treat_by or entry.due_on,
        needs=tuple((patients.called(need.kind), need.detail) for need in needs),
        elsewhere=tuple(elsewhere),
    )


def wanted(entry: Any, at: datetime) -> Wanted:
    """What an entry asks for, with the patient's needs and other appointments. Three queries."""
    needs = patients.needs_of([entry.patient_id]).get(entry.patient_id, [])
    elsewhere = of_person(entry.patient.person_id, at)
    return asked(entry, needs, ((int(a.timestamp()), int(b.timestamp())) for a, b in elsewhere))


def of_person(person_id: int, at: datetime) -> Sequence[tuple[datetime, datetime]]:
    """When a person has appointments that are still to come, under any record. One query."""
    rows = Appointment.objects.filter(live(at), person_id=person_id, ends_at__gt=at)
    return list(rows.values_list("starts_at", "ends_at"))


def busy(
    person_ids: Iterable[int], starts_at: datetime, ends_at: datetime, but: Iterable[int] = ()
) -> dict[int, list[tuple[int, int]]]:
    """Person, by the record that stands -> (start, end) in seconds of appointments that touch this time. One
    query.

    but  appointments that are given up
    """
    rows = Appointment.objects.filter(
        person_id__in=list(person_ids),
        state__in=("held", "booked", "arrived"),
        starts_at__lt=ends_at,
        ends_at__gt=starts_at,
    ).exclude(pk__in=list(but))
    found: dict[int, list[tuple[int, int]]] = {}
    for person, starts, ends in rows.values_list("person_id", "starts_at", "ends_at"):
        found.setdefault(person, []).append((int(starts.timestamp()), int(ends.timestamp())))
    return found


def every(organisation_id: int) -> QuerySet[Appointment]:
    """Every appointment of the trust with its clinic, for who tells other systems of them."""
    rows = Appointment.objects.filter(organisation_id=organisation_id)
    return rows.select_related(
        "slot__session__service", "slot__session__clinician", "slot__session__room__site"
    )


def with_free(slots: Any, at: datetime) -> Any:
    """Slots with `free`: how many of their seats somebody can be booked into, as booking counts them."""
    there = Appointment.objects.filter(live(at), slot_id=OuterRef("pk"))
    taken = there.order_by().values("slot_id").annotate(seats=Count("pk")).values("seats")
    kept = Coalesce(Subquery(taken), 0) + recycling.asked_about(at)
    return slots.annotate(free=F("seats") - kept)


def of_seats() -> QuerySet[Appointment]:
    """Every appointment, for who asks about seats."""
    return Appointment.objects.order_by()


def of_people(patient_ids: Iterable[int]) -> QuerySet[Appointment]:
    """Every appointment made under these records, newest first."""
    rows = Appointment.objects.filter(patient_id__in=list(patient_ids))
    return rows.select_related("slot__session__service").order_by("-starts_at")


def ended_by_death(patient_ids: Iterable[int]) -> QuerySet[Appointment]:
    """The appointments of these records that were cancelled because the patient died, soonest first."""
    rows = Appointment.objects.filter(patient_id__in=list(patient_ids), state="cancelled", cancel_reason=DIED)
    return rows.select_related("slot__session__service").order_by("starts_at")


@dataclass(frozen=True, slots=True)
class ToBookAnew:
    """A patient whose appointments were cancelled by a death that was withdrawn. since  the first of them."""

    patient: int
    count: int
    starts_at: datetime


def to_book_anew(organisation_id: int) -> list[ToBookAnew]:
    """Who lives, waits, and lost appointments to a death that was recorded wrongly. One query.

    Nobody is in it any more once another appointment was made for the entry, or the entry has ended.
    """
    made_since = Appointment.objects.filter(
        entry_id=OuterRef("entry_id"), made_at__gt=OuterRef("cancelled_at")
    ).exclude(state="lapsed")
    rows = Appointment.objects.filter(
        ~Exists(made_since),
        organisation_id=organisation_id,
        state="cancelled",
        cancel_reason=DIED,
        person__died_on__isnull=True,
        entry__state="waiting",
    )
    found = rows.values_list("person_id").annotate(count=Count("pk"), first=Min("starts_at"))
    return [ToBookAnew(*each) for each in found.order_by("first", "person_id")]


def clashes(one: int, other: int) -> list[datetime]:
    """When appointments of these two records that keep their seats overlap, soonest first. One query."""
    overlapping = Appointment.objects.filter(
        patient_id=other,
        state__in=ACTIVE,
        starts_at__lt=OuterRef("ends_at"),
        ends_at__gt=OuterRef("starts_at"),
    )
    rows = Appointment.objects.filter(Exists(overlapping), patient_id=one, state__in=ACTIVE)
    return list(rows.order_by("starts_at").values_list("starts_at", flat=True))


def live(at: datetime) -> Q:
    """Appointments that keep their seat: a hold only until its time."""
    return Q(state__in=ACTIVE) & ~Q(state="held", held_until__lte=at)


def missing(entry: Any) -> int:
    """How many visits of an entry that waits are still to be booked. One query for a course, else none.

    A visit that was missed counts as used; who is offered another one waits for one.
    """
    return max(1, left(entry))


def left(entry: Any) -> int:
    """How many visits of an entry nobody was booked for, those that took place or were missed left out."""
    kept = Appointment.objects.filter(entry=entry, state__in=KEPT)
    return entry.series - kept.count() if entry.series > 1 else 0


def taken_seats(slot_id: int) -> list[Appointment]:
    """Who keeps a seat of a slot, lapsed holds with them: what booking reads of each. One query."""
    rows = Appointment.objects.filter(slot_id=slot_id, state__in=ACTIVE)
    return list(rows.only("organisation_id", "seat", "entry_id", "state", "held_until", "starts_at"))


def kept_seats(slot_id: int, at: datetime) -> set[int]:
    """The seats of a slot that somebody keeps. One query."""
    return set(Appointment.objects.filter(live(at), slot_id=slot_id).values_list("seat", flat=True))


def appointment(key: int, organisation_id: int) -> Appointment:
    """One appointment with all that its page shows. Raises Appointment.DoesNotExist."""
    rows = Appointment.objects.select_related(
        "patient",
        "entry__pathway",
        "entry__service",
        "entry__patient",
        "moved_to",
        "slot__session__service",
        "slot__session__clinician",
        "slot__session__room__site",
    )
    return rows.get(pk=key, organisation_id=organisation_id)


def newest(key: int, organisation_id: int) -> Appointment | None:
    """The appointment that stands for one that may have been moved; None where there is none."""
    rows = Appointment.objects.select_related("patient", "entry").filter(organisation_id=organisation_id)
    row = rows.filter(pk=key).first()
    while row is not None and row.moved_to_id is not None:
        row = rows.get(pk=row.moved_to_id)
    return row


def chain(key: int, organisation_id: int) -> list[int]:
    """Ids of an appointment and of every one that took its place since, the oldest first."""
    rows = Appointment.objects.filter(organisation_id=organisation_id)
    found: list[int] = []
    after: int | None = key
    while after is not None:
        found.append(after)
        after = rows.values_list("moved_to_id", flat=True).filter(pk=after).first()
    return found


def whole_chain(row: Appointment) -> list[int]:
    """Ids of an appointment, of those before it and of those that took its place, the oldest first."""
    first = row
    while (before := first.moved_from.first()) is not None:
        first = before
    return chain(first.pk, row.organisation_id)


CHAINS = """
WITH RECURSIVE onward AS (
    SELECT id AS key, id, moved_to_id
      FROM outpatients_appointment WHERE organisation_id = %s AND id = ANY(%s)
    UNION ALL
    SELECT onward.key, later.id, later.moved_to_id
      FROM onward JOIN outpatients_appointment AS later ON later.id = onward.moved_to_id
), backward AS (
    SELECT key, id, 0 AS step FROM onward WHERE moved_to_id IS NULL
    UNION ALL
    SELECT backward.key, earlier.id, backward.step + 1
      FROM backward JOIN outpatients_appointment AS earlier ON earlier.moved_to_id = backward.id
)
SELECT key, array_agg(id ORDER BY step DESC, id) FROM backward GROUP BY key
"""


def chains(keys: Iterable[int], organisation_id: int) -> dict[int, tuple[int, ...]]:
    """Of each of these appointments the ids that whole_chain gives. Those of another trust are left out.
    One query."""
    with connection.cursor() as cursor:
        cursor.execute(CHAINS, [organisation_id, list(keys)])
        return {key: tuple(ids) for key, ids in cursor.fetchall()}


def to_compare(
    organisation_id: int, span: tuple[datetime, datetime], named: Iterable[int]
) -> list[tuple[Appointment, tuple[int, ...]]]:
    """What stands of a span and of the named, after every move: no holds, and nothing that was moved away.
    Each with the ids of its whole chain. Three queries."""
    rows = Appointment.objects.filter(organisation_id=organisation_id).exclude(state__in=("held", "lapsed"))
    first, end = span
    here = rows.filter(starts_at__gte=first, starts_at__lt=end, moved_to=None).values_list("pk", flat=True)
    ids = {chain[-1]: chain for chain in chains({*here, *named}, organisation_id).values()}
    found = rows.filter(pk__in=list(ids)).order_by("starts_at", "pk")
    found = found.select_related("patient__merged_into", "slot__session__template")
    return [(row, ids[row.pk]) for row in found]


def referrals_of(keys: Iterable[int]) -> list[int]:
    """Ids of the referrals that appointments are for. One query."""
    rows = Appointment.objects.filter(pk__in=list(keys), referral__isnull=False)
    return list(rows.values_list("referral_id", flat=True).distinct())


def in_slot(slot_id: int, person_id: int) -> Appointment | None:
    """Their appointment in a slot, whatever became of it; None where there is none. A hold is none."""
    rows = Appointment.objects.select_related("patient", "entry").filter(state__in=KEPT)
    return rows.filter(slot_id=slot_id, person_id=person_id).first()


def to_come(organisation_id: int, at: datetime, until: datetime, made_since: datetime) -> list[Any]:
    """Booked appointments that begin before `until`, or were made since, the soonest first: their times,
    the record that stands for the patient, and the code of the service. One query."""
    rows = Appointment.objects.filter(
        Q(starts_at__lt=until) | Q(made_at__gt=made_since),
        organisation_id=organisation_id,
        state=Appointment.State.BOOKED,
        starts_at__gt=at,
    )
    names = ("pk", "person_id", "made_at", "starts_at", "confirmed_at")
    found = rows.annotate(service=F("slot__session__service__code"))
    return list(found.order_by("starts_at", "pk").values_list(*names, "service", named=True))


def for_patient(key: int) -> Appointment | None:
    """One appointment of any trust with what its patient's own page shows. One query."""
    rows = Appointment.objects.select_related(
        "organisation",
        "slot__session__service",
        "slot__session__clinician",
        "slot__session__room__site",
    )
    return rows.filter(pk=key).first()


def with_patients(keys: Iterable[int]) -> dict[int, Appointment]:
    """Appointments with their patients, by key. One query."""
    rows = Appointment.objects.filter(pk__in=list(keys)).select_related("patient__merged_into", "entry")
    return {row.pk: row for row in rows}


def of_slots(slot_ids: Iterable[int], at: datetime) -> dict[int, list[Appointment]]:
    """Slot -> who keeps a seat in it, by seat. One query."""
    rows = Appointment.objects.filter(live(at), slot_id__in=list(slot_ids)).select_related("patient", "entry")
    found: dict[int, list[Appointment]] = {}
    for row in rows.order_by("seat"):
        found.setdefault(row.slot_id, []).append(row)
    return found


def affected(slot_ids: Iterable[int], at: datetime) -> QuerySet[Appointment]:
    """Who is booked into slots that cannot be kept, in the order in which to reach them: soonest first,
    then priority, then treat-by."""
    rows = Appointment.objects.filter(live(at), slot_id__in=list(slot_ids), starts_at__gt=at)
    return rows.select_related(
        "patient", "entry__patient", "slot__session__clinician", "slot__session__room__site"
    ).order_by("starts_at", "-entry__priority", "entry__treat_by", "pk")


def of_entry(entry_id: int, at: datetime) -> list[Appointment]:
    """The appointments of an entry that stand, soonest first. One query."""
    return list(Appointment.objects.filter(live(at), entry_id=entry_id).order_by("starts_at"))


def still_booked(row: Appointment, at: datetime) -> list[Appointment]:
    """The visits to come of the same referral, or of the same entry where there is none, but this one,
    soonest first. One query."""
    if row.referral_id is None and row.entry_id is None:
        return []
    same = Q(referral_id=row.referral_id) if row.referral_id is not None else Q(entry_id=row.entry_id)
    rows = Appointment.objects.filter(same, organisation_id=row.organisation_id, state="booked")
    return list(rows.filter(starts_at__gt=at).exclude(pk=row.pk).order_by("starts_at", "pk"))


def offers(entry_id: int) -> list[Offer]:
    """The dates offered for an entry, newest first. One query."""
    return list(Offer.objects.filter(entry_id=entry_id).order_by("-pk"))


def _named(found: Iterable[Suggestion], sites: dict[str, str]) -> list[Choice]:
    found = list(found)
    names = clinics.names_of_slots([each.slot for each in found])
    return [
        Choice(each, names[each.slot][0], sites.get(each.site, each.site), names[each.slot][1])
        for each in found
    ]


def on(at: datetime) -> date:
    """The London day of an instant."""
    return local(at).date()
