"""What requests for records ask for: that each is answered by its day."""

from collections.abc import Iterator, Sequence
from datetime import date

from clearway.core.worklist.rules import Wanted
from clearway.domain.outpatients.counting import in_words

from .queries import Due

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
