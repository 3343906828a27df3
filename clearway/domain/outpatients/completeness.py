"""When a referral is complete: what must be there, who can supply the rest, how soon, and what came before.

`ITEMS` is the completeness gate as a table. A referral is registered on the day it is received whatever is
missing; only a missing clinical question holds it back from triage. The periods are proposals for a trust to
set (policy `referral_intake`).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType

from .words import Code, NhsNumberStatus, Priority, ReferralSource


class Fixer(Code):
    """Who can supply what a referral lacks."""

    PATIENT = "patient", "the patient"
    REFERRER = "referrer", "the referrer"
    PRACTICE = "practice", "the general practice"
    OFFICE = "office", "the office itself"


class Route(Code):
    """How a referral came."""

    ERS = "ers", "e-Referral Service"
    LETTER = "letter", "letter"
    EMAIL = "email", "email"
    INTERNAL = "internal", "internal order"
    SELF = "self", "self-referral"
    PHONE = "phone", "telephone"
    API = "api", "another system"


class ReviewReason(Code):
    """Why a referral stands on a worklist of the e-Referral Service."""

    NO_SLOTS = "NO_SLOTS_AT_SERVICE", "no slots at the service"
    SLOT_TAKEN = "SLOT_NOT_AVAILABLE", "the slot was no longer there"
    BOOKING_FAILED = "BOOKING_ATTEMPT_PROBLEM", "the booking could not be made"
    TRIAGE = "TRIAGE", "to be reviewed"

    @property
    def is_slot_issue(self) -> bool:
        """The patient tried to book and could not: the list of appointment slot issues."""
        return self is not ReviewReason.TRIAGE


class Side(Code):
    """Which side of the body a condition is on."""

    NONE = "", "does not apply"
    LEFT = "left", "left"
    RIGHT = "right", "right"
    BOTH = "both", "both"


class TriageOutcome(Code):
    """What a clinician decides about a referral."""

    ACCEPT = "accept", "accept for an appointment"
    GROUP = "group", "accept for a group class"
    REDIRECT = "redirect", "send on to another service here"
    ADVICE = "advice", "answer with advice"
    RETURN = "return", "return to the referrer with the reason"
    SELF_MANAGEMENT = "self_management", "self-management, no appointment"

    @property
    def joins_the_list(self) -> bool:
        return self in (TriageOutcome.ACCEPT, TriageOutcome.GROUP)


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of a referral and its patient, as far as completeness looks at it."""

    nhs_number: str | None = None
    nhs_number_status: str = NhsNumberStatus.NOT_TRACED
    address: str = ""
    postcode: str = ""
    sex: str = "9"
    phone: str = ""
    mobile: str = ""
    email: str = ""
    practice: str = ""
    source: str = ""
    sender: str = ""
    condition: str = ""
    question: str = ""
    from_consultant: bool = False
    start_is_known: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a referral must hold.

    what       its name
    says       what is missing, as it is asked for
    fixer      who can supply it
    is_there   whether it is
    holds      without it nobody can triage
    """

    what: str
    says: str
    fixer: Fixer
    is_there: Callable[[Given], bool]
    holds: bool = False


def _is_identified(given: Given) -> bool:
    return bool(given.nhs_number) or bool(given.address and given.postcode and given.sex != "9")


def _is_reachable(given: Given) -> bool:
    return any((given.phone, given.mobile, given.email, given.practice))


def _has_sender(given: Given) -> bool:
    return bool(given.source) and (given.source == ReferralSource.SELF or bool(given.sender))


ITEMS: tuple[Item, ...] = (
    Item(
        "identity",
        "The NHS number, or else sex, address and postcode",
        Fixer.PRACTICE,
        _is_identified,
    ),
    Item(
        "reach",
        "A telephone number, an email address or the general practice",
        Fixer.REFERRER,
        _is_reachable,
    ),
    Item("sender", "Who referred, and from where", Fixer.OFFICE, _has_sender),
    Item(
        "condition",
        "The condition to be seen for",
        Fixer.REFERRER,
        lambda given: bool(given.condition.strip()),
    ),
    Item(
        "question",
        "The clinical question: what is asked of the service",
        Fixer.REFERRER,
        lambda given: bool(given.question.strip()),
        holds=True,
    ),
    Item(
        "parent",
        "The consultant's pathway and the day on which its clock started",
        Fixer.REFERRER,
        lambda given: not given.from_consultant or given.start_is_known,
    ),
)
BY_NAME: Mapping[str, Item] = MappingProxyType({item.what: item for item in ITEMS})


def gaps(given: Given) -> tuple[Item, ...]:
    """What is missing, in the order of the table."""
    return tuple(item for item in ITEMS if not item.is_there(given))


def is_held(missing: Collection[str]) -> bool:
    """Whether these gaps hold a referral back from triage."""
    return any(BY_NAME[what].holds for what in missing if what in BY_NAME)


# What senders write, in small letters, and what it means here. Anything else goes with the urgent.
PRIORITIES: Mapping[str, Priority] = MappingProxyType(
    {
        **dict.fromkeys(("1", "routine", "normal", "non-urgent", "not urgent"), Priority.ROUTINE),
        **dict.fromkeys(("2", "urgent"), Priority.URGENT),
        **dict.fromkeys(
            ("3", "two week wait", "two_week_wait", "2ww", "2 week wait", "two weeks"), Priority.TWO_WEEK_WAIT
        ),
    }
)


def priority_of(said: str) -> Priority | None:
    """The priority that a sender's word means; None for a word that means nothing here, never routine."""
    return PRIORITIES.get(" ".join(said.casefold().split()))


def is_urgent(priority: str) -> bool:
    """Whether a referral is triaged with the urgent: it is, or nobody knows."""
    return priority != Priority.ROUTINE


@dataclass(frozen=True, slots=True)
class IntakePolicy:
    """How soon things are done, in working days unless the name says otherwise.

    chase_after      days after a gap was found on which it is asked for again
    same_again_days  how long after its end an earlier referral still counts as the same thing, in days
    ers_loads_a_day  answers of e-RS taken for one service on a day: more the service does not give
    slot_issue_days  after its slot issue a referral is booked within so many days: routine, urgent, two week
                     wait (reference values of the e-RS sandbox for what is deferred to the provider, 2022)
    """

    triage_urgent: int = 1
    triage_routine: int = 5
    acknowledge: int = 2
    chase_after: tuple[int, ...] = (2, 5)
    same_again_days: int = 90
    ers_loads_a_day: int = 2
    slot_issue_days: tuple[int, ...] = (40, 10, 5)
    holidays: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if min(self.triage_urgent, self.triage_routine, self.acknowledge, self.same_again_days) < 0:
            raise ValueError("A period is 0 days or more.")
        if self.ers_loads_a_day < 1:
            raise ValueError(f"Worklists are taken at least once a day; got {self.ers_loads_a_day}.")
        if len(self.slot_issue_days) != 3 or min(self.slot_issue_days) < 0:
            raise ValueError(f"Slot issues have three periods of 0 days or more; got {self.slot_issue_days}.")
        if list(self.chase_after) != sorted(set(self.chase_after)) or min(self.chase_after, default=1) < 1:
            raise ValueError(f"Chases come one after the other, from 1 day on; got {self.chase_after}.")


def working_days_after(day: date, count: int, holidays: Collection[date] = ()) -> date:
    """The day that lies so many working days after another; 0 is the day itself, or the next working day."""
    while count > 0 or not _is_worked(day, holidays):
        day += timedelta(days=1)
        count -= _is_worked(day, holidays)
    return day


def _is_worked(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() < 5 and day not in holidays


def triage_by(received_on: date, priority: str, policy: IntakePolicy) -> date:
    """The day by which a referral is triaged."""
    days = policy.triage_urgent if is_urgent(priority) else policy.triage_routine
    return working_days_after(received_on, days, policy.holidays)


def book_slot_issue_by(listed_on: date, priority: str, policy: IntakePolicy) -> date:
    """The day by which a referral with a slot issue is booked; of a priority not known, as the urgent."""
    place = {"1": 0, "2": 1, "3": 2}.get(priority, 1)
    return listed_on + timedelta(days=policy.slot_issue_days[place])


def next_chase(found_on: date, asked: int, policy: IntakePolicy) -> date | None:
    """The day on which a gap is to be asked for again; None when it was asked as often as the policy says.

    asked  how often it was asked for already, the first time included
    """
    if asked == 0:
        return found_on
    if asked > len(policy.chase_after):
        return None
    return working_days_after(found_on, policy.chase_after[asked - 1], policy.holidays)
