"""A message of the Booking and Referral Standard: a bundle whose first entry says what is asked.

Source: NHS England, Booking and Referral Standard 1.4, $process-message; shapes and codes as in its published
examples. The events and reasons that are taken are codes.EVENTS and codes.REASONS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import appointment, checking, healthcare_service, parts, patient, slot
from .codes import BOOKING, EVENTS, MESSAGE_EVENTS, MESSAGE_REASONS, ODS_ORGANISATION, REASONS
from .outcome import refused
from .parts import Json
from .shapes import SHAPES

PROFILE = "https://fhir.nhs.uk/StructureDefinition/BARSBundleMessage"
MOST_ENTRIES = 200
FOCUS = {BOOKING: "Appointment", "servicerequest-request": "ServiceRequest"}


@dataclass(frozen=True, slots=True)
class Message:
    """What a message says.

    id       of the bundle: the same one again is the same message
    focus    what the event is about, an Appointment or a ServiceRequest
    entries  every resource by its full address, and by type and id
    """

    id: str
    event: str
    reason: str
    header: Mapping[str, Any]
    focus: Mapping[str, Any]
    entries: Mapping[str, Mapping[str, Any]]
    sent_on: str

    def find(self, reference: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The resource of the message that a reference names; None where it is not in it."""
        return self.entries.get(str((reference or {}).get("reference", "")))

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """Every resource of a type, each once."""
        found = {id(each): each for each in self.entries.values() if each.get("resourceType") == kind}
        return list(found.values())


def read(body: Json) -> Message:
    """The message in a bundle. Raises Refused for what is none, or asks for what is not done here."""
    bundle = checking.check(body, "Bundle")
    entries = bundle.get("entry", [])
    if bundle["type"] != "message" or not entries:
        fix = "Send a Bundle of the type message whose first entry is its MessageHeader."
        raise refused(400, "structure", "Bundle.type", "It is no message.", fix)
    if len(entries) > MOST_ENTRIES:
        raise refused(400, "too-long", "Bundle.entry", "It has too many.", f"Send at most {MOST_ENTRIES}.")
    if not bundle.get("id"):
        fix = "Give each message an id of its own; a repeat keeps it."
        raise refused(400, "required", "Bundle.id", "It is missing.", fix)
    header = checking.check(entries[0].get("resource"), "MessageHeader", "Bundle.entry[0].resource")
    known = _resources(entries)
    event = _event(header)
    reason = parts.coded(header.get("reason"), MESSAGE_REASONS) or "new"
    if reason not in REASONS:
        fix = f"Send one of {', '.join(REASONS)}."
        raise refused(422, "code-invalid", "MessageHeader.reason", "This reason is not known.", fix)
    focus = [known.get(str(each.get("reference", ""))) for each in header.get("focus", ())]
    found = [each for each in focus if each is not None and each.get("resourceType") == FOCUS[event]]
    if len(found) != 1:
        fix = f"Name the one {FOCUS[event]} of the bundle that the event is about."
        raise refused(422, "invariant", "MessageHeader.focus", "What it is about is not in it.", fix)
    sent_on = str(bundle.get("timestamp") or "")
    return Message(bundle["id"], event, reason, header, found[0], known, sent_on)


def _resources(entries: list[Any]) -> dict[str, Mapping[str, Any]]:
    """Every resource by its address; those of types that are spoken here are checked."""
    found: dict[str, Mapping[str, Any]] = {}
    for number, entry in enumerate(entries):
        resource = entry.get("resource")
        if resource is None:
            continue
        place = f"Bundle.entry[{number}].resource"
        kind = str(resource["resourceType"])
        if kind in SHAPES and kind[:1].isupper():
            checking.check(resource, kind, place)
        if resource.get("modifierExtension"):
            fix = "Leave it out: it may turn the meaning round, and it is not known here."
            raise refused(422, "extension", place, "It has a modifier extension.", fix)
        for name in (entry.get("fullUrl"), f"{kind}/{resource['id']}" if resource.get("id") else None):
            if name in found:
                raise refused(400, "duplicate", place, "Its address stands there twice.", "Use each once.")
            if name:
                found[name] = resource
    return found


def _event(header: Mapping[str, Any]) -> str:
    coding = header.get("eventCoding") or {}
    event = str(coding.get("code", ""))
    if coding.get("system") != MESSAGE_EVENTS or event not in EVENTS:
        fix = f"Send one of {', '.join(EVENTS)}, of {MESSAGE_EVENTS}."
        raise refused(422, "not-supported", "MessageHeader.eventCoding", "This event is not taken here.", fix)
    return event


def patient_of(message: Message, reference: Mapping[str, Any] | None) -> Mapping[str, str] | None:
    """The patient that a reference names, as patient.read gives one; None where there is none."""
    found = message.find(reference)
    if found is None or found.get("resourceType") != "Patient":
        return None
    practices = [message.find(each) for each in found.get("generalPractitioner", ())]
    codes = [parts.identified(each, ODS_ORGANISATION, ODS_LOWER) for each in practices if each]
    return patient.read(found, next((each for each in codes if each), ""))


ODS_LOWER = ODS_ORGANISATION.replace("/Id/", "/id/")  # some published examples write it so


def service_of(message: Message) -> str:
    """The code of the service that is asked: of the one in the message, else of where it is sent to."""
    performers = [message.find(each) for each in message.focus.get("performer", ())]
    services = [each for each in performers if each and each["resourceType"] == "HealthcareService"]
    for each in services or message.of("HealthcareService"):
        if code := healthcare_service.read(each):
            return code
    ends = [str(each.get("endpoint", "")) for each in message.header.get("destination", ())]
    return next((each.rpartition("|")[2] for each in ends if "|" in each), "")


def sender_of(message: Message) -> tuple[str, str]:
    """Name and ODS code of who sent it."""
    found = message.find(message.header.get("sender")) or {}
    code = parts.identified(found, ODS_ORGANISATION, ODS_LOWER)
    return str(found.get("name") or message.header.get("source", {}).get("name") or "")[:150], code


def slot_of(message: Message) -> slot.Asked | None:
    """The slot that is asked for where it stands in the message; None for a reference to one here."""
    reference = next(iter(message.focus.get("slot", ())), None)
    found = message.find(reference)
    if found is None or found.get("resourceType") != "Slot":
        return None
    return slot.read(found, "Slot", service_of(message))


def booking_of(message: Message) -> appointment.Asked:
    """The appointment that is asked for."""
    return appointment.read(message.focus)


def subject_of(message: Message) -> Mapping[str, Any] | None:
    """The reference to the patient whom an appointment is for."""
    for each in message.focus.get("participant", ()):
        found = message.find(each.get("actor"))
        if found is not None and found.get("resourceType") == "Patient":
            return dict(each["actor"])
    return None


def write(message: Message, made: Json, *, key: str, at: str, address: str, trust: str) -> Json:
    """The answer: done, with what it was done to as it stands here.

    key  a UUID that is the same for the same message; address  of this server
    """
    header = {
        "resourceType": "MessageHeader",
        "id": key,
        "eventCoding": {"system": MESSAGE_EVENTS, "code": message.event},
        "source": {"name": trust, "software": "Clearway", "endpoint": address},
        "response": {"identifier": message.id, "code": "ok"},
        "focus": [{"reference": f"{made['resourceType']}/{made['id']}"}],
    }
    return {
        "resourceType": "Bundle",
        "id": key,
        "meta": {"profile": [PROFILE]},
        "type": "message",
        "timestamp": at,
        "entry": [
            {"fullUrl": f"urn:uuid:{key}", "resource": header},
            {"fullUrl": f"{address}/{made['resourceType']}/{made['id']}", "resource": made},
        ],
    }
