"""FHIR over HTTP: what is read, and that booking through it is the same action as the click."""

from datetime import date
from typing import Any

import pytest

from clearway.core.audit.models import Action
from clearway.core.feeds.models import Batch, Quarantined, Source
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.booking.models import Appointment, Offer
from clearway.desks.outpatients.referrals.models import Referral
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.gateway import inbox
from clearway.interchange.fhir.codes import CATEGORIES
from tests import fhir
from tests.fhir import Peer, a_booking, a_key, a_message, a_referral, issues, slots
from tests.outpatients import NOW
from tests.therapies import Department
from tests.trust import a_trust, stop_the_clock

pytestmark = pytest.mark.django_db
FOR_VALIDATION = {"system": CATEGORIES, "code": "validation"}


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, NOW)


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def physio(trust: Organisation) -> Department:
    return fhir.physio(trust)


@pytest.fixture
def peer(trust: Organisation) -> Peer:
    return Peer(a_key(trust))


def a_patient_who_waits(physio: Department, **more: Any) -> Entry:
    """Somebody with an NHS number who waits for half an hour."""
    patient = physio.patient(nhs_number=fhir.NUMBER, **more)
    return physio.entry(physio.referral(patient=patient), minutes=30)


def test_a_booking_through_fhir_is_what_a_click_makes(physio: Department, peer: Peer) -> None:
    entry = physio.entry(minutes=30)

    answer = peer.post("Appointment", a_booking(slots()[0], entry))

    assert answer.status_code == 201, answer.content
    row = Appointment.objects.get()
    assert (row.state, row.entry_id, row.made_by) == ("booked", entry.pk, "feed:pas")
    assert answer["Location"].endswith(f"/fhir/R4/Appointment/{row.pk}")
    assert answer["ETag"] == f'W/"{answer.json()["meta"]["versionId"]}"'
    assert Offer.objects.get().answer == "accepted"
    assert Contact.objects.get().purpose == "confirmation"
    assert Action.objects.get(verb="booking.book").actor == "feed:pas"
    assert Entry.objects.get().state == "booked"
    assert Batch.objects.get().applied == 1


@pytest.mark.promise("R5")
def test_the_same_request_again_hears_the_same_and_books_once(physio: Department, peer: Peer) -> None:
    body = a_booking(slots()[0], physio.entry(minutes=30))

    first = peer.post("Appointment", body, X_Request_Id="request-0001")
    again = peer.post("Appointment", body, X_Request_Id="request-0001")
    other = peer.post(
        "Appointment", {**body, "slot": [{"reference": f"Slot/{slots()[1].pk}"}]}, X_Request_Id="request-0001"
    )

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert (first.content, first["ETag"], first["Location"]) == (
        again.content,
        again["ETag"],
        again["Location"],
    )
    assert issues(other)[0]["code"] == "duplicate"
    assert Appointment.objects.count() == 1
    counts = Batch.objects.order_by("pk").values_list("applied", "duplicate", "quarantined")
    assert list(counts) == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]


def test_who_comes_second_is_told_409_with_the_next_free_slots(physio: Department, peer: Peer) -> None:
    first, second, third, _ = slots()
    peer.post("Appointment", a_booking(first, physio.entry(minutes=30)))
    loser = physio.entry(minutes=30)

    answer = peer.post("Appointment", a_booking(first, loser))

    said = issues(answer)
    assert (answer.status_code, said[0]["code"]) == (409, "conflict")
    assert said[0]["details"]["coding"][0]["code"] == "REC_CONFLICT"
    free = [each["diagnostics"] for each in said[1:]]
    assert f"Slot/{second.pk}," in free[0] and f"Slot/{third.pk}," in free[1]
    assert not Appointment.objects.filter(entry=loser).exists()
    assert Quarantined.objects.get().state == "answered"


def test_an_update_of_what_was_changed_meanwhile_says_field_by_field_what_differs(
    physio: Department, peer: Peer
) -> None:
    made = peer.post("Appointment", a_booking(slots()[0], physio.entry(minutes=30))).json()
    stale = peer.get(f"Appointment/{made['id']}")["ETag"]
    reason = {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason",
                "code": "pat-lt",
            }
        ]
    }
    gone = peer.put(
        f"Appointment/{made['id']}",
        {**made, "status": "cancelled", "cancelationReason": reason},
        If_Match=stale,
    )

    late = peer.put(f"Appointment/{made['id']}", made, If_Match=stale)

    assert gone.status_code == 200, gone.content
    assert gone.json()["status"] == "cancelled"
    row = Appointment.objects.get()
    assert (row.cancelled_by, row.cancel_reason) == ("patient", "patient_transport")
    assert late.status_code == 412
    said = {each["expression"][0]: each["diagnostics"] for each in issues(late) if "expression" in each}
    assert "It is cancelled, you sent booked." in said["Appointment.status"]
    assert peer.put(f"Appointment/{made['id']}", made).status_code == 428


def test_an_update_with_another_slot_moves_the_appointment(physio: Department, peer: Peer) -> None:
    first, second, *_ = slots()
    made = peer.post("Appointment", a_booking(first, physio.entry(minutes=30)))
    changed = {**made.json(), "slot": [{"reference": f"Slot/{second.pk}"}]}
    del changed["start"], changed["end"]

    moved = peer.put(f"Appointment/{made.json()['id']}", changed, If_Match=made["ETag"])

    assert moved.status_code == 200, moved.content
    (stands,) = fhir.booked()
    assert stands.slot_id == second.pk
    assert moved.json()["status"] == "cancelled"
    assert moved.json()["supportingInformation"][0]["reference"] == f"Appointment/{stands.pk}"


def test_a_pending_one_is_held_and_booked_by_the_update(physio: Department, peer: Peer) -> None:
    held = peer.post("Appointment", a_booking(slots()[0], physio.entry(minutes=30), status="pending"))
    assert (held.status_code, held.json()["status"]) == (201, "pending")

    sure = peer.put(
        f"Appointment/{held.json()['id']}", {**held.json(), "status": "booked"}, If_Match=held["ETag"]
    )

    assert (sure.status_code, sure.json()["status"]) == (200, "booked")
    assert Appointment.objects.get().state == "booked"


@pytest.mark.parametrize("name", ["cancelled", "fulfilled", "noshow", "arrived"])
def test_what_is_done_at_the_desk_is_not_done_from_outside(physio: Department, peer: Peer, name: str) -> None:
    made = peer.post("Appointment", a_booking(slots()[0], physio.entry(minutes=30)))

    answer = peer.put(
        f"Appointment/{made.json()['id']}", {**made.json(), "status": name}, If_Match=made["ETag"]
    )

    assert answer.status_code == 422
    assert Appointment.objects.get().state == "booked"


def test_a_message_books_once_and_is_a_duplicate_under_another_request(
    physio: Department, peer: Peer
) -> None:
    entry = a_patient_who_waits(physio)
    body = a_message(slots()[0], id="11111111-1111-4111-8111-111111111111")

    answer = peer.post("$process-message", body)
    again = peer.post("$process-message", body)

    assert answer.status_code == 200, answer.content
    header, made = (each["resource"] for each in answer.json()["entry"])
    assert header["response"] == {"identifier": "11111111-1111-4111-8111-111111111111", "code": "ok"}
    assert (made["status"], Appointment.objects.get().entry_id) == ("booked", entry.pk)
    assert (again.status_code, issues(again)[0]["code"]) == (409, "duplicate")


def test_a_message_finds_a_slot_by_its_time_and_service_where_it_has_no_id(
    physio: Department, peer: Peer
) -> None:
    a_patient_who_waits(physio)
    body = a_message(slots()[2])
    del body["entry"][3]["resource"]["id"]
    service = {"resourceType": "HealthcareService", "identifier": [{"system": "urn:x", "value": "MSK"}]}
    body["entry"].append({"fullUrl": "urn:uuid:9", "resource": service})

    assert peer.post("$process-message", body).status_code == 200
    assert Appointment.objects.get().slot_id == slots()[2].pk


def test_a_message_cancels_what_a_message_booked(physio: Department, peer: Peer) -> None:
    a_patient_who_waits(physio)
    made = peer.post("$process-message", a_message(slots()[0])).json()["entry"][1]["resource"]
    system = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
    reason = {"coding": [{"system": system, "code": "pat"}]}
    changed = {"id": made["id"], "status": "cancelled", "cancelationReason": reason}

    answer = peer.post("$process-message", a_message(slots()[0], reason="update", changed=changed))

    assert answer.status_code == 200, answer.content
    assert Appointment.objects.get().state == "cancelled"


def test_a_message_about_another_patient_cancels_nobody(physio: Department, peer: Peer) -> None:
    a_patient_who_waits(physio)
    made = peer.post("$process-message", a_message(slots()[0])).json()["entry"][1]["resource"]
    physio.patient(nhs_number="9990548617", born_on=date(1980, 5, 1))
    system = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
    reason = {"coding": [{"system": system, "code": "pat"}]}
    changed = {"id": made["id"], "status": "cancelled", "cancelationReason": reason}

    answer = peer.post(
        "$process-message",
        a_message(slots()[0], nhs_number="9990548617", reason="update", changed=changed),
    )

    assert answer.status_code == 422
    assert "It is another patient's." in issues(answer)[0]["diagnostics"]
    assert Appointment.objects.get().state == "booked"


def test_what_the_workers_refuse_waits_for_nobody_where_only_the_sender_can_mend_it(
    physio: Department, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clearway.gateway.fhir import answering

    (slot, *_), entry = slots(), physio.entry(minutes=30)
    physio.booked(slot)
    with monkeypatch.context() as broken:
        broken.setattr(answering, "_read", lambda *_: 1 / 0)
        peer.post("Appointment", a_booking(slot, entry), X_Request_Id="request-0004")

    inbox.process(lambda: NOW)

    assert Quarantined.objects.get().state == "answered"


def test_a_booking_for_somebody_of_another_birth_date_is_refused(physio: Department, peer: Peer) -> None:
    a_patient_who_waits(physio, born_on=NOW.date())

    answer = peer.post("$process-message", a_message(slots()[0]))

    assert answer.status_code == 422
    assert issues(answer)[0]["expression"] == ["Patient.birthDate"]
    assert not Appointment.objects.exists()


def test_a_referral_in_a_message_is_registered_like_any_other(physio: Department, peer: Peer) -> None:
    answer = peer.post("$process-message", a_referral())

    assert answer.status_code == 200, answer.content
    row = Referral.objects.get()
    made = answer.json()["entry"][1]["resource"]
    assert made["id"] == str(row.pk)
    assert (row.route, row.condition, row.question) == ("api", "Knee pain", "Please assess and treat")
    assert (row.patient.family_name, row.service, row.sender) == ("Brown", physio.service, "Hill Surgery")
    assert row.pathway is not None and row.priority == "1"


def test_a_referral_to_a_service_that_is_not_there_waits_and_can_be_read_again(
    physio: Department, peer: Peer
) -> None:
    body = a_referral()
    body["entry"][3]["resource"]["identifier"][0]["value"] = "PELVIC"
    answer = peer.post("$process-message", body, X_Request_Id="request-0002")
    assert (answer.status_code, issues(answer)[0]["expression"]) == (422, ["ServiceRequest.performer"])
    row = Quarantined.objects.get()
    assert row.state == "waiting" and b"PELVIC" in bytes(row.body)
    physio.service.code = "PELVIC"
    physio.service.save()

    inbox.replay(row.pk, by=fhir.Actor("desk"), at=NOW)

    assert Referral.objects.count() == 1
    again = peer.post("$process-message", body, X_Request_Id="request-0002")
    assert again.status_code == 200, "the sender hears what it became"


@pytest.mark.parametrize(
    ("entry", "changes", "place"),
    [
        (1, {"doNotPerform": True}, "ServiceRequest.doNotPerform"),
        (1, {"status": "revoked"}, "ServiceRequest.status"),
        (
            1,
            {"category": [{"coding": [{"system": CATEGORIES, "code": "validation"}]}]},
            "ServiceRequest.category",
        ),
        (2, {"active": False}, "Patient.active"),
        (2, {"deceasedDateTime": "2026-11-01"}, "Patient.deceased"),
        (2, {"name": [{"given": ["Ada"]}]}, "Patient.name.family"),
        (2, {"birthDate": "1980"}, "Patient.birthDate"),
    ],
)
def test_what_turns_the_meaning_of_a_referral_round_is_refused_by_its_place(
    physio: Department, peer: Peer, entry: int, changes: dict[str, Any], place: str
) -> None:
    body = a_referral()
    body["entry"][entry]["resource"] |= changes

    answer = peer.post("$process-message", body)

    assert (answer.status_code, issues(answer)[0]["expression"]) == (422, [place])
    assert not Referral.objects.exists()


def test_what_nobody_could_do_at_once_the_workers_do(
    physio: Department, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clearway.gateway.fhir import answering

    body = a_booking(slots()[0], physio.entry(minutes=30))
    with monkeypatch.context() as broken:
        broken.setattr(answering, "_read", lambda *_: 1 / 0)
        later = peer.post("Appointment", body, X_Request_Id="request-0003")
    assert later.status_code == 202

    inbox.process(lambda: NOW)

    assert Appointment.objects.get().state == "booked"
    assert peer.post("Appointment", body, X_Request_Id="request-0003").status_code == 201


@pytest.mark.promise("S6")
def test_every_read_of_an_identity_is_on_record_and_no_read_of_a_slot(physio: Department, peer: Peer) -> None:
    made = physio.booked(slots()[0])

    for path in (
        f"Patient/{made.patient_id}",
        f"Appointment?patient={made.patient_id}",
        f"ServiceRequest/{made.referral_id}",
        f"Communication?patient={made.patient_id}",
    ):
        assert peer.get(path).status_code == 200, path
    looks = Action.objects.filter(verb="patients.look", subject=f"patient:{made.patient_id}")
    assert [each.detail["page"] for each in looks.order_by("pk")] == [
        "FHIR read of Patient",
        "FHIR search of Appointment",
        "FHIR read of ServiceRequest",
    ]
    before = Action.objects.count()
    assert peer.get(f"Slot/{slots()[0].pk}").status_code == 200
    assert Action.objects.count() == before


@pytest.mark.promise("S2")
def test_nothing_of_another_trust_is_read_found_or_booked(physio: Department, peer: Peer) -> None:
    made = physio.booked(slots()[0])
    entry = physio.entry(minutes=30)
    stranger = Peer(a_key(a_trust("other"), "other-pas"))

    for kind, key in (
        ("Patient", made.patient_id),
        ("Appointment", made.pk),
        ("Slot", slots()[0].pk),
        ("Schedule", slots()[0].session_id),
        ("ServiceRequest", made.referral_id),
        ("HealthcareService", physio.service.pk),
        ("Location", physio.site.pk),
    ):
        assert stranger.get(f"{kind}/{key}").status_code == 404, kind
        assert stranger.get(f"{kind}?_id={key}").json()["total"] == 0, kind
    assert stranger.post("Appointment", a_booking(slots()[1], entry)).status_code == 422
    changed = {**peer.get(f"Appointment/{made.pk}").json(), "status": "cancelled"}
    assert stranger.put(f"Appointment/{made.pk}", changed, If_Match='W/"x"').status_code == 405
    assert Appointment.objects.count() == 1


def test_free_slots_are_found_with_their_clinic_and_service_page_by_page(
    physio: Department, peer: Peer
) -> None:
    first, *free = slots()
    physio.booked(first)
    asked = (
        "Slot?status=free&start=ge2026-11-20T00:00:00%2B00:00&start=le2026-12-20T00:00:00%2B00:00"
        "&Schedule.actor:HealthcareService=MSK&_include=Slot:schedule"
        "&_include=Schedule:actor:HealthcareService&_count=2"
    )

    page = peer.get(asked).json()
    found, pages = [], 0
    while True:
        pages += 1
        found += [each["resource"]["id"] for each in page["entry"] if each["search"]["mode"] == "match"]
        beside = {each["resource"]["resourceType"] for each in page["entry"]}
        assert beside == {"Slot", "Schedule", "HealthcareService"}
        link = next((each["url"] for each in page["link"] if each["relation"] == "next"), None)
        if link is None:
            break
        page = peer.get(link.partition("/fhir/R4/")[2]).json()

    assert (pages, page["total"]) == (2, 3)
    assert found == [str(each.pk) for each in free]


def test_a_search_of_slots_without_status_or_bounds_is_refused_with_what_is_missing(
    physio: Department, peer: Peer
) -> None:
    for query in ("", "?status=free", "?status=free&start=ge2026-11-20"):
        answer = peer.get(f"Slot{query}")
        assert (answer.status_code, issues(answer)[0]["code"]) == (400, "required")


def test_an_unknown_parameter_is_refused_and_left_out_where_that_is_asked(
    physio: Department, peer: Peer
) -> None:
    query = f"Patient?identifier={fhir.NUMBER}&favourite=tea"

    assert peer.get(query).status_code == 400
    lenient = peer.get(query, Prefer="handling=lenient")
    assert lenient.status_code == 200
    assert "favourite" not in lenient.json()["link"][0]["url"]


@pytest.mark.parametrize(
    ("status", "ask"),
    [
        (401, lambda peer: Peer("").get("Slot/1")),
        (401, lambda peer: Peer("wrong").get("Slot/1")),
        (404, lambda peer: peer.get("Observation/1")),
        (404, lambda peer: peer.get("Slot/1/_history")),
        (404, lambda peer: peer.get("Slot/none")),
        (405, lambda peer: peer.send("DELETE", "Appointment/1", {})),
        (405, lambda peer: peer.put("Patient/1", {"resourceType": "Patient"})),
        (405, lambda peer: peer.post("Patient", {"resourceType": "Patient"})),
        (405, lambda peer: peer.get("$process-message")),
        (406, lambda peer: peer.get("Slot/1", Accept="application/fhir+xml")),
        (400, lambda peer: peer.post("Appointment", {}, X_Request_Id="")),
        (400, lambda peer: peer.post("Appointment", b"{")),
        (400, lambda peer: peer.post("Appointment", b'{"a": 1, "a": 2}')),
        (400, lambda peer: peer.post("Appointment", b'{"resourceType": "Slot"}')),
        (413, lambda peer: peer.post("Appointment", b" " * 1_100_000)),
        (415, lambda peer: peer.post("Appointment", b"<Appointment/>", Content_Type="text/xml")),
        (415, lambda peer: peer.send("POST", "Appointment", {}, **{"Content-Type": "text/xml"})),
        (400, lambda peer: peer.get("Slot/a\0b")),
        (400, lambda peer: peer.get("Slot/1", NHSD_Target_Identifier="???")),
    ],
)
def test_every_refusal_is_an_operation_outcome_that_names_place_and_fix(
    physio: Department, peer: Peer, status: int, ask: Any
) -> None:
    answer = ask(peer)

    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].startswith("application/fhir+json")
    assert answer["Cache-Control"] == "no-store"
    for each in issues(answer):
        where, _, rest = each["diagnostics"].partition(": ")
        assert where and rest.count(".") >= 2


def test_a_source_that_is_switched_off_or_of_another_kind_is_not_let_in(
    trust: Organisation, physio: Department, peer: Peer
) -> None:
    assert Peer(a_key(trust, "hill", "referrals")).get("Slot/1").status_code == 401
    Source.objects.filter(name="pas").update(enabled=False)
    assert peer.get("Slot/1").status_code == 401


def test_a_source_that_asks_too_often_is_told_to_wait(
    physio: Department, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clearway.gateway.fhir import door

    monkeypatch.setattr(door, "AT_ONCE", 2)
    monkeypatch.setattr(door, "LIMITS", door.Limits())

    answers = [peer.get(f"HealthcareService/{physio.service.pk}") for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[2]["Retry-After"] == "1"
