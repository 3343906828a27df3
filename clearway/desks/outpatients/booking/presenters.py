"""Choices and appointments in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clearway.core.layout.times import clock, day, local
from clearway.domain.outpatients.booking import REASONS, is_reasonable, notice_hours
from clearway.domain.outpatients.clinics import MEDIA
from clearway.domain.outpatients.words import CancelledBy

from .models import Appointment, Offer
from .queries import Choice, Choices

KINDS = {"new": "New", "follow_up": "Follow-up", "group": "Group"}
PRIORITIES = {"3": "Two week wait", "2": "Urgent", "1": "Routine"}


@dataclass(frozen=True, slots=True)
class Line:
    """One slot that can be booked. key: the number that chooses it, "" after the ninth."""

    slot: int
    key: str
    day: str
    clock: str
    minutes: int
    clinician: str
    place: str
    reasons: str
    cautions: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A date that was offered."""

    made: str
    for_day: str
    answer: str
    is_reasonable: str


def lines(choices: Choices) -> list[Line]:
    return [_line(number, each) for number, each in enumerate(choices.best, 1)]


def left_out(choices: Choices) -> list[str]:
    """Why other slots do not fit, in sentences."""
    return [each.words for each in choices.left_out]


def _line(number: int, each: Choice) -> Line:
    found = each.suggestion
    return Line(
        slot=each.slot,
        key=str(number) if number < 10 else "",
        day=day(each.starts_at),
        clock=clock(each.starts_at),
        minutes=found.minutes,
        clinician=each.clinician,
        place=f"{each.site}, {each.room}",
        reasons=_sentence(found.reasons),
        cautions=_sentence(found.cautions),
    )


def _sentence(parts: Iterable[str]) -> str:
    said = "; ".join(parts)
    return said[:1].upper() + said[1:]


def offers(rows: Iterable[Offer], at: datetime) -> list[Offered]:
    return [
        Offered(
            day(row.made_at),
            f"{row.offered_for:%a} {row.offered_for.day} {row.offered_for:%b %Y}",
            row.answer,
            "Yes"
            if is_reasonable(local(row.made_at).date(), row.offered_for, accepted=row.answer == "accepted")
            else "No: under three weeks' notice",
        )
        for row in rows
    ]


def wants(entry: Any) -> str:
    """What an entry asks for, in a sentence."""
    parts = [KINDS.get(entry.kind, entry.kind), f"{entry.minutes} min", MEDIA.get(entry.medium, entry.medium)]
    if entry.skills:
        parts.append(" and ".join(entry.skills))
    if entry.clinician:
        parts.append(f"with {entry.clinician.name}")
    if entry.series > 1:
        parts.append(f"a course of {entry.series}")
    return ", ".join(parts)


def priority(entry: Any) -> str:
    return PRIORITIES.get(entry.priority, "Not mapped")


def when(row: Appointment) -> str:
    return f"{day(row.starts_at)}, {clock(row.starts_at)} to {clock(row.ends_at)}"


def booked(rows: Iterable[Appointment]) -> str:
    """What is said after a booking."""
    said = "; ".join(f"{day(row.starts_at)}, {clock(row.starts_at)}" for row in rows)
    return f"Booked: {said}. The confirmation is recorded as a contact."


def cancelled(row: Appointment) -> str:
    """Who cancelled, why and with what notice; "" for one that stands."""
    if row.cancelled_at is None:
        return ""
    side = CancelledBy(row.cancelled_by)
    why = REASONS[side].get(row.cancel_reason, row.cancel_reason).lower()
    hours = notice_hours(row.starts_at, row.cancelled_at)
    whose = "the patient" if side is CancelledBy.PATIENT else "the service"
    return f"Cancelled by {whose} ({why}) with {hours} hours' notice"
