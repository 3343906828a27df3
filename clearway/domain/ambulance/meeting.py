"""Packs for meetings: the week or month that one is about, and the points of its charts.

Charts are read by the rules of the NHS programme Making Data Count, which asks for twelve points or more; how
many points a pack has is the trust's (policy `command`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
LEAST_POINTS = 12


class Unit(StrEnum):
    """What a pack is about. A week begins on Monday."""

    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class PackPolicy:
    """When packs are made by themselves, and how far back their charts look.

    units   of which each whole one is made
    after   local time of the day after it ended, from which it is made: what came late is in by then
    days    points of the charts of a week, one for each day
    weeks   points of the charts of a month, one for each whole week
    """

    units: tuple[Unit, ...] = (Unit.WEEK, Unit.MONTH)
    after: time = time(6)
    days: int = 28
    weeks: int = 16

    def __post_init__(self) -> None:
        if min(self.days, self.weeks) < LEAST_POINTS:
            raise ValueError(f"A chart of a pack has {LEAST_POINTS} points or more")
        if max(self.days, self.weeks) > 366:
            raise ValueError("A chart of a pack has 366 points at the most")


def first_day(unit: Unit, day: date) -> date:
    """The day on which the week or month of a day begins."""
    return day - day.weekday() * DAY if unit is Unit.WEEK else day.replace(day=1)


def next_day(unit: Unit, first: date) -> date:
    """The day on which the next one begins."""
    return first + 7 * DAY if unit is Unit.WEEK else (first + 32 * DAY).replace(day=1)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def whole(unit: Unit, policy: PackPolicy, at: datetime, zone: ZoneInfo) -> date:
    """The first day of the newest week or month that is to be made by itself at an instant."""
    first = first_day(unit, at.astimezone(zone).date())
    while datetime.combine(next_day(unit, first), policy.after, zone) > at:
        first = first_day(unit, first - DAY)
    return first


def points(unit: Unit, policy: PackPolicy, last: date) -> tuple[tuple[date, date], ...]:
    """The points of its charts in order of time, from a day to before another; none ends after `last`."""
    if unit is Unit.WEEK:
        return tuple((last - back * DAY, last - (back - 1) * DAY) for back in range(policy.days, 0, -1))
    monday = first_day(Unit.WEEK, last)
    return tuple(
        (monday - back * 7 * DAY, monday - (back - 1) * 7 * DAY) for back in range(policy.weeks, 0, -1)
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """One day as it adds up: how many, and their sum; a share where the sum counts those that hold."""

    count: int = 0
    total: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.count + other.count, self.total + other.total)


def gathered(by_day: dict[date, Tally], spans: Sequence[tuple[date, date]]) -> tuple[Tally | None, ...]:
    """What the days of each span add up to; None where no day of it says anything."""
    found: list[Tally | None] = []
    for first, end in spans:
        rows = [tally for day, tally in by_day.items() if first <= day < end]
        found.append(sum(rows, Tally()) if rows else None)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Level:
    """A level that was said from an instant on."""

    at: datetime
    level: int


def hours_at(
    said: Sequence[Level], begin: datetime, end: datetime, holds: Callable[[int], float]
) -> dict[int, float]:
    """Hours between two instants at each level; 0 stands for those in which none was known.

    holds  minutes for which a level counts where nobody says another: the rule of the boards
    """
    ordered = sorted(said, key=lambda each: each.at)
    found: dict[int, float] = {}
    known = 0.0
    for place, each in enumerate(ordered):
        until = ordered[place + 1].at if place + 1 < len(ordered) else end
        since, until = max(each.at, begin), min(until, each.at + timedelta(minutes=holds(each.level)), end)
        if until > since:
            hours = (until - since).total_seconds() / 3600
            found[each.level] = found.get(each.level, 0.0) + hours
            known += hours
    unknown = (end - begin).total_seconds() / 3600 - known
    return found | ({0: unknown} if unknown > 1e-9 else {})
