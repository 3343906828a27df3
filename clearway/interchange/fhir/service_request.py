"""ServiceRequest, UK Core: a referral; read with its patient as the fields of any other referral."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from clearway.domain.shared.errors import CannotParse
from clearway.interchange import referral_file, referral_message
from clearway.interchange.referral_file import ReferralRow

from . import parts
from .codes import (
    CATEGORIES,
    ODS_ORGANISATION,
    PRIORITY_OF,
    PRIORITY_WORD,
    REFERRAL_NUMBER,
    REQUEST_STATUS,
    TAKEN_CATEGORIES,
    UBRN,
)
from .outcome import Issue, Refused, refused
from .parts import Json

TAKEN = ("active", "on-hold")  # what is asked for; a draft is not, and the others are over
# Where each field of a referral stands in the message, for who is told what is wrong with it.
PLACES: Mapping[str, str] = {
    "reference": "ServiceRequest.identifier",
    "service": "ServiceRequest.performer",
    "received_on": "Bundle.timestamp",
    "written_on": "ServiceRequest.authoredOn",
    "ubrn": "ServiceRequest.identifier",
    "priority": "ServiceRequest.priority",
    "condition": "ServiceRequest.reasonCode",
    "question": "ServiceRequest.note",
    "sender": "ServiceRequest.requester",
    "sender_organisation": "ServiceRequest.requester",
    "family_name": "Patient.name.family",
    "given_names": "Patient.name.given",
    "born_on": "Patient.birthDate",
    "sex": "Patient.gender",
    "nhs_number": "Patient.identifier",
    "address": "Patient.address.line",
    "postcode": "Patient.address.postalCode",
    "practice": "Patient.generalPractitioner",
    "phone": "Patient.telecom",
    "mobile": "Patient.telecom",
    "email": "Patient.telecom",
}


@dataclass(frozen=True, slots=True)
class Values:
    """A referral. priority  "" where the sender's word meant nothing here, which is then left out."""

    key: int
    number: str
    patient: int
    service: int
    service_name: str
    state: str
    received_on: date
    written_on: date | None = None
    ubrn: str = ""
    priority: str = ""
    condition: str = ""
    question: str = ""
    sender: str = ""
    sender_organisation: str = ""


def write(values: Values) -> Json:
    """The resource."""
    return parts.resource(
        "ServiceRequest",
        values.key,
        identifier=parts.without_empty(
            [parts.identifier(REFERRAL_NUMBER, values.number), parts.identifier(UBRN, values.ubrn)]
        ),
        status=REQUEST_STATUS[values.state],
        intent="order",
        priority=PRIORITY_OF.get(values.priority),
        subject=parts.reference("Patient", values.patient),
        authoredOn=parts.day(values.written_on or values.received_on),
        requester=_requester(values),
        performer=[parts.reference("HealthcareService", values.service, values.service_name)],
        reasonCode=parts.without_empty([parts.concept("", "", text=values.condition)]),
        note=[{"text": values.question}] if values.question else [],
    )


def _requester(values: Values) -> Json:
    named = parts.identifier(ODS_ORGANISATION, values.sender_organisation)
    if not named and not values.sender:
        return {}
    return parts.said(type="Organization", identifier=named, display=values.sender)


def read(request: Mapping[str, Any], patient: Mapping[str, str], known: Mapping[str, str]) -> ReferralRow:
    """The referral of a request and its patient, as intake takes it. Raises Refused with every place.

    patient  what patient.read gives
    known    what stands elsewhere in the message: service, reference, received_on and who sent it
    """
    if request.get("status") not in TAKEN:
        fix = "Send an active one; what is over needs no referral."
        raise refused(422, "business-rule", "ServiceRequest.status", "It asks for nothing.", fix)
    if request.get("doNotPerform"):
        fix = "Send what is to be done; this would be taken for it."
        raise refused(422, "not-supported", "ServiceRequest.doNotPerform", "It forbids something.", fix)
    for category in request.get("category", ()):
        if parts.coded(category, CATEGORIES) not in ("", *TAKEN_CATEGORIES):
            fix = "Send a referral; nothing else is asked of outpatients."
            place = "ServiceRequest.category"
            raise refused(422, "not-supported", place, "It asks for something else than an appointment.", fix)
    authored = str(request.get("authoredOn", ""))  # R4 lets a month stand alone; then the day is not known
    said = {
        **patient,
        **known,
        "ubrn": parts.identified(request, UBRN),
        "priority": _priority(request),
        "written_on": authored[:10] if len(authored) >= len("2026-11-02") else "",
        "condition": _condition(request),
        "question": "\n".join(str(each.get("text", "")) for each in request.get("note", ())),
    }
    row = referral_file.row_of(1, {name: value or "" for name, value in said.items()})
    if isinstance(row, CannotParse):
        raise Refused(422, [_issue(row)])
    return row


def _priority(request: Mapping[str, Any]) -> str:
    """Our word for theirs; one that means nothing here goes with the urgent, as everywhere."""
    said = str(request.get("priority", ""))
    return PRIORITY_WORD.get(said, said)


def _condition(request: Mapping[str, Any]) -> str:
    found = [parts.words(each) for each in (*request.get("reasonCode", ()), request.get("code"))]
    return next((each for each in found if each), "")[:200]


def _issue(error: CannotParse) -> Issue:
    name = referral_message.name_of(error.where.partition(", ")[2])
    code = "required" if error.why == "It is empty." else "value"
    return Issue(code, PLACES.get(name, "ServiceRequest"), error.why, error.fix)


def place_of(field: str) -> str:
    """Where a field that intake refuses stands in the message."""
    return PLACES.get(referral_message.name_of(field), "ServiceRequest")
