"""What command keeps, in words, as text and as PDF."""

from dataclasses import dataclass, replace
from datetime import datetime

from clearway.core.layout import papers
from clearway.core.layout.times import clock, day, moment, zone
from clearway.domain.shared.figures import Figures, again, as_text

from .figures import PARTS
from .models import Sitrep


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
    kept = [(code, title) for code, (title, _) in PARTS.items() if code in row.figures]
    found = again(row.figures[code] for code, _ in kept)
    return [(code, replace(part, title=title)) for (code, title), part in zip(kept, found, strict=True)]


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
