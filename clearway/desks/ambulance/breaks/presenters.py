"""Breaks in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.layout.times import clock
from clearway.domain.ambulance.breaks import BreakState
from clearway.engine.ambulance.breaks import Unplaced

from .models import PlannedBreak, ShiftBreaks
from .planning import Proposal
from .policy import MealBreaks

STATES: Mapping[str, str] = {
    BreakState.UNKNOWN: "Not known: nothing was heard of the first part of its shift",
    BreakState.NONE: "Shift too short for one",
    BreakState.NOT_YET: "Not open yet",
    BreakState.OPEN: "May begin",
    BreakState.LATE: "Late",
    BreakState.TRAVELLING: "On its way to it",
    BreakState.ON_BREAK: "On its break",
    BreakState.TAKEN: "Had it",
    BreakState.MISSED: "Missed",
    BreakState.LEFT: "Went home before it was due",
}
UNPLACED: Mapping[Unplaced, str] = {
    Unplaced.NOT_FREE: "not expected to be free in time",
    Unplaced.FULL: "as many of its area eat at every time as may",
}
ORDER = (
    *(BreakState.LATE, BreakState.OPEN, BreakState.NOT_YET, BreakState.TRAVELLING),
    *(BreakState.ON_BREAK, BreakState.MISSED, BreakState.TAKEN, BreakState.NONE),
    *(BreakState.LEFT, BreakState.UNKNOWN),
)
SOON = ((30.0, "within 30 min"), (60.0, "within 60 min"))
NO_AREA = "Area unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """One crew on the board. `level` of a break that is late, or due within half an hour without a plan."""

    call_sign: str
    area: str
    state: str
    words: str
    level: str
    owed: str
    start_by: datetime | None
    warning: str
    planned_at: datetime | None
    planned: str
    note: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """One line of the plan that is proposed. `value` is sent back when it is accepted."""

    call_sign: str
    area: str
    starts_at: datetime
    place: str
    travel: str
    minutes: str
    start_by: datetime
    why: str
    late: str
    value: str


def rows(
    kept: Iterable[ShiftBreaks], plans: Mapping[str, PlannedBreak], at: datetime, policy: MealBreaks
) -> list[Row]:
    """The board: late ones first, then by what must begin soonest."""
    made = [row(each, plans.get(each.call_sign), at, policy) for each in kept]
    order = {state.value: place for place, state in enumerate(ORDER)}
    return sorted(made, key=lambda each: (order.get(each.state, 99), each.start_by or at, each.call_sign))


def row(kept: ShiftBreaks, plan: PlannedBreak | None, at: datetime, policy: MealBreaks) -> Row:
    waits = kept.state in (BreakState.OPEN, BreakState.LATE, BreakState.NOT_YET)
    left = (kept.start_by - at).total_seconds() / 60 if kept.start_by and waits else None
    warning = next((words for limit, words in SOON if left is not None and 0 <= left <= limit), "")
    return Row(
        call_sign=kept.call_sign,
        area=kept.area or NO_AREA,
        state=kept.state,
        words=STATES[kept.state],
        level=_level(kept, plan, left),
        owed=f"{kept.owed_minutes:.0f} min" if kept.owed_minutes and waits else "",
        start_by=kept.start_by if waits else None,
        warning=warning,
        planned_at=plan.starts_at if plan else None,
        planned=plan.place.name if plan and plan.place else "",
        note=_note(kept, policy),
    )


def _level(kept: ShiftBreaks, plan: PlannedBreak | None, left: float | None) -> str:
    if plan is not None or left is None:
        return ""
    if kept.state == BreakState.LATE:
        return "P2"
    return "P3" if left <= SOON[0][0] and kept.state == BreakState.OPEN else ""


def _note(kept: ShiftBreaks, policy: MealBreaks) -> str:
    said = []
    if kept.state == BreakState.ON_BREAK and kept.began_at:
        said.append(f"protected until {clock(kept.began_at + timedelta(minutes=policy.rules.protected))}")
    if kept.interrupted:
        said.append("interrupted once" if kept.interrupted == 1 else f"interrupted {kept.interrupted} times")
    if kept.late_by:
        said.append(f"began {kept.late_by:.0f} min late")
    if kept.state == BreakState.MISSED and policy.missed:
        said.append(policy.missed)
    return ", ".join(said)


def proposed(made: Proposal) -> list[Proposed]:
    """The plan, in the order of the beginnings."""
    lines = []
    for each in made.plan.breaks:
        hungry, place = made.hungry[each.call_sign], made.places.get(each.call_sign)
        starts_at = _whole_minute(made.at + timedelta(minutes=each.starts))
        code = place.code if place else ""
        lines.append(
            Proposed(
                call_sign=each.call_sign,
                area=hungry.area or NO_AREA,
                starts_at=starts_at,
                place=place.name if place else "Where it is",
                travel=f"{each.travel:.0f} min" if place else "not known",
                minutes=f"{each.minutes:.0f} min",
                start_by=made.at + timedelta(minutes=hungry.start_by),
                why=_why(hungry.free, hungry.owed, each.cover),
                late=f"{each.late:.0f} min late" if each.late else "",
                value=f"{each.call_sign}|{starts_at.isoformat()}|{code}",
            )
        )
    return lines


def _whole_minute(at: datetime) -> datetime:
    """The minute that begins then or next: what a person reads is what is accepted."""
    return (at + timedelta(seconds=59, microseconds=999_999)).replace(second=0, microsecond=0)


def _why(free: float, owed: int, cover: float) -> str:
    said = ["free now" if free <= 0 else f"expected free in {free:.0f} min"]
    if round(cover):
        said.append(f"cover given up {cover:.0f} min")
    if owed:
        said.append(f"{owed} of its breaks missed or late in a week")
    return "; ".join(said)


def unplaced(made: Proposal) -> list[str]:
    """Who has no place in the plan, and why, a sentence each."""
    away = [f"{name}: cannot be sent now, and nobody knows until when" for name in made.away]
    return [*(f"{name}: {UNPLACED[why]}" for name, why in sorted(made.plan.unplaced.items())), *away]


def counts(board: Sequence[Row]) -> list[tuple[str, int]]:
    """How many crews stand how, in the order of the board."""
    found = [(STATES[state], sum(each.state == state for each in board)) for state in ORDER]
    return [(words, number) for words, number in found if number]
