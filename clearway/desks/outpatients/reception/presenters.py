"""Arrivals in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .models import Appointment

AWAITED = 10  # minutes after which somebody who is not here is looked for
SAID = {"attended": "Seen", "missed": "Did not come"}


@dataclass(frozen=True, slots=True)
class Line:
    """One arrival.

    late     minutes since the start, for somebody who is not here; 0 before
    waiting  since when somebody waits who is here
    support  what the patient needs at the visit, each with whether it is arranged, and was met
    """

    key: int
    starts_at: datetime
    name: str
    number: str
    born_on: str
    flags: tuple[str, ...]
    needs: tuple[str, ...]
    support: tuple[str, ...]
    clinician: str
    room: str
    service: str
    state: str
    late: int
    is_awaited: bool
    waiting: datetime | None
    came_late: bool
    said: str


@dataclass(frozen=True, slots=True)
class Held:
    """What holds of the patients of some appointments, under whichever record of theirs; by patient, and
    what is asked for by appointment."""

    needs: Mapping[int, Sequence[Any]]
    flags: Mapping[int, Sequence[Any]]
    support: Mapping[int, Sequence[Any]]


def line(row: Appointment, held: Held, at: datetime) -> Line:
    late = int((at - row.starts_at).total_seconds() // 60) if row.state == "booked" else 0
    session = row.slot.session
    support = held.support.get(row.pk, ())
    asked = {each.need.pk for each in support}
    needs = [each for each in held.needs.get(row.patient_id, ()) if each.pk not in asked]
    return Line(
        key=row.pk,
        starts_at=row.starts_at,
        name=str(row.patient),
        number=row.patient.number,
        born_on=f"{row.patient.born_on:%-d %b %Y}",
        flags=tuple(each.get_kind_display() for each in held.flags.get(row.patient_id, ())),
        needs=tuple(f"{each.get_kind_display()}: {each.detail}" for each in needs),
        support=tuple(f"{each.words}: {_stands(each)}" for each in support),
        clinician=session.clinician.name,
        room=session.room.name,
        service=session.service.name,
        state=row.state,
        late=max(late, 0),
        is_awaited=late >= AWAITED,
        waiting=row.arrived_at if row.state == "arrived" else None,
        came_late=row.arrived_at is not None and row.arrived_at > row.starts_at,
        said=SAID.get(row.state, ""),
    )


def _stands(asked: Any) -> str:
    if asked.met is not None:
        return "met" if asked.met else "not met"
    return "arranged" if asked.is_arranged else "not arranged"


@dataclass(frozen=True, slots=True)
class Counts:
    """The day at one site in numbers."""

    expected: int
    here: int
    awaited: int
    done: int


def counts(lines: list[Line]) -> Counts:
    return Counts(
        expected=sum(each.state == "booked" for each in lines),
        here=sum(each.state == "arrived" for each in lines),
        awaited=sum(each.is_awaited for each in lines),
        done=sum(bool(each.said) for each in lines),
    )
