"""The clinic lists of today and tomorrow as a downtime pack carries them: without names."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clearway.core.layout.times import clock, day, local

from ..booking import queries as booking
from ..clinics import queries as clinics
from .queries import SHOWN

HEADINGS = ("Time", "Kind", "Patient number", "State", "Arrived", "Outcome")
DAYS = 2


@dataclass(frozen=True, slots=True)
class Clinic:
    """One clinic on one day: its slots in their order, a row for each patient or free time."""

    title: str
    where: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def lists(organisation_id: int, at: datetime) -> list[Clinic]:
    """Every clinic of today and tomorrow that is not cancelled, by day and site. Three queries.

    Patients are told by the trust's own number: whoever opens a pack may be of another desk.
    """
    first = local(at).date()
    every = clinics.sessions(organisation_id, first, first + timedelta(days=DAYS - 1))
    held = [each for each in every if each.state != "cancelled"]
    seats = booking.of_slots([slot.pk for each in held for slot in each.slots.all()], at)
    held.sort(key=lambda each: (local(each.starts_at).date(), each.room.site.name, each.starts_at, each.pk))
    return [_clinic(each, seats) for each in held]


def _clinic(session: Any, seats: dict[int, list[Any]]) -> Clinic:
    rows = [row for slot in session.slots.all() for row in _rows(slot, seats.get(slot.pk, []))]
    begin, end = clock(session.starts_at), clock(session.ends_at)
    why = f" ({session.get_state_display()})" if session.state != "open" else ""
    return Clinic(
        title=f"{day(session.starts_at)}, {begin} to {end}: {session.service.name}{why}",
        where=f"{session.room.site.name}, {session.room.name}; {session.clinician.name}",
        headings=HEADINGS,
        rows=tuple(rows),
    )


def _rows(slot: Any, booked: list[Any]) -> list[tuple[str, ...]]:
    """A row for each patient, and one for what is left of the slot. Blank cells are written on."""
    time, kind = clock(slot.starts_at), slot.get_kind_display()
    here = [each for each in booked if each.state in SHOWN]
    found: list[tuple[str, ...]] = [
        (time, kind, each.patient.number, each.get_state_display(), "", "") for each in here
    ]
    if slot.blocked:
        found.append((time, kind, "", f"Blocked: {slot.blocked}", "", ""))
    elif left := slot.seats - len(booked):
        found.append((time, kind, "", "Free" if slot.seats == 1 else f"{left} free", "", ""))
    return found
