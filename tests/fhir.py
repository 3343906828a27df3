"""A department with a key for FHIR, and somebody who asks by it."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import issue_key
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics.models import Slot
from tests.outpatients import NOW
from tests.therapies import Department, a_department

BASE = "/fhir/R4"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
NUMBER = "9990548609"


def a_key(trust: Organisation, name: str = "pas", kind: str = "fhir") -> str:
    """The key of a new source."""
    source = Source.objects.create(organisation=trust, name=name, kind=kind, expected_interval_seconds=86400)
    return issue_key(source, by=Actor("test"), at=NOW)


@dataclass
class Peer:
    """Another system with a key."""

    key: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"{BASE}/{path}", headers=self._headers(headers))

    def send(self, method: str, path: str, body: Any, **headers: str) -> Any:
        """Send a resource, or bytes as they are, under a key of its own unless one is given."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"X-Request-Id": str(uuid.uuid4()), **headers}
        kind = named.pop("Content-Type", "application/fhir+json")
        return self.client.generic(
            method, f"{BASE}/{path}", raw, content_type=kind, headers=self._headers(named)
        )

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("PUT", path, body, **headers)

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        said = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.key}", **said} if self.key else said


def physio(trust: Organisation) -> Department:
    """Physiotherapy with a clinic of four slots, a week from now."""
    found = a_department(trust, "MSK")
    found.session(NOW + timedelta(days=7))
    return found


def slots() -> list[Slot]:
    return list(Slot.objects.order_by("starts_at", "pk"))


def a_booking(slot: Slot, entry: Any, **more: Any) -> dict[str, Any]:
    """An appointment as a sender asks for it."""
    actor = {"reference": f"Patient/{entry.patient_id}", "type": "Patient"}
    return {
        "resourceType": "Appointment",
        "status": "booked",
        "slot": [{"reference": f"Slot/{slot.pk}"}],
        "participant": [{"actor": actor, "status": "accepted"}],
        **more,
    }


def a_message(
    slot: Slot | None, *, nhs_number: str = NUMBER, born_on: date = date(1980, 5, 1), **more: Any
) -> dict[str, Any]:
    """A booking request of the Booking and Referral Standard."""
    focus: dict[str, Any] = {
        "resourceType": "Appointment",
        "status": "booked",
        "slot": [{"reference": "urn:uuid:5"}],
        "participant": [{"actor": {"reference": "urn:uuid:4"}, "status": "accepted"}],
    }
    return _message("booking-request", focus, nhs_number, born_on, [_slot(slot)] if slot else [], **more)


def a_referral(**more: Any) -> dict[str, Any]:
    """A referral request of the Booking and Referral Standard."""
    service = {
        "resourceType": "HealthcareService",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/dos-service-id", "value": "MSK"}],
    }
    focus = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "priority": "routine",
        "authoredOn": "2026-11-18",
        "subject": {"reference": "urn:uuid:4"},
        "performer": [{"reference": "urn:uuid:6"}],
        "reasonCode": [{"text": "Knee pain"}],
        "note": [{"text": "Please assess and treat"}],
    }
    beside = [{"fullUrl": "urn:uuid:6", "resource": service}]
    return _message("servicerequest-request", focus, NUMBER, date(1980, 5, 1), beside, **more)


def _slot(slot: Slot) -> dict[str, Any]:
    said = {
        "resourceType": "Slot",
        "id": str(slot.pk),
        "schedule": {"reference": f"Schedule/{slot.session_id}"},
        "status": "free",
        "start": slot.starts_at.isoformat(),
        "end": slot.ends_at.isoformat(),
    }
    return {"fullUrl": "urn:uuid:5", "resource": said}


def _message(
    event: str,
    focus: dict[str, Any],
    nhs_number: str,
    born_on: date,
    beside: list[dict[str, Any]],
    *,
    id: str = "",
    reason: str = "new",
    changed: dict[str, Any] | None = None,
) -> dict[str, Any]:
    system = "https://fhir.nhs.uk/CodeSystem/message-{}-bars"
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": system.format("events"), "code": event},
        "source": {"name": "Hill Surgery", "endpoint": "https://fhir.nhs.uk/Id/dos-service-id|2"},
        "reason": {"coding": [{"system": system.format("reason"), "code": reason}]},
        "focus": [{"reference": "urn:uuid:2"}],
    }
    person = {
        "resourceType": "Patient",
        "identifier": [{"system": NHS, "value": nhs_number}],
        "name": [{"use": "official", "family": "Brown", "given": ["Ada"]}],
        "birthDate": born_on.isoformat(),
        "gender": "female",
    }
    return {
        "resourceType": "Bundle",
        "id": id or str(uuid.uuid4()),
        "type": "message",
        "timestamp": NOW.isoformat(),
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": header},
            {"fullUrl": "urn:uuid:2", "resource": {**focus, **(changed or {})}},
            {"fullUrl": "urn:uuid:4", "resource": person},
            *beside,
        ],
    }


def issues(answer: Any) -> list[dict[str, Any]]:
    """What an OperationOutcome says."""
    said = answer.json()
    assert said["resourceType"] == "OperationOutcome", said
    return list(said["issue"])


def booked() -> list[Appointment]:
    return list(Appointment.objects.exclude(state__in=("cancelled", "lapsed")).order_by("pk"))


def moment(at: datetime) -> str:
    return at.isoformat()
