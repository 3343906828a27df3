"""What clinics that do not take place ask for: another date for each patient, and that each is told."""

from collections.abc import Iterator
from datetime import datetime

from clearway.core.layout.times import clock, day
from clearway.core.worklist.rules import Wanted

from .queries import Due

COORDINATOR = "outpatient_coordinator"
PAGE = "/outpatients/cancelled-clinics/"


def to_place(found: Due) -> Iterator[Wanted]:
    """One task for those who have no other date yet, one for those who are to be rung."""
    if found.to_place and found.first is not None:
        urgent = f", {found.urgent} of them urgent" if found.urgent else ""
        yield Wanted(
            subject="displaced:place",
            priority=1 if found.urgent else 2,
            title=f"{_people(found.to_place)} of cancelled clinics to be placed{urgent}",
            cause=f"The first was booked for {_when(found.first)}",
            role=COORDINATOR,
            suggestion=f"Look at the plan and carry it out: {PAGE}",
            reading=float(found.to_place),
            threshold=1.0,
        )
    if found.to_ring and found.ring_by is not None:
        yield Wanted(
            subject="displaced:ring",
            priority=1,
            title=f"{_people(found.to_ring)} to be told by telephone that their clinic is cancelled",
            cause=f"A letter comes too late: the first was booked for {_when(found.ring_by)}",
            role=COORDINATOR,
            suggestion=f"Ring them: {PAGE}",
            reading=float(found.to_ring),
            threshold=1.0,
        )


def _people(count: int) -> str:
    return f"{count} {'patient' if count == 1 else 'patients'}"


def _when(at: datetime) -> str:
    return f"{day(at)}, {clock(at)}"
