"""Cancelled clinics, the plan and who is left, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from clearway.core.layout.times import clock, day
from clearway.domain.outpatients.replanning import WHOLE_CLINICS

from .models import Displaced, Replan
from .queries import Going, Planned, Stands, stands

PRIORITIES = {"2": "Urgent", "3": "Two-week wait"}
OTHERS = 3  # rules that are named


@dataclass(frozen=True, slots=True)
class Line:
    """One patient of the plan. value  what a tick sends: the row and its slot, or no slot."""

    value: str
    name: str
    appointment: int
    was: str
    priority: str
    treat_by: date | None
    goes: str
    where: str
    changes: str
    problem: str


@dataclass(frozen=True, slots=True)
class Told:
    """One patient who was placed, and how they come to know."""

    key: int
    name: str
    number: str
    was: str
    becomes: str
    appointment: int | None
    entry: int | None
    tries: int
    wants_other: bool
    how: str
    problem: str


def when(at: datetime) -> str:
    return f"{day(at)}, {clock(at)}"


def title(sessions: Iterable[Any]) -> str:
    """The clinics in a few words: who and when, or how many."""
    found = sorted(sessions, key=lambda each: each.starts_at)
    days = list(dict.fromkeys(day(each.starts_at) for each in found))
    names = list(dict.fromkeys(each.clinician.name for each in found))
    sites = list(dict.fromkeys(each.room.site.name for each in found))
    who = names[0] if len(names) == 1 else sites[0] if len(sites) == 1 else f"{len(found)} clinics"
    return f"{who}, {days[0]}" if len(days) == 1 else f"{who}, {days[0]} to {days[-1]}"


def reason(replan: Replan) -> str:
    return f"{WHOLE_CLINICS.get(replan.reason, replan.reason)}: {replan.why}"


def placed(found: Planned) -> list[Line]:
    """Those whom the plan gives another date."""
    return [_line(each) for each in found.going if each.place is not None]


def not_placed(found: Planned) -> list[Line]:
    """Those for whom there is no seat, with the reasons."""
    return [_line(each) for each in found.going if each.place is None]


def _line(going: Going) -> Line:
    row, place = going.row, going.place
    entry = row.entry
    goes = when(going.starts_at) if going.starts_at is not None else ""
    return Line(
        value=f"{row.pk}:{place.slot if place else ''}",
        name=str(row.appointment.patient),
        appointment=row.appointment_id,
        was=when(row.appointment.starts_at),
        priority=PRIORITIES.get(entry.priority, "") if entry else "",
        treat_by=(entry.treat_by or entry.due_on) if entry else None,
        goes=goes,
        where=", ".join(part for part in (going.clinician, going.site, going.room) if part),
        changes="; ".join(place.words) if place else _why_not(going),
        problem=row.problem,
    )


def _why_not(going: Going) -> str:
    """Why the plan has no seat for somebody."""
    if going.no_place is None:
        return ""
    given = going.no_place.given
    rest = "; ".join(f"{each.count} {each.words}" for each in going.no_place.left_out[:OTHERS])
    if given:
        seats = "seat fits and goes" if given == 1 else "seats fit and go"
        return f"{given} {seats} to others in the plan. Of the rest: {rest}."
    return f"No seat fits: {rest}." if rest else "No seat fits: there is no clinic of this service ahead."


def proof(found: Planned) -> str:
    """What is known of the plan, in one sentence."""
    count = sum(each.place is not None for each in found.going)
    days = f"{found.cost} weighed {'day' if found.cost == 1 else 'days'} of waiting"
    if found.is_proved:
        return f"Places {count} of {len(found.going)}, at {days}. No plan places more or costs less: proved."
    return f"Places {count} of {len(found.going)}, at {days}. It could not be proved that this is the best."


def told(rows: Iterable[Displaced], wanted: Stands, at: datetime) -> list[Told]:
    """Those who stand so, in order of urgency."""
    return [_told(row) for row in rows if stands(row, at) == wanted]


def _told(row: Displaced) -> Told:
    patient = row.appointment.patient.stands
    return Told(
        key=row.pk,
        name=str(patient),
        number=patient.mobile or patient.phone,
        was=when(row.appointment.starts_at),
        becomes=_becomes(row),
        appointment=row.moved_to_id or row.appointment_id,
        entry=row.entry_id,
        tries=row.tries,
        wants_other=row.other_date,
        how=row.get_state_display(),
        problem=row.problem,
    )


def _becomes(row: Displaced) -> str:
    if row.moved_to is not None:
        session = row.moved_to.slot.session
        back = "Back to " if row.state == Displaced.State.UNDONE else ""
        return f"{back}{when(row.moved_to.starts_at)}, {session.clinician.name}, {session.room.site.name}"
    if row.state == Displaced.State.RETURNED:
        return "No date; waits again with their place"
    return "As it was before" if row.state == Displaced.State.UNDONE else ""


def settled(rows: Iterable[Displaced], at: datetime) -> int:
    """How many somebody else cancelled or moved, or who were seen after all."""
    return sum(stands(row, at) == Stands.SETTLED for row in rows)
