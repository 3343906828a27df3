"""San Francisco Fire Department, calls for service: one row for each unit sent to a call.

The feed has no destination and no handover; "Available" is all it says of the end of a job. Its priorities
(2 and 3, letters before triage) are not response categories, so the category stays unknown.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from clearway.domain.ambulance.events import CallEvent, Event, JobEvent
from clearway.domain.ambulance.words import CallStatus, JobStatus, ResourceKind

from .adapter import Row, doubt, event, instant

NAME = "san_francisco"
TIMEZONE = ZoneInfo("America/Los_Angeles")
LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    "said by another column": ("Call Number", "RowID", "Call Date", "Watch Date", "Call Type Group"),
    "said by the times": ("Unit sequence in call dispatch",),
    "of the call as a whole, without a time": ("Call Final Disposition", "Number of Alarms"),
    "a priority is not a response category": ("Original Priority", "Priority", "Final Priority"),
    "a job event has no place for a skill": ("ALS Unit",),
    "the position says where, without an address": (
        *("Address", "City", "Zipcode of Incident", "Battalion", "Station Area", "Box"),
        *("Fire Prevention District", "Supervisor District", "Neighborhooods - Analysis Boundaries"),
    ),
}
CALL_TIMES = {"Received DtTm": CallStatus.CALL_CONNECT, "Entry DtTm": CallStatus.NATURE_OF_CALL}
JOB_TIMES = {
    "Dispatch DtTm": JobStatus.ALLOCATED,
    "Response DtTm": JobStatus.MOBILE,
    "On Scene DtTm": JobStatus.AT_SCENE,
    "Transport DtTm": JobStatus.LEFT_SCENE,
    "Hospital DtTm": JobStatus.AT_HOSPITAL,
    "Available DtTm": JobStatus.CLEAR,
}
KNOWS: frozenset[str] = frozenset({"place", "kind", *CALL_TIMES.values(), *JOB_TIMES.values()})
# MEDIC is the city's ambulance, PRIVATE another company's. A kind that is not listed stays unknown.
KINDS = {
    **dict.fromkeys(("MEDIC", "PRIVATE"), ResourceKind.DCA),
    **dict.fromkeys(("CHIEF", "RESCUE CAPTAIN"), ResourceKind.OFFICER),
    **dict.fromkeys(("ENGINE", "TRUCK", "SUPPORT", "RESCUE SQUAD", "INVESTIGATION"), ResourceKind.OTHER),
}


def parse_row(row: Row) -> list[Event]:
    """The times and place of the call, and the stamps of the one unit."""
    stamps = list(_job_events(row))
    if not stamps:
        raise row.cannot("Dispatch DtTm", "The unit has no time at all.", "Ask the sender for its times.")
    return [*_call_events(row), *stamps]


def _call_events(row: Row) -> Iterator[CallEvent]:
    about = {"incident": row.needed("Incident Number"), "nature": row.text("Call Type"), **_place(row)}
    for column, status in CALL_TIMES.items():
        if at := _time(row, column):
            yield event(CallEvent, occurred_at=instant(at, TIMEZONE), status=status, **about)


def _job_events(row: Row) -> Iterator[JobEvent]:
    about = {
        "incident": row.needed("Incident Number"),
        "call_sign": row.needed("Unit ID"),
        "kind": KINDS.get(row.text("Unit Type") or ""),
    }
    for column, status in JOB_TIMES.items():
        if at := _time(row, column):
            occurred_at, note = instant(at, TIMEZONE), doubt(at, TIMEZONE)
            yield event(JobEvent, occurred_at=occurred_at, status=status, note=note, **about)


def _time(row: Row, column: str) -> datetime | None:
    text = row.text(column)
    try:
        return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p") if text else None  # noqa: DTZ007 local time
    except ValueError:
        raise row.cannot(
            column, "Expected a time such as 04/07/2020 11:53:08 PM.", "Mend it at the source."
        ) from None


def _place(row: Row) -> dict[str, float]:
    text = row.text("Location")
    try:
        latitude, longitude = text.strip("()").split(",") if text else ("", "")
        return {"latitude": float(latitude), "longitude": float(longitude)} if text else {}
    except ValueError:
        raise row.cannot(
            "Location", "Expected (latitude, longitude).", "Mend it or leave it empty."
        ) from None
