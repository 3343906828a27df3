"""What referrals ask for: that something missing is asked for again, and that triage is in time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from clearway.core.layout.times import local
from clearway.core.worklist.rules import Wanted
from clearway.domain.outpatients.completeness import BY_NAME, Fixer, ReviewReason, book_slot_issue_by
from clearway.domain.outpatients.counting import in_words

from .. import policy
from . import queries

COORDINATOR, LEADER = "outpatient_coordinator", "outpatient_team_leader"


@dataclass(frozen=True, slots=True)
class Chase:
    """Something missing that is to be asked for again. No names: a task holds no identity."""

    referral: int
    number: str
    what: str
    fixer: str
    chase_on: date


@dataclass(frozen=True, slots=True)
class Late:
    """Referrals of one urgency that are past their day of triage."""

    is_urgent: bool
    count: int
    since: date


@dataclass(frozen=True, slots=True)
class SlotIssue:
    """A referral whose patient tried to book and could not, with nothing booked yet."""

    referral: int
    number: str
    reason: str
    listed_on: date
    book_by: date
    is_late: bool


def slot_issues(organisation_id: int, at: datetime) -> tuple[SlotIssue, ...]:
    """Every slot issue that waits for a booking, the oldest first. Two queries."""
    periods, today = policy.intake(organisation_id, at), local(at).date()
    found = []
    for row in queries.slot_issues(organisation_id):
        if row.listed_on is not None:
            book_by = book_slot_issue_by(row.listed_on, row.priority, periods)
            reason = ReviewReason(row.review_reason).meaning
            found.append(SlotIssue(row.pk, row.number, reason, row.listed_on, book_by, book_by < today))
    return tuple(found)


def to_book(found: Sequence[SlotIssue]) -> Iterator[Wanted]:
    """One task for each slot issue until an appointment is booked; urgent once its day is past."""
    for each in found:
        yield Wanted(
            subject=f"referral:{each.referral}:slot_issue",
            priority=2 if each.is_late else 3,
            title=f"Book {each.number}: the patient could not",
            cause=f"e-RS, {in_words(each.listed_on)}: {each.reason}; book by {in_words(each.book_by)}",
            role=COORDINATOR,
            suggestion=f"Have it triaged, and offer an appointment: /outpatients/referrals/{each.referral}/",
        )


def chases(organisation_id: int, at: datetime) -> tuple[Chase, ...]:
    """What is to be asked for again by now. Two queries."""
    return tuple(
        Chase(each.gap.referral_id, each.gap.referral.number, each.gap.what, each.gap.fixer, each.chase_on)
        for each in queries.open_gaps(organisation_id, at)
        if each.is_due and each.chase_on is not None
    )


def late(organisation_id: int, at: datetime) -> tuple[Late, ...]:
    """What was not triaged in time, the urgent first. Two queries."""
    overdue = [each for each in queries.to_triage(organisation_id, at) if each.is_overdue]
    found = []
    for is_urgent in (True, False):
        days = [each.due for each in overdue if each.is_urgent is is_urgent]
        if days:
            found.append(Late(is_urgent, len(days), min(days)))
    return tuple(found)


def to_chase(found: Sequence[Chase]) -> Iterator[Wanted]:
    """One task for each thing that is missing and to be asked for again, until it is asked for or arrives."""
    for each in found:
        item, page = BY_NAME[each.what], f"/outpatients/referrals/{each.referral}/"
        yield Wanted(
            subject=f"referral:{each.referral}:{each.what}",
            priority=2 if item.holds else 3,
            title=f"Ask again for what {each.number} lacks",
            cause=f"{item.says}; to be asked for again since {in_words(each.chase_on)}",
            role=COORDINATOR,
            suggestion=f"Ask {Fixer(each.fixer).meaning}, and enter it: {page}",
        )


def to_triage(found: Sequence[Late]) -> Iterator[Wanted]:
    """One task for the urgent and one for the routine referrals that are past their day."""
    for each in found:
        count = f"{each.count} {'urgent' if each.is_urgent else 'routine'} referral"
        yield Wanted(
            subject="triage:urgent" if each.is_urgent else "triage:routine",
            priority=2 if each.is_urgent else 3,
            title=f"{count}{' is' if each.count == 1 else 's are'} past the day of triage",
            cause=f"The first was due on {in_words(each.since)}",
            role=LEADER if each.is_urgent else COORDINATOR,
            suggestion="Ask the clinicians for their decisions: /outpatients/triage/",
        )
