"""What command keeps, in words, as text and as PDF."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from clearway.core.clashes import Clash, both_in_words, said
from clearway.core.layout import papers
from clearway.core.layout.spc_charts import RULES
from clearway.core.layout.times import LONDON, clock, day, moment, zone
from clearway.core.people.roles import name_of
from clearway.core.worklist.models import Task
from clearway.domain.ambulance.command import METHANE, Declared
from clearway.domain.ambulance.meeting import Unit, midnight, next_day
from clearway.domain.shared.figures import Figures, again, as_text
from clearway.interchange import sheets as spreadsheets

from . import meeting, minutes, sheets
from .figures import PARTS
from .major import STATES
from .models import EscalationCall, MajorIncident, MeetingPack, ShiftSheet, Sitrep

BY_ITSELF = "Clearway, by itself"


@dataclass(frozen=True, slots=True)
class SitrepRow:
    """One report of the list."""

    number: int
    at: datetime
    because: str
    by: str
    addenda: int


def sitrep_row(row: Sitrep) -> SitrepRow:
    return SitrepRow(row.number, row.at, row.because, row.by, len(row.addenda.all()))


def sitrep_parts(row: Sitrep) -> list[tuple[str, Figures]]:
    """The parts of a report in order, each with its code."""
    return _parts(row.figures, {code: title for code, (title, _) in PARTS.items()})


def _parts(kept: Mapping[str, Any], titles: Mapping[str, str]) -> list[tuple[str, Figures]]:
    there = [code for code in titles if code in kept]
    found = again(kept[code] for code in there)
    return [(code, replace(part, title=titles[code])) for code, part in zip(there, found, strict=True)]


def sitrep_title(row: Sitrep) -> str:
    return f"Situation report {row.number}"


def sitrep_about(row: Sitrep) -> tuple[str, ...]:
    """Whose it is, of when, by whom; what was added to it."""
    return (
        str(row.organisation),
        f"As known at {clock(row.at)} {zone(row.at)} on {day(row.at)}. {row.because}. By {row.by}.",
        *(f"Added {moment(each.at, row.at)} by {each.by}: {each.words}" for each in row.addenda.all()),
    )


def sitrep_text(row: Sitrep) -> str:
    """The whole report as text to copy."""
    return as_text(sitrep_title(row), sitrep_about(row), [part for _, part in sitrep_parts(row)])


def sitrep_pdf(row: Sitrep) -> bytes:
    """The whole report for print."""
    parts = [part for _, part in sitrep_parts(row)]
    return papers.as_pdf(sitrep_title(row), sitrep_about(row), parts, row.at)


@dataclass(frozen=True, slots=True)
class PackRow:
    """One pack of the list. of  "Week of Mon 16 Nov 2026", "November 2026"; goes_on  it was not over yet"""

    number: int
    of: str
    goes_on: bool
    at: datetime
    by: str


def pack_row(row: MeetingPack) -> PackRow:
    unit = Unit(row.unit)
    begins = midnight(row.first, LONDON)
    of = f"Week of {day(begins)}" if unit is Unit.WEEK else f"{row.first:%B %Y}"
    goes_on = row.at < midnight(next_day(unit, row.first), LONDON)
    return PackRow(row.number, of, goes_on, row.at, BY_ITSELF if row.by_duty else row.by)


def pack_parts(row: MeetingPack) -> list[tuple[str, Figures]]:
    """The parts of a pack in order, each with its code."""
    return _parts(row.figures, {code: title for code, (title, _) in meeting.PARTS.items()})


def pack_title(row: MeetingPack) -> str:
    return f"Meeting pack {row.number}: {pack_row(row).of}"


def pack_about(row: MeetingPack) -> tuple[str, ...]:
    """Whose it is, of when, by whom, and by which rules its charts are read."""
    head = pack_row(row)
    so_far = " So far: it goes on." if head.goes_on else ""
    return (
        str(row.organisation),
        f"As known at {clock(row.at)} {zone(row.at)} on {day(row.at)}.{so_far} By {head.by}.",
        RULES,
    )


def pack_text(row: MeetingPack) -> str:
    """The whole pack as text to copy; of each chart what it shows."""
    parts = [part for _, part in pack_parts(row)]
    return as_text(
        pack_title(row), pack_about(row), [each for part in parts for each in (part, *_said(part))]
    )


def _said(part: Figures) -> list[Figures]:
    return [Figures(each.says, ("Chart",), (), title=each.title) for each in part.charts]


def pack_pdf(row: MeetingPack) -> bytes:
    """The whole pack for print."""
    return papers.as_pdf(pack_title(row), pack_about(row), [part for _, part in pack_parts(row)], row.at)


def pack_csv(row: MeetingPack) -> bytes:
    """Every figure and every point of a chart, one in a row."""
    found = []
    for _, part in pack_parts(row):
        tables = [(part.title, part.columns, part.rows)]
        tables += [(f"{part.title}: {each.title}", each.columns, each.rows) for each in part.charts]
        for title, columns, rows in tables:
            found += [
                (title, first, name, cell)
                for first, *cells in rows
                for name, cell in zip(columns[1:], cells, strict=True)
            ]
    return spreadsheets.write(("Part", "Row", "Figure", "Value"), found)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A shift as it was given, who has it, and what was said of it."""

    number: int
    at: datetime
    by: str
    role: str
    notes: str
    accepted_at: datetime | None
    accepted_by: str
    accepted_role: str
    words: tuple[tuple[datetime, str, str], ...]


def sheet(row: ShiftSheet) -> Sheet:
    accepted = getattr(row, "acceptance", None)
    return Sheet(
        row.number,
        row.at,
        row.by,
        name_of(row.role),
        row.notes,
        accepted.at if accepted else None,
        accepted.by if accepted else "",
        name_of(accepted.role) if accepted else "",
        tuple((each.at, each.by, each.words) for each in row.words.all()),
    )


def sheet_parts(kept: Mapping[str, Any], *, reads_messages: bool) -> list[tuple[str, Figures]]:
    """The parts of a sheet, as they were given or as they were at acceptance.

    reads_messages  whether the words of messages are shown, which not everybody may read
    """
    found = _parts(kept, {code: title for code, (title, _) in sheets.PARTS.items()})
    return [
        (code, sheets.without_words(part) if code == "messages" and not reads_messages else part)
        for code, part in found
    ]


@dataclass(frozen=True, slots=True)
class Call:
    """One escalation call of the list, and the head of its page."""

    number: int
    at: datetime
    chair: str
    role: str
    because: str
    signed_at: datetime | None
    signed_by: str


def call(row: EscalationCall) -> Call:
    signed = getattr(row, "minutes", None)
    return Call(
        row.number,
        row.at,
        row.chair,
        name_of(row.role),
        row.because,
        signed.at if signed else None,
        signed.by if signed else "",
    )


def so_far(row: EscalationCall, stand: Mapping[int, Task]) -> tuple[Figures, ...]:
    """What a call came to so far, for the screens that follow it."""
    lines = list(row.lines.all())
    roll, decided, following = minutes.heads(lines)
    return roll, minutes.actions(lines, stand), decided, following


def minutes_title(row: EscalationCall) -> str:
    return f"Escalation call {row.number}: minutes"


def minutes_about(row: EscalationCall) -> tuple[str, ...]:
    """Whose call, when, who chaired it and why, who signed."""
    head = call(row)
    why = f", because {head.because}" if head.because else ""
    signed = (
        f"Signed {moment(head.signed_at, row.at)} by {head.signed_by}." if head.signed_at else "Not signed."
    )
    return (
        str(row.organisation),
        f"{clock(row.at)} {zone(row.at)} on {day(row.at)}. Chaired by {head.chair}, {head.role}{why}.",
        signed,
    )


def signed_parts(row: EscalationCall) -> tuple[Figures, ...]:
    """The minutes as they were signed. Call when they are."""
    return again(row.minutes.figures)


def minutes_text(row: EscalationCall) -> str:
    return as_text(minutes_title(row), minutes_about(row), signed_parts(row))


def minutes_pdf(row: EscalationCall) -> bytes:
    return papers.as_pdf(minutes_title(row), minutes_about(row), signed_parts(row), row.at)


def clashes(found: Iterable[Clash]) -> list[tuple[str, str, str]]:
    """What two people reported otherwise of one major incident."""
    return both_in_words(found, {"state": "How it stands", **METHANE}, _methane_said)


def _methane_said(field: str, value: Any) -> str:
    return STATES[Declared(value)] if field == "state" and value else said(value)


@dataclass(frozen=True, slots=True)
class Methane:
    """One version of a METHANE report."""

    number: int
    version: int
    state: str
    is_open: bool
    at: datetime
    by: str
    letters: tuple[tuple[str, str], ...]


def methane(row: MajorIncident) -> Methane:
    return Methane(
        row.number,
        row.version,
        STATES[Declared(row.state)],
        row.state != Declared.STOOD_DOWN,
        row.at,
        row.by,
        tuple((says, getattr(row, name) or "No data") for name, says in METHANE.items()),
    )
