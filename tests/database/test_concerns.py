"""Hazards, risks and incidents: reported from anywhere, owned by a role, taken up in time, never edited."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.concerns import actions, queries, rules
from clearway.core.concerns.models import Concern, ConcernStep
from clearway.core.concerns.policy import concern_policy
from clearway.core.organisation.models import Organisation
from clearway.core.organisation.queries import policies
from clearway.core.people.models import User
from clearway.domain.shared.concerns import Step
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.region import Desk
from tests.trust import acting, signed_in, somebody, stop_the_clock

from .conftest import at

pytestmark = pytest.mark.django_db
GIVEN = {
    "kind": "hazard",
    "place": "Ramp of door 3",
    "what": "=Ice on the ramp, a stretcher slid",
    "done": "Salted it",
    "severity": "high",
}


@pytest.fixture
def trust(valley: Organisation, monkeypatch: pytest.MonkeyPatch) -> Organisation:
    """One with both desks."""
    stop_the_clock(monkeypatch, at(0))
    valley.desks = ["ambulance", "outpatients"]
    valley.save()
    return valley


@pytest.fixture
def owner(trust: Organisation) -> Client:
    return signed_in(somebody("ops", "operations_support", trust))


def report(trust: Organisation, role: str = "halo", **given: Any) -> Concern:
    reporter = signed_in(somebody(f"a {role}", role, trust, site="TVH01" if role == "halo" else None))
    answer = reporter.post("/concerns/report/", {**GIVEN, **given})
    assert answer.status_code == 302, answer.content.decode()
    return Concern.objects.latest("pk")


def wanted(trust: Organisation, desk: Desk, minutes: float) -> dict[str, tuple[str, int]]:
    when = at(minutes)
    values = policies(trust.pk, [rules.POLICY], when.date())
    found = next(
        each for each in rules.outcomes(trust.pk, values, {}, when, desk=desk) if each.rule == "concern_due"
    )
    assert found.failure is None
    return {each.subject: (each.role, each.priority) for each in found.wanted}


def test_anybody_reports_from_any_screen_and_is_led_back(trust: Organisation) -> None:
    halo = signed_in(somebody("halo", "halo", trust, site="TVH01"))
    page = halo.get("/concerns/report/", headers={"Referer": "http://testserver/handovers/TVH01/?x=1"})
    assert 'name="screen" value="/handovers/TVH01/"' in page.content.decode()

    answer = halo.post("/concerns/report/", {**GIVEN, "screen": "/handovers/TVH01/"})

    row = Concern.objects.get()
    assert answer["Location"] == "/handovers/TVH01/"
    assert (row.owner, row.desk, row.role, row.screen) == (
        "operations_support",
        "ambulance",
        "halo",
        "/handovers/TVH01/",
    )
    assert Action.objects.get(verb="concerns.report").detail["owner"] == "operations_support"


def test_the_same_kind_has_another_owner_at_the_other_desk(trust: Organisation) -> None:
    assert report(trust, "receptionist").owner == "outpatient_team_leader"
    assert report(trust, "clinician", kind="information").owner == "privacy_officer"


def test_its_owner_takes_every_step_and_the_reporter_sees_them(trust: Organisation, owner: Client) -> None:
    row = report(trust)
    page = f"/concerns/{row.pk}/"
    assert "Ramp of door 3" in owner.get("/concerns/").content.decode()

    assert owner.post(page, {"step": "closed", "words": "x"}).status_code == 422
    assert owner.post(page, {"step": "acknowledged", "severity": "low"}).status_code == 302
    assert owner.post(page, {"step": "looked_into", "words": "No salt was ordered"}).status_code == 302
    assert owner.post(page, {"step": "closed", "words": ""}).status_code == 422
    assert owner.post(page, {"step": "closed", "words": "Salt is ordered each October"}).status_code == 302

    text = signed_in(User.objects.get(username="a halo")).get(page).content.decode()
    assert "Salt is ordered each October" in text and "proposed as high" in text
    assert owner.post(page, {"step": "looked_into", "words": "x"}).status_code == 422
    assert "Ramp of door 3" not in owner.get("/concerns/").content.decode()
    assert "Ramp of door 3" in owner.get("/concerns/?state=closed").content.decode()


def test_only_the_role_that_owns_it_takes_it_up_and_any_owner_passes_it_on(
    trust: Organisation, owner: Client
) -> None:
    row = report(trust, kind="information")
    page = f"/concerns/{row.pk}/"
    refused = owner.post(page, {"step": "acknowledged"})
    assert refused.status_code == 422 and "It is with the privacy officer" in refused.content.decode()
    assert owner.post(page, {"step": "passed_on", "words": "It is ours", "to": "halo"}).status_code == 422

    assert (
        owner.post(page, {"step": "passed_on", "words": "Ours", "to": "operations_support"}).status_code
        == 302
    )

    assert owner.post(page, {"step": "acknowledged"}).status_code == 302


def test_who_passes_on_what_is_anothers_cannot_judge_how_bad_it_is(
    trust: Organisation, owner: Client
) -> None:
    row = report(trust, kind="information")
    passed_on = {"step": "passed_on", "words": "x", "to": "clinical_lead", "severity": "low"}

    refused = owner.post(f"/concerns/{row.pk}/", passed_on)

    assert refused.status_code == 422
    assert "How bad it is judges the privacy officer" in refused.content.decode()
    assert not ConcernStep.objects.exists()
    assert owner.post(f"/concerns/{row.pk}/", {**passed_on, "severity": ""}).status_code == 302


def test_an_old_report_that_is_open_is_found_behind_any_number_of_newer_ones(
    trust: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = report(trust)
    ConcernStep.objects.create(of=old, step="acknowledged", at=at(1), by="ops", role="x", severity="low")
    stop_the_clock(monkeypatch, at(90 * 24 * 60))
    ops = signed_in(somebody("ops", "operations_support", trust))
    for number in range(3):
        newer = report(trust, ("dispatcher", "clinician", "receptionist")[number], place=f"Gate {number}")
        ConcernStep.objects.create(of=newer, step="closed", at=at(2), by="ops", role="x", words="Done")
    policy, now = concern_policy(trust.pk, at(0)), at(90 * 24 * 60)

    def found(**chosen: Any) -> list[int]:
        return [each.row.pk for each in queries.listed(trust.pk, policy, now, most=2, **chosen)]

    assert found(state="open") == found(state="overdue") == found(severity="low") == [old.pk]
    assert len(found(state="closed")) == len(found()) == len(found(severity="high")) == 2
    assert "Ramp of door 3" in ops.get("/concerns/?state=overdue").content.decode()


def test_others_see_their_own_reports_alone(trust: Organisation) -> None:
    row = report(trust)
    dispatcher = signed_in(somebody("dee", "dispatcher", trust))

    assert dispatcher.get(f"/concerns/{row.pk}/").status_code == 404
    assert "Ramp of door 3" not in dispatcher.get("/concerns/?state=all").content.decode()
    assert dispatcher.get("/concerns/concerns.csv").status_code == 403
    reporter = signed_in(User.objects.get(username="a halo"))
    assert "Ramp of door 3" in reporter.get("/concerns/").content.decode()
    assert reporter.post(f"/concerns/{row.pk}/", {"step": "acknowledged"}).status_code == 422


def test_two_who_acknowledge_at_once_are_one_and_the_second_is_told(trust: Organisation) -> None:
    row, person = report(trust), somebody("ops", "operations_support", trust)
    scope = {"organisation_id": trust.pk, "by": acting(person, "operations_support"), "at": at(1)}
    actions.take(row.pk, actions.Next(Step.ACKNOWLEDGED), ("operations_support",), **scope)

    with pytest.raises(NotAllowed, match="acknowledged it already"):
        actions.take(row.pk, actions.Next(Step.ACKNOWLEDGED), ("operations_support",), **scope)


def test_new_ones_are_one_task_of_their_owner_and_overdue_ones_one_of_the_officer(
    trust: Organisation,
) -> None:
    report(trust)
    report(trust, "dispatcher", place="Stairs")
    report(trust, "clinician")
    assert wanted(trust, Desk.AMBULANCE, 10) == {
        "concerns:ambulance:operations_support": ("operations_support", 3)
    }
    assert wanted(trust, Desk.OUTPATIENTS, 10) == {
        "concerns:outpatients:outpatient_team_leader": ("outpatient_team_leader", 3)
    }

    assert wanted(trust, Desk.AMBULANCE, 241) == {
        "concerns:ambulance:overdue": ("service_delivery_officer", 2)
    }


def test_open_ones_are_told_as_they_stood_at_an_instant_without_who_reported(trust: Organisation) -> None:
    row = report(trust)
    steps = [(Step.ACKNOWLEDGED, 5), (Step.CLOSED, 10)]
    for step, minutes in steps:
        ConcernStep.objects.create(of=row, step=step, at=at(minutes), by="ops", role="x", words="Done")

    assert [(each.key, each.state) for each in queries.open_ones(trust.pk, at(1))] == [(row.pk, "reported")]
    (then,) = queries.open_ones(trust.pk, at(7))
    assert (then.state, then.kind, then.due) == ("acknowledged", "Hazard", at(0) + timedelta(days=14))
    assert "halo" not in repr(then).casefold()
    assert queries.open_ones(trust.pk, at(10)) == []


def test_the_export_names_nobody_and_no_cell_is_a_formula(trust: Organisation, owner: Client) -> None:
    report(trust)

    text = owner.get("/concerns/concerns.csv?state=all").content.decode("utf-8-sig")

    assert "Ramp of door 3" in text and "a halo" not in text.casefold().replace("a hazard", "")
    assert ",=Ice" not in text and "Ice on the ramp" in text


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"kind": ""}, "Choose what kind it is"),
        ({"kind": "goat"}, "Choose from the list"),
        ({"severity": "awful"}, "Choose from the list"),
        ({"place": ""}, "Say where"),
        ({"what": ""}, "Say what happened"),
        ({"what": "x" * 1001}, "Shorten it"),
        ({"what": "Letter of 943 476 5919"}, "Leave out the NHS number"),
        ({"done": "x" * 501}, "Shorten it"),
    ],
)
def test_junk_is_refused_and_what_was_typed_stays(
    trust: Organisation, given: dict[str, str], why: str
) -> None:
    browser = signed_in(somebody("opc", "outpatient_coordinator", trust))

    answer = browser.post("/concerns/report/", {**GIVEN, **given})

    text = answer.content.decode()
    assert answer.status_code == 422 and why in text
    assert given.get("place") == "" or "Ramp of door 3" in text
    assert not Concern.objects.exists()


@pytest.mark.parametrize("address", ["?state=x", "?kind=" + "x" * 99, "?severity=\u2603", f"{2**63}/", "99/"])
def test_junk_addresses_are_answered(trust: Organisation, owner: Client, address: str) -> None:
    assert owner.get(f"/concerns/{address}").status_code == (404 if address.endswith("/") else 200)


def test_the_database_keeps_reports_and_steps_as_they_were_written_and_lets_old_ones_go(
    trust: Organisation,
) -> None:
    row = report(trust)
    step = ConcernStep.objects.create(of=row, step="acknowledged", at=at(1), by="x", role="x")
    for change in (
        lambda: Concern.objects.filter(pk=row.pk).update(what="Nothing"),
        step.delete,
        lambda: ConcernStep.objects.create(of=row, step="acknowledged", at=at(2), by="y", role="x"),
        lambda: ConcernStep.objects.create(of=row, step="looked_into", at=at(2), by="y", role="x"),
        lambda: ConcernStep.objects.create(of=row, step="passed_on", at=at(2), by="y", role="x", words="x"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    with connection.cursor() as cursor:
        forget = "SELECT clearway_forget_concerns(%s, '2016-01-01+00', 10)"
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE core_concern SET at = '2014-01-01+00'")
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(forget, [trust.pk])
        assert cursor.fetchone()[0] == 0  # it is open
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE core_concern_step SET step = 'closed', words = 'x', at = '2015-01-01+00'")
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(forget, [trust.pk])
        assert cursor.fetchone()[0] == 1
    assert not Concern.objects.exists() and not ConcernStep.objects.exists()
