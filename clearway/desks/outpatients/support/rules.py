"""What coming visits ask for: that whatever patients need there is arranged in time."""

from collections.abc import Iterator, Sequence

from clearway.core.layout.times import day
from clearway.core.worklist.rules import Wanted

from .queries import Unarranged

COORDINATOR = "outpatient_coordinator"


def to_arrange(found: Sequence[Unarranged]) -> Iterator[Wanted]:
    """One task while something is not arranged for visits that are near."""
    if found:
        several = "1 visit" if len(found) == 1 else f"{len(found)} visits"
        yield Wanted(
            subject="visits:support",
            priority=2,
            title=f"Arrange what patients need at {several}",
            cause=f"The first is {day(found[0].starts_at)}: {', '.join(found[0].kinds).lower()}",
            role=COORDINATOR,
            suggestion="Arrange it, or move the visit: /outpatients/support/",
            reading=float(len(found)),
            threshold=1.0,
        )
