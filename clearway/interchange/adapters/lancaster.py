"""Lancaster County, Nebraska, rescue calls: a row for each incident, with a "unit=time" list for each status.

The times are clock times of the incident's day. Each list stands in true order, so a step back inside a list
by more than half a day is midnight. A list begins up to 18 hours after its first unit's dispatch, or, where
presses contradict each other, up to 6 hours before. The feed has no time of call, no place, no destination
and no handover; the nature of the call is dated by the first stamp of any unit, by which it was known.
A unit that is dispatched again after its clear is a second sending with its own assignment, "…/2".
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from clearway.domain.ambulance.events import CallEvent, Event, JobEvent
from clearway.domain.ambulance.words import CallStatus, JobStatus, ResourceKind

from .adapter import Row, doubt, event, instant

NAME = "lancaster"
TIMEZONE = ZoneInfo("America/Chicago")
LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    "always empty": ("Mutual_Aid_FDID", "Mutual_Aid_State", "Mutual_Aid_Incident_Num"),
    "the district's number, 0 in most rows": ("fdid",),
    "a local response plan, not a response category": ("response_level",),
    "concerns the fire service alone": ("Unit_Fire_Out_Times",),
    "said by the first and last stamp": ("Time_In_Service",),
}
TIMES = {
    "Unit_Dispatch_Times": JobStatus.ALLOCATED,
    "Unit_Enroute_Times": JobStatus.MOBILE,
    "Unit_Staging_Times": JobStatus.AT_RVP,
    "Unit_Arrive_Times": JobStatus.AT_SCENE,
    "Unit_At_Patient_Times": JobStatus.AT_PATIENT,
    "Unit_Enroute_To_Hospital_Times": JobStatus.LEFT_SCENE,
    "Unit_Arrive_At_Hospital_Times": JobStatus.AT_HOSPITAL,
    "Unit_Clear_Times": JobStatus.CLEAR,
}
KNOWS: frozenset[str] = frozenset({CallStatus.NATURE_OF_CALL, "kind", *TIMES.values()})
DAY = timedelta(days=1)
AMBULANCE = re.compile(
    r"M\d{1,2}|[A-Z]{2,}1[0-2]"
)  # the city's medic units; the county's end in 10, 11 or 12


class Stamp(NamedTuple):
    """One "unit=time" pair with its day."""

    at: datetime
    status: JobStatus
    unit: str


def parse_row(row: Row) -> list[Event]:
    """The nature of the call and every unit's stamps."""
    if row.text("test_or_file_only") == "1":
        raise row.cannot("test_or_file_only", "Marked as a test, or as a note for the file.", "Close it.")
    stamps = sorted(dict.fromkeys(_stamps(row)), key=lambda stamp: stamp.at)
    if not stamps:
        raise row.cannot(
            "Unit_Dispatch_Times", "No unit, so no time is known.", "Close it, or add the times."
        )
    incident, nature = row.needed("incident_num"), row.text("call_type")
    at, status = instant(stamps[0].at, TIMEZONE), CallStatus.NATURE_OF_CALL
    call = event(CallEvent, occurred_at=at, incident=incident, status=status, nature=nature)
    return [call, *(each for unit in _units(stamps) for each in _job_events(row, incident, unit))]


def _job_events(row: Row, incident: str, stamps: list[Stamp]) -> Iterator[JobEvent]:
    duplicate = row.text("duplicate_of") and "the control room marked this incident as a duplicate"
    sending, is_cleared = 1, False
    for at, status, unit in stamps:
        if is_cleared and status is JobStatus.ALLOCATED:
            sending, is_cleared = sending + 1, False
        is_cleared = is_cleared or status is JobStatus.CLEAR
        yield event(
            JobEvent,
            occurred_at=instant(at, TIMEZONE),
            incident=incident,
            call_sign=unit,
            status=status,
            assignment=None if sending == 1 else f"{incident}/{unit}/{sending}",
            kind=ResourceKind.DCA if AMBULANCE.fullmatch(unit) else None,
            note=doubt(at, TIMEZONE) or duplicate,
        )


def _units(stamps: list[Stamp]) -> list[list[Stamp]]:
    units = dict.fromkeys(stamp.unit for stamp in stamps)
    return [[stamp for stamp in stamps if stamp.unit == unit] for unit in units]


def _stamps(row: Row) -> Iterator[Stamp]:
    """Every pair of every list with its day; a unit's list is dated by the unit's first known stamp."""
    first: dict[str, datetime] = {}
    for column, status in TIMES.items():
        before: datetime | None = None
        for unit, clock in _pairs(row, column):
            if before is None:
                at = _not_before(clock, first.get(unit, min(first.values(), default=clock)) - DAY / 4)
            else:
                at = _not_before(clock, before - DAY / 2)
            before = at
            first.setdefault(unit, at)
            yield Stamp(at, status, unit)


def _not_before(clock: datetime, limit: datetime) -> datetime:
    while clock < limit:
        clock += DAY
    return clock


def _pairs(row: Row, column: str) -> Iterator[tuple[str, datetime]]:
    """The units of a list with their clock times, all on the incident's day."""
    text = row.text(column)
    day = row.needed("incident_date").split(" ")[0]
    for pair in text.split(",") if text else ():
        unit, _, clock = pair.strip().partition("=")
        try:
            yield unit, datetime.strptime(f"{day} {clock}", "%m/%d/%y %H:%M:%S")  # noqa: DTZ007 local time
        except ValueError:
            raise row.cannot(
                column, 'Expected "unit=hh:mm:ss" pairs on a day such as 1/31/10.', "Mend it at the source."
            ) from None
