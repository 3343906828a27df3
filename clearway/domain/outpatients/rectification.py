"""Requests to correct what is held of a patient: what may be asked, and what comes before each step.

UK GDPR, article 16: a person has what is wrong about them rectified without undue delay, and what is
incomplete completed, also by a statement of their own. Article 12(3) gives a month, and two more as for any
request (`records.due_on`). Article 12(4): a refusal says why, and that they may complain to the Information
Commissioner or go to court. Article 19: whoever was given the wrong value is told, unless that is impossible
or takes a disproportionate effort. All recalled.
"""

from dataclasses import dataclass
from datetime import date

from clearway.domain.shared.errors import NotAllowed

from .words import Code


class Asker(Code):
    """Who asks for a correction."""

    PATIENT = "patient", "the patient"
    OTHER = "other", "somebody who may act for them"
    STAFF = "staff", "somebody who works here"


class Value(Code):
    """Which value is wrong. One of the patient's record is corrected with the decision itself."""

    FAMILY_NAME = "family_name", "family name"
    GIVEN_NAMES = "given_names", "given names"
    BORN_ON = "born_on", "birth date"
    NHS_NUMBER = "nhs_number", "NHS number"
    ADDRESS = "address", "address"
    POSTCODE = "postcode", "postcode"
    PRACTICE = "practice", "general practice"
    PHONE = "phone", "telephone"
    MOBILE = "mobile", "mobile"
    EMAIL = "email", "email"
    ELSEWHERE = "elsewhere", "something else: a visit, a clock, a referral, a letter"


class Decision(Code):
    """What became of the request."""

    CORRECTED = "corrected", "corrected"
    REFUSED = "refused", "refused"
    WITHDRAWN = "withdrawn", "withdrawn"


class Given(Code):
    """By what somebody was given a value."""

    LETTER = "letter", "a letter"
    PACK = "pack", "a disclosure pack"
    REPORT = "report", "a report"


@dataclass(frozen=True, slots=True)
class Stands:
    """Where a request stands. due_on: day by which the person is answered."""

    asker: Asker
    is_identified: bool
    is_decided: bool
    is_extended: bool
    due_on: date


def check_decide(stands: Stands) -> None:
    """Raises NotAllowed, with what to do first, where nothing may be decided yet."""
    event = "Deciding it"
    if stands.is_decided:
        raise NotAllowed("decided", event, "It was decided already.")
    if stands.asker is not Asker.STAFF and not stands.is_identified:
        raise NotAllowed("open", event, "Check first who asks, and write down how.")


def check_extend(stands: Stands, today: date) -> None:
    """Raises NotAllowed where the law gives no more time."""
    event = "Extending it"
    if stands.is_decided:
        raise NotAllowed("decided", event, "It was decided already.")
    if stands.is_extended:
        raise NotAllowed("extended", event, "The law gives two further months once.")
    if today > stands.due_on:
        raise NotAllowed("overdue", event, "The person has to be told within the first month.")


def of_record(value: Value, wanted: str) -> date | str:
    """What is asked for, as the patient's record keeps it. Raises NotAllowed for what is no date."""
    if value is not Value.BORN_ON:
        return wanted
    try:
        return date.fromisoformat(wanted)
    except ValueError:
        why = "Write the birth date like 1970-03-01."
        raise NotAllowed("not valid", "Entering this request", why) from None
