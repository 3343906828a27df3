"""Command: when situation reports are due, when a shift changes hands, what an escalation call goes through.

The agenda of a call, the times of shifts and what a report is made on are the trust's (policy `command`); the
letters of METHANE are those of JESIP's joint doctrine, as is the joint decision model.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from statistics import fmean
from zoneinfo import ZoneInfo

from .meeting import PackPolicy

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
    packs          packs for meetings
    """

    shift_changes: tuple[time, ...] = (time(7), time(19))
    every: timedelta = timedelta(hours=4)
    on: frozenset[Occasion] = frozenset(Occasion)
    give: timedelta = timedelta(hours=1)
    accept: timedelta = timedelta(minutes=20)
    agenda: tuple[Point, ...] = ()
    packs: PackPolicy = field(default_factory=PackPolicy)

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
    """The newest time for which a situation report is due: a change of shift, or some hours after one.

    Hours are those that a clock on the wall shows: on the night of 25 hours the report of 03:00 is made at
    03:00, and the next at the change of shift, not an hour before it.
    """
    wall = last_change(policy, at, zone)
    due = wall.astimezone(UTC)
    while (later := (wall + policy.every).astimezone(UTC)) <= at:
        wall, due = wall + policy.every, max(due, later)
    return due


@dataclass(frozen=True, slots=True)
class Given:
    """One shift as somebody in a role gave it to the next."""

    key: int
    at: datetime
    is_accepted: bool
    role: str = ""


class Gap(StrEnum):
    """What is missing between two shifts."""

    NOT_GIVEN = "not_given"
    NOT_ACCEPTED = "not_accepted"


def shift_gaps(
    policy: CommandPolicy, given: Sequence[Given], at: datetime, zone: ZoneInfo
) -> dict[str, tuple[Gap, datetime]]:
    """What is missing by role: a coordinator's sheet says nothing of the officer's shift. See shift_gap."""
    by_role: dict[str, list[Given]] = {}
    for each in given:
        by_role.setdefault(each.role, []).append(each)
    found = {role: shift_gap(policy, rows, at, zone) for role, rows in sorted(by_role.items())}
    return {role: gap for role, gap in found.items() if gap is not None}


def is_same_change(policy: CommandPolicy, one: datetime, other: datetime, zone: ZoneInfo) -> bool:
    """Whether two instants are of one change of shift: each is of the change that comes within the time in
    which a sheet counts as its own, or else of the last."""
    return last_change(policy, one + policy.give, zone) == last_change(policy, other + policy.give, zone)


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
class Standard:
    """Of one category, in minutes from the start of its clock to the first crew: the mean, and what nine in
    ten are not to exceed. None where there is none.

    interim_mean_minutes  the mean that is asked for until the standard's own is reached
    """

    mean_minutes: float | None = None
    ninetieth_minutes: float | None = None
    interim_mean_minutes: float | None = None

    def __post_init__(self) -> None:
        limits = self.mean_minutes, self.ninetieth_minutes, self.interim_mean_minutes
        if any(each is not None and each <= 0 for each in limits):
            raise ValueError("A standard is above 0 minutes")


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


class Said(StrEnum):
    """What one line of an escalation call is."""

    PRESENT = "present"
    POINT = "point"
    ACTION = "action"
    DECISION = "decision"
    NEXT = "next"


KEYS: Mapping[str, tuple[Said, str]] = {
    "p": (Said.PRESENT, "p name; role"),
    "s": (Said.POINT, "s number of the point; what was said"),
    "a": (Said.ACTION, "a what is to be done; role; by when, for example 14:30"),
    "d": (Said.DECISION, "d decision; reason; review at, for example 16:00, or nothing"),
    "n": (Said.NEXT, "n time of the next call, for example 15:00"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was typed. Fields that a kind does not have are empty.

    words  who is present, what was said, what is to be done, what is decided
    role   code of a role; of who is present as it was said
    """

    kind: Said
    words: str = ""
    point: int = 0
    role: str = ""
    reason: str = ""
    until: datetime | None = None


def call_line(text: str, points: int, roles: Mapping[str, str], at: datetime, zone: ZoneInfo) -> Line:
    """Read one line: a letter, then fields with semicolons between. Raises ValueError that says what to do.

    points  how many the agenda has; roles  code -> name, of those who can be given an action
    """
    letter, _, rest = text.strip().partition(" ")
    if letter.lower() not in KEYS:
        known = "; ".join(usage for _, usage in KEYS.values())
        raise ValueError(f"Begin with a letter and a space. {known}")
    kind, usage = KEYS[letter.lower()]
    given = [part.strip() for part in rest.split(";")]
    if not given[0]:
        raise ValueError(f"Type {usage}")
    fields = [*given, "", ""]
    if kind is Said.PRESENT:
        return Line(kind, given[0], role=_needed(fields[1], "the role", usage))
    if kind is Said.POINT:
        words = _needed("; ".join(given[1:]), "what was said", usage)
        return Line(kind, words, point=_point(given[0], points))
    if kind is Said.ACTION:
        role = _role(_needed(fields[1], "the role that does it", usage), roles)
        until = clock_time(_needed(fields[2], "by when", usage), at, zone)
        return Line(kind, given[0], role=role, until=until)
    if kind is Said.DECISION:
        reason = _needed(fields[1], "the reason", usage)
        review = clock_time(fields[2], at, zone) if fields[2] else None
        return Line(kind, given[0], reason=reason, until=review)
    return Line(kind, until=clock_time(given[0], at, zone))


def clock_time(text: str, at: datetime, zone: ZoneInfo) -> datetime:
    """The next time that a clock on the wall shows this. Raises ValueError."""
    try:
        wall = time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"Type a time, for example 14:30, in place of “{text}”") from None
    if wall.tzinfo is not None:
        raise ValueError(f"Type a local time, for example 14:30, in place of “{text}”")
    today = datetime.combine(at.astimezone(zone).date(), wall, zone)
    return (today if today > at else datetime.combine(today.date() + DAY, wall, zone)).astimezone(UTC)


def _needed(text: str, what: str, usage: str) -> str:
    if not text:
        raise ValueError(f"Say {what}: {usage}")
    return text


def _point(text: str, points: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 3 or not 1 <= int(text) <= points:
        raise ValueError(f"Type the number of a point, 1 to {points}, in place of “{text}”")
    return int(text)


def _role(text: str, roles: Mapping[str, str]) -> str:
    wanted = text.casefold()
    same = [code for code, name in roles.items() if wanted in (code.casefold(), name.casefold())]
    begin = [code for code, name in roles.items() if name.casefold().startswith(wanted)]
    found = same or begin
    if len(found) != 1:
        named = ", ".join(roles[code] for code in found or roles)
        raise ValueError(f"Type one of the roles {named} in place of “{text}”")
    return found[0]
