"""Reading what is not cashed up, the sheet of a clinic, and those who did not come."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, QuerySet

from clearway.core.layout.times import LONDON, clock, day, local
from clearway.domain.outpatients.clock_events import ClockEvent
from clearway.domain.outpatients.clock_policy import Switch
from clearway.domain.outpatients.clock_words import Phase
from clearway.domain.outpatients.outcomes import Stood, age_on

from ..booking import queries as bookings
from ..clocks import queries as clocks
from ..patients import queries as patients
from ..policy import clock_switches
from ..referrals import queries as referrals
from .models import Appointment, Contact, Miss, OnRequest

OPEN = ("booked", "arrived")
NOTICES = ("confirmation", "invitation", "reminder", "change", "offer")
REACHED = ("sent", "delivered", "answered")


def _tonight(at: datetime) -> datetime:
    """The end of the London day."""
    day = local(at).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=LONDON)


@dataclass(frozen=True, slots=True)
class Clinic:
    """One clinic with appointments that nobody has said the outcome of.

    open, over  how many, and how many of them have ended
    oldest      start of the first of them
    """

    key: int
    service: str
    clinician: str
    site: str
    room: str
    starts_at: datetime
    open: int
    over: int
    oldest: datetime


def clinics(organisation_id: int, at: datetime) -> list[Clinic]:
    """Every clinic of today and before with open appointments, oldest first. Two queries."""
    rows = _open(organisation_id).filter(starts_at__lt=_tonight(at))
    over = dict(rows.filter(ends_at__lte=at).values_list("slot__session").annotate(Count("pk")))
    names = (
        "slot__session",
        "slot__session__service__name",
        "slot__session__clinician__name",
        "slot__session__room__site__name",
        "slot__session__room__name",
        "slot__session__starts_at",
    )
    found: Any = (
        rows.values_list(*names).annotate(Count("pk"), Min("starts_at")).order_by("slot__session__starts_at")
    )
    return [_clinic(row, over.get(row[0], 0)) for row in found]


def _clinic(row: tuple[Any, ...], over: int) -> Clinic:
    *names, count, oldest = row
    key, service, clinician, site, room, starts_at = names
    return Clinic(key, service, clinician, site, room, starts_at, count, over, oldest)


def _open(organisation_id: int) -> QuerySet[Appointment]:
    return Appointment.objects.filter(organisation_id=organisation_id, state__in=OPEN)


@dataclass(frozen=True, slots=True)
class Unoutcomed:
    """How many ended appointments have no outcome, and since when the oldest."""

    count: int
    oldest: datetime | None
    over_a_week: int


def unoutcomed(organisation_id: int, at: datetime) -> Unoutcomed:
    """Of all clinics. Two queries."""
    rows = _open(organisation_id).filter(ends_at__lte=at)
    found = rows.aggregate(count=Count("pk"), oldest=Min("starts_at"))
    late = rows.filter(ends_at__lte=at - timedelta(days=7)).count()
    return Unoutcomed(found["count"], found["oldest"], late)


def without_outcome(organisation_id: int, before: datetime) -> list[Appointment]:
    """Every appointment that had ended before an instant and has no outcome, oldest first. One query."""
    rows = _open(organisation_id).filter(ends_at__lte=before)
    related = ("service", "clinician", "room__site")
    return list(
        rows.select_related(*(f"slot__session__{each}" for each in related)).order_by("starts_at", "id")
    )


def held_between(organisation_id: int, start: datetime, end: datetime) -> int:
    """How many appointments that were not cancelled ended in a time. One query."""
    rows = Appointment.objects.filter(organisation_id=organisation_id, ends_at__gt=start, ends_at__lte=end)
    return rows.filter(state__in=(*OPEN, "attended", "missed")).count()


def with_patients(keys: Collection[int], organisation_id: int) -> dict[int, Appointment]:
    """These appointments with their patients, by id. One query."""
    rows = Appointment.objects.filter(organisation_id=organisation_id, pk__in=keys)
    return {row.pk: row for row in rows.select_related("patient")}


def session(key: int, organisation_id: int) -> Any:
    """One clinic. Raises Appointment.DoesNotExist where there is none."""
    model: Any = Appointment._meta.get_field("slot").related_model._meta.get_field("session").related_model
    row = (
        model.objects.select_related("service", "clinician", "room__site")
        .filter(pk=key, organisation_id=organisation_id)
        .first()
    )
    if row is None:
        raise Appointment.DoesNotExist(f"There is no clinic {key}.")
    return row


def sheet(key: int, organisation_id: int) -> list[Appointment]:
    """The appointments of a clinic that are or were to take place, in their order. Three queries."""
    rows = Appointment.objects.filter(
        organisation_id=organisation_id, slot__session_id=key, state__in=(*OPEN, "attended", "missed")
    )
    return list(
        rows.select_related("patient", "entry__pathway", "referral")
        .prefetch_related("patient__needs", "patient__flags")
        .order_by("starts_at", "seat")
    )


def one(key: int, organisation_id: int) -> Appointment:
    """One appointment whose outcome was said. Raises Appointment.DoesNotExist. One query."""
    rows = Appointment.objects.select_related(
        "patient", "entry", "slot__session__service", "slot__session__clinician"
    )
    return rows.get(pk=key, organisation_id=organisation_id, outcomed_at__isnull=False)


NoRequest = OnRequest.DoesNotExist


def on_request(organisation_id: int) -> list[OnRequest]:
    """Who can ask for the next visit, or could until lately and nobody has ended it; soonest over first.

    One query.
    """
    rows = OnRequest.objects.filter(
        organisation_id=organisation_id, entry=None, ended_at=None, taken_back_at=None
    ).exclude(appointment__patient__died_on__isnull=False)
    rows = rows.select_related(
        *("appointment__patient", "appointment__slot__session__service"),
        "appointment__slot__session__clinician",
    )
    return list(rows.order_by("until", "id"))


def stood(row: Appointment, at: datetime) -> Stood:
    """What must be known of an appointment to judge its outcome."""
    on = local(row.starts_at).date()
    flags = patients.flags_of([row.patient_id]).get(row.patient_id, ())
    return Stood(
        on=on,
        phase=phase(row, at),
        age=age_on(row.patient.born_on, on),
        has_started=row.starts_at <= at,
        is_dependent=any(flag.kind == "dependent" for flag in flags),
        has_notice=notice_of(row) is not None,
        has_next=_has_next(row, at),
        still_booked=still_booked(row, at),
        is_consultants=is_consultants(row),
        late_is_miss=Switch.LATE_ARRIVAL_IS_MISS in clock_switches(row.organisation_id, on),
    )


def still_booked(row: Appointment, at: datetime) -> tuple[str, ...]:
    """When the other visits of the same referral are, in words. One query."""
    return tuple(f"{day(each.starts_at)}, {clock(each.starts_at)}" for each in bookings.still_booked(row, at))


def is_consultants(row: Appointment) -> bool:
    """Whether the clock of an appointment is that of the consultant who sent the patient."""
    if row.referral is None or row.entry is None:
        return False
    return referrals.is_consultants(row.referral, row.entry.pathway_id)


def phase(row: Appointment, at: datetime) -> Phase | None:
    """Where the clock of an appointment stands; None where it has none."""
    pathway = row.entry.pathway_id if row.entry else None
    return None if pathway is None else clocks.explained(pathway, local(at).date()).standing.phase


def _has_next(row: Appointment, at: datetime) -> bool:
    later = _open(row.organisation_id).filter(patient=row.patient, starts_at__gt=row.starts_at)
    return later.filter(referral=row.referral).exists()


def has_more(entry_id: int, but: int) -> bool:
    """Whether other visits of the same entry are still booked."""
    return Appointment.objects.filter(entry_id=entry_id, state__in=OPEN).exclude(pk=but).exists()


def notice_of(row: Appointment) -> Contact | None:
    """The contact that shows that the patient had been told of this appointment, the newest of them."""
    told = Contact.objects.filter(
        patient_id=row.patient_id, purpose__in=NOTICES, outcome__in=REACHED, at__lt=row.starts_at
    )
    return told.filter(appointment_id=row.pk).order_by("-at").first()


def told_clock(row: Appointment) -> list[ClockEvent]:
    """What was said to the clock of the outcome of an appointment, oldest first. One query.

    The first is keyed by the appointment; each that followed a taking back carries its number behind.
    """
    pathway = row.entry.pathway_id if row.entry else None
    if pathway is None:
        return []
    key = f"appointment:{row.pk}"
    found = [clocks.value_of(each) for each in clocks.events_of([pathway])]
    said = [each for each in found if each.key == key or each.key.startswith(f"{key}/")]
    return sorted(said, key=lambda each: each.sequence)


def followed_up(row: Appointment) -> list[Any]:
    """The entries of the list that the outcome of this appointment made and that stand. One query."""
    model: Any = Appointment._meta.get_field("entry").related_model
    rows = model.objects.select_for_update(no_key=True).filter(
        organisation_id=row.organisation_id,
        outcome_of_id=row.pk,
    )
    return list(rows.exclude(state="removed"))


def was_seen_before(row: Appointment) -> bool:
    """Whether another appointment of the same referral was attended. One query."""
    others = Appointment.objects.filter(referral=row.referral, state="attended")
    return others.exclude(pk=row.pk).exists()


def is_safeguarded(patient_id: int) -> bool:
    return any(flag.kind == "safeguarding" for flag in patients.flags_of([patient_id]).get(patient_id, ()))


def misses(organisation_id: int) -> list[Miss]:
    """Those who did not come and of whom nobody has decided, protected first, then oldest."""
    rows = Miss.objects.filter(
        organisation_id=organisation_id, decided_at__isnull=True, taken_back_at__isnull=True
    )
    return list(_with_people(rows).order_by("-is_protected", "opened_at", "id"))


def misses_of(patient_id: int, organisation_id: int) -> list[int]:
    """The misses of whoever has this record of which nobody has decided. Two queries."""
    rows = Miss.objects.filter(
        organisation_id=organisation_id, decided_at__isnull=True, taken_back_at__isnull=True
    )
    of_person = rows.filter(appointment__patient_id__in=patients.records_of(patient_id))
    return list(of_person.order_by("id").values_list("pk", flat=True))


def miss(key: int, organisation_id: int) -> Miss:
    """One of them. Raises Miss.DoesNotExist."""
    return _with_people(Miss.objects.filter(organisation_id=organisation_id)).get(pk=key)


def _with_people(rows: QuerySet[Miss]) -> QuerySet[Miss]:
    return rows.select_related(
        "appointment__patient",
        "appointment__slot__session__service",
        "appointment__slot__session__clinician",
        "appointment__entry",
        "asked_of",
        "notice",
        "contact",
    )


def due_on(day: date, weeks: int) -> date:
    return day + timedelta(weeks=weeks)
