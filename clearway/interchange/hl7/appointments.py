"""SIU: an appointment as its sender has it."""

from datetime import datetime

from clearway.domain.outpatients.told import AppointmentTold, Step
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import CannotParse

from .people import identity
from .trail import Reader

STEPS = {
    "S12": Step.BOOKED,
    "S13": Step.MOVED,
    "S14": Step.CHANGED,
    "S15": Step.CANCELLED,
    "S16": Step.CANCELLED,  # discontinued: what of it is to come does not take place
    "S17": Step.MADE_IN_ERROR,  # deleted
    "S26": Step.MISSED,
}
NEEDS_TIME = frozenset({Step.BOOKED, Step.MOVED})
UNSAID = "slot_cancelled"  # a cancellation whose sender gives no reason counts as the service's


def appointment(reader: Reader) -> AppointmentTold:
    """The appointment of a message. Raises CannotParse where a code is unknown or a time is missing."""
    step = _step(reader)
    starts_at = reader.instant("starts_at")
    if step in NEEDS_TIME and starts_at is None:
        raise CannotParse(
            reader.where("starts_at"), "It says no start.", "Send the start of the appointment."
        )
    side, reason = _reason(reader) if step is Step.CANCELLED else (CancelledBy.PROVIDER, "")
    return AppointmentTold(
        step,
        identity(reader),
        filler=reader.needed("filler"),
        starts_at=starts_at,
        clinic=_clinic(reader, step, starts_at),
        ours=reader.named("placer"),
        referral=reader.named("appointment_referral"),
        side=side,
        reason=reason,
    )


def _step(reader: Reader) -> Step:
    """By the event; a modification (S14) says by its status what became of the appointment."""
    step = STEPS[reader.message.header.kind.partition("^")[2]]
    if step is not Step.CHANGED:
        return step
    status = reader.text("status")
    means = reader.mapping.codes["status"].get(status, "booked")
    return Step.CHANGED if means == "booked" else Step(means)


def _clinic(reader: Reader, step: Step, starts_at: datetime | None) -> str:
    if step in NEEDS_TIME or (step is Step.CHANGED and starts_at is not None):
        found = reader.coded("clinic", "clinic")
        if not found and step in NEEDS_TIME:
            raise CannotParse(reader.where("clinic"), "It names no clinic.", "Send the code of the clinic.")
        return found
    return ""


def _reason(reader: Reader) -> tuple[CancelledBy, str]:
    said = reader.coded("cancel_reason", "cancel_reason")
    if not said:
        return CancelledBy.PROVIDER, UNSAID
    return reader.mapping.reasons[reader.text("cancel_reason")]
