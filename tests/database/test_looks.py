"""Looks at who a patient is: reviewed afterwards by somebody else, within the days of the policy."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from clearway.core.audit import reviewing
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action, LookReview
from clearway.core.organisation.models import Organisation
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.incidents import identity
from clearway.domain.shared.errors import NotAllowed
from tests.trust import signed_in, somebody, stop_the_clock

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
OFFICER = Actor("noor")


@pytest.fixture
def officer(valley: Organisation) -> Client:
    return signed_in(somebody("privacy", "privacy_officer", valley))


def looked(valley: Organisation, incident: str = "2026/77", who: str = "pfc", at: datetime = NOW) -> Action:
    identity.look(incident, "welfare", "A concern", organisation_id=valley.pk, by=Actor(who), at=at)
    return Action.objects.filter(verb="identity.look").latest("id")


def say(client: Client, look: Action, **typed: str) -> str:
    return client.post(f"/audit/looks/{look.pk}/", typed, follow=True).content.decode()


def tasks(valley: Organisation, at: datetime) -> list[Task]:
    rules.run(valley.pk, situation.read(valley.pk, at), at)
    return list(Task.objects.filter(rule="looks_to_review", closed_at=None))


def test_a_look_waits_with_its_reason_until_somebody_else_says_what_they_find(
    valley: Organisation, officer: Client
) -> None:
    look = looked(valley)
    page = officer.get("/audit/looks/").content.decode()
    assert "A concern" in page and "2026/77" in page and "Welfare" in page

    page = say(officer, look, finding="explained", words="The crew had asked for a call back")

    assert "No look waits for a review" in page
    assert "The crew had asked for a call back" in page
    assert Action.objects.get(verb="identity.review").detail["finding"] == "explained"


def test_what_needed_asking_is_not_recorded_without_the_answer(valley: Organisation, officer: Client) -> None:
    look = looked(valley)

    assert "Write down what was asked and answered" in say(officer, look, finding="not_justified")
    assert "Choose what you found" in say(officer, look, finding="", words="Something")
    assert "Choose from the list" in say(officer, look, finding="fine")
    assert not LookReview.objects.exists()
    with pytest.raises(IntegrityError, match="a_look_that_needed_asking"), transaction.atomic():
        LookReview.objects.create(look=look, finding="explained", words="", by="noor", at=NOW)


def test_nobody_reviews_a_look_of_their_own_and_none_is_reviewed_twice(valley: Organisation) -> None:
    person = somebody("pfc", "patient_flow_coordinator", valley)
    own = Actor("pfc", user_id=person.pk)
    identity.look("2026/77", "welfare", "A concern", organisation_id=valley.pk, by=own, at=NOW)
    look = Action.objects.get(verb="identity.look")

    def review(by: Actor) -> None:
        reviewing.review(look.pk, "justified", "", organisation_id=valley.pk, by=by, at=NOW)

    with pytest.raises(NotAllowed, match="of their own"):
        review(own)
    review(OFFICER)
    with pytest.raises(NotAllowed, match="just reviewed"):
        review(OFFICER)


def test_who_looked_and_at_whom_can_be_asked(valley: Organisation, officer: Client) -> None:
    looked(valley, "2026/77", "ann")
    looked(valley, "2026/78", "ben")

    of_ann = officer.get("/audit/looks/", {"who": "ann"}).content.decode()
    at_78 = officer.get("/audit/looks/", {"whom": "2026/78"}).content.decode()

    assert "2026/77" in of_ann and "2026/78" not in of_ann
    assert ">ben<" in at_78 and ">ann<" not in at_78


def test_one_task_stands_for_all_looks_and_becomes_urgent_when_one_is_late(valley: Organisation) -> None:
    first = looked(valley, at=NOW)
    looked(valley, "2026/78", at=NOW)

    (task,) = tasks(valley, NOW + timedelta(minutes=5))
    assert (task.priority, task.role, task.title[:7]) == (3, "privacy_officer", "2 looks")
    (task,) = tasks(valley, NOW + timedelta(days=7, minutes=5))
    assert task.priority == 2

    for look in (first, looked(valley, "2026/79")):
        LookReview.objects.get_or_create(
            look=look, defaults={"finding": "justified", "by": "noor", "at": NOW}
        )
    assert len(tasks(valley, NOW + timedelta(days=8))) == 1  # of 2026/78
    for look in Action.objects.filter(verb="identity.look", review=None):
        LookReview.objects.create(look=look, finding="justified", by="noor", at=NOW)
    assert tasks(valley, NOW + timedelta(days=9)) == []


def test_a_look_that_joins_answered_ones_is_an_alarm_again(valley: Organisation) -> None:
    looked(valley)
    assert len(tasks(valley, NOW + timedelta(minutes=5))) == 1
    Task.objects.update(state="answered")
    assert [each.state for each in tasks(valley, NOW + timedelta(minutes=6))] == ["answered"]

    looked(valley, "2026/78", at=NOW + timedelta(minutes=7))

    assert [each.state for each in tasks(valley, NOW + timedelta(minutes=9))] == ["open"]


def test_an_identity_leaves_the_screen_by_itself(
    valley: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clearway.core.feeds.models import Source
    from tests.database.conftest import conveyance, deliver

    stop_the_clock(monkeypatch, NOW)
    deliver(Source.objects.get(organisation=valley, kind="cad"), conveyance("VAL01", incident="77"))
    coordinator = signed_in(somebody("pfc", "patient_flow_coordinator", valley))

    shown = coordinator.post("/incidents/77/identity/", {"reason": "welfare", "text": "A concern"})

    assert shown["Refresh"] == "300; url=/incidents/77/"
    assert "Refresh" not in coordinator.get("/incidents/77/")


def test_only_who_reviews_sees_the_page(valley: Organisation) -> None:
    coordinator = signed_in(somebody("pfc", "patient_flow_coordinator", valley))

    assert coordinator.get("/audit/looks/").status_code == 403
    assert coordinator.get(f"/audit/looks/{looked(valley).pk}/").status_code == 403


def test_a_look_that_is_none_is_not_found(officer: Client) -> None:
    assert officer.get("/audit/looks/999999/").status_code == 404
