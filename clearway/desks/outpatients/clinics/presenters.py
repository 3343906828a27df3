"""The diary in shapes and words. Grey is normal; what somebody has to see to has colour."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from clearway.core.clashes import Clash, both_in_words, said
from clearway.core.layout.times import clock, local
from clearway.domain.outpatients import clinics as rules
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS

from .actions import LEAVE_KINDS
from .models import Leave, Session, Slot, Template

QUARTER = 15  # minutes: the unit of the diary's time axis
MOST_QUARTERS, LONGEST = 48, 32
STATES = {
    "held": ("clock", "held"),
    "booked": ("square", "booked"),
    "arrived": ("square", "arrived"),
    "attended": ("square", "attended"),
    "missed": ("ring", "missed"),
}
KINDS = {"new": "New", "follow_up": "Follow-up", "group": "Group"}
Seats = Mapping[int, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One slot in the diary.

    start, length  place and width on the time axis, in quarters of an hour
    look           free, held, booked, blocked, or alarm: somebody is booked and the slot cannot be kept
    text           what fits into it; title  all of it
    appointment    to open; None for the clinic's page
    """

    start: int
    length: int
    look: str
    shape: str
    text: str
    title: str
    appointment: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One clinic on one day."""

    key: int
    time: str
    clinician: str
    service: str
    room: str
    state: str
    free: int
    seats: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The clinics of one site."""

    site: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """One clinic in the week."""

    key: int
    time: str
    service: str
    place: str
    free: str
    state: str
    is_alarm: bool


@dataclass(frozen=True, slots=True)
class WeekRow:
    """One clinician's week: the clinics of each day."""

    clinician: str
    days: tuple[tuple[Brief, ...], ...]


def first_hour(sessions: Iterable[Session]) -> int:
    """The hour at which the time axis begins: that of the earliest clinic, eight at the latest."""
    return min([8, *(local(each.starts_at).hour for each in sessions)])


def hours(sessions: Iterable[Session]) -> list[tuple[int, str]]:
    """Place and words of each hour of the axis, up to the end of the last clinic: eight hours to twelve."""
    sessions = list(sessions)
    begin = first_hour(sessions)
    ends = [local(each.ends_at - timedelta(minutes=1)).hour + 1 for each in sessions]
    count = max(8, min(12, max(ends, default=0) - begin))
    return [(4 * number, f"{begin + number:02}:00") for number in range(count)]


def day(sessions: Sequence[Session], seats: Seats, at: datetime) -> list[Group]:
    """The diary of a day, by site."""
    begin = first_hour(sessions)
    found: dict[str, list[Row]] = {}
    for session in sessions:
        found.setdefault(session.room.site.name, []).append(_row(session, seats, begin, at))
    return [Group(site, tuple(rows)) for site, rows in found.items()]


def _row(session: Session, seats: Seats, begin: int, at: datetime) -> Row:
    slots = list(session.slots.all())
    free, all_seats = _free(slots, seats)
    return Row(
        key=session.pk,
        time=f"{clock(session.starts_at)} to {clock(session.ends_at)}",
        clinician=session.clinician.name,
        service=session.service.name,
        room=where(session),
        state="" if session.state == "open" else session.get_state_display(),
        free=free,
        seats=all_seats,
        cells=tuple(_cell(slot, seats.get(slot.pk, ()), begin, at) for slot in slots),
    )


def where(row: Session | Template) -> str:
    """The room of a clinic, and what it takes with it."""
    return f"{row.room.name}, with {row.equipment.name}" if row.equipment else row.room.name


def _free(slots: Sequence[Slot], seats: Seats) -> tuple[int, int]:
    """Seats that can be booked, and all there are."""
    free = sum(slot.seats - len(seats.get(slot.pk, ())) for slot in slots if not slot.blocked)
    return free, sum(slot.seats for slot in slots)


def _cell(slot: Slot, taken: Sequence[Any], begin: int, at: datetime) -> Cell:
    there = local(slot.starts_at)
    start = (there.hour - begin) * 60 + there.minute
    minutes = int((slot.ends_at - slot.starts_at).total_seconds() // 60)
    look, shape, text = _look(slot, taken, at)
    about = f"{KINDS[slot.kind]}, {rules.MEDIA.get(slot.medium, slot.medium)}, {minutes} min"
    whom = "; ".join(f"{each.patient} ({STATES[each.state][1]})" for each in taken)
    kept = f"; kept for {slot.held}" if _is_kept(slot, at) else ""
    title = f"{clock(slot.starts_at)} {text}{': ' + whom if whom else ''}. {about}{kept}"
    if slot.blocked:
        title += f". Blocked: {slot.blocked}"
    return Cell(
        start=max(0, min(start // QUARTER, MOST_QUARTERS - 1)),
        length=max(1, min(-(-minutes // QUARTER), LONGEST)),
        look=look,
        shape=shape,
        text=text,
        title=title,
        appointment=taken[0].pk if len(taken) == 1 and slot.seats == 1 else None,
    )


def _look(slot: Slot, taken: Sequence[Any], at: datetime) -> tuple[str, str, str]:
    """Look, shape and words of a slot."""
    whom = taken[0].patient.family_name if taken and slot.seats == 1 else f"{len(taken)}/{slot.seats}"
    if slot.blocked and taken and slot.starts_at > at:
        return "alarm", "triangle", whom
    if slot.blocked:
        return "blocked", "octagon", "blocked"
    if slot.seats > 1:
        return ("booked" if len(taken) == slot.seats else "free"), "ring", f"{len(taken)}/{slot.seats}"
    if not taken:
        return "free", "ring", "urgent" if _is_kept(slot, at) and slot.held == rules.URGENT else "free"
    shape, _ = STATES[taken[0].state]
    return ("held" if taken[0].state == "held" else "booked"), shape, whom


def _is_kept(slot: Slot, at: datetime) -> bool:
    return bool(slot.held) and (slot.released_at is None or slot.released_at > at)


def week(sessions: Sequence[Session], seats: Seats, monday: date, at: datetime) -> list[WeekRow]:
    """The week by clinician."""
    found: dict[str, list[list[Brief]]] = {}
    for session in sorted(sessions, key=lambda each: (each.clinician.name, each.starts_at)):
        days = found.setdefault(session.clinician.name, [[] for _ in range(7)])
        days[(local(session.starts_at).date() - monday).days].append(_brief(session, seats, at))
    return [WeekRow(name, tuple(tuple(each) for each in days)) for name, days in found.items()]


def _brief(session: Session, seats: Seats, at: datetime) -> Brief:
    slots = list(session.slots.all())
    free, every = _free(slots, seats)
    alarm = any(slot.blocked and seats.get(slot.pk) and slot.starts_at > at for slot in slots)
    return Brief(
        key=session.pk,
        time=f"{clock(session.starts_at)} to {clock(session.ends_at)}",
        service=session.service.name,
        place=f"{session.room.site.name}, {where(session)}",
        free=f"{free} of {every} free" if session.state == "open" else "",
        state="" if session.state == "open" else session.get_state_display(),
        is_alarm=alarm,
    )


def days_of(monday: date) -> list[tuple[date, str, str]]:
    """Each day of a week, in words, with the bank holiday it is."""
    days = [monday + timedelta(days=number) for number in range(7)]
    return [(on, f"{on:%a} {on.day} {on:%b}", BANK_HOLIDAYS.get(on, "")) for on in days]


def long_day(on: date) -> str:
    return f"{on:%A} {on.day} {on:%B %Y}"


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """One clinic in the list of clinics, or one version of it."""

    code: str
    name: str
    version: int
    meets: str
    valid: str
    who: str
    where: str
    service: str
    slots: str
    made: str


WEEKDAY = ("", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def template(row: Template) -> TemplateLine:
    plans = rules.plans_of(row.slots)
    until = f" to {row.valid_to:%-d %b %Y}" if row.valid_to else ""
    first, last = plans[0].start, max(plan.ends for plan in plans)
    return TemplateLine(
        code=row.code,
        name=row.name,
        version=row.version,
        meets=f"{WEEKDAY[row.weekday]}{', every second week' if row.every == 2 else ''}, "
        f"{first:%H:%M} to {last // 60:02}:{last % 60:02}",
        valid=f"{row.valid_from:%-d %b %Y}{until}" if until else f"from {row.valid_from:%-d %b %Y}",
        who=row.clinician.name,
        where=f"{row.room.site.name}, {where(row)}",
        service=row.service.name,
        slots=f"{len(plans)} slots, {sum(plan.seats for plan in plans)} seats",
        made=f"{local(row.made_at):%-d %b %Y} by {row.made_by}",
    )


def clashes(found: Iterable[Clash], options: Mapping[str, Mapping[int, str]]) -> list[tuple[str, str, str]]:
    """What two people made different in a clinic. options  names by key of what is chosen from lists"""

    def says(field: str, value: Any) -> str:
        if field == "weekday":
            return WEEKDAY[value]
        if field == "every":
            return "Every second week" if value == 2 else "Every week"
        if field in ("valid_from", "valid_to") and value:
            return f"{date.fromisoformat(value):%-d %b %Y}"
        return options.get(field, {}).get(value) or said(value)

    return both_in_words(
        found, {"weekday": "Day", "every": "How often", "valid_from": "From", "valid_to": "Until"}, says
    )


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """Leave, the slots it touches, and until when to decide it."""

    key: int
    clinician: str
    days: str
    kind: str
    state: str
    slots: int
    booked: tuple[tuple[int, str], ...]
    decide_by: str
    is_late: bool
    is_open: bool
    is_granted: bool


def leave(
    row: Leave, slots: Sequence[int], booked: Iterable[Any], today: date, notice: timedelta
) -> LeaveLine:
    """notice  so long before it begins, leave is decided."""
    last = row.starts_on - notice
    states = {None: "To be decided", True: "Granted", False: "Refused"}
    return LeaveLine(
        key=row.pk,
        clinician=row.clinician.name,
        days=f"{row.starts_on:%-d %b} to {row.ends_on:%-d %b %Y}",
        kind=LEAVE_KINDS.get(row.kind, row.kind),
        state=states[row.decided],
        slots=len(slots),
        booked=tuple((each.pk, f"{who(each)}") for each in booked),
        decide_by=f"{last:%-d %b %Y}",
        is_late=row.decided is None and last < today,
        is_open=row.decided is None,
        is_granted=row.decided is True,
    )


def who(row: Any) -> str:
    """An appointment in a list of those to be moved."""
    there = local(row.starts_at)
    return f"{there:%a} {there.day} {there:%b}, {clock(row.starts_at)}: {row.patient}"
