"""What of conversations becomes a task."""

from collections.abc import Iterator
from datetime import datetime

from clearway.core.layout.times import clock, day
from clearway.core.outbox.queries import Standing
from clearway.core.worklist.rules import Wanted

COORDINATOR = "outpatient_coordinator"


def to_read(found: Standing) -> Iterator[Wanted]:
    """One task while answers of patients wait for a person."""
    if not found.count or found.oldest is None:
        return
    several = "1 patient has" if found.count == 1 else f"{found.count} patients have"
    yield Wanted(
        subject="conversations:waiting",
        priority=2,
        title=f"{several} answered by text and wait for a person",
        cause=f"The oldest since {_when(found.oldest)}",
        role=COORDINATOR,
        suggestion="Read and answer: /outpatients/conversations/",
        reading=float(found.count),
        threshold=1.0,
    )


def _when(at: datetime) -> str:
    return f"{day(at)}, {clock(at)}"
