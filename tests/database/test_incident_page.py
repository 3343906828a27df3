"""The page of an incident: everything that was said, and who the patient is only by need and recorded."""

import pytest
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, Site
from clearway.core.repeats.models import SentForm
from clearway.domain.ambulance.events import CallEvent, Patient
from clearway.domain.ambulance.words import CallStatus, Category, StatusSource
from tests.database.conftest import at, conveyance, deliver, job
from tests.trust import signed_in, somebody, stop_the_clock

NAME, NUMBER = "Jo Example", "9990000018"


@pytest.fixture
def hospital(valley: Organisation) -> Site:
    return Site.objects.filter(organisation=valley, kind="emergency_department").order_by("code")[0]


@pytest.fixture
def incident(cad: Source, hospital: Site, monkeypatch: pytest.MonkeyPatch) -> str:
    """One of this morning, on the boards."""
    stop_the_clock(monkeypatch, at(120))
    call = CallEvent(
        message_id="call",
        occurred_at=at(-5),
        incident="2026/77",
        status=CallStatus.NATURE_OF_CALL,
        category=Category.C2,
        nature="Chest pain",
        patient=Patient(age=71, sex="female", name=NAME, nhs_number=NUMBER, born_on="1955-03-01"),
    )
    deliver(cad, [call, *conveyance(hospital.code, incident="2026/77", until="handover")])
    return "2026/77"


@pytest.fixture
def coordinator(valley: Organisation) -> Client:
    return signed_in(somebody("pfc", "patient_flow_coordinator", valley))


def look(client: Client, incident: str, **typed: str) -> str:
    usual = {"reason": "which_patient", "text": "Two patients of one name at the door"}
    return client.post(f"/incidents/{incident}/identity/", {**usual, **typed}).content.decode()


def test_the_page_shows_stamps_intervals_and_what_was_known_late(
    coordinator: Client, incident: str, hospital: Site
) -> None:
    response = coordinator.get(f"/incidents/{incident}/")

    page = response.content.decode()
    assert response.status_code == 200
    assert all(words in page for words in ("Chest pain", "71 years, female", hospital.name, "At hospital"))
    assert "10 min" in page  # arrival to handover
    assert "late)" in page  # the batch came 100 minutes into the day


@pytest.mark.promise("S12")
def test_identity_is_masked_everywhere_on_the_page(coordinator: Client, incident: str) -> None:
    page = coordinator.get(f"/incidents/{incident}/").content.decode()

    assert "Masked" in page
    assert NAME not in page
    assert NUMBER not in page
    assert "1955" not in page


@pytest.mark.promise("S6")
def test_the_same_form_of_a_look_again_is_another_look_on_record_and_nothing_of_it_is_kept(
    coordinator: Client, incident: str
) -> None:
    assert all(NAME in look(coordinator, incident, form_key="the-key-of-one-form-0001") for _ in range(2))

    assert Action.objects.filter(verb="identity.look").count() == 2
    assert not SentForm.objects.exists()


@pytest.mark.promise("S6")
def test_a_look_shows_it_once_and_is_recorded_without_it(coordinator: Client, incident: str) -> None:
    page = look(coordinator, incident)

    assert NAME in page
    assert "999 000 0018" in page
    assert NAME not in coordinator.get(f"/incidents/{incident}/").content.decode()
    action = Action.objects.get(verb="identity.look")
    assert (action.subject, action.actor, action.role) == (
        f"incident:{incident}",
        "pfc",
        "patient_flow_coordinator",
    )
    assert action.detail["reason"] == "which_patient"
    assert NAME not in str(action.detail)


def test_a_page_with_identity_is_kept_nowhere(coordinator: Client, incident: str) -> None:
    response = coordinator.post(
        f"/incidents/{incident}/identity/", {"reason": "welfare", "text": "A concern"}
    )

    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("typed", [{"reason": ""}, {"text": ""}, {"reason": "curiosity"}])
def test_without_a_reason_nothing_is_shown_and_nothing_recorded(
    coordinator: Client, incident: str, typed: dict[str, str]
) -> None:
    assert NAME not in look(coordinator, incident, **typed)
    assert not Action.objects.filter(verb="identity.look").exists()


@pytest.mark.promise("S6")
def test_without_an_audit_row_nothing_is_shown(
    coordinator: Client, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("the audit cannot be written")

    monkeypatch.setattr("clearway.desks.ambulance.incidents.identity.record", fails)
    coordinator.raise_request_exception = False

    assert NAME not in look(coordinator, incident)


@pytest.mark.promise("S1")
def test_a_liaison_officer_opens_only_what_came_to_the_own_hospital(
    valley: Organisation, incident: str, hospital: Site
) -> None:
    other = Site.objects.filter(organisation=valley, kind="emergency_department").exclude(pk=hospital.pk)[0]
    here = signed_in(somebody("here", "halo", valley, site=hospital.code))
    there = signed_in(somebody("there", "halo", valley, site=other.code))

    assert here.get(f"/incidents/{incident}/").status_code == 200
    assert there.get(f"/incidents/{incident}/").status_code == 404
    assert NAME not in look(there, incident)


def test_a_liaison_officer_sees_only_the_vehicles_that_came_to_the_own_hospital(
    valley: Organisation, cad: Source, incident: str, hospital: Site
) -> None:
    other = Site.objects.filter(organisation=valley, kind="emergency_department").exclude(pk=hospital.pk)[0]
    deliver(cad, conveyance(other.code, incident=incident, call_sign="ELSEWHERE-1", start=3))

    def page(name: str, site: Site) -> str:
        client = signed_in(somebody(name, "halo", valley, site=site.code))
        return client.get(f"/incidents/{incident}/").content.decode()

    here, there = page("here", hospital), page("there", other)
    assert "A1" in here
    assert "ELSEWHERE-1" not in here
    assert other.name not in here.partition("<main")[2]
    assert "ELSEWHERE-1" in there
    assert hospital.name not in there.partition("<main")[2]


def test_who_pressed_a_status_is_said_in_words(coordinator: Client, cad: Source, hospital: Site) -> None:
    pressed = [(StatusSource.EOC, "the control room"), (StatusSource.CREW, "the crew")]
    for number, (source, _) in enumerate(pressed):
        deliver(cad, [job("allocated", number, incident="8", call_sign=f"A{number}", source=source)])

    page = coordinator.get("/incidents/8/").content.decode()

    assert all(f"pressed by {words}" in page for _, words in pressed)


def test_a_commander_sees_the_incident_and_is_not_offered_its_identity(
    valley: Organisation, incident: str
) -> None:
    client = signed_in(somebody("cmd", "operations_support", valley))

    assert "Show identity" not in client.get(f"/incidents/{incident}/").content.decode()
    assert client.post(f"/incidents/{incident}/identity/", {}).status_code == 403


# The audit page


def test_the_audit_is_filtered_and_reading_it_is_recorded(
    valley: Organisation, coordinator: Client, incident: str
) -> None:
    look(coordinator, incident)
    officer = signed_in(somebody("privacy", "privacy_officer", valley))

    found = officer.get("/audit/", {"verb": "identity."}).content.decode()
    none = officer.get("/audit/", {"actor": "nobody"}).content.decode()

    assert f"incident:{incident}" in found
    assert "No action fits" in none
    assert Action.objects.filter(verb="audit.read").count() == 2


def test_the_audit_says_when_a_time_is_wrong_and_keeps_what_was_typed(valley: Organisation) -> None:
    officer = signed_in(somebody("privacy", "privacy_officer", valley))

    response = officer.get("/audit/", {"start": "yesterday", "subject": "task:"})

    assert response.status_code == 422
    assert "Enter a date and a time" in response.content.decode()
    assert 'value="task:"' in response.content.decode()


@pytest.mark.promise("S2")
def test_the_audit_of_another_trust_is_not_shown(
    valley: Organisation, coordinator: Client, incident: str
) -> None:
    from tests.trust import a_trust

    look(coordinator, incident)
    stranger = signed_in(somebody("privacy", "privacy_officer", a_trust("other-vale")))

    assert incident not in stranger.get("/audit/").content.decode()
    assert stranger.get("/audit/").status_code == 200


def test_the_page_speaks_in_names_and_local_times(coordinator: Client, cad: Source) -> None:
    area = Organisation.objects.get().areas.first()
    assert area is not None
    call = CallEvent(
        message_id="area", occurred_at=at(1), incident="9", status=CallStatus.NATURE_OF_CALL, area=area.code
    )
    wrong = conveyance("TVH01", incident="9", start=20, until="at_scene")
    deliver(cad, [call, *wrong, *conveyance("TVH01", incident="9", start=-300, until="mobile")])

    page = coordinator.get("/incidents/9/", headers={"referer": "http://testserver/quality/?page=2"})

    text = page.content.decode()
    assert f"<td>{area.name}</td>" in text
    assert "+00:00" not in text
    assert 'class="nhsuk-back-link no-print" href="/quality/?page=2"' in text
    elsewhere = coordinator.get("/incidents/9/", headers={"referer": "https://elsewhere.example/"})
    assert 'no-print" href="/"' in elsewhere.content.decode()
