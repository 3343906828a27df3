"""The rules of the waiting list: in what order people are seen, who leaves it and by whose word."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from clearway.domain.shared.errors import NotAllowed

from .clock_events import EventKind, Evidence
from .words import Code, Priority

MOST_VISITS = 60  # of one course: more is a slip of the hand
KINDS: Mapping[str, str] = MappingProxyType({"new": "New", "follow_up": "Follow-up", "group": "Group"})
PURPOSES = (
    *("acknowledgement", "invitation", "reminder", "offer", "confirmation", "change", "cancellation"),
    *("validation", "missed", "enquiry", "discharge"),
)
CHANNELS = ("letter", "text", "phone", "email", "desk")
CONTACT_OUTCOMES = ("sent", "delivered", "failed", "answered", "no_answer", "returned")
QUEUED = "queued"  # a letter stands in the outbox; it is evidence of nothing until it has left
REACHED = frozenset({"sent", "delivered", "answered"})  # a contact that can be evidence of notice


class Removal(Code):
    """Why somebody leaves the list without being seen. Silence is no reason, and there is no word for it."""

    NO_LONGER_NEEDED = "no_longer_needed", "the patient says that it is no longer needed"
    DECLINED = "declined", "the patient declined what was offered"
    CLINICIAN = "clinician", "a clinician decided that it is not needed"
    TREATED_ELSEWHERE = "treated_elsewhere", "is treated by another provider"
    OTHER_SERVICE = "other_service", "was sent on to another service here"
    DUPLICATE = "duplicate", "is on the list twice for the same thing"
    DIED = "died", "the patient died"
    ERROR = "error", "was added in error"


@dataclass(frozen=True, slots=True)
class RemovalRule:
    """What a removal asks for and what it says to the clock.

    needs_clinician  a named clinician must have decided it
    event            the clock event that it makes on an open clock; None leaves the clock as it is
    """

    needs_clinician: bool = False
    event: EventKind | None = None
    evidence: frozenset[Evidence] = frozenset()


REMOVALS: Mapping[Removal, RemovalRule] = MappingProxyType(
    {
        Removal.NO_LONGER_NEEDED: RemovalRule(event=EventKind.DECLINED_TREATMENT),
        Removal.DECLINED: RemovalRule(event=EventKind.DECLINED_TREATMENT),
        Removal.CLINICIAN: RemovalRule(
            True, EventKind.NOT_TO_TREAT, frozenset({Evidence.CLINICAL_DECISION, Evidence.CONVERSATION})
        ),
        Removal.TREATED_ELSEWHERE: RemovalRule(event=EventKind.TRANSFERRED_OUT),
        Removal.OTHER_SERVICE: RemovalRule(),
        Removal.DUPLICATE: RemovalRule(),
        Removal.DIED: RemovalRule(event=EventKind.DIED),
        Removal.ERROR: RemovalRule(),
    }
)


class Answer(Code):
    """What a patient answers when asked whether the place on the list is still needed."""

    STILL_NEEDED = "still_needed", "still needed"
    NO_LONGER_NEEDED = "no_longer_needed", "no longer needed"
    UNAVAILABLE = "unavailable", "still needed, and not available for a time"
    CONTACT_ME = "contact_me", "wants to be rung"


def check_removal(why: str, clinician: str) -> RemovalRule:
    """What this removal does. Raises NotAllowed for an unknown reason or a missing clinician."""
    try:
        rule = REMOVALS[Removal(why)]
    except ValueError:
        reasons = ", ".join(each.meaning for each in Removal)
        raise NotAllowed(
            "waiting", "Removing from the list", f"Choose a reason: {reasons}. Not answering is none of them."
        ) from None
    if rule.needs_clinician and not clinician.strip():
        raise NotAllowed("waiting", "Removing from the list", "Name the clinician who decided it.")
    return rule


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody is to wait for, as far as rules look at it."""

    kind: str
    priority: str
    minutes: int
    series: int
    due_on: date | None
    latest_on: date | None


def check_wanted(wanted: Wanted) -> None:
    """Raises NotAllowed, naming the field, for what no list entry can be."""
    for holds, field, why in (
        (wanted.kind in KINDS, "kind", f"Choose one of {', '.join(KINDS)}, not {wanted.kind!r}."),
        (
            wanted.priority in list(Priority),
            "priority",
            f"{wanted.priority!r} is no priority: choose routine, urgent or two week wait.",
        ),
        (5 <= wanted.minutes <= 480, "minutes", f"An appointment takes 5 to 480 min, not {wanted.minutes}."),
        (
            1 <= wanted.series <= MOST_VISITS,
            "series",
            f"Choose 1 to {MOST_VISITS} visits, not {wanted.series}.",
        ),
        (
            wanted.due_on is None or wanted.latest_on is None or wanted.latest_on >= wanted.due_on,
            "latest date",
            f"The latest date {wanted.latest_on} is before {wanted.due_on}, when it is due.",
        ),
    ):
        if not holds:
            raise NotAllowed(f"the {field} is wrong", "Adding to the waiting list", why)
