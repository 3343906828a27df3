"""A roster as CSV or XLSX in; shifts out, and every row that cannot be used with its field and its remedy.

Columns, in any order and named as below: call sign, station (code, key or name), kind (DCA, RRV …), skill,
start, end. Times are ISO with an offset, or the local time that people read: in the hour that the clocks
skip there is none, and in the hour that comes twice the offset must be written.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from clearway.domain.ambulance.rosters import LONGEST_SHIFT, RosterShift
from clearway.domain.ambulance.words import ResourceKind
from clearway.domain.shared.errors import CannotParse

from . import sheets

MOST_ROWS = 20_000  # a month of 600 shifts a day
NEEDED = ("call sign", "station", "kind", "start", "end")
COLUMNS = (*NEEDED, "skill")
HEARD: Mapping[str, str] = {
    "callsign": "call sign",
    "call_sign": "call sign",
    "station code": "station",
    "vehicle kind": "kind",
    "shift start": "start",
    "shift end": "end",
}
CALL_SIGN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 /_-]{0,79}")
MOST_SKILL = 40
YEARS = range(2000, 2200)  # outside is a slip of the hand; no clock can be reckoned at the ends of time


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not used: in which line and field, what is wrong, and what to write."""

    line: int
    field: str
    why: str
    fix: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.field}: {self.why} {self.fix}"


@dataclass(frozen=True, slots=True)
class RosterFile:
    """What a file says. `lines` names for each shift the line that it stands in."""

    shifts: tuple[RosterShift, ...]
    lines: tuple[int, ...]
    bad: tuple[BadRow, ...]


class _Wrong(Exception):
    def __init__(self, field: str, why: str, fix: str) -> None:
        super().__init__(why)
        self.field, self.why, self.fix = field, why, fix


def parse(raw: bytes, stations: Mapping[str, str], zone: ZoneInfo) -> RosterFile:
    """The shifts of a file.

    stations  what a station may be called, in small letters -> its code
    Raises CannotParse where the file as a whole cannot be read. Rows that say the same are one shift; of two
    that overlap for one call sign, the later line is bad.
    """
    sheet = sheets.read(raw, MOST_ROWS)
    names = [HEARD.get(each.casefold(), each.casefold()) for each in sheet.heading]
    if missing := [each for each in NEEDED if each not in names]:
        fix = f"Name the columns {', '.join(COLUMNS)} in the first line."
        raise CannotParse("line 1", f"The column “{missing[0]}” is missing.", fix)
    if twice := [each for each in COLUMNS if names.count(each) > 1]:
        raise CannotParse("line 1", f"The column “{twice[0]}” is there twice.", "Keep one of them.")
    found, bad = dict[RosterShift, int](), list[BadRow]()
    of_crew: dict[str, list[tuple[RosterShift, int]]] = {}
    for line, cells in sheet.rows:
        try:
            if len(cells) > len(names):
                raise _Wrong(
                    "the row", "It has more cells than there are columns.", "Take out the commas too many."
                )
            shift = _shift(dict(zip(names, cells, strict=True)), stations, zone)
            if shift not in found:
                _apart(shift, of_crew.setdefault(shift.call_sign, []))
                found[shift] = line
                of_crew[shift.call_sign].append((shift, line))
        except _Wrong as problem:
            bad.append(BadRow(line, problem.field, problem.why, problem.fix))
    return RosterFile(tuple(found), tuple(found.values()), tuple(bad))


def _apart(shift: RosterShift, others: list[tuple[RosterShift, int]]) -> None:
    for other, line in others:
        if shift.starts_at < other.ends_at and other.starts_at < shift.ends_at:
            raise _Wrong(
                "start",
                f"This shift of {shift.call_sign} overlaps the one in line {line}.",
                "Keep one, or change its times.",
            )


def _shift(row: Mapping[str, str], stations: Mapping[str, str], zone: ZoneInfo) -> RosterShift:
    call_sign = " ".join(row["call sign"].split())
    if not CALL_SIGN.fullmatch(call_sign):
        why = "It is empty." if not call_sign else f"“{call_sign[:40]}” is no call sign."
        raise _Wrong("call sign", why, "Write it as the control room does: letters, digits, - and /.")
    station = stations.get(" ".join(row["station"].split()).casefold())
    if station is None:
        why = (
            f"“{row['station'][:40]}” is no station of this trust."
            if row["station"].strip()
            else "It is empty."
        )
        raise _Wrong("station", why, "Write its code, as on the page of the region.")
    try:
        kind = ResourceKind(row["kind"].strip().upper())
    except ValueError:
        known = ", ".join(each.value for each in ResourceKind)
        raise _Wrong(
            "kind", f"“{row['kind'][:40]}” is no kind of resource.", f"Write one of: {known}."
        ) from None
    skill = " ".join(row.get("skill", "").split())
    if len(skill) > MOST_SKILL:
        raise _Wrong(
            "skill", f"It has more than {MOST_SKILL} letters.", "Write the short word, for example paramedic."
        )
    starts_at, ends_at = _instant("start", row["start"], zone), _instant("end", row["end"], zone)
    if ends_at <= starts_at:
        raise _Wrong(
            "end", "The shift ends before it starts.", "Write the day of the end too, the next one at night."
        )
    if ends_at - starts_at > LONGEST_SHIFT:
        hours = LONGEST_SHIFT.total_seconds() / 3600
        raise _Wrong("end", f"The shift lasts more than {hours:g} hours.", "Check the days of start and end.")
    return RosterShift(call_sign, starts_at, ends_at, station, kind, skill)


_LOCAL = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})[ T](\d{1,2}:\d{2}(?::\d{2})?)")


def _instant(field: str, text: str, zone: ZoneInfo) -> datetime:
    """An instant from ISO with an offset, or from local time, day first or ISO. Raises _Wrong."""
    said = text.strip()
    if found := _LOCAL.fullmatch(said):
        day, month, year, time = found.groups()
        said = f"{year}-{int(month):02d}-{int(day):02d}T{time.zfill(5)}"
    try:
        wall = datetime.fromisoformat(said)
    except ValueError:
        wall = None
    if wall is None or not re.search(r"\d[ T]\d", said):
        why = "It is empty." if not said else f"“{said[:40]}” is no time."
        raise _Wrong(field, why, "Write it like 2026-11-23 07:00 or 2026-11-23T07:00+00:00.")
    if wall.year not in YEARS:
        why = f"The year {wall.year:04d} is none of a roster."
        raise _Wrong(field, why, f"Write a year from {YEARS[0]} to {YEARS[-1]}.")
    if wall.tzinfo is not None:
        return wall.astimezone(UTC)
    early, late = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early.astimezone(UTC)
    if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        raise _Wrong(
            field,
            f"There is no {wall:%H:%M} on that day: the clocks go forward.",
            "Write a time that there is.",
        )
    both = " or ".join(each.isoformat(timespec="minutes") for each in (early, late))
    why = f"{wall:%H:%M} comes twice on that day: the clocks go back."
    raise _Wrong(field, why, f"Write which, with its offset: {both}.")


def write(shifts: tuple[RosterShift, ...]) -> bytes:
    """Shifts as such a file, with offsets."""
    rows = [
        [
            each.call_sign,
            each.station,
            each.kind.value,
            each.skill,
            each.starts_at.isoformat(),
            each.ends_at.isoformat(),
        ]
        for each in shifts
    ]
    return sheets.write(("call sign", "station", "kind", "skill", "start", "end"), rows)
