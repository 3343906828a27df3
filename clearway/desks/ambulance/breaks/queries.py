"""Reading how crews stand with their breaks, and the plans that stand."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from clearway.domain.ambulance.availability import ResourceStanding
from clearway.domain.ambulance.breaks import Breaks, BreakState, episodes, stand
from clearway.domain.ambulance.events import AvailabilityEvent

from ..facts import queries as facts
from ..incidents import queries as incidents
from .models import PlannedBreak, ShiftBreaks
from .policy import MealBreaks

LONGEST_SHIFT = timedelta(hours=20)
WEEK = timedelta(days=7)
OVER = (BreakState.TAKEN, BreakState.MISSED, BreakState.NONE, BreakState.LEFT, BreakState.UNKNOWN)


def standing(
    organisation_id: int, crews: Collection[ResourceStanding], policy: MealBreaks, at: datetime
) -> dict[str, Breaks]:
    """How each crew stands with its breaks, folded from the facts of its shift; by call sign. Two queries."""
    since = at - LONGEST_SHIFT
    told = facts.by_stream(
        organisation_id, [f"resource:{crew.call_sign}" for crew in crews], at, known_from=since
    )
    sent = incidents.allocations(organisation_id, [crew.call_sign for crew in crews], since)
    found = {}
    for crew in crews:
        known = facts.of_kind(AvailabilityEvent, told.get(f"resource:{crew.call_sign}", ()))
        had = episodes(known, sent.get(crew.call_sign, ()), crew.shift_start or since)
        shift = crew.shift_start, crew.shift_end
        heard_from = min((fact.placed_at for fact in known), default=at)
        found[crew.call_sign] = stand(crew.availability, shift, had, policy.rules, at, heard_from)
    return found


def on_shift(organisation_id: int, at: datetime) -> QuerySet[ShiftBreaks]:
    """The shifts that go on, the most urgent first."""
    rows = ShiftBreaks.objects.filter(organisation_id=organisation_id, shift_start__lte=at, shift_end__gt=at)
    return rows.order_by(F("start_by").asc(nulls_last=True), "call_sign")


def unfinished(organisation_id: int) -> QuerySet[ShiftBreaks]:
    """The shifts whose breaks are not settled."""
    return ShiftBreaks.objects.filter(organisation_id=organisation_id).exclude(
        state__in=[each.value for each in OVER]
    )


def owed_of_late(organisation_id: int, at: datetime) -> Mapping[str, int]:
    """How often in the last week a crew's break was missed or began late; by call sign. One query.

    By call sign, because no feed says who the people of a crew are.
    """
    bad = Q(state=BreakState.MISSED) | Q(late_by__gt=0)
    rows = ShiftBreaks.objects.filter(
        bad, organisation_id=organisation_id, shift_end__gt=at - WEEK, shift_end__lte=at
    )
    counted: dict[str, int] = defaultdict(int)
    for call_sign in rows.values_list("call_sign", flat=True):
        counted[call_sign] += 1
    return counted


def ended_between(organisation_id: int, begin: datetime, end: datetime) -> QuerySet[ShiftBreaks]:
    """The shifts that ended in a time."""
    return ShiftBreaks.objects.filter(
        organisation_id=organisation_id, shift_end__gte=begin, shift_end__lt=end
    )


def plans(organisation_id: int) -> dict[str, PlannedBreak]:
    """The plans that stand, with their places, by call sign. One query."""
    rows = standing_plans(organisation_id).select_related("place")
    return {row.call_sign: row for row in rows}


@dataclass(frozen=True, slots=True)
class Guarded:
    """A planned break as dispatch sees it. From `guarded_from` on only calls of `only` should be sent."""

    starts_at: datetime
    place: str
    guarded_from: datetime
    only: str


def planned(organisation_id: int, at: datetime) -> Mapping[str, Guarded]:
    """The plans that stood at an instant, by call sign. One query."""
    return {
        row.call_sign: Guarded(
            starts_at=row.starts_at,
            place=row.place.name if row.place else "",
            guarded_from=row.guarded_from,
            only=row.only,
        )
        for row in rows_planned(organisation_id, at).select_related("place")
    }


def rows_planned(organisation_id: int, at: datetime) -> QuerySet[PlannedBreak]:
    """The rows behind planned."""
    stood = Q(ended_at__isnull=True) | Q(ended_at__gt=at)
    return PlannedBreak.objects.filter(stood, organisation_id=organisation_id, accepted_at__lte=at)


def standing_plans(organisation_id: int) -> QuerySet[PlannedBreak]:
    """The rows behind plans."""
    return PlannedBreak.objects.filter(organisation_id=organisation_id, state=PlannedBreak.State.STANDS)


def missed_plans(organisation_id: int, since: datetime) -> QuerySet[PlannedBreak]:
    """Plans that did not begin since then, newest first."""
    rows = PlannedBreak.objects.filter(
        organisation_id=organisation_id, state=PlannedBreak.State.MISSED, ended_at__gt=since
    )
    return rows.select_related("place").order_by("-ended_at", "call_sign")
