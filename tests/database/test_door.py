"""A hospital from a phone at its door: what it shows, one tap to say, and no other hospital's door."""

import pytest
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.facts import verify
from clearway.desks.ambulance.facts.actions import Received, record
from clearway.desks.ambulance.facts.models import Fact
from clearway.desks.ambulance.incidents import queries as incidents
from clearway.desks.ambulance.release import actions as releases
from clearway.domain.ambulance.events import HospitalEvent, InCohort
from clearway.domain.ambulance.release import Kind, Record
from clearway.domain.ambulance.words import JobState
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver, job

pytestmark = pytest.mark.django_db
HERE, THERE, KEY = "TVH01", "TVH02", "1/A1"


@pytest.fixture
def door(knowing: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A liaison officer of the first hospital, where A1 waits since 08:40; A3 is on its way to the second."""
    told = [
        *conveyance(HERE, until="at_hospital"),
        *conveyance(THERE, until="left_scene", incident="3", call_sign="A3"),
        *conveyance(THERE, until="at_hospital", incident="2", call_sign="A2"),
    ]
    deliver(cad, told, known=50)
    stop_the_clock(monkeypatch, at(60))
    return signed_in(somebody("halo", "halo", knowing, site=HERE))


def test_one_tap_says_a_figure_and_it_has_an_age_and_an_author(door: Client) -> None:
    say = {"measure": "cohort_places", "value": "4", "key": "0d8c7f7e-0000-4000-8000-000000000001"}
    for _ in range(2):  # a double tap
        assert door.post(f"/at/{HERE}/say/", say).status_code == 302
    assert Fact.objects.filter(stream=f"hospital:{HERE}").count() == 1
    assert door.post(f"/at/{HERE}/say/", {"note": "Relief A9 at ten"}).status_code == 302

    page = door.get("/at/", follow=True).content.decode()

    assert ': 5"' in page and ': 3"' in page
    assert "Relief A9 at ten" in page


def test_a_crew_is_marked_and_a_disagreement_with_the_board_stands_on_top(
    door: Client, knowing: Organisation
) -> None:
    assert door.post(f"/at/{HERE}/mark/", {"assignment": KEY, "status": "cohort_started"}).status_code == 302
    assert incidents.by_key(knowing.pk, [KEY])[KEY].state is JobState.COHORTING
    relief = Record(Kind.RELIEF, relief="A3")
    releases.record(
        KEY, relief, seen=None, site_code=HERE, organisation_id=knowing.pk, by=Actor("halo"), at=at(59)
    )

    page = door.get(f"/at/{HERE}/").content.decode()

    assert "Waiting with A3" in page
    assert "A3 is said to be with the patient of A1; the board has it conveying" in page
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", knowing))
    assert "A3 is said to be with the patient of A1" in pfc.get("/releases/").content.decode()


def test_a_handover_that_the_door_sees_otherwise_stands_on_top(
    door: Client, knowing: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(cad, [job("handover", 61)], known=61)
    source = Source.objects.get(organisation=knowing, kind="desk")
    seen = job("queuing", 63, message_id="seen", source="halo")
    record([Received("seen", b"x" * 16, (seen,))], source=source, by=Actor("halo"), at=at(63))
    stop_the_clock(monkeypatch, at(64))

    assert "Cannot both be right" in door.get(f"/at/{HERE}/").content.decode()


def test_nobody_gets_through_another_hospitals_door(door: Client, knowing: Organisation) -> None:
    assert door.get(f"/at/{THERE}/").status_code == 404
    assert door.post(f"/at/{THERE}/say/", {"note": "x"}).status_code == 404
    assert door.post(f"/at/{THERE}/mark/", {"assignment": "2/A2", "status": "queuing"}).status_code == 404
    before = incidents.by_key(knowing.pk, ["2/A2"])
    door.post(f"/at/{HERE}/mark/", {"assignment": "2/A2", "status": "queuing"})
    assert incidents.by_key(knowing.pk, ["2/A2"]) == before


@pytest.mark.parametrize("junk", ["", "x" * 500, "NaN", "-1", "9" * 30, "<b>"])
def test_junk_is_refused_in_words_and_what_was_typed_is_kept(junk: str, door: Client) -> None:
    for sent in ({"measure": junk, "value": junk, "note": junk}, {"measure": "pressure_level", "value": "9"}):
        refused = door.post(f"/at/{HERE}/say/", sent)
        assert refused.status_code == 422 and "There is a problem" in refused.content.decode()
    assert not Fact.objects.filter(stream__startswith="hospital:").exists()


def test_an_expected_relief_stands_on_the_coordinators_board_until_it_came(
    door: Client, knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"what": "Second cohort crew", "minutes": "25", "key": "0d8c7f7e-0000-4000-8000-000000000002"}
    for _ in range(2):  # a double tap
        assert door.post(f"/at/{HERE}/relief/", said).status_code == 302
    assert Fact.objects.filter(stream=f"hospital:{HERE}").count() == 1
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", knowing))

    board = pfc.get("/handovers/").content.decode()
    assert "Relief about 09:25: Second cohort crew (HALO," in board and board.count("Relief about") == 1
    assert "It came" in door.get(f"/at/{HERE}/").content.decode()
    assert verify.compare(knowing.pk, at=at(61)).differences == ()

    stop_the_clock(monkeypatch, at(62))
    assert door.post(f"/at/{HERE}/relief/", {"came": "now"}).status_code == 302
    assert "Relief about" not in pfc.get("/handovers/").content.decode()
    assert Action.objects.filter(verb="hospitals.say").count() == 2


def test_a_relief_that_does_not_come_is_late_and_lapses(
    door: Client, knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.post(f"/at/{HERE}/relief/", {"what": "Two beds", "minutes": "10"})

    stop_the_clock(monkeypatch, at(75))
    assert "Relief was due 09:10: Two beds" in door.get(f"/at/{HERE}/").content.decode()
    stop_the_clock(monkeypatch, at(101))
    assert "Two beds" not in door.get(f"/at/{HERE}/").content.decode()


def test_a_relief_without_a_time_is_refused_and_what_was_typed_is_kept(door: Client) -> None:
    page = door.post(f"/at/{HERE}/relief/", {"what": "Two beds", "minutes": "soon"})

    assert page.status_code == 422
    assert "from 1 to 720" in page.content.decode() and 'value="Two beds"' in page.content.decode()


def test_the_newest_cohort_list_says_who_is_with_whom(door: Client, cad: Source) -> None:
    deliver(cad, [HospitalEvent("l", at(58), HERE, {}, cohort=(InCohort(KEY, "T1"),))], known=59)

    page = door.get(f"/at/{HERE}/").content.decode()

    assert "In the cohort (1)" in page and "A1, with T1" in page and "By the list of the hospital" in page
