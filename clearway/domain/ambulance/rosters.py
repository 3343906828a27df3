"""Rosters: which crew is to work when, what a new roster changes of the one that stands, and planned against
actual unit-hours.

A shift is named by its call sign and the civil day on which it starts. A later roster replaces the shifts
that it names and that have not begun; what has begun stays as it was planned.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from .words import ResourceKind

LONGEST_SHIFT = timedelta(hours=16)  # assumed: 12 hours are usual, and some rosters add travel and overrun


@dataclass(frozen=True, slots=True, order=True)
class RosterShift:
    """One crew's planned shift. station  code of a site; skill as the trust calls it, "" where unsaid."""

    call_sign: str
    starts_at: datetime
    ends_at: datetime
    station: str
    kind: ResourceKind
    skill: str = ""


Named = tuple[str, date]  # call sign and civil day of the start


@dataclass(frozen=True, slots=True)
class Difference:
    """What a roster changes of the shifts that stand.

    added     shifts that are new
    replaced  keys of the standing shifts that give way
    same      how many stand already as they are written
    refused   place in the roster -> why that shift cannot be taken
    """

    added: tuple[int, ...] = ()
    replaced: frozenset[int] = frozenset()
    same: int = 0
    refused: Mapping[int, str] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        return bool(self.added or self.replaced)


def difference(
    new: Sequence[RosterShift],
    standing: Mapping[int, RosterShift],
    at: datetime,
    day_of: Callable[[datetime], date],
    said: Callable[[datetime], str] = str,
) -> Difference:
    """What a roster changes. Never raises.

    new       shifts of the roster, none of which overlaps another of its call sign
    standing  by key: the shifts in force of these call signs, at least around the times of the new ones
    day_of    the civil day of an instant; said  an instant in words
    """
    named = {(each.call_sign, day_of(each.starts_at)) for each in new}
    while True:
        made = _difference(new, standing, at, day_of, said, named)
        taken = {
            (each.call_sign, day_of(each.starts_at))
            for place, each in enumerate(new)
            if place not in made.refused
        }
        # A day of which every row is refused stays as it stands; that may refuse more, so it is asked again.
        if not (empty := named - taken):
            return made
        named -= empty


def _difference(
    new: Sequence[RosterShift],
    standing: Mapping[int, RosterShift],
    at: datetime,
    day_of: Callable[[datetime], date],
    said: Callable[[datetime], str],
    named: Set[tuple[str, date]],
) -> Difference:
    """What it changes where it replaces the shifts of these crews on these days alone."""
    wanted = set(new)
    replaced = frozenset(
        key
        for key, each in standing.items()
        if each not in wanted and each.starts_at > at and (each.call_sign, day_of(each.starts_at)) in named
    )
    stays: dict[str, list[RosterShift]] = {}
    for key, each in standing.items():
        if key not in replaced:
            stays.setdefault(each.call_sign, []).append(each)
    added, same, refused = list[int](), 0, dict[int, str]()
    for place, each in enumerate(new):
        here = stays.get(each.call_sign, ())
        if each in here:
            same += 1
        elif (other := next((one for one in here if overlap(one, each)), None)) is not None:
            began = (
                "has begun and is not changed any more" if other.starts_at <= at else "is not replaced by it"
            )
            refused[place] = f"It overlaps the shift from {said(other.starts_at)}, which {began}"
        else:
            added.append(place)
    return Difference(tuple(added), replaced, same, refused)


def overlap(one: RosterShift, other: RosterShift) -> bool:
    """Whether both are the same crew's and share any time."""
    return (
        one.call_sign == other.call_sign and one.starts_at < other.ends_at and other.starts_at < one.ends_at
    )


# Planned against actual


class Attendance(StrEnum):
    """How a planned shift stands with what the crew did.

    ABSENT   nobody booked on for so long that nobody is expected
    WAITING  late, and nobody has booked on yet
    """

    ABSENT = "absent"
    WAITING = "waiting"
    SINGLE = "single"
    LATE = "late"
    LEFT = "left"
    HERE = "here"
    TO_COME = "to_come"


@dataclass(frozen=True, slots=True)
class AttendancePolicy:
    """Minutes. grace  after the planned start until a crew counts as late; absent  until it is taken not to
    come; early  before its start from which a booking on belongs to a shift; left_early  before its end."""

    grace: float = 10
    absent: float = 60
    early: float = 90
    left_early: float = 30

    def __post_init__(self) -> None:
        """Raises ValueError for minutes that cannot be, or that call nobody late before absent."""
        if min(self.grace, self.early, self.left_early) < 0 or self.absent < self.grace:
            raise ValueError("Minutes are 0 or more, and absent is not before grace")


@dataclass(frozen=True, slots=True)
class Duty:
    """A time that a crew was on duty by its availability facts; `ended` None while it lasts."""

    call_sign: str
    began: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Attended:
    """A planned shift with what became of it. late_by  minutes, None where the crew has not come."""

    shift: RosterShift
    state: Attendance
    began: datetime | None = None
    ended: datetime | None = None
    late_by: float | None = None


def attended(
    shifts: Iterable[RosterShift],
    duties: Iterable[Duty],
    single: frozenset[str],
    policy: AttendancePolicy,
    at: datetime,
) -> list[Attended]:
    """How each planned shift stands. single  call signs that say now that they wait for a crew mate."""
    told: dict[str, list[Duty]] = {}
    for duty in sorted(duties, key=lambda each: each.began):
        told.setdefault(duty.call_sign, []).append(duty)
    return [_attended(each, told.get(each.call_sign, ()), single, policy, at) for each in shifts]


def _attended(
    shift: RosterShift,
    duties: Sequence[Duty],
    single: frozenset[str],
    policy: AttendancePolicy,
    at: datetime,
) -> Attended:
    mine = [each for each in duties if _belongs(each, shift, policy)]
    if not mine:
        waits = (at - shift.starts_at).total_seconds() / 60
        if waits <= policy.grace:
            return Attended(shift, Attendance.TO_COME)
        over = waits > policy.absent or at >= shift.ends_at
        return Attended(shift, Attendance.ABSENT if over else Attendance.WAITING)
    began, ended = mine[0].began, mine[-1].ended
    late_by = max(0.0, (began - shift.starts_at).total_seconds() / 60)
    if shift.call_sign in single and ended is None and shift.starts_at <= at < shift.ends_at:
        state = Attendance.SINGLE
    elif ended is not None and ended < shift.ends_at - timedelta(minutes=policy.left_early):
        state = Attendance.LEFT
    else:
        state = Attendance.LATE if late_by > policy.grace else Attendance.HERE
    return Attended(shift, state, began, ended, late_by)


def _belongs(duty: Duty, shift: RosterShift, policy: AttendancePolicy) -> bool:
    """Whether a time on duty is one of this shift, which may be the second of two in a row.

    One that began well before the shift is of the shift too when it lasts well into it: nobody books off
    between two shifts. When it ends soon after the start, it was the shift before that ran over.
    """
    if duty.began >= shift.ends_at or (duty.ended is not None and duty.ended <= shift.starts_at):
        return False
    if duty.began >= shift.starts_at - timedelta(minutes=policy.early):
        return True
    return duty.ended is None or duty.ended > shift.starts_at + timedelta(minutes=policy.absent)


def unplanned(shifts: Iterable[RosterShift], duties: Iterable[Duty], policy: AttendancePolicy) -> list[Duty]:
    """The duties that belong to no planned shift: called in, or under another call sign."""
    planned: dict[str, list[RosterShift]] = {}
    for shift in shifts:
        planned.setdefault(shift.call_sign, []).append(shift)
    early = timedelta(minutes=policy.early)
    return [
        duty
        for duty in duties
        if not any(
            each.starts_at - early <= duty.began < each.ends_at or _belongs(duty, each, policy)
            for each in planned.get(duty.call_sign, ())
        )
    ]


def hours_within(begin: datetime, end: datetime | None, edges: Sequence[datetime]) -> list[float]:
    """The hours of a span, None for one that lasts, that lie between each two edges, which rise."""
    return [
        max(0.0, (min(end or later, later) - max(begin, earlier)).total_seconds()) / 3600
        for earlier, later in pairwise(edges)
    ]
