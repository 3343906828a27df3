"""A divert from proposal to end, as the people on the desk take it there."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.notices.models import Notice
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.advice.inbound import KeepOrTurn
from clearway.desks.ambulance.diverts import actions, queries, rehearsal, views
from clearway.desks.ambulance.diverts.effects import Effect, effect
from clearway.desks.ambulance.diverts.models import Divert, Step
from clearway.desks.ambulance.incidents import queries as incidents
from clearway.desks.ambulance.incidents.models import Incident
from clearway.domain.ambulance.disruptions import Disruption, DisruptionKind
from clearway.domain.ambulance.diverts import DivertState, DivertStep
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance.travel import Journeys, Network
from tests.trust import signed_in, somebody

from .conftest import at, conveyance, deliver

MAJORS: dict[str, Any] = {
    "kind": "capacity",
    "site": "TVH01",
    "to": ["TVH02"],
    "covers": ["adult_majors"],
    "minutes": "120",
    "trigger": "Twelve crews queue since noon",
    "actions_taken": "Full capacity protocol, corridor staffed",
    "level_reason": "Both rung: level 4 and level 2, their feeds are down",
}
PARTIES = ("requesting_site:TVH01", "receiving_site:TVH02", "ambulance_service:", "system:")


@pytest.fixture
def coordinator(valley: Organisation) -> Client:
    return signed_in(somebody("flow", "patient_flow_coordinator", valley))


@pytest.fixture
def officer(valley: Organisation) -> Client:
    return signed_in(somebody("officer", "service_delivery_officer", valley))


def proposed(client: Client, **changed: Any) -> Divert:
    response = client.post("/diverts/new/", {**MAJORS, **changed})
    assert response.status_code == 302, problems(response)
    return Divert.objects.latest("id")


def problems(response: Any) -> list[str]:
    return [each.strip() for each in re.findall(r"<a href=\"#\w+\">([^<]+)</a>", response.content.decode())]


def step(client: Client, row: Divert, name: str, **said: str) -> Any:
    return client.post(f"/diverts/{row.pk}/{name}/", said)


def agreed_by_all(client: Client, row: Divert) -> None:
    for party in PARTIES:
        said = {"party": party, "signatory": "A. Director, on call", "answer": "agreed"}
        assert client.post(f"/diverts/{row.pk}/agree/", said).status_code == 302


def running(officer: Client) -> Divert:
    row = proposed(officer)
    step(officer, row, "requested")
    agreed_by_all(officer, row)
    step(officer, row, "started")
    row.refresh_from_db()
    assert row.state == DivertState.ACTIVE
    return row


def test_it_goes_from_a_proposal_through_every_agreement_into_force_and_to_its_end(officer: Client) -> None:
    row = running(officer)
    assert row.starts_at is not None
    assert row.ends_at == row.starts_at + timedelta(minutes=120)

    assert step(officer, row, "reviewed", note="Queue is down to four").status_code == 302
    assert step(officer, row, "ended", note="The queue is gone").status_code == 302

    row.refresh_from_db()
    assert row.state == DivertState.ENDED
    taken = [each.step for each in queries.steps(row)]
    assert taken == ["proposed", "requested", *["agreed"] * 4, "started", "reviewed", "ended"]
    verbs = set(Action.objects.filter(subject=f"divert:{row.pk}").values_list("verb", flat=True))
    assert verbs == {f"diverts.{each}" for each in taken}


def test_the_coordinator_never_agrees_for_the_ambulance_service(coordinator: Client) -> None:
    row = proposed(coordinator)
    step(coordinator, row, "requested")

    said = {"party": " ambulance_service:", "signatory": "Me", "answer": "agreed"}
    response = coordinator.post(f"/diverts/{row.pk}/agree/", said)

    assert response.status_code == 403
    assert "service delivery officer or incident manager" in problems(response)[0]
    assert not Step.objects.filter(divert=row, step="agreed").exists()


def test_it_does_not_start_while_one_agreement_is_missing(officer: Client) -> None:
    row = proposed(officer)
    step(officer, row, "requested")
    said = {"signatory": "A. Director", "answer": "agreed"}
    for party in PARTIES[:-1]:
        officer.post(f"/diverts/{row.pk}/agree/", {**said, "party": party})

    response = step(officer, row, "started")

    assert response.status_code == 422
    page = response.content.decode()
    assert "cannot be started" in page
    assert "Integrated care board: director on call" in page
    assert not Notice.objects.exists()


def test_a_refusal_says_why_and_ends_the_request(officer: Client) -> None:
    row = proposed(officer)
    step(officer, row, "requested")
    said = {"party": "receiving_site:TVH02", "signatory": "B. Director", "answer": "refused"}

    without = officer.post(f"/diverts/{row.pk}/agree/", said)
    assert problems(without) == ["Say why, in a few words"]
    assert "B. Director" in without.content.decode()  # what was typed is kept

    officer.post(f"/diverts/{row.pk}/agree/", {**said, "note": "We hold nine ourselves"})
    row.refresh_from_db()
    assert row.state == DivertState.REFUSED


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"to": []}, "Choose at least one site that receives"),
        ({"to": ["TVH01"]}, "A site cannot receive its own divert."),
        ({"minutes": "500"}, "At most 120 minutes"),
        ({"minutes": ""}, "Say for how long."),
        ({"covers": ["children"]}, "adults for majors only"),
        ({"trigger": ""}, "Say why: what is the trigger, and since when"),
        ({"trigger": "for 999 000 0018"}, "Leave out the NHS number"),
    ],
)
def test_a_proposal_that_would_do_harm_is_refused_with_the_reason_and_kept(
    coordinator: Client, changed: dict[str, Any], problem: str
) -> None:
    response = coordinator.post("/diverts/new/", {**MAJORS, **changed})

    assert response.status_code == 422
    assert problem in " ".join(problems(response))
    assert "Full capacity protocol" in response.content.decode()
    assert not Divert.objects.exists()


def test_it_can_be_rehearsed_before_anybody_is_asked(
    coordinator: Client, cad: Source, valley: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal, "SECONDS", 0.2)
    monkeypatch.setattr(rehearsal, "PROCESSES_AT_MOST", 1)

    response = coordinator.post("/diverts/new/", {**MAJORS, "rehearse": "yes"})

    page = response.content.decode()
    assert response.status_code == 200, problems(response)
    assert re.search(r"Rehearsed: the next 4 hours, \d+ times with it and without", page)
    assert re.search(r"-?\d+ \(-?\d+ to -?\d+\)", page)
    assert "What happens may well lie outside" in page
    assert "Nobody is on the way there." in page
    assert "has not said its places, places taken" in page
    assert "Twelve crews queue since noon" in page  # what was typed stays, to be saved
    assert not Divert.objects.exists()


def test_a_rehearsal_names_the_crews_on_their_way_and_leads_to_them(
    coordinator: Client, cad: Source, valley: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, turned = (
        KeepOrTurn("A1", False, "", "Not covered."),
        KeepOrTurn("B2", True, "Elsewhere", "Covered."),
    )
    monkeypatch.setattr(rehearsal, "SECONDS", 0.1)
    monkeypatch.setattr(rehearsal, "PROCESSES_AT_MOST", 1)
    monkeypatch.setattr(views, "keep_or_turn", lambda *_: [turned, kept])

    page = coordinator.post("/diverts/new/", {**MAJORS, "rehearse": "yes"}).content.decode()

    assert re.search(r'<a href="/advice/B2/">B2</a>: turn, Elsewhere\.</strong> Covered\.', page)
    assert re.search(r'<a href="/advice/A1/">A1</a>: keep\.</strong> Not covered\.', page)


def test_one_divert_is_rehearsed_at_a_time(coordinator: Client, cad: Source, valley: Organisation) -> None:
    with rehearsal.one_at_a_time:
        response = coordinator.post("/diverts/new/", {**MAJORS, "rehearse": "yes"})

    assert response.status_code == 422
    assert "Another divert is being rehearsed just now" in response.content.decode()


def test_an_organisation_whose_pack_is_not_here_is_told_so(
    coordinator: Client, cad: Source, valley: Organisation
) -> None:
    Organisation.objects.filter(pk=valley.pk).update(slug="elsewhere")

    response = coordinator.post("/diverts/new/", {**MAJORS, "rehearse": "yes"})

    assert response.status_code == 422
    assert "is not on this machine" in response.content.decode()


def test_a_rehearsal_knows_the_calls_to_which_nobody_was_sent(cad: Source, valley: Organisation) -> None:
    known = {"organisation": valley, "category": "C2", "latitude": 51.4, "longitude": -1.3}
    Incident.objects.create(key="waits", category_set_at=at(50), **known)
    Incident.objects.create(key="closed", category_set_at=at(50), closed_at=at(55), **known)
    Incident.objects.create(key="telephone", category_set_at=at(50), **{**known, "category": "C5"})
    Incident.objects.create(key="1", category_set_at=at(0), **known)
    deliver(cad, conveyance("TVH01", until="at_scene"))

    found = incidents.without_a_crew(valley.pk, at(60))

    assert [key for key, *_ in found] == ["waits"]


def test_a_receiver_that_no_road_leads_to_is_named_when_it_is_rehearsed(
    coordinator: Client, cad: Source, valley: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "network", lambda sites: Shut())

    response = coordinator.post("/diverts/new/", {**MAJORS, "rehearse": "yes"})

    assert response.status_code == 422
    assert re.search(r"No open road leads from .+ to .+ now", " ".join(problems(response)))
    assert not Divert.objects.exists()


class Shut(Network):
    """Every road is shut."""

    def journeys(self, *args: Any, **kwargs: Any) -> Journeys:
        found = super().journeys(*args, **kwargs)
        return replace(found, minutes=np.full_like(found.minutes, np.inf))


def test_a_site_has_one_divert_at_a_time_and_no_ring_is_made(officer: Client) -> None:
    running(officer)

    twice = officer.post("/diverts/new/", MAJORS)
    back = officer.post("/diverts/new/", {**MAJORS, "site": "TVH02", "to": ["TVH01"]})

    assert "TVH01 is on divert already" in " ".join(problems(twice))
    assert "TVH01 is on divert itself" in " ".join(problems(back))


def test_while_it_is_in_force_every_page_says_so_and_the_engine_knows(
    officer: Client, coordinator: Client, valley: Organisation
) -> None:
    row = running(officer)
    assert row.starts_at and row.ends_at

    page = coordinator.get("/decisions/").content.decode()
    assert re.search(r"Divert: [^<]+ to [^<]+, adults for majors", page)
    within = situation.read(valley.pk, row.starts_at + timedelta(minutes=1))
    after = situation.read(valley.pk, row.ends_at)

    assert [(each.site, each.to) for each in within.diverts] == [("TVH01", ("TVH02",))]
    assert after.diverts == ()


def test_time_ends_it_and_takes_the_notice_away(officer: Client, valley: Organisation) -> None:
    row = running(officer)
    assert row.ends_at

    assert actions.run_due(valley.pk, row.ends_at - timedelta(seconds=1)) == 0
    assert actions.run_due(valley.pk, row.ends_at) == 1

    row.refresh_from_db()
    assert row.state == DivertState.ENDED
    assert not Notice.objects.exists()
    last = queries.steps(row)[-1]
    assert (last.step, last.by) == (DivertStep.ENDED, None)


def test_a_request_that_nobody_answers_expires(officer: Client, valley: Organisation) -> None:
    row = proposed(officer)
    step(officer, row, "requested")
    row.refresh_from_db()
    assert row.requested_at

    assert actions.run_due(valley.pk, row.requested_at + timedelta(minutes=45)) == 0
    assert actions.run_due(valley.pk, row.requested_at + timedelta(minutes=46)) == 1

    row.refresh_from_db()
    assert row.state == DivertState.EXPIRED


def test_an_extension_counts_once_everybody_has_agreed_again(officer: Client) -> None:
    row = running(officer)
    assert row.ends_at
    until = row.ends_at + timedelta(minutes=60)

    asked = step(
        officer, row, "extension_asked", until=f"{until:%Y-%m-%dT%H:%M}", level_reason="Both rung again"
    )
    assert asked.status_code == 302
    row.refresh_from_db()
    assert row.asked_until is not None
    assert row.ends_at < row.asked_until
    agreed_by_all(officer, row)

    row.refresh_from_db()
    assert row.ends_at == until.replace(second=0, microsecond=0)
    assert row.asked_until is None


def test_a_review_that_is_due_is_a_task_and_the_review_closes_it(
    officer: Client, valley: Organisation
) -> None:
    row = running(officer)
    assert row.starts_at
    late = row.starts_at + timedelta(minutes=31)

    rules.run(valley.pk, situation.read(valley.pk, late), late)
    task = Task.objects.get(rule="divert_review")
    assert "Review the divert" in task.title

    Divert.objects.filter(pk=row.pk).update(reviewed_at=late)
    rules.run(valley.pk, situation.read(valley.pk, late), late)
    task.refresh_from_db()
    assert task.state not in Task.TO_DO


def test_the_steps_of_a_divert_cannot_be_changed(officer: Client) -> None:
    row = proposed(officer)
    with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic():
        Step.objects.filter(divert=row).update(note="it was somebody else")


@pytest.mark.parametrize("nothing", [{"party": ""}, {"signatory": ""}])
def test_no_agreement_is_kept_without_party_and_signatory(officer: Client, nothing: dict[str, str]) -> None:
    row = proposed(officer)
    said = {"party": "system", "signatory": "R. Lane, director on call", **nothing}

    with pytest.raises(IntegrityError, match="an_agreement_names"), transaction.atomic():
        Step.objects.create(divert=row, step=DivertStep.AGREED, at=at(0), by=row.proposed_by, **said)


def test_nothing_but_a_closure_runs_without_an_end(officer: Client) -> None:
    row = proposed(officer)
    row.state, row.starts_at = DivertState.ACTIVE, row.proposed_at

    with pytest.raises(IntegrityError, match="all_but_a_closure"), transaction.atomic():
        row.save()
    row.kind = "closure"
    row.save()


@pytest.mark.parametrize("second_person", [False, True])
def test_who_proposed_it_agrees_for_the_service_unless_the_policy_asks_for_a_second_person(
    valley: Organisation, officer: Client, second_person: bool
) -> None:
    asked_of_two(valley, second_person)
    row = proposed(officer)
    step(officer, row, "requested")
    ours = {"party": "ambulance_service:", "signatory": "J. Reed, tactical commander", "answer": "agreed"}

    alone = officer.post(f"/diverts/{row.pk}/agree/", ours)
    other = signed_in(somebody("second", "service_delivery_officer", valley))
    answer = other.post(f"/diverts/{row.pk}/agree/", ours) if second_person else alone

    assert alone.status_code == (422 if second_person else 302)
    assert ("You proposed this divert" in alone.content.decode()) is second_person
    assert answer.status_code == 302
    assert Step.objects.filter(divert=row, step=DivertStep.AGREED).count() == 1


def asked_of_two(organisation: Organisation, second_person: bool) -> None:
    policy = PolicyVersion.objects.filter(organisation=organisation, name="diverts").latest("valid_from")
    policy.values["second_person"] = second_person
    PolicyVersion.objects.filter(pk=policy.pk).update(values=policy.values)


def test_what_it_does_is_counted_on_both_sides_and_on_the_road(valley: Organisation, cad: Source) -> None:
    deliver(cad, conveyance("TVH01"), known=200)  # arrived at 40, handed over at 50
    deliver(cad, conveyance("TVH02", incident="2", call_sign="B2", start=60), known=200)  # 100, 110
    seen = situation.read(valley.pk, at(200))
    near = dict(
        zip(seen.sites.code, zip(seen.sites.latitude, seen.sites.longitude, strict=True), strict=True)
    )
    scenes = {"2": Point(*map(float, near["TVH01"]))}

    found = effect(seen, "TVH01", ("TVH02",), at(90), at(190), scenes, Network.plain())

    passed, received = found.sides
    assert (passed.arrivals_before > 0, passed.arrivals_since, passed.mean_before) == (True, 0, 10)
    assert (received.arrivals_before, received.mean_since) == (0, 10)
    assert received.arrivals_since == pytest.approx(60 / 100)
    assert found.redirected == 1
    assert found.extra_minutes > 0
    assert found.error_minutes > 0 and found.sources == (("distance", 1),)


def test_its_cost_on_the_road_counts_the_closures_and_drive_times_of_the_journeys(
    valley: Organisation, cad: Source
) -> None:
    deliver(cad, conveyance("TVH02", incident="2", call_sign="B2", start=60), known=200)  # arrived at 100
    seen = situation.read(valley.pk, at(200))
    here = seen.sites.code.index("TVH01")
    scene = Point(float(seen.sites.latitude[here]), float(seen.sites.longitude[here]))
    closed = Disruption("1", DisruptionKind.CLOSURE, scene, 1.0, 30.0, at(0), at(150), "The bridge")

    def found(*disruptions: Disruption) -> Effect:
        under = replace(seen, disruptions=disruptions)
        return effect(under, "TVH01", ("TVH02",), at(90), at(190), {"2": scene}, Network.plain())

    free, hindered, over = found(), found(closed), found(replace(closed, ends_at=at(20)))

    # The way out of the closed area is half its diameter: half of the thirty minutes.
    assert hindered.extra_minutes == pytest.approx(free.extra_minutes + 15, abs=0.5)
    assert over.extra_minutes == free.extra_minutes


def test_the_boards_name_the_hospital_that_is_on_divert(officer: Client, coordinator: Client) -> None:
    running(officer)

    board, on_map = (coordinator.get(page).content.decode() for page in ("/handovers/", "/map/"))

    assert re.search(r"Divert until \d\d:\d\d: adults for majors", board)
    assert "(divert)</text>" in on_map


def test_what_has_become_harmful_since_it_was_agreed_does_not_start(
    officer: Client, valley: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = proposed(officer)
    step(officer, row, "requested")
    agreed_by_all(officer, row)
    monkeypatch.setattr(
        "clearway.desks.ambulance.diverts.views._levels", lambda seen: {"TVH01": 2, "TVH02": 4}
    )

    response = step(officer, row, "started")

    assert response.status_code == 422
    assert "never to a worse site" in " ".join(problems(response))


def test_an_unknown_pressure_level_is_answered_for_by_a_person_or_nothing_is_proposed(
    coordinator: Client,
) -> None:
    without = coordinator.post("/diverts/new/", {**MAJORS, "level_reason": ""})

    assert without.status_code == 422
    assert "Nobody has said the pressure level of" in " ".join(problems(without))
    assert 'id="level_reason"' in without.content.decode()
    assert not Divert.objects.exists()

    row = proposed(coordinator)

    first = queries.steps(row)[0]
    assert first.unknown_levels == ["TVH01", "TVH02"]
    page = coordinator.get(f"/diverts/{row.pk}/").content.decode()
    assert "not known: Both rung: level 4 and level 2" in page
    kept = Action.objects.get(subject=f"divert:{row.pk}", verb="diverts.proposed")
    assert kept.detail["unknown_levels"] == ["TVH01", "TVH02"]


def test_a_level_that_became_unknown_since_the_proposal_is_asked_for_at_the_start(
    officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"TVH01": 4, "TVH02": 2}
    monkeypatch.setattr("clearway.desks.ambulance.diverts.views._levels", lambda seen: known)
    row = proposed(officer, level_reason="")
    step(officer, row, "requested")
    agreed_by_all(officer, row)
    del known["TVH02"]

    silent = step(officer, row, "started")
    answered = step(officer, row, "started", level_reason="Rung at 14:02: level 2 still")

    assert silent.status_code == 422
    assert 'id="level_reason"' in silent.content.decode()
    assert answered.status_code == 302
    row.refresh_from_db()
    assert row.state == DivertState.ACTIVE
    assert queries.steps(row)[-1].unknown_levels == ["TVH02"]


def test_an_extension_asks_again_what_was_answered_hours_before(officer: Client) -> None:
    row = running(officer)
    assert row.ends_at
    until = f"{row.ends_at + timedelta(minutes=60):%Y-%m-%dT%H:%M}"

    response = step(officer, row, "extension_asked", until=until)

    assert response.status_code == 422
    assert "Nobody has said the pressure level of" in " ".join(problems(response))


def test_an_agreement_that_nobody_uses_expires(officer: Client, valley: Organisation) -> None:
    row = proposed(officer)
    step(officer, row, "requested")
    agreed_by_all(officer, row)
    row.refresh_from_db()
    assert (row.state, row.requested_at is None) == (DivertState.AGREED, False)
    assert row.requested_at

    assert actions.run_due(valley.pk, row.requested_at + timedelta(minutes=46)) == 1
