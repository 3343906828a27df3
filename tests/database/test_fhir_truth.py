"""The CapabilityStatement tells the truth: what it names is done, by what it names, and nothing else is.

Every resource that is written is held against another maker's models as well (fhir.resources, R4B).
"""

import importlib.util
from datetime import timedelta
from typing import Any

import pytest

from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.referrals.models import Gap, Referral
from clearway.desks.outpatients.waiting.models import Contact
from clearway.interchange.fhir import checking
from clearway.interchange.fhir.served import SERVED
from tests import fhir
from tests.fhir import Peer, a_key, issues, slots
from tests.outpatients import NOW
from tests.therapies import Department
from tests.trust import a_trust, stop_the_clock

pytestmark = pytest.mark.django_db
HAS_PEER = importlib.util.find_spec("fhir") is not None
DAY = "2026-11-27"


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Organisation:
    stop_the_clock(monkeypatch, NOW)
    return a_trust()


@pytest.fixture
def physio(trust: Organisation) -> Department:
    """One of everything that can be read."""
    found = fhir.physio(trust)
    patient = found.patient(
        nhs_number=fhir.NUMBER,
        nhs_number_status="01",
        family_name="Brown",
        address="1 High Street\nWorcester",
        postcode="WR5 1DD",
        practice="M81001",
        mobile="07700900123",
        email="ada@example.org",
    )
    referral = found.referral(
        patient=patient, ubrn="123456789012", condition="Knee", question="Why", sender="Dr Field"
    )
    came = found.booked(
        slots()[0],
        found.entry(referral, minutes=30),
        state="attended",
        arrived_at=NOW,
        attended="5",
        outcome="1",
        outcomed_at=NOW,
        outcomed_by="desk",
    )
    said = {"organisation": trust, "patient": patient, "referral": referral, "at": NOW, "by": "desk"}
    said |= {"channel": "letter", "outcome": "delivered", "appointment": came}
    Contact.objects.create(purpose="confirmation", words="Booked", **said)
    Gap.objects.create(referral=referral, what="condition", fixer="referrer", found_at=NOW)
    Patient.objects.create(
        organisation=trust,
        number="OLD",
        family_name="Brown",
        given_names="A",
        born_on=patient.born_on,
        merged_into=patient,
        died_on=NOW.date(),
        registered_at=NOW,
    )
    return found


@pytest.fixture
def peer(physio: Department) -> Peer:
    return Peer(a_key(physio.trust))


def examples(physio: Department) -> dict[str, dict[str, str]]:
    """A value of every parameter by which one of the rows is found."""
    patient, referral = Patient.objects.get(nhs_number=fhir.NUMBER), Referral.objects.get()
    slot, visit = slots()[0], referral.appointments.get()
    number = f"{fhir.NHS}|{fhir.NUMBER}"
    whose = {"patient": f"Patient/{patient.pk}", "patient:identifier": number}
    service, site = physio.service, physio.site
    return {
        "Patient": {"identifier": number, "family": "bro", "birthdate": "1980-05-01"},
        "ServiceRequest": {**whose, "identifier": referral.number, "status": "active"},
        "Schedule": {"date": DAY, "actor:HealthcareService": f"HealthcareService/{service.pk}"},
        "Slot": {
            "status": "free,busy,busy-unavailable",
            "start": f"ge{DAY}T00:00:00Z",
            "schedule": f"Schedule/{slot.session_id}",
            "schedule.actor:HealthcareService": service.code,
            "Schedule.actor:HealthcareService": str(service.pk),
        },
        "Appointment": {
            **whose,
            "date": DAY,
            "status": "fulfilled",
            "based-on": f"ServiceRequest/{referral.pk}",
        },
        "Encounter": {**whose, "date": NOW.date().isoformat(), "appointment": f"Appointment/{visit.pk}"}
        | {"date": DAY},
        "Location": {"identifier": site.code, "name": site.name[:3]},
        "HealthcareService": {"identifier": service.code, "name": service.name[:3], "active": "true"},
        "Communication": {**whose, "sent": NOW.date().isoformat()},
        "Task": {**whose, "focus": f"ServiceRequest/{referral.pk}", "status": "requested"},
    }


def asked(kind: str, values: dict[str, str], name: str) -> list[tuple[str, str]]:
    """The search by one parameter, with what else has to be given."""
    for group in SERVED[kind].needed or ((name,),):
        names = dict.fromkeys((*group, name))
        if "_id" not in names:
            pairs = [(each, values[each]) for each in names]
            return [*pairs, ("start", "le2026-12-24T00:00:00Z")] if kind == "Slot" else pairs
    raise AssertionError(kind)


def query(pairs: list[tuple[str, str]]) -> str:
    from urllib.parse import urlencode

    return urlencode(pairs)


def found(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    bundle = answer.json()
    checked(bundle)
    return [each["resource"] for each in bundle.get("entry", ())]


def checked(resource: dict[str, Any]) -> None:
    """The resource has the shape of its type, by our table and by another maker's models."""
    if resource["resourceType"] in ("CapabilityStatement", "OperationOutcome"):
        assert HAS_PEER is False or model(resource)
        return
    checking.check(resource, resource["resourceType"])
    for entry in resource.get("entry", ()):
        checked(entry["resource"])
    assert HAS_PEER is False or model(resource)


def model(resource: dict[str, Any]) -> Any:
    from fhir.resources.R4B import get_fhir_model_class

    return get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_every_type_is_read_found_by_every_parameter_and_has_its_shape(
    physio: Department, peer: Peer
) -> None:
    statement = peer.get("metadata").json()
    values = examples(physio)
    checked(statement)
    for said in statement["rest"][0]["resource"]:
        kind = said["type"]
        assert set(values[kind]) == {each["name"] for each in said["searchParam"]} - {"_id"}
        for name in values[kind]:
            resources = found(peer.get(f"{kind}?{query(asked(kind, values[kind], name))}"))
            assert resources, f"{kind} by {name}"
            assert {each["resourceType"] for each in resources} == {kind}
        key = resources[0]["id"]
        one = peer.get(f"{kind}/{key}")
        assert one.json() == next(each for each in resources if each["id"] == key)
        assert one["ETag"] == f'W/"{one.json()["meta"]["versionId"]}"'
        assert [each["id"] for each in found(peer.get(f"{kind}?_id={key}"))] == [key]
        for name in said.get("searchInclude", ()):
            first = next(iter(values[kind]))
            pairs = [*asked(kind, values[kind], first), ("_include", name)]
            assert len({each["resourceType"] for each in found(peer.get(f"{kind}?{query(pairs)}"))}) == 2


def test_what_is_not_in_the_statement_is_not_done(physio: Department, peer: Peer) -> None:
    for said in peer.get("metadata").json()["rest"][0]["resource"]:
        kind, codes = said["type"], {each["code"] for each in said["interaction"]}
        body = {"resourceType": kind}
        tried = {
            "create": peer.post(kind, body),
            "update": peer.put(f"{kind}/1", body),
            "delete": peer.send("DELETE", f"{kind}/1", body),
            "patch": peer.send("PATCH", f"{kind}/1", body),
        }
        refused = {name for name, answer in tried.items() if answer.status_code == 405}
        assert refused == set(tried) - codes, kind
        for answer in tried.values():
            checked(answer.json())
        assert peer.get(f"{kind}/1/_history").status_code == 404
        assert peer.get(f"{kind}?_id=1&_lastUpdated=2026").status_code == 400
    assert peer.get("Observation").status_code == 404
    assert peer.post("", {}).status_code == 404


def test_the_messages_it_names_are_taken_and_others_are_refused(physio: Department, peer: Peer) -> None:
    taken = peer.get("metadata").json()["messaging"][0]["supportedMessage"]
    assert len(taken) == 3
    entry = physio.entry(physio.referral(patient=Patient.objects.get(nhs_number=fhir.NUMBER)), minutes=30)
    body = fhir.a_message(slots()[1])
    assert entry.state == "waiting"
    checked(peer.post("$process-message", body).json())

    for event in ("servicerequest-response", "booking-response", "nonsense"):
        other = fhir.a_message(slots()[2])
        other["entry"][0]["resource"]["eventCoding"]["code"] = event
        answer = peer.post("$process-message", other)
        assert (answer.status_code, issues(answer)[0]["code"]) == (422, "not-supported")


def test_a_slot_says_why_nobody_can_be_booked_and_for_whom_it_is_kept(physio: Department, peer: Peer) -> None:
    first, second, third, fourth = slots()
    second.blocked = "Leave"
    second.save()
    third.held, third.released_at = "urgent", third.starts_at - timedelta(days=2)
    third.save()
    physio.booked(fourth)

    said = {each.pk: peer.get(f"Slot/{each.pk}").json() for each in (first, second, third, fourth)}

    assert [each["status"] for each in said.values()] == ["busy", "busy-unavailable", "free", "busy"]
    assert said[third.pk]["comment"].startswith("Kept for: urgent until 2026-11-25")
