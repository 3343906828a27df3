"""Letters and scans that come in: what is taken, whose they are by a second identifier; paper volumes."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from clearway.domain.shared.errors import NotAllowed

from .completeness import working_days_after
from .words import Code

MOST_BYTES = 7 * 1024 * 1024


class Kind(Code):
    """What a document is."""

    REFERRAL = "referral", "referral"
    CLINIC_LETTER = "letter", "clinic letter"
    RESULT = "result", "result or report"
    CONSENT = "consent", "consent or form"
    PATIENT = "patient", "from the patient"
    OTHER = "other", "other"


class Identifier(Code):
    """By what, besides the name, a document was found to be a patient's."""

    BORN = "born", "date of birth"
    NHS_NUMBER = "nhs", "NHS number"
    POSTCODE = "postcode", "postcode"


# First bytes of what may be taken -> how it is served. What a document says of itself is not believed.
FORMATS: Mapping[bytes, str] = MappingProxyType(
    {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
)


def format_of(body: bytes) -> str:
    """The media type of a document. Raises NotAllowed for what is not taken."""
    event = "Taking this document"
    if not body:
        raise NotAllowed("empty", event, "The file is empty. Scan it again.")
    if len(body) > MOST_BYTES:
        raise NotAllowed("too large", event, "It has more than 7 MB. Scan it in grey, at 200 dots per inch.")
    for begins, media_type in FORMATS.items():
        if body.startswith(begins):
            return media_type
    raise NotAllowed("of another format", event, "Only PDF, PNG and JPEG can be filed. Save it so.")


def identified_by(typed: str, *, born_on: date, nhs_number: str | None, postcode: str) -> Identifier | None:
    """Which identifier of a patient this is, as it stands on the paper; None where it is none of them."""
    text = re.sub(r"[\s-]", "", typed).upper()
    if not text:
        return None
    if nhs_number and text == nhs_number:
        return Identifier.NHS_NUMBER
    if postcode and text == postcode.replace(" ", "").upper():
        return Identifier.POSTCODE
    return Identifier.BORN if _day(typed) == born_on else None


def _day(typed: str) -> date | None:
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y"):
        try:
            return datetime.strptime(" ".join(typed.split()), form).date()  # noqa: DTZ007 - a civil date
        except ValueError:
            continue
    return None


class Where(Code):
    """Where a paper volume is."""

    HERE = "here", "on its shelf"
    OUT = "out", "out"
    MISSING = "missing", "missing"


class Step(Code):
    """What is done with a volume."""

    SEND = "send", "Sending it out"
    RETURN = "return", "Taking it back"
    MISS = "miss", "Calling it missing"
    FIND = "find", "Finding it"


NEXT: Mapping[tuple[Where, Step], Where] = MappingProxyType(
    {
        (Where.HERE, Step.SEND): Where.OUT,
        (Where.OUT, Step.RETURN): Where.HERE,
        (Where.OUT, Step.MISS): Where.MISSING,
        (Where.HERE, Step.MISS): Where.MISSING,
        (Where.MISSING, Step.FIND): Where.HERE,
    }
)


def after(where: Where, step: Step) -> Where:
    """Where a volume is after a step. Raises NotAllowed for what is not possible."""
    following = NEXT.get((where, step))
    if following is None:
        raise NotAllowed(where.meaning, step.meaning, f"It is {where.meaning}. Look at it again.")
    return following


@dataclass(frozen=True, slots=True)
class FilingPolicy:
    """Days of filing and of paper volumes (policy `filing`).

    file_days    working days in which what came in is filed
    out_days     days for which a volume goes out, where no day is given
    chase_days   working days between asking for one that is due and asking again
    """

    file_days: int = 1
    out_days: int = 14
    chase_days: int = 3

    def __post_init__(self) -> None:
        if min(self.file_days, self.out_days, self.chase_days) < 1:
            raise ValueError("Filing, lending and chasing take a day at least.")


def chase_on(
    due_on: date, asked_on: date | None, policy: FilingPolicy, holidays: Collection[date] = ()
) -> date:
    """The day on which a volume is asked for next.

    The working day after it was due; once it was asked for, some working days after that.
    """
    if asked_on is None:
        return working_days_after(due_on, 1, holidays)
    return working_days_after(asked_on, policy.chase_days, holidays)
