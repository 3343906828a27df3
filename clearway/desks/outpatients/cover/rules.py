"""What the cover of the office asks for: that no post is empty, and that who asks for leave is answered."""

from collections.abc import Iterator
from datetime import date

from clearway.core.layout.times import day
from clearway.core.worklist.rules import Wanted
from clearway.domain.outpatients.counting import in_words

from .queries import Due

COORDINATOR, LEADER = "outpatient_coordinator", "outpatient_team_leader"


def to_cover(found: Due, today: date) -> Iterator[Wanted]:
    """One task while a post of the next two weeks is without anybody."""
    if found.first is not None:
        yield Wanted(
            subject="cover:gaps",
            priority=2 if found.first == today else 3,
            title="Nobody covers a post of the office",
            cause=f"The first day without anybody is {in_words(found.first)}",
            role=COORDINATOR,
            suggestion="Name who stands in: /outpatients/office/cover/",
            reading=float(found.gaps),
            threshold=1.0,
        )


def to_decide(found: Due) -> Iterator[Wanted]:
    """One task while somebody waits to hear whether their leave is granted."""
    if found.asked_since is not None:
        yield Wanted(
            subject="cover:asked",
            priority=3,
            title="Leave of the office is to be decided",
            cause=f"Asked for since {day(found.asked_since)}",
            role=LEADER,
            suggestion="See what it would leave uncovered, and decide: /outpatients/office/away/",
            reading=float(found.asked),
            threshold=1.0,
        )
