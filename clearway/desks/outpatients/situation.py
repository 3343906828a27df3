"""What the rules of the outpatient desk look at: read from the tables once, at one instant."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clearway.core.onward import queries as asked_onward
from clearway.core.outbox.queries import Standing, overdue
from clearway.core.recurring import queries as recurring
from clearway.domain.shared.outgoing import State

from . import policy
from .booking import queries as booking
from .clocks import queries as clocks
from .conversations import queries as conversations
from .cover import queries as covering
from .directory import queries as directory
from .enquiries import queries as office
from .exchange.rules import Untold, untold
from .filing import queries as filed
from .keeping import queries as keeping
from .letters import queries as letters
from .loans import queries as lent
from .outcomes import queries as outcomes
from .records import queries as records
from .records import rectified
from .recycling import queries as recycling
from .referrals.rules import Chase, Late, SlotIssue, chases, late, slot_issues
from .reminders import queries as reminders
from .replanning import queries as replanning
from .reports import queries as sent
from .supervision import queries as supervision
from .support import queries as supporting
from .upkeep import queries as upkeep
from .waiting import asking
from .waiting import packs as to_sign
from .waiting.asking import Asking, CancelledAgain

NOTHING_FREED, NOBODY_DISPLACED = recycling.Due(), replanning.Due()
NO_FAULTS, NO_LOANS, ALL_COVERED = upkeep.Due(), lent.Due(), covering.Due()
NOTHING_TO_REVIEW, ALL_FILED = supervision.ToReview(), filed.Due()
NOBODY_WRITES, NOBODY_TO_RING = Standing(0, None), reminders.ToRing()
NOTHING_LATE = office.Late(office.Overdue(0, None, False), office.Overdue(0, None, False), (), ())
STUCK_AFTER = timedelta(minutes=15)  # a message that is due is made within seconds
NOBODY_TO_ASK, NOTHING_ASKED, ALL_SETTLED = Asking(), asked_onward.Due(), directory.Unsettled()


@dataclass(frozen=True, slots=True)
class OpenMiss:
    """Somebody who did not come, undecided. No names: a task holds no identity."""

    key: int
    opened_at: datetime
    is_not_brought: bool
    is_safeguarded: bool
    is_reached: bool
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldLetters:
    """Letters that one reason holds, since when, and the earliest day that one of them is for."""

    reason: str
    count: int
    since: datetime
    needed_on: date | None


@dataclass(frozen=True, slots=True)
class Outbox:
    """What has not left: held, by reason; made and not posted; and due without being made."""

    held: tuple[HeldLetters, ...] = ()
    unposted: int = 0
    unposted_since: datetime | None = None
    stuck: int = 0
    stuck_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """The outpatient desk at one instant.

    unoutcomed  ended appointments without outcome, since `oldest`
    chases      what referrals lack and is to be asked for again
    late        referrals past their day of triage
    slot_issues  referrals whose patients could not book through e-RS, with nothing booked yet
    enquiries   calls, messages and complaints past their time, and what was escalated
    outbox      letters that have not left
    asking      who is to be asked whether the place is still needed
    packs       that the team leader has not signed, the oldest of each kind
    faults      which are to be asked about again, and who is booked into broken rooms
    support     visits that are near and lack what the patient needs there
    loans       what is to be asked for, and what of a recalled make is still out
    requests    for records, that are due soon or were
    corrections  of records, that are asked for, or are to be told on
    cancelled   who cancelled one appointment after the other and was not spoken with since
    duties      that come back, past their day
    reviews     work of juniors that was handed in
    filing      letters and scans that are nobody's, and paper volumes to be asked for
    freed       seats that can be filled, calls about them, and who is to be told
    cover       posts of the office without anybody, and leave that is to be decided
    reports     that have not left on their day, or that nobody has read
    prompts     what clocks ask for, due and not done
    answers     of patients by text that wait for a person
    ringing     who is to be rung about an appointment, because nothing else reaches them
    holds       on patients' records, to be reviewed or to be lifted by a second person
    onward      what other desks ask for, that waits for a person
    book_anew   who lost appointments to a death that was withdrawn
    untold      systems beside us that have not taken what they are told
    practices   codes of practices in our records that stand for no open one
    """

    at: datetime
    misses: tuple[OpenMiss, ...]
    unoutcomed: int
    oldest: datetime | None
    chases: tuple[Chase, ...] = ()
    late: tuple[Late, ...] = ()
    enquiries: office.Late = NOTHING_LATE
    outbox: Outbox = Outbox()
    asking: Asking = NOBODY_TO_ASK
    packs: tuple[to_sign.Unseen, ...] = ()
    faults: upkeep.Due = NO_FAULTS
    loans: lent.Due = NO_LOANS
    requests: tuple[records.Due, ...] = ()
    cancelled: tuple[CancelledAgain, ...] = ()
    duties: tuple[recurring.Overdue, ...] = ()
    freed: recycling.Due = NOTHING_FREED
    cover: covering.Due = ALL_COVERED
    reviews: supervision.ToReview = NOTHING_TO_REVIEW
    filing: filed.Due = ALL_FILED
    reports: tuple[sent.Late, ...] = ()
    book_anew: tuple[booking.ToBookAnew, ...] = ()
    displaced: replanning.Due = NOBODY_DISPLACED
    prompts: tuple[clocks.PromptDue, ...] = ()
    answers: Standing = NOBODY_WRITES
    ringing: reminders.ToRing = NOBODY_TO_RING
    corrections: tuple[rectified.Correction, ...] = ()
    support: tuple[supporting.Unarranged, ...] = ()
    onward: asked_onward.Due = NOTHING_ASKED
    holds: tuple[keeping.Due, ...] = ()
    slot_issues: tuple[SlotIssue, ...] = ()
    untold: tuple[Untold, ...] = ()
    practices: directory.Unsettled = ALL_SETTLED


def read(organisation_id: int, at: datetime) -> Situation:
    """The situation now. A fixed number of queries."""
    open_ = outcomes.unoutcomed(organisation_id, at)
    misses = tuple(
        OpenMiss(
            row.pk,
            row.opened_at,
            row.kind == "not_brought",
            row.safeguarding_at is not None,
            row.contact_id is not None,
            row.asked_at,
        )
        for row in outcomes.misses(organisation_id)
    )
    return Situation(
        at=at,
        misses=misses,
        unoutcomed=open_.count,
        oldest=open_.oldest,
        chases=chases(organisation_id, at),
        late=late(organisation_id, at),
        slot_issues=slot_issues(organisation_id, at),
        untold=untold(organisation_id, at),
        practices=directory.unsettled(organisation_id, at),
        enquiries=office.late(organisation_id, at),
        outbox=_outbox(organisation_id, at),
        asking=asking.due(organisation_id, at),
        packs=to_sign.unseen(organisation_id),
        faults=upkeep.due(organisation_id, at),
        loans=lent.due(organisation_id, at),
        requests=records.due(organisation_id, at),
        cancelled=tuple(asking.cancelled_again(organisation_id, at)),
        duties=recurring.overdue(organisation_id, at),
        freed=recycling.due(organisation_id, policy.recycling(organisation_id, at).mode),
        cover=covering.due(organisation_id, at),
        reviews=supervision.to_review(organisation_id),
        filing=filed.due(organisation_id, at),
        reports=sent.late(organisation_id, at),
        book_anew=tuple(booking.to_book_anew(organisation_id)),
        displaced=replanning.due(organisation_id, at),
        prompts=tuple(clocks.prompts_due(organisation_id, at)),
        corrections=rectified.due(organisation_id, at),
        answers=conversations.standing(organisation_id),
        ringing=reminders.ringing(organisation_id),
        onward=asked_onward.due(organisation_id),
        holds=keeping.due(organisation_id, at),
        support=tuple(
            supporting.unarranged(organisation_id, at, policy.support(organisation_id, at).days_before)
        ),
    )


def _outbox(organisation_id: int, at: datetime) -> Outbox:
    ready = letters.standing(organisation_id)[State.READY]
    stuck = overdue(organisation_id, at - STUCK_AFTER)
    held = tuple(HeldLetters(*each) for each in letters.reasons(organisation_id))
    return Outbox(held, ready.count, ready.oldest, stuck.count, stuck.oldest)
