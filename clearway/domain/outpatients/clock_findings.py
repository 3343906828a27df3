"""What can be wrong with the events of a pathway, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .clock_words import Phase


@dataclass(frozen=True, slots=True)
class FindingKind:
    """What can be wrong with the events of a pathway."""

    code: str
    says: str
    fix: str


FINDINGS: Mapping[str, FindingKind] = MappingProxyType(
    {
        each.code: each
        for each in (
            FindingKind(
                "CK01",
                "The event cannot follow from here; the clock did not change",
                "Record what comes before it, correct it, or withdraw it.",
            ),
            FindingKind(
                "CK02",
                "What the rule asks for is not shown; the clock goes on",
                "Add the missing evidence by a correction, or leave the clock running.",
            ),
            FindingKind(
                "CK04",
                "The stated start lies before the end of an earlier clock; it was taken from that end",
                "Ask the other provider for the start of this wait, and correct it.",
            ),
            FindingKind(
                "CK05",
                "A correction names an event that is not there; it stands as an event of its own",
                "Send the event that it replaces, or name the right one.",
            ),
            FindingKind(
                "CK06",
                "An event was corrected more than once; the latest correction counts",
                "Nothing, if the latest is right; otherwise correct the latest.",
            ),
            FindingKind(
                "CK07",
                "One key names two different events; the one known first counts",
                "Give the other one a key of its own, or send it as a correction.",
            ),
            FindingKind(
                "CK08",
                "The patient waits and the start of the clock is not known",
                "Find the referral and record start_found with its date.",
            ),
            FindingKind(
                "CK09",
                "The status of an activity is not yet known",
                "Ask the clinician and correct the event.",
            ),
            FindingKind(
                "CK10",
                "The rebooked first appointment was missed as well; the clock goes on",
                "A clinician decides: offer again, or discharge.",
            ),
            FindingKind(
                "CK11",
                "Corrections replace one another in a circle; none of them counts",
                "Withdraw them and record the event once.",
            ),
            FindingKind(
                "CK12",
                "A clock stop outside a contact is not possible with this status",
                "Record the contact at which it happened, or another kind of stop.",
            ),
        )
    }
)

# What to do about an event that cannot follow, by where the pathway stood.
FIXES: Mapping[Phase, str] = MappingProxyType(
    {
        Phase.NONE: "Record how the referral came, or start_not_known; otherwise withdraw it.",
        Phase.WAITING: "A clock is running: correct the event, or withdraw it.",
        Phase.WAITING_AGAIN: "A clock is running: correct the event, or withdraw it.",
        Phase.SEEN: "A clock is running: correct the event, or withdraw it.",
        Phase.MONITORING: "Record decision_to_treat first if the patient goes ahead; otherwise withdraw it.",
        Phase.STOPPED: (
            "If it belongs to a new wait, record what began it first (rereferred, new_treatment_decided, "
            "second_side_ready); otherwise correct or withdraw it."
        ),
        Phase.NULLIFIED: "Record reoffered or rebooked_by_patient with its day first; otherwise withdraw it.",
        Phase.TRANSFERRED: "Record transfer_received if the patient came back; otherwise withdraw it.",
        Phase.DIED: "The patient died before this day: correct the date of one of the two.",
    }
)
