"""Appointment, UK Core: one patient in one seat of a slot; read for booking, moving and cancelling."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from . import parts
from .codes import (
    APPOINTMENT_STATUS,
    APPOINTMENT_TYPE,
    CANCEL_REASON,
    CANCELLATION,
    CANCELLATION_OF,
    CANCELLED_FOR,
    CLINICIAN_CODE,
    NHS_NUMBER,
    ODS_ORGANISATION,
    OF_SIDE,
    SERVICE_CODE,
    TREATMENT_FUNCTION,
    TYPE_OF_KIND,
)
from .outcome import refused
from .parts import Json
from .slot import channel

PATIENT, REFERRAL, SLOT = "Patient", "ServiceRequest", "Slot"


@dataclass(frozen=True, slots=True)
class Values:
    """An appointment. state  ours; reason  why it was cancelled, in our word, and by whom

    moved_to  the one that took its place
    """

    key: int
    state: str
    slot: int
    patient: int
    referral: int | None
    service_code: str
    service_name: str
    function: str
    kind: str
    medium: str
    site: int
    site_name: str
    clinician: str
    clinician_name: str
    starts_at: datetime
    ends_at: datetime
    made_at: datetime
    trust: str
    cancelled_by: str = ""
    reason: str = ""
    reason_words: str = ""
    moved_to: int | None = None


def write(values: Values) -> Json:
    """The resource."""
    code, display = TYPE_OF_KIND[values.kind]
    status = APPOINTMENT_STATUS[values.state]
    return parts.resource(
        "Appointment",
        values.key,
        extension=[_booked_by(values.trust), *channel(values.medium)],
        status=status,
        cancelationReason=_cancelled(values) if status == "cancelled" else {},
        serviceType=[parts.concept(SERVICE_CODE, values.service_code, values.service_name)],
        specialty=parts.without_empty([parts.concept(TREATMENT_FUNCTION, values.function)]),
        appointmentType=parts.concept(APPOINTMENT_TYPE, code, display, values.kind.replace("_", "-")),
        start=parts.instant(values.starts_at),
        end=parts.instant(values.ends_at),
        minutesDuration=int((values.ends_at - values.starts_at).total_seconds()) // 60,
        slot=[parts.reference("Slot", values.slot)],
        supportingInformation=parts.without_empty([parts.reference("Appointment", values.moved_to)]),
        created=parts.instant(values.made_at),
        basedOn=parts.without_empty([parts.reference("ServiceRequest", values.referral)]),
        participant=_participants(values),
    )


def _booked_by(trust: str) -> Json:
    named = {"type": "Organization", "identifier": parts.identifier(ODS_ORGANISATION, trust)}
    return parts.extension("BookingOrganization", valueReference=named)


def _cancelled(values: Values) -> Json:
    theirs = CANCELLATION_OF.get(values.reason) or OF_SIDE.get(values.cancelled_by, "other")
    coding = [{"system": CANCELLATION, "code": theirs}]
    if values.reason:
        coding.append(parts.said(system=CANCEL_REASON, code=values.reason, display=values.reason_words))
    return {"coding": coding}


def _participants(values: Values) -> list[Json]:
    who = {
        "type": "Practitioner",
        "identifier": parts.identifier(CLINICIAN_CODE, values.clinician),
        "display": values.clinician_name,
    }
    status = "needs-action" if values.state == "held" else "accepted"
    where = parts.reference("Location", values.site, values.site_name)
    return [
        {"actor": parts.reference("Patient", values.patient), "required": "required", "status": status},
        {"actor": who, "required": "required", "status": "accepted"},
        {"actor": where, "required": "information-only", "status": "accepted"},
    ]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an appointment that was sent asks for.

    status             as it was sent
    slot, patient, referral  numbers here, where it refers to resources of this server
    nhs_number         of the patient, where it names one so
    cancelled          (side, reason) in our words, of one that is cancelled
    """

    status: str
    slot: int | None
    patient: int | None
    nhs_number: str
    referral: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    cancelled: tuple[str, str] | None


def read(resource: Mapping[str, Any]) -> Asked:
    """What is asked for. Raises Refused for times that are none, and for a reason that is not known here."""
    who = next(_patients(resource), {})
    slots = [parts.key_of(each, SLOT) for each in resource.get("slot", ())]
    if len(slots) > 1:
        fix = "Send one appointment a slot."
        raise refused(422, "too-costly", "Appointment.slot", "It asks for several slots.", fix)
    based = [parts.key_of(each, REFERRAL) for each in resource.get("basedOn", ())]
    if based and based[0] is None:
        fix = "Send ServiceRequest/ and its id here, or leave it out."
        raise refused(422, "not-found", "Appointment.basedOn", "It is no referral of this server.", fix)
    return Asked(
        status=str(resource.get("status", "")),
        slot=slots[0] if slots else None,
        patient=parts.key_of(who, PATIENT),
        nhs_number=parts.identified({"identifier": [who.get("identifier", {})]}, NHS_NUMBER),
        referral=based[0] if based else None,
        starts_at=parts.time_of(resource.get("start"), "Appointment.start"),
        ends_at=parts.time_of(resource.get("end"), "Appointment.end"),
        cancelled=_reason(resource) if resource.get("status") == "cancelled" else None,
    )


def with_slot(asked: Asked, key: int) -> Asked:
    """The same, asking for a slot that was found otherwise."""
    return replace(asked, slot=key)


def _patients(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for each in resource.get("participant", ()):
        actor = each.get("actor", {})
        kind = str(actor.get("type", ""))
        text = str(actor.get("reference", ""))
        named = actor.get("identifier", {}).get("system") == NHS_NUMBER
        if PATIENT in (kind, text.rpartition("/")[0].rpartition("/")[2]) or named:
            yield actor


def _reason(resource: Mapping[str, Any]) -> tuple[str, str]:
    place = "Appointment.cancelationReason"
    said = resource.get("cancelationReason")
    if not said:
        fix = f"Send a code of {CANCELLATION}, or one of ours of {CANCEL_REASON}."
        raise refused(422, "required", place, "It does not say why it is cancelled.", fix)
    theirs = parts.coded(said, CANCELLATION)
    if theirs in CANCELLED_FOR:
        ours = parts.coded(said, CANCEL_REASON)
        return (CANCELLED_FOR[theirs][0], ours) if ours else CANCELLED_FOR[theirs]
    known = ", ".join(sorted(CANCELLED_FOR))
    raise refused(422, "code-invalid", place, "Its code is not known here.", f"Send one of {known}.")


# What an update may change. What else is sent and differs is refused by its place.
CHANGEABLE = ("status", "slot", "start", "end", "minutesDuration", "cancelationReason")
# Words and names of the sender's own, which have no place here; they stay in the message as it came.
NOT_COMPARED = (
    *("resourceType", "id", "meta", "text", "created", "comment", "description", "contained", "identifier"),
    *("patientInstruction", "priority", "serviceCategory"),
)


def differences(stands: Mapping[str, Any], sent: Mapping[str, Any]) -> list[str]:
    """The elements that were sent and differ from what stands, in order."""
    return [
        name
        for name, value in sent.items()
        if name not in NOT_COMPARED and not _same(name, stands.get(name), value)
    ]


def _same(name: str, stands: Any, sent: Any) -> bool:
    if name in ("start", "end"):
        return parts.time_of(stands, name) == parts.time_of(sent, f"Appointment.{name}")
    if name in ("slot", "basedOn"):
        kind = SLOT if name == "slot" else REFERRAL
        return _keys(stands or (), kind) == _keys(sent, kind)
    if name == "participant":
        return _who(sent) <= _who(stands or ())
    return bool(stands == sent)


def _keys(references: Any, kind: str) -> list[int | None]:
    return [parts.key_of(each, kind) for each in references]


def _who(participants: Any) -> set[tuple[str, int]]:
    """Those of the participants that are resources here; the others are names."""
    kinds = (PATIENT, "Location")
    found = {(kind, parts.key_of(each.get("actor"), kind)) for each in participants for kind in kinds}
    return {(kind, key) for kind, key in found if key is not None}


def shown(stands: Mapping[str, Any], name: str) -> str:
    """An element in a few words, for who is told what differs; identity is not in these."""
    value = stands.get(name)
    if name in ("status", "start", "end", "minutesDuration"):
        return str(value)
    if name == "slot":
        return ", ".join(str(each.get("reference", "")) for each in value or ())
    return "another value" if value else "nothing"
