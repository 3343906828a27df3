"""Trials of reminders: two texts, or two choices of days, between which chance decides for each patient."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .messages import Message
from .words import CancelledBy, Code

LETTERS = ("a", "b")  # of the arms, in order
TRIED = (Message.BOOKED, Message.REMINDER, Message.LAST)  # the messages whose words may be tried
NOTICE = timedelta(hours=24)  # so long before, a slot can still be given to somebody else
FEWEST, MOST = 100, 100_000  # patients that a trial may plan for


class Varies(Code):
    """What differs between the arms."""

    WORDS = "words", "the words of a message"
    DAYS = "days", "the days before the visit"


class Outcome(Code):
    """What of the first visit is looked at; the visit counts once its time has come."""

    ATTENDED = "attended", "came, of those who came or did not come"
    CONFIRMED = "confirmed", "said that they will come"
    CANCELLED = "cancelled", "cancelled a day before or earlier"


@dataclass(frozen=True, slots=True)
class Days:
    """Days before a visit on which somebody is reminded; 0 leaves one out."""

    far: int
    near: int

    def __post_init__(self) -> None:
        if min(self.far, self.near) < 0 or not self.far | self.near or 0 < self.far <= self.near:
            raise ValueError("The first reminder is farther from the visit than the second.")

    @property
    def farthest(self) -> int:
        """Days before the visit of the first reminder."""
        return self.far or self.near

    def __str__(self) -> str:
        """ "14 and 4 days before"."""
        days = " and ".join(f"{each}" for each in (self.far, self.near) if each)
        return f"{days} {'day' if days == '1' else 'days'} before"


@dataclass(frozen=True, slots=True)
class FirstVisit:
    """The visit for which a patient came into a trial, as it stands."""

    state: str
    starts_at: datetime
    confirmed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_by: str = ""


def result(outcome: Outcome, visit: FirstVisit, at: datetime) -> bool | None:
    """Whether the patient did what is looked at; None before the visit's time, or where nobody can say."""
    if visit.starts_at > at:
        return None
    if outcome is Outcome.CONFIRMED:
        return visit.confirmed_at is not None
    if outcome is Outcome.ATTENDED:
        return {"attended": True, "missed": False}.get(visit.state)
    return (
        visit.cancelled_at is not None
        and visit.cancelled_by == CancelledBy.PATIENT
        and visit.starts_at - visit.cancelled_at >= NOTICE
    )
