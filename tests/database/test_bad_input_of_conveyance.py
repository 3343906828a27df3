"""Whatever is typed into the forms around conveyance, the answer is a page or a refusal, never a fault."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.advice import actions
from clearway.desks.ambulance.advice.models import Call
from clearway.desks.ambulance.diverts.models import Divert
from clearway.domain.ambulance.destination_answers import role_name
from tests.trust import acting, signed_in, somebody

from .giving_advice import on_scene, post, sealed, taken

pytestmark = pytest.mark.django_db

JUNK = (
    "\x00", "²", "٣", "9" * 5000, "-1", "1e400", "nan", "a/b\n%00", "<b>'\"", "x" * 5000,
    "0001-01-01T00:00", "9999-12-31T23:59", "2026-02-30",
)  # fmt: skip


TURNS = 5  # of the junk in each field


@pytest.fixture
def officer(valley: Organisation) -> Client:
    return signed_in(somebody("officer", "service_delivery_officer", valley))


def survives(client: Client, address: str, given: Mapping[str, Any]) -> None:
    """Each field in turn holds some of the junk, the next field what comes after; a fault would be raised."""
    for place, name in enumerate(given):
        for turn in range(TURNS):
            junk = JUNK[(place * TURNS + turn) % len(JUNK)]
            answer = client.post(address, {**given, name: junk})
            assert answer.status_code < 500, (address, name, junk)


def test_what_a_hospital_says(valley: Organisation, officer: Client) -> None:
    coordinator = signed_in(somebody("pfc", "patient_flow_coordinator", valley))
    given = {
        "boarding": "3",
        "pressure_level": "2",
        "note": "Corridor",
        "told_by": "Nurse",
        "key": "k",
        "still": "",
    }

    survives(coordinator, "/hospitals/TVH01/say/", {**given, "was-boarding": "2"})


def test_a_disruption_of_the_roads(valley: Organisation) -> None:
    coordinator = signed_in(somebody("pfc", "patient_flow_coordinator", valley))
    given = {"kind": "closure", "place": "52.3, -1.6", "radius_km": "2", "extra_minutes": "9", "ends_at": ""}

    survives(coordinator, "/roads/", given)
    for pair in ("nan, nan", "1e400, 0", "91, 181", "52.3", "52.3,,-1", "٣, ٣", "-1.6, 52.3"):
        assert coordinator.post("/roads/", {**given, "place": pair}).status_code == 422, pair
    for content in (
        b"",
        b"\x00",
        b"<a>" * 9000,
        b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>',
        b"\xff\xfe<a/>",
    ):
        file = SimpleUploadedFile("roads.xml", content)
        assert coordinator.post("/roads/file/", {"file": file}).status_code == 422, content[:20]


def test_a_divert_and_its_steps(valley: Organisation, officer: Client) -> None:
    given = {
        "kind": "capacity", "site": "TVH01", "to": "TVH02", "covers": "adult_majors", "minutes": "60",
        "percent": "100", "trigger": "Twelve queue", "actions_taken": "Protocol", "level_reason": "Rung",
    }  # fmt: skip
    assert officer.post("/diverts/new/", given).status_code == 302
    survives(officer, "/diverts/new/", given)
    address = f"/diverts/{Divert.objects.latest('id').pk}/"

    survives(officer, f"{address}requested/", {"note": "", "level_reason": ""})
    survives(
        officer, f"{address}agree/", {"party": "system:", "signatory": "A", "answer": "agreed", "note": "n"}
    )
    survives(officer, f"{address}extension_asked/", {"until": "", "note": ""})


def test_an_answer_about_a_destination(valley: Organisation) -> None:
    lead = signed_in(somebody("lead", "clinical_lead", valley))
    given = {
        "reply": "change", "source": "Dr Hale", "owner": "Director", "review_on": "2027-11-01", "seen": "0",
        "opens": "08:00", "closes": "20:00", "days": "1",
    }  # fmt: skip

    survives(lead, f"/destinations/confirm/{role_name('TVH02', 'stroke')}/", given)


def test_what_is_said_of_a_patient_and_taken(valley: Organisation, officer: Client) -> None:
    on_scene(valley)
    asked = {
        "asked": "1", "age": "60", "news2": "2", "needs": "stroke", "continuing_care": "", "booked_at": "",
        "ready_in_minutes": "", "refused": "",
    }  # fmt: skip
    for name in asked:
        for junk in JUNK:
            assert officer.get("/advice/A1/", {**asked, name: junk}).status_code < 500, (name, junk)
    page = officer.get(
        "/advice/A1/", {"asked": "1", "age": "60", "news2": "2", "no_needs": "1"}
    ).content.decode()
    given = {
        "sealed": sealed(page),
        "code": "TVH02",
        "other": "",
        "reason_code": "clinical",
        "reason": "",
        "query": "",
    }

    survives(officer, "/advice/A1/take/", given)
    survives(officer, "/advice/together/", {"sealed": sealed(page), "only": "A1"})
    survives(officer, "/advice/A1/ring/", {"code": "TVU01", "query": ""})


def test_what_an_alternative_said(valley: Organisation, officer: Client) -> None:
    on_scene(valley)
    rung = actions.Rung("J", "A1", "TVU01", "Unit", "utc")
    actions.ring(rung, organisation_id=valley.pk, by=acting(somebody("writer")), at=timezone.now())
    address = f"/advice/calls/{Call.objects.get().pk}/"
    given = {"outcome": "maybe", "reason_code": "", "reason": "", "call_sign": "A1", "query": ""}

    survives(officer, address, given)
    survives(officer, address, {**given, "outcome": "refused", "reason_code": "full"})
    assert Call.objects.get().outcome == Call.Outcome.REFUSED


def test_what_comes_back_from_a_crews_page(valley: Organisation) -> None:
    on_scene(valley)
    taken(valley)
    token = actions.link_crew(
        "A1", hours=1, organisation_id=valley.pk, by=acting(somebody("giver")), at=timezone.now()
    )

    survives(Client(), f"/crew/{token}/", {"step": "read", "message": "1"})


@pytest.mark.parametrize(
    "body",
    [
        {"booked_at": ["TVH01"]}, {"standing": {}}, {"age": 10**400}, {"age": True}, {"needs": [[]]},
        {"needs": "stroke"}, {"refused": [1]}, {"news2": float("nan")}, {"ready_in_minutes": float("inf")},
        {"call_sign": "\ud800"}, {"call_sign": ["A1"]}, {"\ud800": 1}, {"latitude": "x", "longitude": 1},
    ],
)  # fmt: skip
def test_a_field_of_the_interface_that_cannot_be_used_is_named(
    valley: Organisation, officer: Client, body: dict[str, Any]
) -> None:
    on_scene(valley)
    place = {} if {"call_sign", "latitude"} & set(body) else {"call_sign": "A1"}

    answer = post(officer, {**place, **body})

    assert answer.status_code == 400
    assert answer.json()["field"] in {*body, "body"}  # what is no JSON, as NaN, is not read any further
    assert answer.json()["fix"]


@pytest.mark.parametrize("body", [b"[" * 16000, b'{"a":' * 3000, b"\xff", b"[]", b"null", b"1" * 9000])
def test_a_body_that_is_no_case_is_refused(valley: Organisation, officer: Client, body: bytes) -> None:
    answer = officer.post("/api/v1/advice", body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["field"] in ("body", "a")


def test_an_empty_body_is_said_to_be_empty(valley: Organisation, officer: Client) -> None:
    answer = officer.post("/api/v1/advice", b" ", content_type="application/json")

    assert answer.status_code == 400 and "empty" in answer.json()["title"]
