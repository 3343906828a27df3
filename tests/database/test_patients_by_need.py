"""Who the patient of an incident is opens to whose work it is; else with a reason, for a while (rule S5)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.openings.models import Opening
from clearway.core.organisation.models import Organisation, Site
from clearway.core.people.models import User
from clearway.core.worklist.models import Task
from clearway.desks.ambulance.quality import casework
from clearway.desks.ambulance.quality.models import FindingCase
from clearway.desks.ambulance.safeguarding.models import Safeguarding
from clearway.domain.ambulance.events import CallEvent, Patient
from clearway.domain.ambulance.words import CallStatus
from tests.trust import PASSWORD, a_trust, signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver, job

pytestmark = [pytest.mark.django_db, pytest.mark.promise("S5")]
NAME = "Jo Example"
LATER = at(0) + timedelta(days=40)
PAGE = "/incidents/2026/77/"
LOOK = {"reason": "welfare", "text": "A concern"}
WHY = {"reason": "review", "words": "The coroner rings about it", "proof": PASSWORD}


@pytest.fixture
def hospital(valley: Organisation) -> Site:
    return Site.objects.filter(organisation=valley, kind="emergency_department").order_by("code")[0]


@pytest.fixture
def old(cad: Source, hospital: Site, monkeypatch: pytest.MonkeyPatch) -> Organisation:
    """A patient who was handed over at a hospital forty days ago."""
    patient = Patient(age=71, sex="female", name=NAME, nhs_number="9990000018", born_on="1955-03-01")
    said: Any = {"status": CallStatus.NATURE_OF_CALL, "nature": "Chest pain", "patient": patient}
    call = CallEvent(message_id="call", occurred_at=at(-5), incident="2026/77", **said)
    deliver(cad, [call, *conveyance(hospital.code, incident="2026/77")])
    stop_the_clock(monkeypatch, LATER)
    return cad.organisation


def person(
    trust: Organisation, name: str = "pfc", role: str = "patient_flow_coordinator", **more: Any
) -> User:
    user = somebody(name, role, trust, **more)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def flow(old: Organisation) -> Client:
    return signed_in(person(old))


def open_(client: Client, **changed: str) -> Any:
    return client.post(f"{PAGE}open/", WHY | changed)


def test_while_it_is_on_the_boards_a_look_is_enough(
    flow: Client, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(120))

    assert "is not work of yours now" not in flow.get(PAGE).content.decode()
    assert NAME in flow.post(f"{PAGE}identity/", LOOK).content.decode()
    assert not Opening.objects.exists()


def test_an_old_incident_shows_nobody_by_a_look_and_that_somebody_tried_is_on_record(flow: Client) -> None:
    page = flow.get(PAGE).content.decode()
    assert "is not work of yours now" in page and "Chest pain" in page

    refused = flow.post(f"{PAGE}identity/", LOOK)

    assert refused.status_code == 403
    assert NAME not in refused.content.decode()
    assert Action.objects.get(verb="openings.closed").subject == "incident:2026/77"
    assert not Action.objects.filter(verb="identity.look").exists()


def test_with_a_reason_it_opens_to_one_person_for_half_an_hour_under_a_banner(
    flow: Client, old: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = open_(flow)  # the third action: open the form, fill it in, send it

    assert back["Location"] == PAGE
    answer = flow.get(PAGE)
    shown = answer.content.decode()
    assert NAME in shown and "It closes at" in shown
    assert (answer["Refresh"], answer["Cache-Control"]) == (f"1800; url={PAGE}", "no-store")
    assert Action.objects.filter(verb="identity.shown", subject="incident:2026/77").count() == 1
    assert NAME not in signed_in(person(old, "pfc2")).get(PAGE).content.decode()
    for minutes, is_open in ((29, True), (30, False)):
        stop_the_clock(monkeypatch, LATER + timedelta(minutes=minutes))
        assert (NAME in flow.get(PAGE).content.decode()) == is_open


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reason": "contact"}, "Choose a reason from the list"),  # a word of the other desk
        ({"words": ""}, "in your own words"),
        ({"words": "For 999 000 0018"}, "NHS number"),
        ({"proof": "not mine"}, "not right"),
    ],
)
def test_it_opens_with_a_reason_words_and_a_proof_alone(
    flow: Client, wrong: dict[str, str], said: str
) -> None:
    refused = open_(flow, **wrong)

    assert refused.status_code == 422
    assert said in refused.content.decode()
    assert NAME not in refused.content.decode()
    assert not Opening.objects.exists()


def test_the_privacy_officer_has_a_task_at_once_and_reviews_it(flow: Client, old: Organisation) -> None:
    # Nothing is sent: the channels of texts, emails and streams may all be down.
    open_(flow)

    task = Task.objects.get(role="privacy_officer")
    assert (task.raised_at, task.priority) == (LATER, 2)
    officer = signed_in(somebody("privacy", "privacy_officer", old))
    assert "2026/77, opened" in officer.get("/audit/looks/").content.decode()
    look = Action.objects.get(verb="openings.open")
    page = officer.get(f"/audit/looks/{look.pk}/").content.decode()
    assert (
        "looked at who the patient of an incident is, which was not their work" in page
        and "The coroner rings" in page
    )
    officer.post(f"/audit/looks/{look.pk}/", {"finding": "justified"})
    assert "No look waits" in officer.get("/audit/looks/").content.decode()


def test_when_the_officer_cannot_be_told_it_stays_masked(
    flow: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object, **named: object) -> None:
        raise RuntimeError("the worklist is away")

    monkeypatch.setattr("clearway.core.openings.actions.raise_by_hand", broken)
    flow.raise_request_exception = False

    assert open_(flow).status_code == 500
    assert NAME not in flow.get(PAGE).content.decode()


def test_an_open_finding_of_an_old_incident_is_work_until_it_ends(
    flow: Client, cad: Source, hospital: Site
) -> None:
    who: Any = {"incident": "2026/77", "call_sign": "A1", "destination": hospital.code}
    deliver(cad, [job("handover", 1, **who)], known=500)  # before the crew arrived
    casework.follow(cad.organisation_id, at=at(501))
    assert FindingCase.objects.filter(ended_at=None).exists()
    assert NAME in flow.post(f"{PAGE}identity/", LOOK).content.decode()

    FindingCase.objects.update(ended_at=LATER, ended="person")

    assert flow.post(f"{PAGE}identity/", LOOK).status_code == 403


def test_a_safeguarding_concern_is_work_of_its_author_alone(flow: Client, old: Organisation) -> None:
    author = person(old, "sdo", "service_delivery_officer")
    told: Any = {"kind": "adult", "words": "Alone and cold", "queue": "clinical_lead", "role": "x"}
    Safeguarding.objects.create(organisation=old, incident="2026/77", at=LATER, by=author, **told)

    assert NAME in signed_in(author).post(f"{PAGE}identity/", LOOK).content.decode()
    assert flow.post(f"{PAGE}identity/", LOOK).status_code == 403


def test_a_liaison_officer_breaks_the_glass_of_the_own_hospital_alone(
    old: Organisation, hospital: Site
) -> None:
    other = Site.objects.filter(organisation=old, kind="emergency_department").exclude(pk=hospital.pk)[0]
    here = signed_in(person(old, "here", "halo", site=hospital.code))
    there = signed_in(person(old, "there", "halo", site=other.code))

    assert open_(here)["Location"] == PAGE and NAME in here.get(PAGE).content.decode()
    assert open_(there).status_code == 404


def test_an_incident_of_another_trust_opens_to_nobody(old: Organisation) -> None:
    stranger = signed_in(person(a_trust("other-vale"), "stranger"))

    assert open_(stranger).status_code == 404
    assert not Opening.objects.exists()
