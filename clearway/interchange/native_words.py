"""What each field of the native events means, and an example of each kind.

For the reference pages, the published schema and the description of the interfaces.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from clearway.domain.ambulance.events import (
    AvailabilityEvent,
    CallEvent,
    Event,
    HospitalEvent,
    JobEvent,
    Patient,
    Position,
)
from clearway.domain.ambulance.words import (
    Availability,
    CallStatus,
    Category,
    HospitalMeasure,
    JobStatus,
    ResourceKind,
    StatusSource,
)

MEANINGS: Mapping[str, str] = {
    "type": "which kind of event this is",
    "message_id": "names the message; unique within its source, so that a repeat is known as one",
    "occurred_at": "when it happened, by the source's clock, with offset",
    "incident": "the control room's key of the incident",
    "call_sign": "the resource, as the control room calls it",
    "status": "what happened",
    "sequence": "the source's own counter; orders events of the same second",
    "category": "response category, where the source itself sets one",
    "latitude": "degrees, WGS84",
    "longitude": "degrees, WGS84",
    "area": "the area of the region the incident lies in",
    "nature": "what the call is about, in the source's words; no identity",
    "patient": "what is known of the patient; kept apart and masked",
    "assignment": (
        "the source's key of this sending; needed only where a call sign is sent twice to one incident, "
        "else incident and call sign make the key"
    ),
    "destination": "ODS code of the receiving site, when the event knows it",
    "kind": "what sort of resource it is",
    "source": "who or what said it",
    "note": "a remark for the reader; no identity",
    "same_as": "of a job that was kept by hand: the assignment of the CAD in which all of it now stands",
    "standing": "how or where the resource stands, within its availability",
    "reason": "why it is unavailable or restricted, e.g. vehicle defect",
    "station": "where it is based",
    "skill": "the highest skill of the crew",
    "shift_start": "start of the shift",
    "shift_end": "end of the shift",
    "speed_kmh": "speed in kilometres an hour",
    "age": "in years",
    "sex": "as recorded",
    "name": "identity",
    "nhs_number": "identity; ten digits",
    "born_on": "identity; date of birth",
    "site": "ODS code of the hospital",
    "counts": "figures of now, by their word",
    "corrects": (
        "the message id of this source's earlier event of the same status whose time this one replaces; "
        "both are kept"
    ),
    "user": "who pressed, as the source's own key of the person; no name",
    "accepted_by": "who at the hospital took the patient over, as a role, e.g. nurse in charge",
    "cared_by": "of the start of a cohort, and on its list: call sign of who looks after the patient there",
    "unit": "which part of the site receives the patient",
    "emergency": "whether the source counts the arrival as one at an emergency department",
    "patients": (
        "how many patients are in the vehicle when it leaves or arrives, or this handover hands over; "
        "one where it is not said"
    ),
    "cohort": "everybody who is in the cohort now; empty where nobody is, left out where no list is kept",
    "relief": "what is expected to relieve those who wait, and when; replaces what was expected before",
    "expected_at": "when it is expected; left out where it came, or nothing is expected any more",
    "words": "what is expected: a second cohort crew, two beds; no identity",
    "told_by": "whose word it is, where somebody wrote it down for another: a role, never a name",
}
_AT = datetime(2026, 2, 3, 10, 12, tzinfo=UTC)
EXAMPLES: Mapping[type, Event | Position] = {
    CallEvent: CallEvent(
        message_id="C-20931-4",
        occurred_at=_AT,
        incident="20931",
        status=CallStatus.CATEGORY_SET,
        category=Category.C2,
        latitude=50.72,
        longitude=-3.53,
        nature="chest pain",
        patient=Patient(age=67, sex="female"),
    ),
    JobEvent: JobEvent(
        message_id="J-88120",
        occurred_at=_AT,
        incident="20931",
        call_sign="A101",
        status=JobStatus.AT_HOSPITAL,
        destination="RH801",
        kind=ResourceKind.DCA,
        source=StatusSource.CREW,
    ),
    AvailabilityEvent: AvailabilityEvent(
        message_id="R-5521",
        occurred_at=_AT,
        call_sign="A101",
        status=Availability.UNAVAILABLE,
        reason="vehicle defect",
        source=StatusSource.EOC,
    ),
    HospitalEvent: HospitalEvent(
        message_id="H-7",
        occurred_at=_AT,
        site="RH801",
        counts={HospitalMeasure.IN_DEPARTMENT: 74, HospitalMeasure.BOARDING: 12},
        source=StatusSource.HOSPITAL,
    ),
    Position: Position(call_sign="A101", occurred_at=_AT, latitude=50.7166, longitude=-3.5067, speed_kmh=42),
}
