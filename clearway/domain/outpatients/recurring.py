"""Duties that come back: how often, and when each is next due."""

from dataclasses import dataclass
from datetime import date, timedelta

from .records import months_after
from .words import Code


class Kind(Code):
    """What sort of duty it is."""

    POLICY = "policy", "a policy read and understood"
    AUDIT = "audit", "an audit"
    TRAINING = "training", "training"
    REVIEW = "review", "a review or appraisal"
    CHECK = "check", "a check of the office"


class Unit(Code):
    """In what its interval is counted."""

    DAYS = "days", "days"
    WEEKS = "weeks", "weeks"
    MONTHS = "months", "months"


@dataclass(frozen=True, slots=True)
class Every:
    """How often: at least once in so many days, weeks or months."""

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 120:
            raise ValueError(f"A duty comes back every 1 to 120 {self.unit}, not {self.count}.")


def next_due(every: Every, done_on: date) -> date:
    """The day on which a duty that was done on a day is due again."""
    if every.unit is Unit.MONTHS:
        return months_after(done_on, every.count)
    return done_on + timedelta(days=every.count * (7 if every.unit is Unit.WEEKS else 1))
