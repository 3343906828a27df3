"""Why an HL7 message is not taken, and what takes it all the same: one line for each reason there is.

The words of a reason are those that its sender is told, with {} for what differs. Two stand for more than
one: what the rules of the desk say of an action (`<refusal.why>`), and of a referral (`<made.why>`,
`<row.why>`), which are the same as at the desk.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class After(StrEnum):
    """After what a message that was refused is taken."""

    FINAL = "final: the sender mends it and sends it as a new message"
    MAPPING = "waits for a mapping that reads it, and is read again as one is loaded"
    MESSAGE = "waits for another message, and is read again by itself when that one is taken"
    DESK = "waits for the desk, and is read again by itself once the desk has changed what stood in the way"
    PERSON = "needs a person, who does it by hand and settles the line, or has it read again"


FINAL, MAPPING, MESSAGE, DESK, PERSON = After
REASONS: Mapping[str, tuple[After, ...]] = MappingProxyType(
    {
        # Taking it apart
        "It is over 1 MiB.": (FINAL,),
        "The message does not begin with a segment MSH.": (FINAL,),
        "It holds a byte of zero.": (FINAL,),
        "It has no name of three letters.": (FINAL,),
        "The separators in MSH-1 and MSH-2 do not fit the rest.": (FINAL,),
        "It names no message type and event.": (FINAL,),
        "The message has no control id.": (FINAL,),
        "The control id is longer than {} characters.": (FINAL,),
        "This control id was used before for another message.": (FINAL,),
        "The time of the message lies more than a minute in the future.": (FINAL,),
        "A letter is not {}.": (MAPPING,),
        # Reading it: where a thing stands and what a code means is in the mapping
        "{} is not read here.": (MAPPING,),
        "Its code is not in [codes.{}].": (MAPPING,),
        "It is empty; it should hold: {}.": (MAPPING, FINAL),
        "It is longer than {} characters.": (MAPPING, FINAL),
        "No identifier is the sender's own number of the patient ([ids] number).": (MAPPING, FINAL),
        "It is no visit of outpatients ([sender] outpatient).": (MAPPING,),
        "It says no time.": (MAPPING, FINAL),
        "It says no start.": (MAPPING, FINAL),
        "It names no clinic.": (MAPPING, FINAL),
        "There is no such day.": (FINAL,),
        "There is no such time.": (FINAL,),
        "It is no time to the minute.": (FINAL,),
        "The clocks skip this time in spring.": (FINAL,),
        "The NHS number cannot be one: {}.": (FINAL,),
        "It merges several patients at once.": (FINAL,),
        # Patients
        "The {} is longer than the {} characters that are kept.": (FINAL,),
        "It is empty, and nobody is registered without it.": (MESSAGE, DESK),
        "This patient is not known here.": (MESSAGE, DESK),
        "{} registered here may be the same person, and {}.": (MESSAGE, DESK),
        "The patient with this NHS number here has another birth date.": (DESK,),
        "The sender says that the patient lives, and a death is recorded here.": (DESK,),
        # Referrals
        "<row.why>": (FINAL,),
        "<made.why>": (DESK,),
        "The sender has withdrawn referral {}, and the mapping gives no reason for that.": (DESK, MAPPING),
        # Appointments and visits
        "This appointment is not known here.": (MESSAGE,),
        "The referral that it names is not known here.": (MESSAGE,),
        "No clinic here has the code {}.": (DESK, MAPPING),
        "Clinic {} has no slot on {}.": (DESK,),
        "The patient has no place on the waiting list of this clinic's service.": (MESSAGE, DESK),
        "The patient has {} places on the list of this service, and it names no referral.": (DESK,),
        "The patient has {} here on that day.": (MESSAGE, DESK),
        "A discharge of this patient was cancelled there; here a person takes it back.": (PERSON,),
        # Doing it
        "<refusal.why>": (DESK,),
        "What it speaks of went while it was read.": (DESK,),
        "It was read but could not be recorded.": (PERSON,),
    }
)


def section() -> str:
    """The reasons as a part of the reference of messages."""
    parts = [
        "## Refusals",
        "What becomes of a message that is refused, by the reason; { } stands for what differs.",
    ]
    for after in After:
        reasons = [words for words, afters in REASONS.items() if after in afters]
        parts.append(f"What {after}:")
        parts.append("\n".join(f"- {_plain(words)}" for words in reasons))
    return "\n\n".join(parts) + "\n"


OF_THE_DESK = {
    "<refusal.why>": "Whatever the rules of the desk say of the action, as: the slot went to somebody else.",
    "<made.why>": "Whatever the rules of the desk say of the referral, as: no service here is called so.",
    "<row.why>": "A field of the referral is not as it has to be.",
}


def _plain(words: str) -> str:
    return OF_THE_DESK.get(words, words).replace("{}", "{ }")
