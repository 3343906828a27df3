"""What the register asks for: that each duty is done by its day."""

from collections.abc import Iterator, Sequence

from clearway.core.worklist.rules import Wanted
from clearway.domain.outpatients.counting import in_words

from .queries import Overdue

LEADER = "outpatient_team_leader"


def to_do(found: Sequence[Overdue]) -> Iterator[Wanted]:
    """One task for each duty past its day."""
    for each in found:
        yield Wanted(
            subject=f"recurring_duty:{each.key}",
            priority=3,
            title=f"{each.name} is overdue",
            cause=f"It was due on {in_words(each.due_on)}; {each.owner} does it",
            role=LEADER,
            suggestion=f"Do it, and write down what shows it: /outpatients/office/duties/{each.key}/",
        )
