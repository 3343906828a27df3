"""Rosters and unit-hours in words."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import clock, day, duration
from clearway.core.organisation.models import Site
from clearway.domain.ambulance.rosters import Attendance, Attended, Duty, RosterShift, hours_within

from .actions import Looked

NO_AREA = "Area unknown"
MOST_SHOWN = 100  # good rows of a file
STATES: Mapping[Attendance, str] = {
    Attendance.ABSENT: "Did not come",
    Attendance.WAITING: "Late, not booked on",
    Attendance.SINGLE: "Waits for a crew mate",
    Attendance.LATE: "Came late",
    Attendance.LEFT: "Went early",
}
LEVELS: Mapping[Attendance, str] = {Attendance.ABSENT: "P3", Attendance.WAITING: "P3"}


@dataclass(frozen=True, slots=True)
class Line:
    """A good row of a file: what it plans, and what that changes."""

    line: int
    shift: RosterShift
    station: str
    change: str


def lines(looked: Looked, stations: Mapping[str, Site]) -> list[Line]:
    """The good rows, those that change something first, as many as are shown."""
    refused, added = looked.change.refused, set(looked.change.added)
    found = [
        Line(
            looked.file.lines[place],
            each,
            _station(each.station, stations),
            "New" if place in added else "Stands already",
        )
        for place, each in enumerate(looked.file.shifts)
        if place not in refused
    ]
    return sorted(found, key=lambda each: (each.change != "New", each.line))[:MOST_SHOWN]


def _station(code: str, stations: Mapping[str, Site]) -> str:
    return stations[code].town or stations[code].name if code in stations else code


def by_day(looked: Looked) -> list[tuple[str, int, float]]:
    """The civil days on which good shifts start: how many, and their hours."""
    counted, hours = Counter[str](), Counter[str]()
    first: dict[str, datetime] = {}
    for each in looked.file.shifts:
        name = day(each.starts_at)
        first.setdefault(name, each.starts_at)
        counted[name] += 1
        hours[name] += (each.ends_at - each.starts_at).total_seconds() / 3600  # type: ignore[assignment]
    return [(name, counted[name], hours[name]) for name in sorted(counted, key=lambda each: first[each])]


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a day in unit-hours. there  None for an hour that is to come; it may not be over yet."""

    begins: datetime
    planned: float
    there: float | None
    lost: float | None
    is_now: bool

    @property
    def short(self) -> float | None:
        """Planned and not there, None while the hour lasts or is to come."""
        return None if self.there is None or self.is_now else self.planned - self.there


@dataclass(frozen=True, slots=True)
class AreaHours:
    """One area from the beginning of the day until now, and what is planned for the rest of it."""

    area: str
    planned: float
    there: float
    lost: float
    to_come: float


Out = tuple[str, datetime, datetime | None]  # area, since, until when a crew was unavailable


def hours(
    edges: Sequence[datetime],
    shifts: Iterable[tuple[str, RosterShift]],
    duties: Iterable[tuple[str, Duty]],
    out: Iterable[Out],
    area: str | None,
    at: datetime,
    known_from: datetime,
) -> list[Hour]:
    """The hours of a day in unit-hours. Pairs of area and what is counted there.

    area        None for all
    known_from  since when anybody could know who is there: earlier hours say nothing
    """
    planned = _summed(((a, each.starts_at, each.ends_at) for a, each in shifts), edges, area, None)
    there = _summed(((a, each.began, each.ended) for a, each in duties), edges, area, at)
    lost = _summed(out, edges, area, at)
    found = []
    for place, begins in enumerate(edges[:-1]):
        begun = known_from <= begins <= at
        found.append(
            Hour(
                begins,
                planned[place],
                there[place] if begun else None,
                lost[place] if begun else None,
                begun and at < edges[place + 1],
            )
        )
    return found


def _summed(
    spans: Iterable[Out], edges: Sequence[datetime], area: str | None, at: datetime | None
) -> list[float]:
    """Hours between each two edges; what lasts, or ends later, lasts until `at`."""
    total = [0.0] * (len(edges) - 1)
    for name, begin, end in spans:
        if area is None or name == area:
            ended = end if at is None or (end is not None and end < at) else at
            for place, hours in enumerate(hours_within(begin, ended, edges)):
                total[place] += hours
    return total


def by_area(
    edges: Sequence[datetime],
    shifts: Sequence[tuple[str, RosterShift]],
    duties: Sequence[tuple[str, Duty]],
    out: Sequence[Out],
    at: datetime,
) -> list[AreaHours]:
    """Each area from the beginning of the day until now."""
    so_far, rest = [edges[0], at], [at, edges[-1]]
    names = sorted({a for a, _ in shifts} | {a for a, _ in duties} | {a for a, _, _ in out})
    return [
        AreaHours(
            name or NO_AREA,
            _summed(((a, each.starts_at, each.ends_at) for a, each in shifts), so_far, name, None)[0],
            _summed(((a, each.began, each.ended) for a, each in duties), so_far, name, at)[0],
            _summed(out, so_far, name, at)[0],
            _summed(((a, each.starts_at, each.ends_at) for a, each in shifts), rest, name, None)[0],
        )
        for name in names
    ]


@dataclass(frozen=True, slots=True)
class Missing:
    """A crew that did not do what the roster says, in words."""

    call_sign: str
    area: str
    station: str
    planned: str
    words: str
    level: str


ORDER = (Attendance.WAITING, Attendance.SINGLE, Attendance.ABSENT, Attendance.LATE, Attendance.LEFT)


def missing(
    found: Iterable[Attended], areas: Mapping[str, str], stations: Mapping[str, Site], at: datetime
) -> list[Missing]:
    """Who is late, absent, waits for a crew mate, came late or went early: in that order, newest first.

    What is over for two hours no longer changes the day, but for whoever did not come and would still be
    there."""
    rows = [
        each
        for each in found
        if each.state in ORDER and (each.shift.ends_at > at or each.state is Attendance.LEFT)
    ]
    rows.sort(key=lambda each: (ORDER.index(each.state), -each.shift.starts_at.timestamp()))
    return [
        Missing(
            each.shift.call_sign,
            areas.get(each.shift.station, "") or NO_AREA,
            _station(each.shift.station, stations),
            f"{clock(each.shift.starts_at)} to {clock(each.shift.ends_at)}",
            _words(each, at),
            LEVELS.get(each.state, ""),
        )
        for each in rows
    ]


def _words(each: Attended, at: datetime) -> str:
    said = STATES[each.state]
    if each.state in (Attendance.WAITING, Attendance.ABSENT):
        return f"{said}: {duration((at - each.shift.starts_at).total_seconds() / 60)} after the start"
    if each.state is Attendance.LATE:
        return f"{said}: {duration(each.late_by)}, at {clock(each.began)}"
    return f"{said} at {clock(each.ended)}" if each.state is Attendance.LEFT else said
