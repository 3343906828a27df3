"""Entries of the waiting list in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from clearway.core.layout.times import clock, local
from clearway.domain.outpatients.counting import BandLabels, band_of, in_words
from clearway.domain.outpatients.waiting import KINDS
from clearway.domain.outpatients.words import ClockState
from clearway.engine.outpatients.capacity import Expected, expected

from .models import Contact, Entry
from .queries import Page

BANDS = BandLabels()
PRIORITIES = {"3": "Two week", "2": "Urgent", "1": "Routine"}
MARKS = {"3": "P1", "2": "P2"}
NEEDS = {
    "interpreter": "Interpreter",
    "format": "Format",
    "contact": "Contact",
    "support": "Support",
    "adjustment": "Adjustment",
    "transport": "Transport",
}
STEPS = {"invitation": "Invited", "reminder": "Reminded", "offer": "Offered a date"}


def date_said(kept: str | None) -> str:
    """ "16 Nov 2026" of the day that a pack keeps; "" for none."""
    return f"{date.fromisoformat(kept):%-d %b %Y}" if kept else ""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list.

    waited        days since the wait began; None for a follow-up that is not yet due
    band          its week band
    step, step_at what comes next, and when it was last seen to
    is_stepless   nothing is under way
    expected      when the seat comes by the present capacity, in words; is_late: after treat-by
    """

    key: int
    name: str
    number: str
    born: str
    needs: tuple[str, ...]
    flags: tuple[str, ...]
    service: str
    kind: str
    priority: str
    mark: str
    waited: int | None
    band: str
    since: str
    treat_by: str
    breach: str
    is_breached: bool
    step: str
    step_at: datetime | None
    is_stepless: bool
    place: int | None
    expected: str
    is_late: bool


def lines(page: Page, at: datetime) -> list[Line]:
    """The rows of a page."""
    return [_line(row, page, at) for row in page.rows]


def _line(row: Entry, page: Page, at: datetime) -> Line:
    today = local(at).date()
    days = None if row.waits_from is None or row.waits_from > today else (today - row.waits_from).days
    place = page.places.get(row.pk)
    when = expected(page.ahead.get((row.service_id, row.kind)), place) if place else None
    step, step_at, is_stepless = next_step(row, at)
    return Line(
        key=row.pk,
        name=str(row.patient),
        number=row.patient.number,
        born=short(row.patient.born_on),
        needs=needs(page.needs.get(row.patient_id, ())),
        flags=tuple(each.get_kind_display() for each in page.flags.get(row.patient_id, ())),
        service=row.service.name,
        kind=KINDS.get(row.kind, row.kind),
        priority=PRIORITIES.get(row.priority, row.priority),
        mark=MARKS.get(row.priority, ""),
        waited=days,
        band="" if days is None else BANDS.of(band_of(days)),
        since="not known" if _is_unknown(row) else short(row.waits_from),
        treat_by=short(row.treat_by),
        breach=short(row.treat_by + timedelta(days=1)) if row.treat_by else "",
        is_breached=row.treat_by is not None and row.treat_by < today,
        step=step,
        step_at=step_at,
        is_stepless=is_stepless,
        place=place,
        expected=_expected(when),
        is_late=when is not None and when.breaches(row.treat_by),
    )


def _is_unknown(row: Entry) -> bool:
    return row.pathway is not None and row.pathway.state == ClockState.UNKNOWN_START


def needs(held: Iterable[Any]) -> tuple[str, ...]:
    """What a patient needs, as a booker must know it."""
    return tuple(f"{NEEDS[each.kind]}: {each.detail}" for each in held)


def next_step(row: Entry, at: datetime) -> tuple[str, datetime | None, bool]:
    """What comes next for an entry, when it was last seen to, and whether nothing does."""
    booked = [
        each for each in row.appointments.all() if each.state in ("booked", "arrived") and each.starts_at > at
    ]
    if booked:
        first = min(booked, key=lambda each: each.starts_at)
        place = first.slot.session.room.site.name
        return f"Booked {moment(first.starts_at)}, {place}", first.made_at, False
    contacts: Sequence[Contact] = list(row.contacts.all())
    last = next((each for each in contacts if each.purpose in STEPS), None)
    if last is not None and at - last.at <= timedelta(days=14):
        return f"{STEPS[last.purpose]} by {last.channel}, {last.outcome.replace('_', ' ')}", last.at, False
    if row.due_on is not None and row.due_on > local(at).date():
        return f"Due {short(row.due_on)}", None, False
    return "None", last.at if last else None, True


def moment(at: datetime) -> str:
    return f"{short(local(at).date())} {clock(at)}"


def short(day: date | None) -> str:
    """20 Nov 2026."""
    return "" if day is None else in_words(day).partition(" ")[2]


def _expected(when: Expected | None) -> str:
    if when is None:
        return ""
    if when.on is None:
        return "No clinics planned"
    return f"about {short(when.on)}" if when.is_rough else short(when.on)


def alone(page: Page, at: datetime) -> Line:
    """The one entry of a page, without its place in the line."""
    return _line(page.rows[0], page, at)
