"""What of reminders becomes a task."""

from collections.abc import Iterator

from clearway.core.layout.times import clock, day
from clearway.core.worklist.rules import Wanted

from .queries import ToRing

COORDINATOR = "outpatient_coordinator"


def to_ring(found: ToRing) -> Iterator[Wanted]:
    """One task for all whom no text or email reaches and who are to be rung before they come."""
    if not found.count or found.first_at is None:
        return
    several = "patient is" if found.count == 1 else "patients are"
    yield Wanted(
        subject="reminders:ring",
        priority=3,
        title=f"{found.count} {several} to be rung about an appointment",
        cause=f"Nothing else reaches them; the first comes {day(found.first_at)}, {clock(found.first_at)}",
        role=COORDINATOR,
        suggestion="Ring them: /outpatients/reminders/",
        reading=float(found.count),
        threshold=1.0,
    )
