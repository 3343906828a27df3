"""What supervision asks for: that what was handed in is looked at."""

from collections.abc import Iterator

from clearway.core.layout.times import day
from clearway.core.worklist.rules import Wanted

from .queries import ToReview

COORDINATOR = "outpatient_coordinator"


def to_review(found: ToReview) -> Iterator[Wanted]:
    """One task while a junior's work waits for its review."""
    if found.since is not None:
        yield Wanted(
            subject="supervision:review",
            priority=3,
            title="Work of a junior is to be reviewed",
            cause=f"Handed in {day(found.since)}",
            role=COORDINATOR,
            suggestion="Look at the sample, and say what is right: /outpatients/office/work/",
            reading=float(found.count),
            threshold=1.0,
        )
