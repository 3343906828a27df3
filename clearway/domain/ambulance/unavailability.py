"""Unavailability of a resource: why, for how long it may be, and when somebody asks.

The reasons, their groups, limits and questions are the trust's policy (`unavailability`). A reason of welfare
is never pressed: it has a time after which support is offered, and no challenge.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ..shared.facts import Fact, in_fixed_order
from .availability import rank
from .events import AvailabilityEvent
from .words import Availability

UNKNOWN = "unknown"  # code of a reason that nobody gave, or that the policy does not know


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason.

    minutes  that it may last; None where a plan says how long
    ask      the question to the crew; of welfare, what is offered
    heard    how the feeds say it, in lower case
    pressed  False for welfare: nobody is challenged
    """

    code: str
    group: str
    says: str
    minutes: float | None
    ask: str
    heard: tuple[str, ...] = ()
    pressed: bool = True


@dataclass(frozen=True, slots=True)
class UnavailabilityPolicy:
    """Policy `unavailability`.

    nearly    share of the limit from which it is nearly over
    escalate  minutes after the limit, from which it goes to the service delivery officer
    unknown   the reason that stands for one nobody gave
    """

    reasons: Mapping[str, Reason]
    unknown: Reason
    nearly: float = 0.8
    escalate: float = 10

    def reason(self, said: str | None, corrected: str = "") -> Reason:
        """The reason that the feed said, or that somebody put in its place."""
        if corrected in self.reasons:
            return self.reasons[corrected]
        words = (said or "").strip().lower()
        for reason in self.reasons.values():
            if words and words in (reason.code, reason.says.lower(), *reason.heard):
                return reason
        return self.unknown


class Timer(StrEnum):
    """How an unavailability stands with its limit, in the order in which it is looked at."""

    ESCALATE = "escalate"
    OVER = "over"
    SUPPORT = "support"  # welfare, for longer than usual: help is offered
    NEARLY = "nearly"
    WITHIN = "within"
    PLANNED = "planned"  # no limit


@dataclass(frozen=True, slots=True)
class Decision:
    """Limits that somebody signed for a time: of these reasons, so many minutes."""

    codes: frozenset[str]
    minutes: float
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Episode:
    """One time of being unavailable, for the reason first given. `ended` is None while it lasts."""

    since: datetime
    ended: datetime | None
    said: str | None


def episodes(facts: Iterable[Fact[AvailabilityEvent]], since: datetime) -> tuple[Episode, ...]:
    """Every time that one resource was unavailable, begun at `since` or later.

    Another reason begins another: each has its own limit.
    """
    found: list[Episode] = []
    began: tuple[datetime, str | None] | None = None
    for fact in in_fixed_order(facts, rank):
        out = fact.event.status is Availability.UNAVAILABLE
        if began is not None and not (out and fact.event.reason == began[1]):
            found.append(Episode(began[0], fact.placed_at, began[1]))
            began = None
        if out and began is None:
            began = fact.placed_at, fact.event.reason
    if began is not None:
        found.append(Episode(began[0], None, began[1]))
    return tuple(each for each in found if each.since >= since)


def minutes_allowed(reason: Reason, decisions: Sequence[Decision], at: datetime) -> float | None:
    """The limit of a reason at an instant: that of the newest signed decision on it, else the policy's.

    No decision shortens what is never pressed.
    """
    if not reason.pressed:
        return reason.minutes
    signed = [each for each in decisions if reason.code in each.codes and each.begins <= at < each.ends]
    return max(signed, key=lambda each: each.begins).minutes if signed else reason.minutes


def allowed_until(since: datetime, minutes: float | None, extended: datetime | None) -> datetime | None:
    """When it should be over; an extension counts where it is later."""
    limit = None if minutes is None else since + timedelta(minutes=minutes)
    return max((each for each in (limit, extended) if each is not None), default=None)


def timer(
    since: datetime, until: datetime | None, reason: Reason, policy: UnavailabilityPolicy, at: datetime
) -> Timer:
    """How it stands with its limit at an instant."""
    if until is None:
        return Timer.PLANNED
    if at > until:
        if not reason.pressed:
            return Timer.SUPPORT
        return Timer.ESCALATE if at > until + timedelta(minutes=policy.escalate) else Timer.OVER
    return Timer.NEARLY if at >= since + policy.nearly * (until - since) else Timer.WITHIN


def hours_lost(since: datetime, ended: datetime | None, begin: datetime, end: datetime) -> float:
    """Hours of an unavailability that lie between two instants."""
    lasted = min(ended or end, end) - max(since, begin)
    return max(0.0, lasted.total_seconds() / 3600)
