"""Command: when situation reports are due, when a shift changes hands, what an escalation call goes through.

The agenda of a call, the times of shifts and what a report is made on are the trust's (policy `command`); the
letters of METHANE are those of JESIP's joint doctrine, as is the joint decision model.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from statistics import fmean
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
METHANE: Mapping[str, str] = {
    "location": "Exact location",
    "kind": "Type of incident",
    "hazards": "Hazards, present and possible",
    "access": "Access and egress",
    "casualties": "Number and type of casualties",
    "services": "Emergency services, present and required",
}


class Occasion(StrEnum):
    """What a situation report is made on besides its times."""

    LEVEL = "level"
    DIVERT = "divert"
    MAJOR_INCIDENT = "major_incident"


class Declared(StrEnum):
    """How a major incident stands. The first letter of METHANE."""

    STANDBY = "standby"
    DECLARED = "declared"
    STOOD_DOWN = "stood_down"


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the agenda of an escalation call.

    parts  codes of the parts of a situation report that it begins with
    """

    code: str
    says: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandPolicy:
    """What a trust has settled about command.

    shift_changes  local times at which a shift hands over to the next
    every          from one situation report to the next, counted from each change of shift
    on             what else a situation report is made on
    give           so long before a change of shift a sheet counts as its own
    accept         so long after the change the next person has to accept it
    """

    shift_changes: tuple[time, ...] = (time(7), time(19))
    every: timedelta = timedelta(hours=4)
    on: frozenset[Occasion] = frozenset(Occasion)
    give: timedelta = timedelta(hours=1)
    accept: timedelta = timedelta(minutes=20)
    agenda: tuple[Point, ...] = ()

    def __post_init__(self) -> None:
        if not self.shift_changes:
            raise ValueError("Name at least one time at which shifts change")
        if min(self.every, self.accept) <= timedelta(0) or self.give < timedelta(0):
            raise ValueError("The times between reports, and to give and accept a shift, are above 0")
        if len({point.code for point in self.agenda}) != len(self.agenda):
            raise ValueError("Each point of the agenda has a code of its own")


def changes_before(policy: CommandPolicy, at: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The changes of shift up to an instant, newest first; right on days of 23 and 25 hours."""
    day = at.astimezone(zone).date() + DAY
    while True:
        times = (datetime.combine(day, each, zone) for each in sorted(policy.shift_changes, reverse=True))
        yield from (change for change in times if change <= at)
        day -= DAY


def last_change(policy: CommandPolicy, at: datetime, zone: ZoneInfo) -> datetime:
    """The newest change of shift."""
    return next(changes_before(policy, at, zone))


def report_due(policy: CommandPolicy, at: datetime, zone: ZoneInfo) -> datetime:
    """The newest time for which a situation report is due: a change of shift, or some hours after one."""
    change = last_change(policy, at, zone)
    return change + ((at - change) // policy.every) * policy.every


@dataclass(frozen=True, slots=True)
class Given:
    """One shift as it was given to the next."""

    key: int
    at: datetime
    is_accepted: bool


class Gap(StrEnum):
    """What is missing between two shifts."""

    NOT_GIVEN = "not_given"
    NOT_ACCEPTED = "not_accepted"


def shift_gap(
    policy: CommandPolicy, given: Sequence[Given], at: datetime, zone: ZoneInfo
) -> tuple[Gap, datetime] | None:
    """What is missing since the last change of shift, and since when; None where all is well or too early.

    given  the sheets of late, in any order. A trust that has given none does not use them, and is not asked.
    """
    change = last_change(policy, at, zone)
    if not given or at < change + policy.accept:
        return None
    newest = max(given, key=lambda each: (each.at, each.key))
    if newest.at < change - policy.give:
        return Gap.NOT_GIVEN, change
    since = max(change, newest.at)
    if newest.is_accepted or at < since + policy.accept:
        return None
    return Gap.NOT_ACCEPTED, since


@dataclass(frozen=True, slots=True)
class Taken:
    """How long things took: how many, their mean, and what nine in ten did not exceed. Minutes or seconds."""

    count: int
    mean: float
    ninetieth: float


def taken(values: Iterable[float]) -> Taken | None:
    """None where there was nothing: no figure is made from nothing.

    The ninetieth percentile is the value below which nine in ten lie, by linear interpolation.
    """
    ordered = sorted(values)
    if not ordered:
        return None
    place = 0.9 * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    ninetieth = ordered[low] + (ordered[high] - ordered[low]) * (place - low)
    return Taken(len(ordered), fmean(ordered), ninetieth)


class Ended(StrEnum):
    """How an incident ended, as far as crews say."""

    WITHOUT_A_CREW = "without_a_crew"
    TREATED = "treated"
    CONVEYED = "conveyed"


def ended_as(*, crews_at_scene: int, conveyed: bool) -> Ended:
    """ "Hear and treat" also holds calls that were cancelled: crews' statuses do not tell these apart."""
    if conveyed:
        return Ended.CONVEYED
    return Ended.TREATED if crews_at_scene else Ended.WITHOUT_A_CREW
