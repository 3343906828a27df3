"""Duties that come back: which kinds there are, how often, what is looked at, and when each is next due.

Both job descriptions ask for statutory training and appraisals, for infection prevention and control in one's
own area with its audits, and for the green plan; how often is the trust's (policy `recurring_duties`).
"""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum


class Unit(StrEnum):
    """In what an interval is counted."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Every:
    """How often: at least once in so many days, weeks or months."""

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 120:
            raise ValueError(f"A duty comes back every 1 to 120 {self.unit}, not {self.count}.")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of duty.

    every, unit  how often, where nobody says otherwise
    items        what is looked at each time, one by one; nothing for a duty that is done as a whole
    """

    code: str
    says: str
    every: int
    unit: Unit
    items: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Every(self.every, self.unit)
        if len(set(self.items)) < len(self.items):
            raise ValueError(f"The kind {self.code} names an item twice.")


@dataclass(frozen=True, slots=True)
class RecurringPolicy:
    """The trust's kinds of duties. leads  desk -> code of the role that sees to what is overdue."""

    kinds: tuple[Kind, ...] = ()
    leads: Mapping[str, str] = field(default_factory=dict)

    def kind(self, code: str) -> Kind:
        """The kind of this code; one that the policy names no longer keeps its code as its name."""
        return next((each for each in self.kinds if each.code == code), Kind(code, code, 12, Unit.MONTHS))


@dataclass(frozen=True, slots=True)
class Found:
    """One item as it was found. words  what was wrong, where it is not met"""

    item: str
    is_met: bool
    words: str = ""

    def __post_init__(self) -> None:
        if not self.is_met and not self.words:
            raise ValueError(f"{self.item}: say what was found.")


def next_due(every: Every, done_on: date) -> date:
    """The day on which a duty that was done on a day is due again."""
    if every.unit is not Unit.MONTHS:
        return done_on + timedelta(days=every.count * (7 if every.unit is Unit.WEEKS else 1))
    year, month = divmod(done_on.year * 12 + done_on.month - 1 + every.count, 12)
    last = calendar.monthrange(year, month + 1)[1]  # the last of a month that has no such day
    return date(year, month + 1, min(done_on.day, last))
