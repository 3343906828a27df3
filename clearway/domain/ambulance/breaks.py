"""The meal breaks of a shift: what a crew is entitled to, what it had, and until when the rest must begin.

A break counts from a status event, never from a plan. Lengths, windows and what an interruption costs are the
trust's policy (`meal_breaks`); nothing here is a national rule.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ..shared.facts import Fact, in_fixed_order
from .availability import rank
from .events import AvailabilityEvent
from .words import Availability

GRACE = timedelta(minutes=1)  # a break that is a minute short was whole: buttons are pressed by hand


@dataclass(frozen=True, slots=True)
class Entitled:
    """One break of a shift. `opens` and `start_by` are minutes after the start of the shift."""

    minutes: float
    opens: float
    start_by: float

    def __post_init__(self) -> None:
        if not self.minutes > 0 or not 0 <= self.opens <= self.start_by:
            raise ValueError(f"A break has a length and opens before it must begin: {self}")


@dataclass(frozen=True, slots=True)
class Shifts:
    """What shifts of at least so many hours are entitled to, in the order of the breaks."""

    hours: float
    breaks: tuple[Entitled, ...]


class Interrupted(StrEnum):
    """What a crew is owed after a break was cut short."""

    REST = "rest"  # the minutes that are left
    WHOLE = "whole"  # the whole break again


@dataclass(frozen=True, slots=True)
class BreakPolicy:
    """Policy `meal_breaks`.

    entitlements      by length of shift
    protected         minutes at the beginning of a break in which nobody is sent
    closes_before     minutes before the end of a shift from which a break is not begun any more
    interrupted       what is owed after an interruption
    counts_from       minutes; a shorter stop is no part of a break
    """

    entitlements: tuple[Shifts, ...] = ()
    protected: float = 30
    closes_before: float = 60
    interrupted: Interrupted = Interrupted.REST
    counts_from: float = 10

    def entitled(self, shift: timedelta) -> tuple[Entitled, ...]:
        """The breaks of a shift of this length: those of the longest row that it reaches."""
        reached = [row for row in self.entitlements if shift >= timedelta(hours=row.hours)]
        return max(reached, key=lambda row: row.hours).breaks if reached else ()


class BreakState(StrEnum):
    """How a crew stands with its next break."""

    UNKNOWN = "unknown"  # nobody said when the shift begins or ends, or nothing was heard of its first part
    NONE = "none"  # the shift is too short for one
    NOT_YET = "not_yet"
    OPEN = "open"
    LATE = "late"  # it should have begun
    TRAVELLING = "travelling"
    ON_BREAK = "on_break"
    TAKEN = "taken"
    MISSED = "missed"  # the shift is nearly over, or over
    LEFT = "left"  # the crew went home before it was due


@dataclass(frozen=True, slots=True)
class Episode:
    """One time on a break. `ended` is None while it lasts."""

    began: datetime
    ended: datetime | None

    def minutes(self, at: datetime) -> float:
        """How long it had lasted at an instant."""
        return ((self.ended or at) - self.began).total_seconds() / 60


@dataclass(frozen=True, slots=True)
class Owed:
    """The next break of a shift, or what an interruption left of it."""

    minutes: float
    opens: datetime
    start_by: datetime
    closes: datetime


@dataclass(frozen=True, slots=True)
class Breaks:
    """How a shift stands with its breaks at an instant.

    owed         the next one; None when all were had, or none is due
    had          every time on a break, in order
    interrupted  how many were cut short
    late_by      minutes, of the latest beginning after it was due
    """

    state: BreakState
    owed: Owed | None
    had: tuple[Episode, ...]
    interrupted: int = 0
    late_by: float = 0.0


def episodes(
    facts: Iterable[Fact[AvailabilityEvent]], sent: Sequence[datetime], since: datetime
) -> tuple[Episode, ...]:
    """Every time on a break of one crew from `since` on.

    sent  when the crew was allocated to jobs: that ends a break whatever its status says
    """
    told = [fact for fact in in_fixed_order(facts, rank) if fact.placed_at >= since]
    return tuple(_episodes(told, sorted(sent)))


def _episodes(told: Sequence[Fact[AvailabilityEvent]], sent: Sequence[datetime]) -> Iterator[Episode]:
    began: datetime | None = None
    for fact in told:
        eats = fact.event.status is Availability.ON_BREAK
        if began is not None and (not eats or _cut(began, None, sent, fact.placed_at) is not None):
            yield Episode(began, _cut(began, fact.placed_at, sent, fact.placed_at))
            began = None
        if eats and began is None:
            began = fact.placed_at
    if began is not None:
        yield Episode(began, _cut(began, None, sent))


def _cut(
    began: datetime, ended: datetime | None, sent: Sequence[datetime], before: datetime | None = None
) -> datetime | None:
    """When a break that began then really ended: when the crew was sent, if that came first."""
    return next((at for at in sent if at > began and (before is None or at < before)), ended)


def stand(
    availability: Availability | None,
    shift: tuple[datetime | None, datetime | None],
    had: Sequence[Episode],
    policy: BreakPolicy,
    at: datetime,
    heard_from: datetime | None = None,
) -> Breaks:
    """How a crew stands with its breaks at an instant.

    shift  when it begins and ends, as far as any source said
    heard_from  when the crew was first heard of; None for from the beginning. What may have been had before
                is not claimed to be missed
    had    its times on a break in this shift, see `episodes`
    """
    begins, ends = shift
    if begins is None or ends is None or ends <= begins:
        return Breaks(BreakState.UNKNOWN, None, tuple(had))
    counted = [each for each in had if each.ended is None or each.minutes(at) >= policy.counts_from]
    entitled = policy.entitled(ends - begins)
    if not entitled:
        return Breaks(BreakState.NONE, None, tuple(counted))
    if heard_from is not None and heard_from > begins + timedelta(minutes=entitled[0].opens):
        return Breaks(BreakState.UNKNOWN, None, tuple(counted))
    account = _account(entitled, counted, begins, policy, at)
    eats = any(each.ended is None for each in had)
    if account.left is None:
        state = BreakState.ON_BREAK if eats else BreakState.TAKEN
        return Breaks(state, None, tuple(counted), account.cut, account.late)
    which, minutes = account.left
    closes = ends - timedelta(minutes=policy.closes_before)
    owed = Owed(
        minutes=minutes,
        # A window that the end of the shift shortens is due when it closes.
        opens=min(begins + timedelta(minutes=which.opens), closes),
        start_by=min(begins + timedelta(minutes=which.start_by), closes),
        closes=closes,
    )
    state = BreakState.ON_BREAK if eats else _state(availability, owed, at)
    return Breaks(state, owed, tuple(counted), account.cut, account.late)


def _state(availability: Availability | None, owed: Owed, at: datetime) -> BreakState:
    if availability is Availability.BREAK_TRAVEL:
        return BreakState.TRAVELLING
    if at >= owed.closes:
        return BreakState.MISSED
    if at > owed.start_by:
        return BreakState.LATE
    return BreakState.OPEN if at >= owed.opens else BreakState.NOT_YET


@dataclass(slots=True)
class _Account:
    """What times on a break add up to. left  the first break not had whole, and what is owed of it."""

    left: tuple[Entitled, float] | None = None
    cut: int = 0
    late: float = 0.0


def _account(
    entitled: Sequence[Entitled], had: Sequence[Episode], begins: datetime, policy: BreakPolicy, at: datetime
) -> _Account:
    """Set each time on a break against the break that it is part of, in order."""
    account, left = _Account(), list(had)
    for each in entitled:
        owed, first = each.minutes, True
        while left and owed > _minutes(GRACE):
            taken = left.pop(0)
            if first:
                account.late = max(account.late, _late(taken, each, begins))
            first, owed = False, owed - taken.minutes(at)
            if taken.ended is not None and owed > _minutes(GRACE):
                account.cut += 1
                owed = each.minutes if policy.interrupted is Interrupted.WHOLE else owed
        if owed > _minutes(GRACE):
            account.left = each, owed
            break
    return account


def _late(taken: Episode, due: Entitled, begins: datetime) -> float:
    """Minutes by which a break began late; within the grace of a button it did not."""
    late = taken.began - begins - timedelta(minutes=due.start_by)
    return _minutes(late) if late > GRACE else 0.0


def _minutes(length: timedelta) -> float:
    return length.total_seconds() / 60
