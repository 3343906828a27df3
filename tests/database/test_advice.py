"""Advice at the desk: asked, taken, told to the crew, and read back."""

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.decisions.models import Decision
from clearway.core.feeds.actions import store
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.advice import actions, cases, queries, reading
from clearway.desks.ambulance.advice.models import Advice, CrewLink, CrewMessage
from clearway.domain.ambulance.destinations import Answers
from clearway.domain.ambulance.events import Position
from clearway.domain.ambulance.situation import UNKNOWN
from clearway.domain.ambulance.words import Category
from clearway.domain.shared.errors import NotAllowed
from clearway.gateway import inbox
from clearway.interchange import native
from tests.trust import somebody

from .giving_advice import diverted, now, on_scene, said, says, sealed, stands, taken

pytestmark = pytest.mark.django_db
NEAR_FORDHAM = (52.345, -1.645)


def test_the_page_answers_and_what_is_accepted_is_what_was_shown(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing)

    page = flow.get("/advice/A1/?asked=1&age=70&news2=3").content.decode()
    flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH01"})

    row = Advice.objects.get()
    assert "Accept Millbrook Hospital" in page
    assert (row.state, row.taken, row.chosen) == ("accepted", "TVH01", "TVH01")
    assert (row.said["age"], row.said["news2"]) == (70, 3)
    assert row.shown["options"][0]["name"] == "Millbrook Hospital"
    assert row.inputs_hash == row.shown["inputs_hash"] and row.engine_version
    assert Action.objects.filter(verb="advice.accept").count() == 1
    assert "A1 to Millbrook Hospital" in Decision.objects.get().decision


def test_the_log_says_of_nobody_that_they_were_asked_or_told_when_they_were_not(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)

    page = flow.get("/advice/A1/").content.decode()
    flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH01"})
    asked = flow.get("/advice/A1/?asked=1&age=70&news2=3&no_needs=1").content.decode()
    flow.post("/advice/A1/take/", {"sealed": sealed(asked), "code": "TVH01"})

    first, second = Decision.objects.order_by("id")
    assert "needs not asked" in first.known and "NEWS2 not said" in first.known
    assert "no special need" in second.known
    assert not first.told.exists() and not second.told.exists()


def test_going_elsewhere_needs_a_reason(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing)
    page = flow.get("/advice/A1/").content.decode()

    flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH02"})
    assert not Advice.objects.exists()
    flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH02", "reason_code": "clinical"})

    row = Advice.objects.get()
    assert (row.state, row.taken, row.reason_code) == ("overridden", "TVH02", "clinical")


def test_an_answer_that_rests_on_needs_is_not_accepted_before_they_are_said(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)
    diverted(knowing, "TVH01")  # which turns away nobody who is not described

    page = flow.get("/advice/A1/").content.decode()
    described = flow.get("/advice/A1/?asked=1&age=60&news2=2&no_needs=1").content.decode()
    flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH01"})

    assert "data-accept" not in page
    assert "Accept Fordham Infirmary" in described and "say them first" not in described
    assert page.count("It turns away nobody whose age, needs and NEWS2 are not said: say them first.") == 1
    assert not Advice.objects.exists()
    flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH01", "reason_code": "clinical"})
    assert (stands().taken, stands().state, stands().reason_code) == ("TVH01", "overridden", "clinical")
    assert "before needs and NEWS2 were said" in flow.get("/advice/A1/").content.decode()


def test_a_crew_is_not_told_a_change_that_rests_on_needs_nobody_said(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)
    row = taken(knowing)
    shown = {
        **row.shown,
        "chosen": "TVH02",
        "ask_first": "This goes past Millbrook: say needs and NEWS2 first.",
    }
    changed = actions.supersede(row, shown, "It now saves 30 min in all.", at=now())
    assert changed

    page = flow.get("/advice/").content.decode()
    flow.post(f"/advice/changed/{changed.pk}/", {"do": "tell"})

    assert "This goes past Millbrook" in page and "Tell A1" not in page
    assert stands().state == "to_tell"


def test_a_place_that_is_not_settled_is_taken_with_a_reason_only_and_never_with_one_key(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)
    latitude, longitude = NEAR_FORDHAM  # whose stroke unit nobody has confirmed
    seen = Position(call_sign="A1", occurred_at=now(), latitude=latitude, longitude=longitude)
    store(Source.objects.get(organisation=knowing, kind="positions"), native.dump([seen]), at=now())
    while inbox.process(now):
        pass

    page = flow.get("/advice/A1/?asked=1&age=70&news2=3&needs=stroke").content.decode()
    flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH01"})

    assert "ask the clinical desk" in page and "the place is not settled" in page
    assert "data-accept" not in page and "Choose 1" in page and "Choose 2" in page
    assert not Advice.objects.exists()
    for code in ("TVH01", "TVH02"):
        flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": code, "reason_code": "clinical"})
        assert (stands().taken, stands().state) == (code, "overridden")
        assert "not settled" not in CrewMessage.objects.get(withdrawn_at__isnull=True).words


def test_an_answer_that_was_changed_on_the_way_is_refused(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing)
    page = flow.get("/advice/A1/").content.decode()

    flow.post("/advice/A1/take/", {"sealed": sealed(page)[:-2] + "xx", "code": "TVH01"})

    assert not Advice.objects.exists()


def test_an_accepted_place_counts_as_a_commitment_at_once(knowing: Organisation) -> None:
    on_scene(knowing)

    before = situation.read(knowing.pk, now())
    taken(knowing)
    after = situation.read(knowing.pk, now())

    assert list(before.assignments.bound) == [UNKNOWN]
    assert list(after.assignments.bound) == [after.sites.code.index("TVH01")]


def test_a_crew_is_not_sent_elsewhere_by_its_own_coming(knowing: Organisation) -> None:
    on_scene(knowing)
    read = reading.read(knowing.pk, now())
    crew = cases.crew(read, "A1")
    assert crew and crew.case
    before = read.advise(crew.case)

    taken(knowing)
    again = reading.read(knowing.pk, now())
    after = again.advise(cases.with_standing(crew.case, None))

    assert [round(option.total or 0, 1) for option in after.options] == [
        round(option.total or 0, 1) for option in before.options
    ]


def test_asking_again_supersedes_what_stood(knowing: Organisation) -> None:
    on_scene(knowing)

    first, second = taken(knowing), taken(knowing)

    first.refresh_from_db()
    assert first.ended_at is not None
    assert second.supersedes == first
    assert CrewMessage.objects.filter(withdrawn_at__isnull=True).count() == 1


def test_a_message_counts_when_it_appears_is_read_and_is_acknowledged(knowing: Organisation) -> None:
    on_scene(knowing)
    somebody("flow", "patient_flow_coordinator", knowing)
    token = actions.link_crew("A1", hours=14, organisation_id=knowing.pk, by=Actor("test"), at=now())
    taken(knowing)
    message = CrewMessage.objects.get()
    assert message.delivered_at is None

    crew = Client()
    page = crew.get(f"/crew/{token}/").content.decode()
    message.refresh_from_db()
    assert "Millbrook" in page and message.delivered_at and not message.read_at
    crew.post(f"/crew/{token}/", {"step": "read", "message": message.pk})
    message.refresh_from_db()
    assert message.read_at and not message.acknowledged_at
    crew.post(f"/crew/{token}/", {"step": "acknowledged", "message": message.pk})

    message.refresh_from_db()
    assert message.acknowledged_at
    assert Action.objects.filter(verb="advice.message", actor="crew:A1").count() == 3


def test_the_log_says_that_the_crew_has_it_once_it_was_acknowledged_or_read_back(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)
    token = actions.link_crew("A1", hours=14, organisation_id=knowing.pk, by=Actor("test"), at=now())
    taken(knowing)
    message, decision = CrewMessage.objects.get(), Decision.objects.get()
    crew = Client()

    for step in ("read", "acknowledged", "acknowledged"):
        crew.post(f"/crew/{token}/", {"step": step, "message": message.pk})
    flow.post(f"/advice/messages/{message.pk}/read-back/")

    said_so = [(each.words, each.by) for each in decision.told.all()]
    assert said_so == [("A1 acknowledged on its page", "crew:A1"), ("A1 read back by radio", "flow")]
    page = flow.get(f"/decisions/{decision.pk}/").content.decode()
    assert "A1 acknowledged on its page (" in page
    with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic():
        decision.told.update(words="somebody else")


def test_a_crews_page_ends_with_its_shift_and_with_a_new_one(knowing: Organisation) -> None:
    first = actions.link_crew("A1", hours=14, organisation_id=knowing.pk, by=Actor("test"), at=now())
    second = actions.link_crew("A1", hours=14, organisation_id=knowing.pk, by=Actor("test"), at=now())

    assert Client().get(f"/crew/{first}/").status_code == 404
    assert Client().get(f"/crew/{second}/").status_code == 200
    assert queries.link(second, now() + timedelta(hours=15)) is None


def test_the_address_of_a_crews_page_is_shown_once_with_a_code_that_nobody_else_draws(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)

    handed = flow.post("/advice/A1/page/")
    page = handed.content.decode()

    (address,) = re.findall(r'value="(http://testserver/crew/[^"]+)"', page)
    assert "<svg" in page and "no-store" in handed["Cache-Control"]
    assert re.search(r"<svg[^>]*(href|src)=", page) is None
    assert Client().get(address).status_code == 200
    again = flow.get("/advice/A1/").content.decode()
    assert address not in again and "End its page now" in again


def test_a_crews_page_is_ended_at_once_and_that_is_recorded(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing)
    token = actions.link_crew("A1", hours=14, organisation_id=knowing.pk, by=Actor("test"), at=now())

    flow.post("/advice/A1/page/end/")

    assert Client().get(f"/crew/{token}/").status_code == 404
    assert Action.objects.filter(verb="advice.unlink_crew", subject="resource:A1").count() == 1


def test_a_crews_page_is_valid_for_as_long_as_the_policy_says(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing)
    version = PolicyVersion.objects.get(organisation=knowing, name="conveyance_advice")
    version.values["crew_page_hours"] = 2
    version.save()

    flow.post("/advice/A1/page/")

    link = CrewLink.objects.get()
    assert link.ends_at - link.made_at == timedelta(hours=2)


def test_silence_raises_a_task_and_acknowledging_closes_it(knowing: Organisation) -> None:
    on_scene(knowing)
    row = taken(knowing)
    later = now() + timedelta(minutes=7)

    rules.run(knowing.pk, situation.read(knowing.pk, later), later)
    task = Task.objects.get(rule="crew_silent")
    assert task.title == "A1 has not acknowledged its advice"
    CrewMessage.objects.filter(advice=row).update(delivered_at=now(), read_at=now(), acknowledged_at=now())
    rules.run(knowing.pk, situation.read(knowing.pk, later), later + timedelta(seconds=5))

    task.refresh_from_db()
    assert task.state == Task.State.CLOSED


def test_a_call_before_convey_keeps_what_was_answered_and_why(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing)
    flow.post("/advice/A1/ring/", {"code": "TVM01"})
    (call,) = queries.calls_of(knowing.pk, situation.read(knowing.pk, now()).assignments.key[0])

    flow.post(f"/advice/calls/{call.pk}/", {"outcome": "refused", "call_sign": "A1"})
    call.refresh_from_db()
    assert call.outcome == "waiting"
    flow.post(f"/advice/calls/{call.pk}/", {"outcome": "refused", "reason_code": "full", "call_sign": "A1"})

    call.refresh_from_db()
    assert (call.outcome, call.reason_code) == ("refused", "full")
    page = flow.get("/advice/worth/").content.decode()
    assert "No capacity" in page.replace("no capacity", "No capacity")


def test_an_alternative_that_said_it_is_full_is_left_out_until_it_accepts_again(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)
    address = "/advice/A1/?asked=1&age=40&news2=1&needs=minor"

    def rung(**said: str) -> None:
        flow.post("/advice/A1/ring/", {"code": "TVA02"})
        newest = queries.calls_of(knowing.pk, situation.read(knowing.pk, now()).assignments.key[0])[0]
        flow.post(f"/advice/calls/{newest.pk}/", {**said, "call_sign": "A1"})

    def said() -> tuple[Answers, ...]:
        return reading.read(knowing.pk, now()).situation.answers

    rung(outcome="refused", reason_code="full")
    (full,) = said()
    rung(outcome="accepted")
    (accepts,) = said()

    assert full.full_at > 0 and not full.accepted
    assert accepts.full_at != accepts.full_at and len(accepts.accepted) == 1
    assert flow.get(address).status_code == 200


def test_the_board_lists_who_is_about_to_leave_scene(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing, "A1", ago=30)
    on_scene(knowing, "B2", ago=3)

    page = flow.get("/advice/").content.decode()

    assert "/advice/A1/" in page
    assert "/advice/B2/" not in page


def test_the_list_is_in_the_order_in_which_crews_are_expected_to_leave(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing, "A1", ago=22)
    on_scene(knowing, "C3", ago=60)
    for status, ago in (("allocated", 9), ("mobile", 8), ("at_scene", 3)):
        says(knowing, status, ago, "B2", category=Category.C1)  # listed as soon as it is there

    page = flow.get("/advice/").content.decode()

    assert 0 < page.index("/advice/C3/") < page.index("/advice/B2/") < page.index("/advice/A1/")
    assert "within 10 min" in page and ">17 min<" in page and ">20 min<" in page


def test_rules_and_directory_are_shown_with_who_answers_for_them(knowing: Organisation, flow: Client) -> None:
    page = flow.get("/destinations/").content.decode()

    assert "Stroke, FAST positive" in page
    assert "Weir Urgent Treatment Centre" in page
    assert "No: named, never used" in page


def test_what_a_person_may_not_do_is_refused(knowing: Organisation) -> None:
    with pytest.raises(NotAllowed):
        actions.keep(0, "", organisation_id=knowing.pk, by=Actor("x"), at=now())


def test_two_who_answer_at_once_are_told_and_nothing_breaks(
    knowing: Organisation, flow: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_scene(knowing)
    page = flow.get("/advice/A1/").content.decode()
    taken(knowing)
    monkeypatch.setattr(actions, "_end_standing", lambda *_: None)  # the other's row was not there to be seen

    answer = flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH01"}, follow=True)

    assert answer.status_code == 200
    assert "has just answered for this crew" in answer.content.decode()
    assert Advice.objects.count() == 1


def test_the_place_that_was_pressed_wins_over_one_left_in_the_list(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)
    page = flow.get("/advice/A1/").content.decode()

    flow.post(
        "/advice/A1/take/",
        {"sealed": sealed(page), "code": "TVH01", "other": "TVH02", "reason_code": "clinical"},
    )

    assert stands().taken == "TVH01"


def test_the_age_of_an_infant_is_kept(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing)
    taken(knowing, said={**said(), "age": 0})

    assert 'name="age" inputmode="numeric" size="3" value="0"' in flow.get("/advice/A1/").content.decode()


def test_a_read_back_by_radio_closes_the_silence_and_is_no_acknowledgement(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)
    taken(knowing)
    message, later = CrewMessage.objects.get(), now() + timedelta(minutes=7)
    rules.run(knowing.pk, situation.read(knowing.pk, later), later)
    assert "Read back by radio" in flow.get("/advice/A1/").content.decode()

    flow.post(f"/advice/messages/{message.pk}/read-back/")
    rules.run(knowing.pk, situation.read(knowing.pk, later), later + timedelta(seconds=5))

    message.refresh_from_db()
    assert message.read_back_at and message.read_back_by == "flow"
    assert message.acknowledged_at is None
    assert Action.objects.filter(verb="advice.read_back", actor="flow").count() == 1
    assert Task.objects.get(rule="crew_silent").state == Task.State.CLOSED


def test_a_message_that_was_replaced_cannot_be_read_back(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing)
    taken(knowing)
    message = CrewMessage.objects.get()
    taken(knowing)

    flow.post(f"/advice/messages/{message.pk}/read-back/")

    message.refresh_from_db()
    assert message.read_back_at is None
