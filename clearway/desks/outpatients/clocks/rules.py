"""What clocks ask of people: each a task until it is met, or somebody says that it is done."""

from collections.abc import Iterator, Sequence

from clearway.core.worklist.rules import Wanted
from clearway.domain.outpatients.clock_words import Prompt
from clearway.domain.outpatients.counting import in_words

from .queries import PromptDue

MOST = 100  # tasks at a time, the oldest first: nobody reads more
URGENT = frozenset({Prompt.CLINICAL_REVIEW, Prompt.CANCEL_EVERYTHING})


def to_do(found: Sequence[PromptDue]) -> Iterator[Wanted]:
    """One task for each pathway whose newest event asks a person to do something by now."""
    for each in found[:MOST]:
        prompt = each.prompted.prompt
        yield Wanted(
            subject=f"pathway:{each.pathway_id}",
            priority=2 if prompt in URGENT else 3,
            title=f"A clock asks: {prompt.meaning}",
            cause=f"Recorded for {in_words(each.prompted.on)}, due on {in_words(each.prompted.due)}",
            role="outpatient_coordinator",
            suggestion=f"Do it, and say so: /outpatients/pathways/{each.pathway_id}/",
        )
