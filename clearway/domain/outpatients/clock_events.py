"""What can happen to a waiting time clock: dated events, and corrections that replace earlier ones.

An event says what happened on a civil date, not what the clock makes of it: that is the table's part
(clock_rules.py). Kinds follow the rules of NHS England's recording guidance, version 5.0, row by row.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from .words import Attended, Code

UNAVAILABLE_NEEDS_REVIEW_AFTER = 42  # days: six weeks, then a clinician looks (section 8.1)


class Evidence(Code):
    """What can be shown for an event, where a rule asks for it."""

    NOTICE = "notice", "the patient had been told of the appointment, and that can be shown"
    CLINICAL_DECISION = "clinical_decision", "a named clinician decided it for this patient"
    POLICY = "policy", "a published policy that protects vulnerable patients allows it"
    CONVERSATION = "conversation", "a clinician spoke with the patient about it"
    AGREED = "agreed", "the patient agreed"
    REASONABLE = "reasonable", "the offer gave three weeks' notice, or was accepted as it was"
    FIT = "fit", "the patient is fit for it"
    AVAILABLE = "available", "the patient is available for it"
    # These two follow from the dates of an event and are never said.
    STATED_START = "stated_start", "the event states when the clock started"
    LONG_ABSENCE = "long_absence", "unavailable for more than six weeks"


class EventKind(Code):
    """Everything that the clock rules know. The order is that of a patient's way."""

    REFERRAL_RECEIVED = "referral_received", "a referral came by letter, email or order"
    INTERFACE_RECEIVED = "interface_received", "an interface service received the referral"
    SELF_REFERRAL_RECEIVED = "self_referral_received", "the patient referred themselves, as agreed locally"
    REFERRAL_RATIFIED = "referral_ratified", "a professional ratified a self-referral"
    UBRN_CONVERTED = "ubrn_converted", "the booking reference was turned into an appointment"
    LINKED_UBRN_CONVERTED = "linked_ubrn_converted", "a second booking reference of the same referral"
    SLOT_ISSUE_LISTED = "slot_issue_listed", "the booking reference came onto the list of slot issues"
    REFERRAL_REJECTED = "referral_rejected", "sent back to the referrer to be sent again"
    REREFERRED = "rereferred", "referred again after an earlier wait had ended"
    ARRIVED_FROM_OTHER_NATION = "arrived_from_other_nation", "received from a Scottish or Welsh provider"
    TRANSFER_RECEIVED = "transfer_received", "received from another provider, with its clock start"
    START_NOT_KNOWN = "start_not_known", "the patient waits and no start can be found"
    START_FOUND = "start_found", "the missing clock start was found"
    SEPARATE_CONDITION_RECEIVED = "separate_condition_received", "referred from clinic for another condition"
    EMERGENCY_CARE = "emergency_care", "emergency attendance, admission or care during it"
    TESTS_BEFORE_REFERRAL = "tests_before_referral", "tests by the general practice, before any referral"
    ATTENDED = "attended", "attended, more to do"
    DECISION_TO_TREAT = "decision_to_treat", "a treatment was chosen, or the patient goes ahead with it"
    PREPARATION = "preparation", "tests or preparation that are not yet the treatment"
    THERAPY_ENDED = "therapy_ended", "therapy for a consultant ended and was not the treatment"
    THERAPY_MISSED = "therapy_missed", "did not come to therapy on a consultant's pathway"
    ADMITTED_NOT_TREATED = "admitted_not_treated", "admitted, and the treatment could not be given"
    OPINION_ELSEWHERE = "opinion_elsewhere", "test or opinion asked of another provider; care stays here"
    SEPARATE_CONDITION_FOUND = "separate_condition_found", "another condition was referred on its own pathway"
    CANCELLED_BY_PATIENT = "cancelled_by_patient", "the patient cancelled or rearranged, at any notice"
    CANCELLED_BY_PROVIDER = "cancelled_by_provider", "the service cancelled"
    MISSED = "missed", "did not attend, with no warning at all"
    NOT_BROUGHT = "not_brought", "a child or dependent adult was not brought"
    ARRIVED_TOO_LATE = "arrived_too_late", "arrived too late to be seen"
    REOFFERED = "reoffered", "the provider decided to offer another appointment"
    REBOOKED_BY_PATIENT = "rebooked_by_patient", "the patient got in touch to book again"
    UNAVAILABLE = "unavailable", "the patient is not available for a time"
    OFFER_DECLINED = "offer_declined", "the patient declined a date offered"
    THINKING_TIME = "thinking_time", "the patient wants some days to decide"
    LONG_THINKING_TIME = "long_thinking_time", "a longer time to decide was agreed"
    MONITORING_BY_PATIENT = (
        "monitoring_by_patient",
        "the patient chose active monitoring",
    )
    MONITORING_BY_CLINICIAN = "monitoring_by_clinician", "active monitoring was decided and told"
    MONITORING_AFTER_OFFERS = "monitoring_after_offers", "active monitoring after declined offers"
    MONITORING_REVIEWED = "monitoring_reviewed", "active monitoring was reviewed and goes on"
    TREATED = "treated", "the first definitive treatment began, without admission"
    ADMITTED_FOR_TREATMENT = (
        "admitted_for_treatment",
        "admitted for the first definitive treatment",
    )
    DECLINED_TREATMENT = "declined_treatment", "the patient declined all treatment"
    NOT_TO_TREAT = "not_to_treat", "decided not to treat, and the patient was told"
    RETURNED_TO_PRIMARY_CARE = (
        "returned_to_primary_care",
        "returned to primary care, and told so",
    )
    DISCHARGED_AFTER_MISS = "discharged_after_miss", "discharged after a missed appointment"
    DISCHARGED_AFTER_CANCELLATIONS = "discharged_after_cancellations", "discharged after cancellations"
    DIED = "died", "the patient died"
    TRANSFERRED_OUT = "transferred_out", "responsibility for the care passed to another provider"
    FOLLOW_UP_OVERDUE = "follow_up_overdue", "a follow-up after treatment is past its date"
    NEW_TREATMENT_DECIDED = "new_treatment_decided", "a substantively new treatment was decided"
    NEW_TREATMENT_ELSEWHERE = "new_treatment_elsewhere", "a new treatment was decided, at another provider"
    SECOND_SIDE_READY = "second_side_ready", "the second side of a bilateral procedure can be done"
    MOVED_TO_ACTIVE_LIST = "moved_to_active_list", "a planned patient past the date joined the waiting list"
    STATUS_NOT_KNOWN = "status_not_known", "an activity was recorded with its status not yet known"
    WITHDRAWN = "withdrawn", "an earlier event was recorded in error"


# What the appointment behind an event is coded as.
ATTENDED_CODE = {
    EventKind.ATTENDED: Attended.ON_TIME,
    EventKind.CANCELLED_BY_PATIENT: Attended.CANCELLED_BY_PATIENT,
    EventKind.CANCELLED_BY_PROVIDER: Attended.CANCELLED_BY_PROVIDER,
    EventKind.MISSED: Attended.MISSED,
    EventKind.NOT_BROUGHT: Attended.MISSED,
    EventKind.ARRIVED_TOO_LATE: Attended.LATE_NOT_SEEN,
    EventKind.THERAPY_MISSED: Attended.MISSED,
}
STATES_A_START = frozenset({EventKind.TRANSFER_RECEIVED, EventKind.START_FOUND})
DERIVED = frozenset({Evidence.STATED_START, Evidence.LONG_ABSENCE})


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """One thing that happened on one pathway.

    key              names the event within its pathway; the same key twice is one event
    on               civil date on which it happened; for decisions, when the patient was told
    sequence         place among the events of one day, as recorded
    start_on         the clock start that a transfer or a search states
    until            last day of an absence
    evidence         what can be shown for it
    function         treatment function code, where the event knows it
    outside_contact  a clock stop recorded without seeing or speaking to the patient
    replaces         key of the event that this one corrects; it takes that event's place
    recorded_on      when it was written down, for "as was known then"; the day itself when left out
    Raises ValueError, in words for the person who wrote it, for dates that no such event can carry.
    """

    key: str
    kind: EventKind
    on: date
    sequence: int = 0
    start_on: date | None = None
    until: date | None = None
    evidence: frozenset[Evidence] = field(default_factory=frozenset)
    function: str | None = None
    outside_contact: bool = False
    replaces: str | None = None
    recorded_on: date | None = None

    def __post_init__(self) -> None:
        if self.start_on is not None and self.kind not in STATES_A_START:
            raise ValueError(f"Only a transfer or a found start states a clock start, not {self.kind}.")
        if self.start_on is not None and self.start_on > self.on:
            raise ValueError(f"The clock start {self.start_on} is later than {self.on}, which states it.")
        if self.until is not None and self.until < self.on:
            raise ValueError(f"The absence ends on {self.until}, before it begins on {self.on}.")
        if self.evidence & DERIVED:
            raise ValueError("stated_start and long_absence follow from the dates and are not said.")
        if self.kind is EventKind.WITHDRAWN and self.replaces is None:
            raise ValueError("A withdrawal says which event it replaces.")

    @property
    def proofs(self) -> frozenset[Evidence]:
        """What is shown for the event, with what its dates show."""
        derived = set()
        if self.start_on is not None:
            derived.add(Evidence.STATED_START)
        if self.until is not None and (self.until - self.on).days > UNAVAILABLE_NEEDS_REVIEW_AFTER:
            derived.add(Evidence.LONG_ABSENCE)
        return self.evidence | derived if derived else self.evidence

    @property
    def known_on(self) -> date:
        """When it counts as written down."""
        return self.recorded_on or self.on


def in_fixed_order(events: Iterable[ClockEvent]) -> list[ClockEvent]:
    """The one order in which events are read, whatever order they came in."""
    return sorted(events, key=lambda event: (event.on, event.sequence, event.key))
