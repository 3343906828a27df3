"""What requests for records ask for: that each is answered by its day."""

from collections.abc import Iterator, Sequence
from datetime import date

from clearway.core.worklist.rules import Wanted
from clearway.domain.outpatients.counting import in_words

from .queries import Due
from .rectified import Correction

COORDINATOR, LEADER = "outpatient_coordinator", "outpatient_team_leader"
PAGE = "/outpatients/office/records/"


def to_answer(found: Sequence[Due], today: date) -> Iterator[Wanted]:
    """One task for each request that is due soon; past its day, the leader's."""
    for each in found:
        is_late = each.due_on < today
        what = "subject access request" if each.kind == "subject" else "request for notes"
        yield Wanted(
            subject=f"records_request:{each.key}",
            priority=2 if is_late or each.due_on == today else 3,
            title=f"A {what} {'is overdue' if is_late else 'is to be answered'}",
            cause=f"It {'was' if is_late else 'is'} due on {in_words(each.due_on)}",
            role=LEADER if is_late else COORDINATOR,
            suggestion=f"See what is left to do: {PAGE}{each.key}/",
        )


def to_correct(found: Sequence[Correction], today: date) -> Iterator[Wanted]:
    """One task for each request to correct a record, when it is due soon and until others are told."""
    for each in found:
        page = f"{PAGE}corrections/{each.key}/"
        if each.untold:
            yield Wanted(
                subject=f"rectification:{each.key}",
                priority=3,
                title="Who was given a value that is corrected is to be told",
                cause=f"{each.untold} were not told yet",
                role=COORDINATOR,
                suggestion=f"Tell them: {page}",
            )
            continue
        is_late = each.due_on < today
        yield Wanted(
            subject=f"rectification:{each.key}",
            priority=2 if is_late or each.due_on == today else 3,
            title=f"A request to correct a record {'is overdue' if is_late else 'is to be decided'}",
            cause=f"It {'was' if is_late else 'is'} due on {in_words(each.due_on)}",
            role=LEADER,
            suggestion=f"Decide it: {page}",
        )
