"""What filing asks for: that what came in is filed, and that volumes come back."""

from collections.abc import Iterator

from clearway.core.worklist.rules import Wanted
from clearway.domain.outpatients.counting import in_words

from .queries import Due

COORDINATOR = "outpatient_coordinator"


def to_file(found: Due) -> Iterator[Wanted]:
    """One task while letters or scans are past their day and nobody's."""
    if found.since is not None:
        yield Wanted(
            subject="filing:unfiled",
            priority=3,
            title="Letters and scans are to be filed",
            cause=f"The oldest came on {in_words(found.since)}",
            role=COORDINATOR,
            suggestion="File each to its patient: /outpatients/office/scans/",
            reading=float(found.unfiled),
            threshold=1.0,
        )


def to_chase(found: Due) -> Iterator[Wanted]:
    """One task while paper volumes that are due are to be asked for."""
    if found.chase_since is not None:
        yield Wanted(
            subject="filing:volumes",
            priority=3,
            title="Paper notes are to be asked for",
            cause=f"To be asked for since {in_words(found.chase_since)}",
            role=COORDINATOR,
            suggestion="Ask for them: /outpatients/office/notes/",
            reading=float(found.chase),
            threshold=1.0,
        )


def missing(found: Due) -> Iterator[Wanted]:
    """One task while a paper volume is missing."""
    if found.missing:
        yield Wanted(
            subject="filing:missing",
            priority=2,
            title="Paper notes are missing",
            cause="A volume of a patient's notes cannot be found",
            role=COORDINATOR,
            suggestion="Look for it, and tell the team leader: /outpatients/office/notes/",
            reading=float(found.missing),
            threshold=1.0,
        )
