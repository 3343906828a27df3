"""When a letter arrives, and whether that is soon enough.

Source of the days: Royal Mail, delivery aims as of 2026: first class on the next working day, Saturdays
counted; second class within three working days, Mondays to Fridays. Aims, not promises: the policy `letters`
carries the days that a trust reckons with.
"""

from dataclasses import dataclass
from datetime import date, time, timedelta

from .bank_holidays import BANK_HOLIDAYS
from .letters import Kind
from .words import Code


class PostClass(Code):
    """How a letter travels."""

    SECOND = "second", "second class"
    FIRST = "first", "first class"


@dataclass(frozen=True, slots=True)
class LetterPolicy:
    """Who writes, and what the trust reckons with of the post (policy `letters`).

    office_phone, office_hours  where and when patients can ring
    sender, signed           lines at the head and at the foot of a letter
    first_days, second_days  working days from posting to arrival
    mail_room_days           working days between marking letters as posted and the post having them
    collected_at             local time of the day's last collection, as 16:00
    notice_days              days that must lie between arrival and the appointment
    reply_days               days that somebody invited has to ring
    parent_until             age in years from which patients are written to themselves
    """

    office_phone: str = ""
    office_hours: str = ""
    sender: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()
    first_days: int = 1
    second_days: int = 3
    mail_room_days: int = 0
    collected_at: str = "16:00"
    notice_days: int = 1
    reply_days: int = 14
    parent_until: int = 16

    def __post_init__(self) -> None:
        if not 1 <= self.first_days <= self.second_days:
            raise ValueError("First class takes at least a day and no longer than second class.")
        if min(self.mail_room_days, self.notice_days) < 0 or self.reply_days < 1:
            raise ValueError("Days of the post are 0 or more, and whoever is invited has at least one day.")
        time.fromisoformat(self.collected_at)


def _is_carried(day: date, kind: PostClass) -> bool:
    """Whether the post delivers on this day."""
    return day not in BANK_HOLIDAYS and day.isoweekday() <= (6 if kind is PostClass.FIRST else 5)


def posted_on(day: date, clock: time, policy: LetterPolicy) -> date:
    """The working day on which a letter that is ready now goes: today until the last collection."""
    if clock >= time.fromisoformat(policy.collected_at):
        day += timedelta(days=1)
    day = _worked(day)
    for _ in range(policy.mail_room_days):
        day = _worked(day + timedelta(days=1))
    return day


def _worked(day: date) -> date:
    """The day itself, or the next on which the mail room works."""
    while not _is_carried(day, PostClass.SECOND):
        day += timedelta(days=1)
    return day


def arrives_on(posted: date, kind: PostClass, policy: LetterPolicy) -> date:
    """The day on which a letter is reckoned to arrive."""
    left = policy.first_days if kind is PostClass.FIRST else policy.second_days
    day = posted
    while left:
        day += timedelta(days=1)
        left -= _is_carried(day, kind)
    return day


TIED = frozenset({Kind.CONFIRMATION, Kind.CHANGE, Kind.CANCELLATION})  # useless once the day has come


@dataclass(frozen=True, slots=True)
class InTime:
    """How a letter is to travel, and when it will be there."""

    post: PostClass
    arrives_on: date


def in_time(posted: date, needed_on: date | None, policy: LetterPolicy) -> InTime | None:
    """Second class where that is soon enough, else first; None where even that comes too late: then ring.

    needed_on  the day of the appointment that it is about, the earlier one of two; None for no day
    """
    for kind in PostClass:
        arrives = arrives_on(posted, kind, policy)
        if needed_on is None or arrives + timedelta(days=policy.notice_days) <= needed_on:
            return InTime(kind, arrives)
    return None
