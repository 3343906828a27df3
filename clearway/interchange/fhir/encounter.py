"""Encounter, UK Core: an appointment to which the patient came."""

from dataclasses import dataclass
from datetime import datetime

from . import parts
from .codes import ACT_CODE, CLINICIAN_CODE, ENCOUNTER_STATUS, OUTCOME_OF_ATTENDANCE, OUTCOME_WORDS
from .parts import Json


@dataclass(frozen=True, slots=True)
class Values:
    """A visit; its number is that of its appointment. outcome  of attendance, "" while it is not cashed up"""

    key: int
    state: str
    patient: int
    referral: int | None
    site: int
    site_name: str
    clinician: str
    clinician_name: str
    began_at: datetime
    ended_at: datetime | None
    medium: str = "01"
    outcome: str = ""


def write(values: Values) -> Json:
    """The resource."""
    outcome = []
    if values.outcome in OUTCOME_WORDS:
        concept = parts.concept(OUTCOME_OF_ATTENDANCE, values.outcome, OUTCOME_WORDS[values.outcome])
        outcome = [parts.extension("OutcomeOfAttendance", valueCodeableConcept=concept)]
    who = {
        "type": "Practitioner",
        "identifier": parts.identifier(CLINICIAN_CODE, values.clinician),
        "display": values.clinician_name,
    }
    return parts.resource(
        "Encounter",
        values.key,
        extension=outcome,
        status=ENCOUNTER_STATUS[values.state],
        class_=_class(values.medium),
        subject=parts.reference("Patient", values.patient),
        basedOn=parts.without_empty([parts.reference("ServiceRequest", values.referral)]),
        appointment=[parts.reference("Appointment", values.key)],
        participant=[{"individual": who}],
        period=parts.said(start=parts.instant(values.began_at), end=parts.instant(values.ended_at)),
        location=[{"location": parts.reference("Location", values.site, values.site_name)}],
    )


def _class(medium: str) -> Json:
    """In a clinic, or from afar. Source: HL7 v3 ActCode."""
    code, display = ("AMB", "ambulatory") if medium == "01" else ("VR", "virtual")
    return {"system": ACT_CODE, "code": code, "display": display}
