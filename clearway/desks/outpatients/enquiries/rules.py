"""What enquiries ask for: that promises are kept, complaints acknowledged, and escalations taken up."""

from collections.abc import Iterator
from datetime import date

from clearway.core.layout.times import day
from clearway.core.worklist.rules import Wanted
from clearway.domain.outpatients.counting import in_words

from .queries import Complaint, Late, Overdue

COORDINATOR, LEADER = "outpatient_coordinator", "outpatient_team_leader"
PAGE = "/outpatients/office/enquiries/"


def to_answer(found: Late) -> Iterator[Wanted]:
    """One task for what the office promised, one for what therapists have not answered."""
    yield from _overdue(found.enquiries, "enquiries:late", "past the promised time", "Answer them: " + PAGE)
    yield from _overdue(
        found.messages,
        "messages:late",
        "for therapists not answered in time",
        f"Ring the therapists: {PAGE}",
    )


def _overdue(found: Overdue, subject: str, words: str, suggestion: str) -> Iterator[Wanted]:
    if not found.count or found.since is None:
        return
    what = "message" if subject.startswith("messages") else "call or message"
    several = "messages" if subject.startswith("messages") else "calls or messages"
    yield Wanted(
        subject=subject,
        priority=2 if found.is_urgent else 3,
        title=f"{found.count} {what if found.count == 1 else several} {words}",
        cause=f"The first was promised for {day(found.since)}",
        role=COORDINATOR,
        suggestion=suggestion,
    )


def of_complaints(found: Late, today: date) -> Iterator[Wanted]:
    """One task for each complaint on its last day of acknowledgement or answer; past it, the leader's."""
    for each in found.complaints:
        due = each.answer_by if each.is_acknowledged else each.acknowledge_by
        if today < due:
            continue
        what = "answered in writing" if each.is_acknowledged else "acknowledged"
        yield Wanted(
            subject=f"enquiry:{each.key}",
            priority=2,
            title=f"A complaint is to be {what}",
            cause=f"The last day {'was' if due < today else 'is'} {in_words(due)}",
            role=LEADER if due < today else COORDINATOR,
            suggestion=f"See to it: {PAGE}{each.key}/",
        )


def escalated(found: Late) -> Iterator[Wanted]:
    """One task for the team leader for each thing that was passed up, until the leader has taken it."""
    for each in found.escalated:
        yield _escalated(each)


def _escalated(each: Complaint) -> Wanted:
    return Wanted(
        subject=f"enquiry:{each.key}",
        priority=2,
        title="Something serious was passed to you from the office",
        cause=f"Passed on {day(each.escalated_at)}",
        role=LEADER,
        suggestion=f"Read it and take it: {PAGE}{each.key}/",
    )
