"""Freed seats in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from clearway.core.layout.times import clock, day, local
from clearway.domain.outpatients.recycling import Mode
from clearway.engine.outpatients.offers import Wave

from .models import FreedSlot, SlotOffer
from .queries import Filled, Suited, is_closed

HOW = {
    "patient": "the patient cancelled",
    "provider": "the service cancelled",
    "moved": "the patient came earlier",
}
MODES = {
    Mode.OFF: "Freed slots are listed and asked about by hand; no task asks for it.",
    Mode.SUGGEST: "Whom to ask is suggested; you begin each round of calls.",
    Mode.AUTOMATIC: "The next calls are put into the queue by themselves.",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be asked. place  in the order of asking."""

    place: int
    entry: int
    name: str
    number: str
    treat_by: date | None
    since: date | None
    reasons: str
    cautions: str
    is_next: bool
    channel: str


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody who is not asked, and why."""

    entry: int
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the fill figures; None where nothing was freed."""

    name: str
    freed: int
    filled: int
    gross: float | None
    kept: int
    net: float | None
    undecided: int


def when(row: FreedSlot) -> str:
    return f"{day(row.slot.starts_at)}, {clock(row.slot.starts_at)}"


def people(found: Suited, wave: Wave | None) -> list[Person]:
    """Whom to ask, first to last."""
    names = found.entries
    return [
        Person(
            place,
            each.entry,
            str(names[each.entry].patient),
            names[each.entry].patient.mobile or names[each.entry].patient.phone,
            names[each.entry].treat_by,
            names[each.entry].waits_from,
            "; ".join(each.reasons),
            "; ".join(each.cautions),
            wave is not None and place <= wave.count,
            "text" if each.channel == "text" else "call",
        )
        for place, each in enumerate(found.ranked.chosen, 1)
    ]


def left_out(found: Suited, most: int = 100) -> list[Left]:
    """Who is not asked, in the order of the list."""
    return [
        Left(each.entry, str(found.entries[each.entry].patient), each.words)
        for each in found.ranked.left_out[:most]
    ]


def plan(wave: Wave | None, found: Suited) -> str:
    """What is proposed, in one sentence or two."""
    if not found.ranked.chosen:
        return "Nobody on this list can be asked: below is why."
    if wave is None:
        return "There is too little time left to ask anybody."
    whom = "the first" if wave.count == 1 else f"the first {wave.count} at once"
    sorry = "" if wave.count == 1 else f"; {wave.disappointed:.1f} people are expected to say yes too late"
    return (
        f"Ask {whom}, with {wave.minutes:.0f} minutes to answer. So followed, "
        f"{_share(wave.fills)} such slots are filled{sorry}."
    )


def _share(chance: float) -> str:
    return "nearly all" if chance > 0.985 else f"{chance:.0%} of"


def asked_by(made: Sequence[SlotOffer]) -> str:
    """What asking has put in motion: "2 texts leave now, 1 call is in the queue"."""
    texts = sum(each.channel == "text" for each in made)
    calls = len(made) - texts
    said = []
    if texts:
        said.append("1 text leaves now" if texts == 1 else f"{texts} texts leave now")
    if calls:
        said.append("1 call put into the queue" if calls == 1 else f"{calls} calls put into the queue")
    return ", ".join(said)


def asked(row: FreedSlot, at: datetime) -> str:
    """How asking about it stands."""
    offers = list(row.offers.all())
    out = [each for each in offers if each.state == SlotOffer.State.OUT]
    if row.state == FreedSlot.State.OPEN and is_closed(row):
        return "Its clinic is closed now; asked about once it is open again"
    if out:
        return f"{len(out)} asked until {_moment(min(each.expires_at for each in out), at)}"
    return f"{len(offers)} asked, nobody now" if offers else "Nobody asked yet"


def _moment(until: datetime, at: datetime) -> str:
    return clock(until) if local(until).date() == local(at).date() else f"{day(until)}, {clock(until)}"


def left(row: FreedSlot, at: datetime) -> str:
    """How long until it begins."""
    hours = int((row.starts_at - at).total_seconds() // 3600)
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def lines(found: list[Filled]) -> list[Line]:
    """The figures by notice, and all together."""
    return [*(_line(each.band.name, [each]) for each in found), _line("all", found)]


def _line(name: str, rows: list[Filled]) -> Line:
    freed, filled = sum(row.freed for row in rows), sum(row.filled for row in rows)
    kept, undecided = sum(row.kept for row in rows), sum(row.undecided for row in rows)
    share = (filled / freed, kept / freed) if freed else (None, None)
    return Line(name, freed, filled, share[0], kept, share[1], undecided)
