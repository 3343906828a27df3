"""Communication, UK Core: one attempt to reach a patient, in or out, without the words of it."""

from dataclasses import dataclass
from datetime import datetime

from . import parts
from .codes import COMMUNICATION_STATUS, MODE_OF_CHANNEL, PARTICIPATION_MODE
from .parts import Json


@dataclass(frozen=True, slots=True)
class Values:
    """A contact. purpose  what it was about, in a word; the text itself stays at the desk"""

    key: int
    patient: int
    referral: int | None
    appointment: int | None
    purpose: str
    channel: str
    outcome: str
    at: datetime
    outcome_at: datetime | None = None


def write(values: Values) -> Json:
    """The resource."""
    status = COMMUNICATION_STATUS.get(values.outcome, "unknown")
    is_sent = status == "completed"
    arrived = values.outcome_at if values.outcome in ("delivered", "answered") else None
    return parts.resource(
        "Communication",
        values.key,
        basedOn=parts.without_empty([parts.reference("ServiceRequest", values.referral)]),
        status=status,
        statusReason=parts.concept("", "", text=values.outcome.replace("_", " ")),
        category=[{"text": values.purpose}],
        medium=parts.without_empty(
            [parts.concept(PARTICIPATION_MODE, MODE_OF_CHANNEL.get(values.channel, ""), text=values.channel)]
        ),
        subject=parts.reference("Patient", values.patient),
        about=parts.without_empty([parts.reference("Appointment", values.appointment)]),
        sent=parts.instant(values.at) if is_sent else None,
        received=parts.instant(arrived),
        recipient=[parts.reference("Patient", values.patient)],
    )
