"""Reports to named people: what each shows, how often it is due, and what it says at one instant.

A report is the figures of a page, made by the page's own reading at the instant at which it leaves. It counts
and names nobody.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

from .completeness import working_days_after
from .words import Code


class What(Code):
    """Which figures a report has."""

    CAPACITY = "capacity", "waiting times and capacity"
    CHECKS = "checks", "what the list checks found"
    UNOUTCOMED = "unoutcomed", "clinics without outcome"
    LONG_WAITS = "long_waits", "long waits"
    LEDGER = "ledger", "every referral accounted for"
    PERFORMANCE = "performance", "performance by its indicators"


class Unit(Code):
    """By what a report is due."""

    WEEKDAY = "weekday", "each week, on a weekday"
    DAY = "day", "each month, on a date"
    WORKING_DAY = "working_day", "each month, on a working day"


MOST = {Unit.WEEKDAY: 5, Unit.DAY: 28, Unit.WORKING_DAY: 15}


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often: weekday 1 (Monday) to 5, date 1 to 28, or working day 1 to 15 of the month.

    What falls on a day that is not worked is due on the next that is. Raises ValueError.
    """

    unit: Unit
    number: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= MOST[self.unit]:
            raise ValueError(f"Enter a number from 1 to {MOST[self.unit]}")


@dataclass(frozen=True, slots=True)
class ReportPolicy:
    """When reports leave and are to be read (policy `reports`).

    from_hour         on its day a report leaves at this hour, London time
    acknowledge_days  working days in which its recipient says that it was read
    """

    from_hour: int = 7
    acknowledge_days: int = 3

    def __post_init__(self) -> None:
        if not 0 <= self.from_hour <= 23 or self.acknowledge_days < 1:
            raise ValueError(f"An hour from 0 to 23, and a day or more: {self}")


def next_due(cadence: Cadence, after: date, holidays: Collection[date] = ()) -> date:
    """The first day after a day on which a report is due."""
    days = (
        _weekly(cadence, after, holidays)
        if cadence.unit is Unit.WEEKDAY
        else _monthly(cadence, after, holidays)
    )
    return next(day for day in days if day > after)


def _weekly(cadence: Cadence, after: date, holidays: Collection[date]) -> Iterator[date]:
    monday = after - timedelta(days=after.weekday() + 7)
    for week in count():
        yield working_days_after(monday + timedelta(days=7 * week + cadence.number - 1), 0, holidays)


def _monthly(cadence: Cadence, after: date, holidays: Collection[date]) -> Iterator[date]:
    for month in count(after.year * 12 + after.month - 2):
        first = date(month // 12, month % 12 + 1, 1)
        if cadence.unit is Unit.DAY:
            yield working_days_after(first.replace(day=cadence.number), 0, holidays)
        else:
            yield working_days_after(first - timedelta(days=1), cadence.number, holidays)
