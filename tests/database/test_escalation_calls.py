"""Escalation calls from roll-call to signed minutes, and major incidents by METHANE."""

import re
import threading
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.decisions.models import Decision
from clearway.core.feeds.models import Source
from clearway.core.live.models import Change
from clearway.core.notices.queries import shown
from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import live
from clearway.desks.ambulance.command import actions, calling, major, presenters, queries
from clearway.desks.ambulance.command.models import CallLine, CallMinutes, EscalationCall, MajorIncident
from clearway.domain.ambulance.command import METHANE, Declared
from clearway.domain.shared.errors import NotAllowed
from tests.trust import acting, signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver

pytestmark = pytest.mark.django_db
LETTERS = dict.fromkeys(METHANE, "") | {"location": "M5 J20", "kind": "Coach and lorry"}


@pytest.fixture
def chair(knowing: Organisation) -> User:
    return somebody("sdo", "service_delivery_officer", knowing)


def scope(trust: Organisation, who: User, minutes: float, role: str = "service_delivery_officer") -> Any:
    return {"organisation_id": trust.pk, "by": acting(who, role), "at": at(minutes)}


def test_a_call_begins_with_the_figures_of_a_report_at_the_same_instant(
    knowing: Organisation, cad: Source, chair: User
) -> None:
    deliver(cad, conveyance("TVH01", until="at_hospital"), known=45)

    call = calling.open_call("", **scope(knowing, chair, 50))
    report = actions.make_sitrep("By hand", **scope(knowing, chair, 50))

    call.refresh_from_db()
    begun = {each["title"]: each for point in call.agenda for each in point["figures"]}
    for code, part in presenters.sitrep_parts(report):
        if part.title in begun:
            assert [list(row) for row in part.rows] == begun[part.title]["rows"], code
    assert {"Hospitals", "Crews", "Levels: REAP, clinical safety plan, OPEL"} <= begun.keys()
    assert [point["code"] for point in call.agenda][:2] == ["actions", "safety"]


def test_an_action_becomes_a_task_and_the_next_call_asks_for_it(knowing: Organisation, chair: User) -> None:
    call = calling.open_call("", **scope(knowing, chair, 0))
    for minute, line in enumerate(
        (
            "p Ann Lee; bronze north",
            "s 5; Bath holds nine",
            "a Ring Bath for a plan; patient flow coordinator; 09:30",
            "d Hold C4 calls; calls wait; 10:00",
            "n 11:00",
        )
    ):
        calling.say(call.number, line, **scope(knowing, chair, minute))

    task = Task.objects.get(rule="person")
    assert (task.title, task.role, task.due_at) == (
        "Ring Bath for a plan",
        "patient_flow_coordinator",
        at(90),
    )
    decision = Decision.objects.get()
    assert (decision.decision, decision.reason, decision.review_at) == (
        "Hold C4 calls",
        "calls wait",
        at(120),
    )
    calling.sign(call.number, **scope(knowing, chair, 10))
    signed = queries.call(knowing.pk, call.number)
    text = presenters.minutes_text(signed)
    for said in (
        "Ann Lee: bronze north; as of 08:00",
        "Ring Bath for a plan: owner Patient flow coordinator; by 09:30; task Open",
        "Hold C4 calls: calls wait",
        "At 11:00.",
        "Bath holds nine",
    ):
        assert said in text
    assert presenters.minutes_pdf(signed) == presenters.minutes_pdf(signed)

    following = calling.open_call("", **scope(knowing, chair, 180))
    (last,) = following.agenda[0]["figures"]
    assert last["title"] == "Actions of call 1" and last["rows"][0][0] == "Ring Bath for a plan"


def test_a_coordinator_chairs_with_a_reason_and_the_chair_is_recorded(
    knowing: Organisation, chair: User
) -> None:
    flow = somebody("flow", "patient_flow_coordinator", knowing)
    mine = scope(knowing, flow, 0, "patient_flow_coordinator")

    with pytest.raises(NotAllowed, match="Say why you chair it"):
        calling.open_call("", **mine)
    call = calling.open_call("She is at a site meeting", **mine)

    assert (call.chair, call.role, call.because) == (
        "flow",
        "patient_flow_coordinator",
        "She is at a site meeting",
    )
    with pytest.raises(NotAllowed, match="Call 1 is open"):
        calling.open_call("", **scope(knowing, chair, 1))
    calling.say(1, "p Ann; bronze", **scope(knowing, chair, 2))
    other = somebody("other", "patient_flow_coordinator", knowing)
    with pytest.raises(NotAllowed, match="flow chairs this call"):
        calling.sign(1, **scope(knowing, other, 3, "patient_flow_coordinator"))

    calling.sign(1, **scope(knowing, chair, 4))  # an officer, for a chair who has gone
    assert calling.open_call("", **scope(knowing, chair, 5)).number == 2


def test_signed_minutes_end_the_call_and_the_database_refuses_to_change_anything(
    knowing: Organisation, chair: User
) -> None:
    call = calling.open_call("", **scope(knowing, chair, 0))
    with pytest.raises(NotAllowed, match="Take the roll-call first"):
        calling.sign(call.number, **scope(knowing, chair, 1))
    calling.say(call.number, "p Ann; bronze", **scope(knowing, chair, 1))
    calling.sign(call.number, **scope(knowing, chair, 2))

    with pytest.raises(NotAllowed, match="sdo signed its minutes at 08:02"):
        calling.say(call.number, "p Ben; silver", **scope(knowing, chair, 3))
    for model in (EscalationCall, CallLine, CallMinutes):
        for change in (lambda m=model: m.objects.update(at=at(9)), lambda m=model: m.objects.all().delete()):
            with pytest.raises(IntegrityError), transaction.atomic():
                change()


@pytest.mark.django_db(transaction=True)
def test_two_who_sign_at_once_sign_once(knowing: Organisation, chair: User) -> None:
    call = calling.open_call("", **scope(knowing, chair, 0))
    calling.say(call.number, "p Ann; bronze", **scope(knowing, chair, 1))
    said: list[str] = []

    def work() -> None:
        try:
            said.append(calling.sign(call.number, **scope(knowing, chair, 2)).by)
        except NotAllowed as refused:
            said.append(refused.state)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(said) == ["sdo", "signed"] and CallMinutes.objects.count() == 1


def test_what_was_said_is_pushed_and_junk_is_kept_in_the_field(
    knowing: Organisation, chair: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(0))
    desk = signed_in(chair)
    page = desk.post("/calls/", {})["Location"]

    for junk, why in (
        ("", "Type a line"),
        ("x" * 1001, "Shorten it"),
        ("p 943 476 5919; x", "Leave out the NHS number"),
        ("a Ring; nobody; 14:30", "one of the roles"),
    ):
        answer = desk.post(page, {"line": junk})
        assert answer.status_code == 422 and why in answer.content.decode()
        assert not junk or junk in answer.content.decode()
    assert not CallLine.objects.exists()

    assert desk.post(page, {"line": "a Ring Bath; dispatcher; 09:30"}).status_code == 422  # takes no tasks
    assert desk.post(page, {"line": "a Ring Bath; operations support; 09:30"}).status_code == 302
    (fragment,) = live.escalation_calls(knowing.pk, frozenset({"1"}), at(1))
    assert fragment.topic == "calls" and "Ring Bath" in fragment.html
    assert "Ring Bath" in desk.get(page).content.decode()
    assert desk.get(f"{page}minutes/").status_code == 404
    assert desk.get("/calls/77/").status_code == 404


def methane(trust: Organisation, who: User, state: Declared, after: int, minutes: float, **more: str) -> Any:
    number = 1 if after else None
    return major.report(state, LETTERS | more, number=number, after=after, **scope(trust, who, minutes))


def test_a_declared_incident_is_on_every_page_until_a_person_ends_it(
    knowing: Organisation, chair: User
) -> None:
    methane(knowing, chair, Declared.STANDBY, 0, 0)
    assert [each.words for each in shown(knowing.pk, at(1))] == [
        "Major incident standby: Coach and lorry, M5 J20"
    ]
    methane(knowing, chair, Declared.DECLARED, 1, 2, casualties="30 walking, 4 not")
    report = dict(presenters.sitrep_parts(actions.make_sitrep("x", **scope(knowing, chair, 3))))
    said = {row[0]: row[1] for row in report["major"].rows}
    assert said["Major incident 1"] == "declared, version 2"
    assert said["Number and type of casualties"] == "30 walking, 4 not"
    assert said["Access and egress"] == "No data"
    (fragment,) = live.major_incidents(knowing.pk, frozenset({"1"}), at(4))
    assert "MAJOR INCIDENT DECLARED" in fragment.html

    methane(knowing, chair, Declared.STOOD_DOWN, 2, 5)
    assert shown(knowing.pk, at(6)) == []
    with pytest.raises(NotAllowed, match="It was stood down"):
        methane(knowing, chair, Declared.DECLARED, 3, 7)
    assert [row.version for row in queries.methane_versions(knowing.pk, 1)] == [3, 2, 1]
    assert Action.objects.filter(verb="major.report").count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        MajorIncident.objects.update(location="x")


def test_a_declared_incident_makes_a_report_and_nobody_writes_over_a_version_unseen(
    knowing: Organisation, chair: User
) -> None:
    by = acting(chair, "service_delivery_officer")
    actions.follow(knowing.pk, by=by, at=at(0))
    methane(knowing, chair, Declared.DECLARED, 0, 1)

    made = actions.follow(knowing.pk, by=by, at=at(2))

    assert made is not None and made.because == "Major incident declared at 08:01"
    methane(knowing, chair, Declared.DECLARED, 1, 3)
    with pytest.raises(NotAllowed, match="Somebody else saved this"):
        methane(knowing, chair, Declared.DECLARED, 1, 4, casualties="Two")
    again = methane(knowing, chair, Declared.DECLARED, 1, 5)
    assert again.version == 2, "who says what stands already has said it"


def test_enter_pressed_twice_declares_one_major_incident(
    knowing: Organisation, flow: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(0))
    key = re.search(r'name="key" value="([\w-]+)"', flow.get("/methane/").content.decode())
    assert key is not None
    sent = {**LETTERS, "state": "declared", "seen": "0", "key": key[1]}

    answers = [flow.post("/methane/", sent) for _ in range(2)]

    assert [answer["Location"] for answer in answers] == ["/methane/1/", "/methane/1/"]
    assert MajorIncident.objects.count() == Action.objects.filter(verb="major.report").count() == 1
    changed = flow.post(
        "/methane/", {**sent, "casualties": "Two"}
    )  # from the page before, by the back button
    assert changed.status_code == 422 and "Write the next there" in changed.content.decode()
    assert MajorIncident.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        MajorIncident.objects.create(
            **LETTERS, organisation=knowing, number=2, version=1, at=at(0), state="declared", once=key[1]
        )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"key": ""}, "Open this page again"),
        ({"key": "x"}, "Open this page again"),
        ({"location": ""}, "Say where"),
        ({"kind": ""}, "Say what kind"),
        ({"state": ""}, "Choose how it stands"),
        ({"state": "perhaps"}, "Choose from the list"),
        ({"state": "stood_down"}, "A new one is on standby or declared"),
        ({"seen": "x"}, "Open this page again"),
        ({"seen": "9" * 40}, "Open this page again"),
        ({"hazards": "x" * 501}, "Shorten it"),
        ({"casualties": "943 476 5919"}, "Leave out the NHS number"),
    ],
)
def test_junk_in_a_methane_report_is_refused_and_what_was_typed_stays(
    knowing: Organisation, flow: Client, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], why: str
) -> None:
    stop_the_clock(monkeypatch, at(0))
    answer = flow.post(
        "/methane/", {**LETTERS, "state": "declared", "seen": "0", "key": str(uuid4()), **given}
    )

    text = answer.content.decode()
    assert (answer.status_code == 422 and why in text and "Coach and lorry" in text) or "kind" in given
    assert not MajorIncident.objects.exists() and flow.get("/methane/9/").status_code == 404
    assert not Change.objects.filter(topic="major").exists()


def test_calls_and_incidents_go_whole_after_their_period(knowing: Organisation, chair: User) -> None:
    call = calling.open_call("", **scope(knowing, chair, 0))
    calling.say(call.number, "p Ann; bronze", **scope(knowing, chair, 1))
    calling.sign(call.number, **scope(knowing, chair, 2))
    methane(knowing, chair, Declared.DECLARED, 0, 1)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in ("escalation_call", "major_incident"):
            cursor.execute(f"UPDATE ambulance_{table} SET at = '2015-01-01+00'")
        cursor.execute("SET LOCAL session_replication_role = origin")
        for name in ("escalation_calls", "major_incidents"):
            cursor.execute(f"SELECT clearway_forget_{name}(%s, '2016-01-01+00', 10)", [knowing.pk])
            assert cursor.fetchone()[0] == 1
    assert not EscalationCall.objects.exists() and not CallLine.objects.exists()
