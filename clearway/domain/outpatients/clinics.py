"""Weekly clinics: what a template holds, which days it meets, and when its slots begin and end.

A template speaks in local clock times; a slot is two UTC instants. On the days when the clocks change a slot
begins at its local time and lasts its minutes of real time; a time that the clocks skip is left out and said.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ..shared.errors import CannotParse
from .bank_holidays import BANK_HOLIDAYS

LONDON = ZoneInfo("Europe/London")
KINDS = ("new", "follow_up", "group")
MEDIA = {"01": "face to face", "02": "telephone", "03": "video"}  # consultation medium
URGENT = "urgent"
WEEK = timedelta(days=7)
SHORTEST, LONGEST = 5, 480  # minutes
MOST_SEATS = 40
LONGEST_RELEASE = 90  # days


@dataclass(frozen=True, slots=True)
class ClinicPolicy:
    """How far ahead clinics are laid out, and how long before it begins leave is decided (policy
    `clinic_changes`); weeks."""

    weeks_ahead: int = 8
    leave_notice_weeks: int = 6

    def __post_init__(self) -> None:
        if min(self.weeks_ahead, self.leave_notice_weeks) < 1:
            raise ValueError(f"Clinics and leave are looked at a week ahead or more: {self}")

    @property
    def ahead(self) -> timedelta:
        return timedelta(weeks=self.weeks_ahead)

    @property
    def leave_notice(self) -> timedelta:
        return timedelta(weeks=self.leave_notice_weeks)


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """One slot of a template.

    start         local clock time
    minutes       its length
    kind          new, follow_up or group
    seats         how many patients: 1, or the size of a group. This is all the capacity there is
    medium        consultation medium code
    held          whom it is kept for, "" for anybody: "urgent", or a skill that an entry must ask for
    release_days  so many days before it, a held slot becomes anybody's
    """

    start: time
    minutes: int
    kind: str
    seats: int = 1
    medium: str = "01"
    held: str = ""
    release_days: int = 0

    @property
    def ends(self) -> int:
        """Minutes of the local day at which it ends."""
        return self.start.hour * 60 + self.start.minute + self.minutes


@dataclass(frozen=True, slots=True)
class Weeks:
    """When a clinic meets: an ISO weekday, every week or every second one from `valid_from` on."""

    weekday: int
    every: int
    valid_from: date
    valid_to: date | None = None

    def dates(self, first: date, last: date) -> Iterator[date]:
        """The days of its weeks between two days, both included; bank holidays too.

        Every second week counts from the first of its weekdays on or after valid_from.
        """
        on = self.valid_from + timedelta(days=(self.weekday - self.valid_from.isoweekday()) % 7)
        step = WEEK * self.every
        if on < first:
            on += step * -(-(first - on).days // step.days)
        last = min(last, self.valid_to) if self.valid_to else last
        while on <= last:
            yield on
            on += step


@dataclass(frozen=True, slots=True)
class TimedSlot:
    """A slot on one day, in UTC instants. released_at: from when a held one is anybody's."""

    plan: SlotPlan
    starts_at: datetime
    ends_at: datetime
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class Day:
    """What a template makes of one day. `skipped`: the slots whose time the clocks skip."""

    slots: tuple[TimedSlot, ...]
    skipped: tuple[SlotPlan, ...] = ()


def meets(weeks: Weeks, first: date, last: date) -> list[date]:
    """The days on which it really meets: no bank holidays."""
    return [on for on in weeks.dates(first, last) if on not in BANK_HOLIDAYS]


def closed(weeks: Weeks, first: date, last: date) -> list[tuple[date, str]]:
    """The days it would meet and does not, with the bank holiday's name."""
    return [(on, BANK_HOLIDAYS[on]) for on in weeks.dates(first, last) if on in BANK_HOLIDAYS]


def on_day(plans: Iterable[SlotPlan], on: date) -> Day:
    """The slots of one day."""
    slots, skipped = [], []
    for plan in plans:
        starts_at = instant(on, plan.start)
        if starts_at is None:
            skipped.append(plan)
            continue
        released = starts_at - timedelta(days=plan.release_days) if plan.held else None
        slots.append(TimedSlot(plan, starts_at, starts_at + timedelta(minutes=plan.minutes), released))
    return Day(tuple(slots), tuple(skipped))


def instant(on: date, start: time) -> datetime | None:
    """The UTC instant of a London clock time; the earlier where it comes twice, None where it is skipped."""
    wall = datetime.combine(on, start)
    at = wall.replace(tzinfo=LONDON).astimezone(UTC)
    return at if at.astimezone(LONDON).replace(tzinfo=None) == wall else None


def plans_of(rows: Sequence[Mapping[str, Any]]) -> tuple[SlotPlan, ...]:
    """The slots of a template from its rows, in order of time.

    Raises CannotParse naming the slot and the field; slots of one clinic never overlap.
    """
    if not rows:
        raise CannotParse("slots", "A clinic without slots sees nobody.", "Write at least one slot.")
    plans = sorted((_plan(number, row) for number, row in enumerate(rows, 1)), key=lambda plan: plan.start)
    for before, after in itertools.pairwise(plans):
        if before.ends > after.start.hour * 60 + after.start.minute:
            raise CannotParse(
                f"slot at {after.start:%H:%M}, start",
                f"It begins before the slot at {before.start:%H:%M} ends ({before.minutes} minutes).",
                "Move it, or shorten the one before.",
            )
    return tuple(plans)


def rows_of(plans: Iterable[SlotPlan]) -> list[dict[str, Any]]:
    """The rows that plans_of reads."""
    return [asdict(plan) | {"start": f"{plan.start:%H:%M}"} for plan in plans]


def _plan(number: int, row: Mapping[str, Any]) -> SlotPlan:
    where = f"slot {number}"
    if unknown := set(row) - set(SlotPlan.__slots__):
        raise CannotParse(where, f"It has fields nobody knows: {sorted(unknown)}.", "Leave them out.")
    plan = SlotPlan(
        start=_start(where, row.get("start")),
        minutes=_number(where, "minutes", row.get("minutes"), SHORTEST, LONGEST),
        kind=_one_of(where, "kind", row.get("kind"), KINDS),
        seats=_number(where, "seats", row.get("seats", 1), 1, MOST_SEATS),
        medium=_one_of(where, "medium", row.get("medium", "01"), tuple(MEDIA)),
        held=str(row.get("held", ""))[:20],
        release_days=_number(where, "release_days", row.get("release_days", 0), 0, LONGEST_RELEASE),
    )
    if plan.seats > 1 and plan.kind != "group":
        raise CannotParse(
            f"{where}, seats",
            f"A slot of kind {plan.kind} has one seat, not {plan.seats}.",
            "Make it a group.",
        )
    if plan.ends > 24 * 60:
        raise CannotParse(f"{where}, minutes", "It ends after midnight.", "Shorten it.")
    return plan


def _start(where: str, said: Any) -> time:
    try:
        return datetime.strptime(str(said), "%H:%M").time()  # noqa: DTZ007
    except ValueError:
        raise CannotParse(f"{where}, start", f"{said!r} is no time of day.", "Write it as 09:00.") from None


def _number(where: str, name: str, said: Any, least: int, most: int) -> int:
    try:
        number = int(said)
    except (TypeError, ValueError):
        number = least - 1
    if not least <= number <= most:
        raise CannotParse(
            f"{where}, {name}", f"{said!r} is not a whole number from {least} to {most}.", "Correct it."
        )
    return number


def _one_of(where: str, name: str, said: Any, known: Sequence[str]) -> str:
    if said not in known:
        raise CannotParse(f"{where}, {name}", f"{said!r} is not known.", f"Choose one of {', '.join(known)}.")
    return str(said)


WORDS_OF_MEDIUM = {"telephone": "02", "video": "03"}
HOW = "09:00 45 new, with seats=8, telephone, video, held=urgent or release=2 behind it where they apply"


def plans_in(text: str) -> tuple[SlotPlan, ...]:
    """The slots of a template as people type them, one a line: "09:00 45 new telephone held=urgent".

    Raises CannotParse naming the line, or the slot that plans_of refuses.
    """
    rows = [_typed(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    return plans_of(rows)


def typed(plans: Iterable[SlotPlan]) -> str:
    """The text that plans_in reads."""
    return "\n".join(" ".join(_words(plan)) for plan in plans)


def _typed(number: int, words: Sequence[str]) -> dict[str, Any]:
    if len(words) < 3:
        raise CannotParse(f"line {number}", "A slot has a time, minutes and a kind.", f"Write it as {HOW}.")
    row: dict[str, Any] = {"start": words[0], "minutes": words[1], "kind": words[2].replace("-", "_")}
    for word in words[3:]:
        name, equals, value = word.partition("=")
        if word in WORDS_OF_MEDIUM:
            row["medium"] = WORDS_OF_MEDIUM[word]
        elif equals and name in ("seats", "held", "release"):
            row["release_days" if name == "release" else name] = value
        else:
            raise CannotParse(f"line {number}", f"{word!r} is not known.", f"Write it as {HOW}.")
    return row


def _words(plan: SlotPlan) -> Iterator[str]:
    yield from (f"{plan.start:%H:%M}", str(plan.minutes), plan.kind.replace("_", "-"))
    yield from (word for word, code in WORDS_OF_MEDIUM.items() if code == plan.medium)
    if plan.seats > 1:
        yield f"seats={plan.seats}"
    if plan.held:
        yield f"held={plan.held}"
    if plan.release_days:
        yield f"release={plan.release_days}"


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking that a change of its clinic must keep."""

    starts_at: datetime
    minutes: int
    kind: str
    medium: str
    seat: int


def no_longer_fits(booked: Booked, weeks: Weeks, plans: Sequence[SlotPlan]) -> str:
    """Why a booking has no place in a new version of its clinic; "" where it has one, or is before it."""
    there = booked.starts_at.astimezone(LONDON)
    if there.date() < weeks.valid_from:
        return ""
    if there.date() not in meets(weeks, there.date(), there.date()):
        return "The clinic no longer meets on that day."
    same = [plan for plan in plans if instant(there.date(), plan.start) == booked.starts_at]
    if not same:
        return f"No slot begins at {there:%H:%M} any more."
    plan = same[0]
    for holds, why in (
        (plan.kind == booked.kind, "The slot becomes one of another kind."),
        (plan.medium == booked.medium, f"The slot becomes {MEDIA[plan.medium]}."),
        (plan.minutes >= booked.minutes, f"The slot becomes {plan.minutes} minutes long."),
        (plan.seats >= booked.seat, f"The group becomes one of {plan.seats}."),
    ):
        if not holds:
            return why
    return ""
