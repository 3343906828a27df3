"""Task, UK Core: one thing that a referral lacks, asked of whoever can supply it."""

from dataclasses import dataclass
from datetime import datetime

from . import parts
from .codes import GAP
from .parts import Json


@dataclass(frozen=True, slots=True)
class Values:
    """A gap. what, words  its name and what is asked for; fixer  who can supply it"""

    key: int
    referral: int
    patient: int
    what: str
    words: str
    fixer: str
    found_at: datetime
    asked_at: datetime | None
    closed_at: datetime | None
    trust: str = ""


def write(values: Values) -> Json:
    """The resource."""
    changed = max(each for each in (values.found_at, values.asked_at, values.closed_at) if each)
    return parts.resource(
        "Task",
        values.key,
        basedOn=[parts.reference("ServiceRequest", values.referral)],
        status="completed" if values.closed_at else "requested",
        intent="order",
        code=parts.concept(GAP, values.what, text=values.words),
        description=f"Supply what the referral lacks: {values.words}",
        focus=parts.reference("ServiceRequest", values.referral),
        for_=parts.reference("Patient", values.patient),
        authoredOn=parts.instant(values.found_at),
        lastModified=parts.instant(changed),
        owner={"display": values.fixer},
    )
