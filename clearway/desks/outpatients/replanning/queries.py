"""Reading clinics that do not take place: who is affected, the plan for all of them, and who is left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from clearway.core.layout.times import local
from clearway.domain.outpatients import clinics as rules
from clearway.domain.outpatients.letters import Kind
from clearway.domain.outpatients.replanning import ReplanPolicy
from clearway.domain.shared.outgoing import State as Sent
from clearway.engine.outpatients import replan as engine
from clearway.engine.outpatients.replan import NoPlace, Place

from ..booking import queries as booking
from ..clinics import queries as clinics
from ..letters import queries as letters
from ..patients import queries as patients
from .models import Displaced, Replan

State = Displaced.State
BOOKED = "booked"
SHOWN = 50
# Of those who are to be rung: the patient lives, and what they would be told still holds.
LIVES = Q(appointment__patient__died_on__isnull=True, appointment__patient__merged_into__died_on__isnull=True)
HOLDS = Q(state=State.RETURNED) | Q(moved_to__state=BOOKED)
# The letter about what stands now is held, or came to nothing: it tells nobody.
NO_LETTER = Exists(
    letters.letters()
    .order_by()
    .filter(
        appointment=Coalesce(OuterRef("moved_to"), OuterRef("appointment")),
        kind__in=[Kind.CHANGE, Kind.CANCELLATION, Kind.CONFIRMATION],
        outgoing__state__in=[Sent.HELD, Sent.FAILED],
    )
)
TO_RING = (Q(by_phone=True) | Q(NO_LETTER)) & Q(told_at__isnull=True) & LIVES & HOLDS


class Stands(StrEnum):
    """Where one displaced patient stands. to_place, in_hand and to_ring remain to be done."""

    TO_PLACE = "to_place"
    IN_HAND = "in_hand"  # the workers do what was ordered
    TO_RING = "to_ring"
    BY_LETTER = "by_letter"
    TOLD = "told"
    SETTLED = "settled"  # otherwise: cancelled, moved by hand, or seen after all; nobody is left to be told


@dataclass(frozen=True, slots=True)
class Scope:
    """Which clinics do not take place: one clinic, a leave, or all of a clinician or of a site on days.

    template  the clinics of this code of an older version than its newest, where somebody no longer fits
    """

    session: int | None = None
    leave: int | None = None
    template: str = ""
    clinician: int | None = None
    site: str = ""
    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        return any((self.session, self.leave, self.template, (self.clinician or self.site) and self.first))


@dataclass(frozen=True, slots=True)
class Going:
    """One patient and where the plan puts them; no_place says why nowhere.

    starts_at, clinician, site, room  of the seat; "" and None where there is none
    """

    row: Displaced
    place: Place | None
    no_place: NoPlace | None
    starts_at: datetime | None = None
    clinician: str = ""
    site: str = ""
    room: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan for everybody who is to be placed, in order of urgency. cost  days of waiting, weighed."""

    going: tuple[Going, ...]
    cost: int
    is_proved: bool


@dataclass(frozen=True, slots=True)
class Due:
    """Who of displaced patients is not yet placed, or not yet told. first, rung_by  the earliest start."""

    to_place: int = 0
    urgent: int = 0
    first: datetime | None = None
    to_ring: int = 0
    ring_by: datetime | None = None


def sessions(scope: Scope, organisation_id: int, at: datetime) -> list[Any]:
    """The clinics of a scope that have not ended, cancelled ones among them. Up to three queries.

    Raises ObjectDoesNotExist for a clinic or a leave that is not this trust's.
    """
    if scope.session:
        return [clinics.session(scope.session, organisation_id)]
    if scope.leave:
        leave = clinics.leave_of(scope.leave, organisation_id)
        found = clinics.sessions(
            organisation_id, leave.starts_on, leave.ends_on, clinician_id=leave.clinician_id
        )
        return [each for each in found if each.ends_at > at]
    if scope.template:
        return outgrown(scope.template, organisation_id, at)
    if not scope or scope.first is None:
        return []
    found = clinics.sessions(
        organisation_id,
        scope.first,
        scope.last or scope.first,
        site=scope.site,
        clinician_id=scope.clinician,
    )
    return [each for each in found if each.ends_at > at]


def outgrown(code: str, organisation_id: int, at: datetime) -> list[Any]:
    """The clinics to come of an older version in which a booking has no place in the newest. Four queries.

    Another room alone moves nobody: they are told by the letters that name it.
    """
    versions = clinics.versions(organisation_id, code)
    if len(versions) < 2:
        return []
    newest = versions[0]
    weeks, plans = clinics.weeks_of(newest), rules.plans_of(newest.slots)
    coming = [each for each in clinics.coming(organisation_id, code, at) if each.template_id != newest.pk]
    of_slot = {slot.pk: (each, slot) for each in coming for slot in each.slots.all()}
    found: set[int] = set()
    for row in booking.affected(list(of_slot), at):
        session, slot = of_slot[row.slot_id]
        minutes = int((slot.ends_at - slot.starts_at).total_seconds() // 60)
        booked = rules.Booked(slot.starts_at, minutes, slot.kind, slot.medium, row.seat)
        other = (session.clinician_id, session.service_id) != (newest.clinician_id, newest.service_id)
        is_over = local(slot.starts_at).date() >= newest.valid_from
        if is_over and (other or rules.no_longer_fits(booked, weeks, plans)):
            found.add(session.pk)
    return [each for each in coming if each.pk in found]


def affected(given: Iterable[Any], at: datetime) -> list[Any]:
    """The booked patients of these clinics whom no re-plan has now, in order of urgency. One query.

    Whom a re-plan had that was undone is anybody's again: the clinic can be given up a second time.
    """
    slots = [slot.pk for each in given for slot in each.slots.all()]
    has_one = Displaced.objects.filter(appointment=OuterRef("pk")).exclude(state=State.UNDONE)
    return list(booking.affected(slots, at).filter(~Exists(has_one), state=BOOKED))


def one(key: int, organisation_id: int) -> Replan:
    """One re-plan with its clinics and their slots. Raises Replan.DoesNotExist. Three queries."""
    rows = Replan.objects.prefetch_related(
        "sessions__slots", "sessions__clinician", "sessions__room__site", "sessions__service"
    )
    return rows.get(pk=key, organisation_id=organisation_id)


def over(session_ids: Iterable[int], organisation_id: int) -> Replan | None:
    """The newest re-plan of one of these clinics that is neither closed nor undone. One query."""
    rows = Replan.objects.filter(organisation_id=organisation_id, sessions__in=list(session_ids))
    return rows.filter(closed_at__isnull=True, undone_at__isnull=True).first()


def rows(replan_id: int) -> list[Displaced]:
    """Everybody who was displaced, in order of urgency: soonest, priority, treat-by. One query.

    Each with `no_letter`: whether the letter that was to tell them is held or has failed.
    """
    found = Displaced.objects.filter(replan_id=replan_id).annotate(no_letter=NO_LETTER)
    found = found.select_related(
        "entry__patient__merged_into",
        "appointment__patient__merged_into",
        "appointment__slot__session__clinician",
        "appointment__slot__session__room__site",
        "moved_to__slot__session__clinician",
        "moved_to__slot__session__room__site",
    )
    return list(
        found.order_by(
            "appointment__starts_at",
            F("entry__priority").desc(nulls_last=True),
            F("entry__treat_by").asc(nulls_last=True),
            "pk",
        )
    )


def stands(row: Displaced, at: datetime) -> Stands:
    """Where a row stands at an instant. No query beyond the row with its appointment."""
    if row.order:
        return Stands.IN_HAND
    if row.state == State.PLANNED:
        is_open = row.appointment.state == BOOKED and row.appointment.starts_at > at
        return Stands.TO_PLACE if is_open else Stands.SETTLED
    if row.told_at is not None:
        return Stands.TOLD
    if row.appointment.patient.stands.died_on is not None or not _holds(row):
        return Stands.SETTLED
    return Stands.TO_RING if row.by_phone or getattr(row, "no_letter", False) else Stands.BY_LETTER


def _holds(row: Displaced) -> bool:
    """Whether what the patient would be told is still so: they wait, or the new date stands."""
    return row.state == State.RETURNED or (row.moved_to is not None and row.moved_to.state == BOOKED)


def remaining(found: Iterable[Displaced], at: datetime) -> int:
    """How many are left to be placed or told."""
    open_ = (Stands.TO_PLACE, Stands.IN_HAND, Stands.TO_RING)
    return sum(stands(row, at) in open_ for row in found)


def register(organisation_id: int) -> list[Any]:
    """The newest re-plans with `people`, `left` to be placed and `to_ring`. Four queries."""
    left = Q(displaced__state=State.PLANNED, displaced__appointment__state=BOOKED)
    ring = Q(displaced__in=Displaced.objects.filter(TO_RING, organisation_id=organisation_id))
    found = Replan.objects.filter(organisation_id=organisation_id).annotate(
        people=Count("displaced", distinct=True),
        left=Count("displaced", filter=left, distinct=True),
        to_ring=Count("displaced", filter=ring, distinct=True),
    )
    return list(found.prefetch_related("sessions__clinician", "sessions__room__site")[:SHOWN])


def plan(displaced: Sequence[Displaced], organisation_id: int, held: ReplanPolicy, at: datetime) -> Planned:
    """The best plan for those who are to be placed, all together.

    Nobody is booked into another service than theirs, so that the services are planned one by one, and the
    whole is as exact as its parts. Five queries, and three for each service.
    """
    to_place = [row for row in displaced if stands(row, at) == Stands.TO_PLACE and row.entry is not None]
    until = at + timedelta(weeks=held.weeks)
    asked = _asked(to_place, at, until)
    taken = np.array(sorted(_in_hand(organisation_id)), np.int64)
    going: dict[int, Going] = {}
    cost, is_proved = 0, True
    for service_id in sorted({each.wanted.service for each in asked}):
        here = [each for each in asked if each.wanted.service == service_id]
        slots, sites = booking.columns(organisation_id, service_id, at, until)
        slots = replace(slots, closed=slots.closed | np.isin(slots.key, taken))
        found = engine.replan(slots, here, held, at)
        starts = dict(zip(slots.key.tolist(), slots.starts.tolist(), strict=True))
        site_of = {key: sites.get(slots.site[row], "") for row, key in enumerate(slots.key.tolist())}
        names = clinics.names_of_slots([each.slot for each in found.placed])
        by_key = {row.appointment_id: row for row in to_place}
        for place in found.placed:
            starts_at = local(datetime.fromtimestamp(starts[place.slot], at.tzinfo))
            who, room = names[place.slot]
            going[place.appointment] = Going(
                by_key[place.appointment], place, None, starts_at, who, site_of[place.slot], room
            )
        for none in found.not_placed:
            going[none.appointment] = Going(by_key[none.appointment], None, none)
        cost, is_proved = cost + found.cost, is_proved and found.is_proved
    ordered = tuple(going[row.appointment_id] for row in to_place)
    return Planned(ordered, cost, is_proved)


def _in_hand(organisation_id: int) -> set[int]:
    """The slots into which the workers are moving somebody: nobody else is planned there. One query."""
    rows = Displaced.objects.filter(organisation_id=organisation_id, order="move")
    return {key for key in rows.values_list("to_slot_id", flat=True) if key is not None}


def _asked(to_place: Sequence[Displaced], at: datetime, until: datetime) -> list[engine.Displaced]:
    """The displaced as the engine asks for them. Two queries."""
    people = {_patient(row).person_id for row in to_place}
    needs = patients.needs_of(people)
    elsewhere = booking.busy(people, at, until, but=[row.appointment_id for row in to_place])
    found = []
    for row in to_place:
        person, session = _patient(row).person_id, row.appointment.slot.session
        entry: Any = row.entry
        wanted = booking.asked(entry, needs.get(person, ()), elsewhere.get(person, ()))
        found.append(
            engine.Displaced(
                appointment=row.appointment_id,
                wanted=wanted,
                starts=int(row.appointment.starts_at.timestamp()),
                clinician=session.clinician_id,
                site=session.room.site.code,
                medium=row.appointment.slot.medium,
            )
        )
    return found


def _patient(row: Displaced) -> Any:
    return row.appointment.patient


def booked_again(replan: Replan, at: datetime) -> int:
    """How many of the slots that were lost somebody has now: of clinics that were opened again. One query."""
    slots = [slot.pk for each in replan.sessions.all() for slot in each.slots.all() if slot.starts_at > at]
    displaced = set(replan.displaced.values_list("appointment_id", flat=True))
    kept = booking.of_slots(slots, at)
    return sum(any(each.pk not in displaced for each in there) for there in kept.values())


def due(organisation_id: int, at: datetime) -> Due:
    """Who is not yet placed, or not yet told. Two queries."""
    found = Displaced.objects.filter(organisation_id=organisation_id)
    open_ = found.filter(
        state=State.PLANNED, order="", appointment__state=BOOKED, appointment__starts_at__gt=at
    )
    to_place = list(
        open_.order_by("appointment__starts_at").values_list("appointment__starts_at", "entry__priority")
    )
    untold = found.filter(TO_RING)
    to_ring = list(untold.order_by("appointment__starts_at").values_list("appointment__starts_at", flat=True))
    return Due(
        to_place=len(to_place),
        urgent=sum(priority in ("2", "3") for _, priority in to_place),
        first=to_place[0][0] if to_place else None,
        to_ring=len(to_ring),
        ring_by=to_ring[0] if to_ring else None,
    )
