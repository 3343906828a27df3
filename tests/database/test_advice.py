"""Advice at the desk: asked, taken, told to the crew, superseded, and looked back on."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.decisions.models import Decision
from clearway.core.feeds.actions import issue_key, store
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, Site
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.advice import actions, cases, presenters, queries, reading, sweep
from clearway.desks.ambulance.advice.asked import stated
from clearway.desks.ambulance.advice.models import Advice, CrewMessage
from clearway.desks.ambulance.diverts import queries as diverts
from clearway.domain.ambulance.destinations import PositionSource
from clearway.domain.ambulance.diverts import Cover, Divert, DivertKind
from clearway.domain.ambulance.events import CallEvent, JobEvent, Position
from clearway.domain.ambulance.situation import UNKNOWN
from clearway.domain.ambulance.words import CallStatus, JobStatus, ResourceKind
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.ambulance.ranking import Verdict, picture
from clearway.gateway import inbox
from clearway.interchange import native
from tests.trust import acting, signed_in, somebody

pytestmark = pytest.mark.django_db
NEAR_MILLBROOK = (52.21, -1.51)


def now() -> Any:
    return timezone.now()


def says(organisation: Organisation, status: str, ago: float, call_sign: str = "A1", **more: Any) -> None:
    at = now() - timedelta(minutes=ago)
    event = JobEvent(
        message_id=f"{call_sign}/{status}/{ago}",
        occurred_at=at,
        incident=f"J{call_sign}",
        call_sign=call_sign,
        status=JobStatus(status),
        kind=ResourceKind.DCA,
        **more,
    )
    source = Source.objects.get(organisation=organisation, kind="cad")
    store(source, native.dump([event]), at=now())
    while inbox.process(now):
        pass


def on_scene(organisation: Organisation, call_sign: str = "A1", ago: float = 25) -> None:
    for status, before in (("allocated", 12), ("mobile", 11), ("at_scene", 0)):
        says(organisation, status, ago + before, call_sign)
    latitude, longitude = NEAR_MILLBROOK
    seen = Position(call_sign=call_sign, occurred_at=now(), latitude=latitude, longitude=longitude)
    store(Source.objects.get(organisation=organisation, kind="positions"), native.dump([seen]), at=now())
    while inbox.process(now):
        pass


@pytest.fixture
def knowing(valley: Organisation) -> Organisation:
    """The invented region, open at all hours, with a control room that knows handovers."""
    Site.objects.filter(organisation=valley).update(opens=None, closes=None)
    Source.objects.filter(organisation=valley, kind="cad").update(knows=["destination", "handover"])
    return valley


@pytest.fixture
def flow(knowing: Organisation) -> Iterator[Client]:
    yield signed_in(somebody("flow", "patient_flow_coordinator", knowing))


def sealed(page: str) -> str:
    found = re.search(r'name="sealed" value="([^"]+)"', page)
    assert found
    return found[1]


def taken(
    organisation: Organisation,
    call_sign: str = "A1",
    code: str = "TVH01",
    reason_code: str = "",
    **more: Any,
) -> Advice:
    read = reading.read(organisation.pk, now())
    crew = cases.crew(read, call_sign)
    assert crew and crew.case
    case = stated(crew.case, {"needs": []}, read)
    shown = presenters.as_json(read.advise(case))
    return actions.take(
        actions.Taken(
            crew.assignment,
            crew.incident,
            call_sign,
            code,
            code,
            shown,
            {**more.pop("said", said()), **more},
            reason_code,
        ),
        organisation_id=organisation.pk,
        by=acting(somebody("writer")),
        at=now(),
    )


def said() -> dict[str, Any]:
    return {"age": 60, "news2": 2, "needs": [], "continuing_care": None, "booked_at": None, "refused": []}


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


def test_going_elsewhere_needs_a_reason(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing)
    page = flow.get("/advice/A1/").content.decode()

    flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH02"})
    assert not Advice.objects.exists()
    flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH02", "reason_code": "clinical"})

    row = Advice.objects.get()
    assert (row.state, row.taken, row.reason_code) == ("overridden", "TVH02", "clinical")


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
    token = actions.link_crew("A1", organisation_id=knowing.pk, by=Actor("test"), at=now())
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


def test_a_crews_page_ends_with_its_shift_and_with_a_new_one(knowing: Organisation) -> None:
    first = actions.link_crew("A1", organisation_id=knowing.pk, by=Actor("test"), at=now())
    second = actions.link_crew("A1", organisation_id=knowing.pk, by=Actor("test"), at=now())

    assert Client().get(f"/crew/{first}/").status_code == 404
    assert Client().get(f"/crew/{second}/").status_code == 200
    assert queries.link(second, now() + timedelta(hours=15)) is None


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


def test_a_divert_that_changes_the_answer_lists_the_crew_once_and_telling_it_replaces_the_message(
    knowing: Organisation, flow: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_scene(knowing)
    old = taken(knowing)
    diverted(knowing, "TVH01", monkeypatch)

    seen = situation.read(knowing.pk, now())
    first = sweep.look_again(knowing.pk, seen, now())
    second = sweep.look_again(knowing.pk, situation.read(knowing.pk, now()), now())

    assert (first.changed, second.changed) == (1, 0)
    new = Advice.objects.get(ended_at__isnull=True)
    assert (new.state, new.taken, new.chosen, new.supersedes_id) == ("to_tell", "TVH01", "TVH02", old.pk)
    board = flow.get("/advice/").content.decode()
    assert "The answer has changed for 1 crew" in board and "Tell A1" in board
    flow.post(f"/advice/changed/{new.pk}/", {"do": "tell"})
    new.refresh_from_db()
    assert (new.state, new.taken) == ("accepted", "TVH02")
    assert CrewMessage.objects.get(withdrawn_at__isnull=True).words.startswith("Changed: ")


def test_a_crew_may_be_left_on_its_way_with_a_reason(
    knowing: Organisation, flow: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_scene(knowing)
    taken(knowing)
    says(knowing, "left_scene", 1, destination="TVH01")
    diverted(knowing, "TVH01", monkeypatch)
    sweep.look_again(knowing.pk, situation.read(knowing.pk, now()), now())
    new = Advice.objects.get(ended_at__isnull=True)

    flow.post(f"/advice/changed/{new.pk}/", {"do": "keep"})
    new.refresh_from_db()
    assert new.state == "to_tell"
    flow.post(f"/advice/changed/{new.pk}/", {"do": "keep", "reason_code": "clinical"})

    new.refresh_from_db()
    assert (new.state, new.taken) == ("overridden", "TVH01")


def diverted(
    organisation: Organisation,
    codes: str | Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
    kind: DivertKind = DivertKind.CAPACITY,
) -> None:
    everybody = frozenset({Cover.EVERYBODY})
    start, end = now() - timedelta(minutes=1), now() + timedelta(hours=2)
    turned = [codes] if isinstance(codes, str) else codes
    found = tuple(Divert(f"D{code}", kind, code, ("TVH02",), everybody, start, end) for code in turned)
    monkeypatch.setattr(diverts, "in_force", lambda organisation_id, at: found)


def test_advice_ends_when_the_crew_arrives_and_is_compared_with_what_happened(knowing: Organisation) -> None:
    on_scene(knowing, ago=60)
    taken(knowing)
    says(knowing, "left_scene", 40, destination="TVH01")
    says(knowing, "at_hospital", 28, destination="TVH01")
    sweep.look_again(knowing.pk, situation.read(knowing.pk, now()), now())
    says(knowing, "handover", 5, destination="TVH01")

    found = queries.worth(knowing.pk, now() - queries.WEEK, now())

    assert not queries.bound(knowing.pk)
    (outcome,) = found.outcomes
    assert outcome.actual_travel == pytest.approx(12, abs=0.1)
    assert outcome.actual_wait == pytest.approx(23, abs=0.1)
    assert found.followed == found.compared == 1


def test_advice_that_was_answered_again_counts_once_by_its_last_answer(knowing: Organisation) -> None:
    on_scene(knowing)
    taken(knowing)
    taken(knowing, code="TVH02", reason_code="patient_choice")

    found = queries.worth(knowing.pk, now() - queries.WEEK, now())

    assert (found.given, found.again, found.accepted, found.overridden) == (1, 1, 0, 1)
    assert [outcome.taken for outcome in found.outcomes] == ["TVH02"]


def test_what_was_saved_is_known_though_the_nearest_was_not_among_the_options(knowing: Organisation) -> None:
    on_scene(knowing)
    row = taken(knowing)
    shown = row.shown
    best, other = shown["options"][0], shown["options"][1]
    far = {**other, "total_minutes": best["total_minutes"] + 12}
    Advice.objects.filter(pk=row.pk).update(
        nearest=far["code"], shown={**shown, "options": [best], "compared": far}
    )

    (outcome,) = queries.worth(knowing.pk, now() - queries.WEEK, now()).outcomes

    assert outcome.saved == pytest.approx(12)


def test_a_crew_turned_on_its_way_is_compared_from_there(knowing: Organisation) -> None:
    on_scene(knowing)
    row = taken(knowing)
    Advice.objects.filter(pk=row.pk).update(given_at=now() - timedelta(minutes=20))
    says(knowing, "left_scene", 24, destination="TVH01")
    says(knowing, "at_hospital", 8, destination="TVH01")

    (outcome,) = queries.worth(knowing.pk, now() - queries.WEEK, now()).outcomes

    assert outcome.actual_travel == pytest.approx(12, abs=0.1)


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


def test_the_board_lists_who_is_about_to_leave_scene(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing, "A1", ago=30)
    on_scene(knowing, "B2", ago=3)

    page = flow.get("/advice/").content.decode()

    assert "/advice/A1/" in page
    assert "/advice/B2/" not in page


def test_rules_and_directory_are_shown_with_who_answers_for_them(knowing: Organisation, flow: Client) -> None:
    page = flow.get("/destinations/").content.decode()

    assert "Stroke, FAST positive" in page
    assert "Weir Urgent Treatment Centre" in page
    assert "No: named, never used" in page


# The interface


def post(client: Client, body: Any, **headers: str) -> Any:
    return client.post("/api/v1/advice", json.dumps(body), content_type="application/json", headers=headers)


def test_the_interface_gives_the_answer_of_the_page(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing)
    key = issue_key(Source.objects.get(organisation=knowing, kind="cad"), by=Actor("test"), at=now())

    answer = post(Client(), {"call_sign": "A1", "age": 60, "news2": 2}, Authorization=f"Bearer {key}")

    assert answer.status_code == 200, answer.content
    body = answer.json()
    page = flow.get("/advice/A1/?asked=1&age=60&news2=2").content.decode()
    assert body["chosen"] == "TVH01"
    assert body["read_back"] in page
    assert Action.objects.filter(verb="advice.ask").count() == 1
    assert not Advice.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"call_sign": "Z9"}, "call_sign"),
        ({"latitude": 52.2}, "longitude"),
        ({"latitude": 52.2, "longitude": -1.5, "age": 400}, "age"),
        ({"latitude": 52.2, "longitude": -1.5, "news2": "high"}, "news2"),
        ({"latitude": 52.2, "longitude": -1.5, "needs": ["hangnail"]}, "needs"),
        ({"latitude": 52.2, "longitude": -1.5, "refused": ["XX"]}, "refused"),
        ({"latitude": 52.2, "longitude": -1.5, "nhs_number": 1}, "nhs_number"),
        (["a"], "body"),
    ],
)
def test_a_wrong_field_is_named_with_what_to_do(flow: Client, body: Any, field: str) -> None:
    answer = post(flow, body)

    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert answer.json()["fix"]


def test_the_interface_needs_a_key_or_a_session_that_may_ask(knowing: Organisation) -> None:
    clerk = signed_in(somebody("clerk", "receptionist", knowing))
    forger = Client(enforce_csrf_checks=True)
    forger.force_login(
        somebody("pfc", "patient_flow_coordinator", knowing), "django.contrib.auth.backends.ModelBackend"
    )

    for client in (Client(), clerk, forger):
        assert post(client, {"latitude": 52.2, "longitude": -1.5}).status_code == 401
    assert post(Client(), {}, Authorization="Bearer wrong").status_code == 401


def test_a_place_that_is_named_without_a_crew_gets_the_same_engine(flow: Client) -> None:
    body = post(flow, {"latitude": 52.34, "longitude": -1.64, "age": 70, "needs": ["stroke"]}).json()

    assert body["chosen"] == "TVH01"  # the stroke of Fordham is not confirmed
    assert [each["cause"] for each in body["exclusions"] if each["code"] == "TVH02"] == ["role"]


def test_what_a_person_may_not_do_is_refused(knowing: Organisation) -> None:
    with pytest.raises(NotAllowed):
        actions.keep(0, "", organisation_id=knowing.pk, by=Actor("x"), at=now())


# What stands, looked at again


def look(organisation: Organisation) -> sweep.Looked:
    return sweep.look_again(organisation.pk, situation.read(organisation.pk, now()), now())


def stands() -> Advice:
    return Advice.objects.get(ended_at__isnull=True)


def another_department(organisation: Organisation) -> None:
    """A third one, so that two are left when one is closed."""
    first = Site.objects.get(organisation=organisation, code="TVH01")
    first.pk, first.code, first.key, first.name = None, "TVH03", "THI", "Third Hospital"
    first.latitude, first.longitude = 52.25, -1.55
    first.save()


def test_an_alternative_that_was_accepted_is_not_declared_changed(knowing: Organisation) -> None:
    on_scene(knowing)
    taken(knowing, code="TVM01", reason_code="clinical")
    Advice.objects.update(state="accepted", chosen="TVM01", reason_code="")

    assert look(knowing).changed == 0
    assert stands().taken == "TVM01"


def test_a_crew_that_was_left_on_its_way_is_not_listed_again(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_scene(knowing)
    taken(knowing)
    diverted(knowing, "TVH01", monkeypatch)
    look(knowing)
    actions.keep(stands().pk, "clinical", organisation_id=knowing.pk, by=acting(somebody("writer")), at=now())

    assert look(knowing).changed == 0
    assert stands().state == "overridden"


def test_another_place_that_was_barred_already_is_not_taken_away_but_a_new_bar_lists_it(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_scene(knowing)
    diverted(knowing, "TVH01", monkeypatch)
    taken(knowing, code="TVH01", reason_code="clinical")

    assert look(knowing).changed == 0
    diverted(knowing, "TVH01", monkeypatch, DivertKind.CLOSURE)

    assert look(knowing).changed == 1
    assert "It is closed" in stands().because


def test_a_closure_is_announced_while_the_control_room_is_silent(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_department(knowing)
    on_scene(knowing)
    taken(knowing)
    monkeypatch.setattr("clearway.engine.ambulance.ranking._cannot", lambda *_: "the feed is 40 min old")
    assert look(knowing).changed == 0
    diverted(knowing, "TVH01", monkeypatch, DivertKind.CLOSURE)

    assert look(knowing).changed == 1
    assert stands().verdict == "abstained"


def test_a_crew_for_whom_nothing_is_open_is_listed_and_told_by_nobody_but_people(
    knowing: Organisation, flow: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_scene(knowing)
    taken(knowing)
    codes = situation.read(knowing.pk, now()).sites.code
    diverted(knowing, codes, monkeypatch, DivertKind.CLOSURE)

    assert look(knowing).changed == 1
    assert stands().verdict == "nowhere"
    assert "Nowhere instead of TVH01" in flow.get("/advice/").content.decode()
    flow.post(f"/advice/changed/{stands().pk}/", {"do": "tell"})
    assert stands().state == "to_tell"
    flow.post(f"/advice/changed/{stands().pk}/", {"do": "keep", "reason_code": "clinical"})
    assert look(knowing).changed == 0
    assert (stands().state, stands().taken) == ("overridden", "TVH01")


def test_a_change_is_withdrawn_when_the_old_answer_is_right_again(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_scene(knowing)
    old = taken(knowing)
    with monkeypatch.context() as while_diverted:
        diverted(knowing, "TVH01", while_diverted)
        look(knowing)
    assert stands().state == "to_tell"

    look(knowing)

    assert (stands().state, stands().taken, stands().shown) == ("accepted", "TVH01", old.shown)
    assert Action.objects.filter(verb="advice.withdraw").count() == 1
    assert queries.worth(knowing.pk, now() - queries.WEEK, now()).given == 1
    with monkeypatch.context() as while_diverted:
        diverted(knowing, "TVH01", while_diverted)
        assert look(knowing).changed == 1


def test_a_change_whose_new_place_is_barred_is_replaced(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_department(knowing)
    on_scene(knowing)
    taken(knowing)
    diverted(knowing, "TVH01", monkeypatch)
    look(knowing)
    first = stands()
    diverted(knowing, ("TVH01", first.chosen), monkeypatch, DivertKind.CLOSURE)

    look(knowing)

    second = stands()
    assert (second.state, second.taken, second.supersedes_id) == ("to_tell", "TVH01", first.pk)
    assert second.chosen != first.chosen


def test_a_change_that_waits_is_made_fresh_and_one_that_is_too_old_is_not_told(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_scene(knowing)
    taken(knowing)
    diverted(knowing, "TVH01", monkeypatch)
    look(knowing)
    row = stands()
    later, by = now() + timedelta(minutes=11), acting(somebody("writer"))

    with pytest.raises(NotAllowed, match="ten minutes"):
        actions.tell(row.pk, organisation_id=knowing.pk, by=by, at=later)
    sweep.look_again(knowing.pk, situation.read(knowing.pk, later), later)

    assert stands().pk == row.pk
    assert actions.tell(row.pk, organisation_id=knowing.pk, by=by, at=later).taken == row.chosen


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


def test_one_crew_that_cannot_be_looked_at_does_not_hide_the_others(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call_sign in ("A1", "B2"):
        on_scene(knowing, call_sign)
        taken(knowing, call_sign)
    diverted(knowing, "TVH01", monkeypatch)
    look_at = sweep.crew_at

    def failing(read: Any, row: int) -> Any:
        if read.situation.assignments.call_sign[row] == "A1":
            raise RuntimeError("something of this crew")
        return look_at(read, row)

    monkeypatch.setattr(sweep, "crew_at", failing)

    assert look(knowing).changed == 1
    assert Advice.objects.get(state="to_tell").call_sign == "B2"


def test_the_message_of_a_crew_that_was_left_on_its_way_ends_with_its_job(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_scene(knowing, ago=60)
    taken(knowing)
    diverted(knowing, "TVH01", monkeypatch)
    look(knowing)
    actions.keep(stands().pk, "clinical", organisation_id=knowing.pk, by=acting(somebody("writer")), at=now())
    says(knowing, "left_scene", 40, destination="TVH01")
    says(knowing, "at_hospital", 28, destination="TVH01")

    look(knowing)

    assert not queries.messages(knowing.pk)


def test_crews_that_a_divert_turns_are_advised_together(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call_sign in ("A1", "B2", "C3"):
        on_scene(knowing, call_sign)
        taken(knowing, call_sign)
    diverted(knowing, "TVH01", monkeypatch)
    asked = []
    together = reading.Reading.advise_together

    def counted(read: Any, cases: Any, policy: Any) -> Any:
        asked.append(sorted(case.call_sign for case in cases))
        return together(read, cases, policy)

    monkeypatch.setattr(reading.Reading, "advise_together", counted)

    assert look(knowing).changed == 3
    assert asked == [["A1", "B2", "C3"]]


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


def test_a_crew_that_is_turned_on_its_way_counts_where_it_goes_now(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_scene(knowing)
    taken(knowing)
    says(knowing, "left_scene", 0.1, destination="TVH01")
    Advice.objects.update(given_at=now() - timedelta(minutes=1))
    assert list(situation.read(knowing.pk, now()).assignments.bound) == [UNKNOWN]
    diverted(knowing, "TVH01", monkeypatch)
    look(knowing)

    row = stands()
    assert list(situation.read(knowing.pk, now()).assignments.bound) == [UNKNOWN]
    actions.tell(row.pk, organisation_id=knowing.pk, by=acting(somebody("writer")), at=now())

    after = reading.read(knowing.pk, now())
    table, codes = after.situation.assignments, after.situation.sites.code
    assert (codes[table.site[0]], codes[table.bound[0]]) == ("TVH01", "TVH02")
    assert loads(after) == {"TVH01": 0, "TVH02": 1}


def loads(read: reading.Reading) -> dict[str, int]:
    seen = picture(read.situation, read.forecast(), read.rules, read.policy.engine)
    return {code: int(seen.load[read.rules.row_of[code]]) for code in ("TVH01", "TVH02")}


def a_call(organisation: Organisation, incident: str, place: tuple[float, float]) -> None:
    """The control room says where an incident is."""
    latitude, longitude = place
    call = CallEvent(
        message_id=f"{incident}/call",
        occurred_at=now() - timedelta(minutes=40),
        incident=incident,
        status=CallStatus.CALL_CONNECT,
        latitude=latitude,
        longitude=longitude,
    )
    store(Source.objects.get(organisation=organisation, kind="cad"), native.dump([call]), at=now())
    while inbox.process(now):
        pass


def seen_at(organisation: Organisation, call_sign: str, ago: float, place: tuple[float, float]) -> None:
    latitude, longitude = place
    when = now() - timedelta(minutes=ago)
    seen = Position(call_sign=call_sign, occurred_at=when, latitude=latitude, longitude=longitude)
    store(Source.objects.get(organisation=organisation, kind="positions"), native.dump([seen]), at=now())
    while inbox.process(now):
        pass


def a_crew(organisation: Organisation, *statuses: str) -> cases.Crew:
    for place, status in enumerate(statuses):
        says(organisation, status, 60 - 10 * place)
    found = cases.crew(reading.read(organisation.pk, now()), "A1")
    assert found
    return found


FAR_AWAY = (52.3, -1.7)


def test_a_crew_at_scene_whose_position_is_old_is_advised_from_the_scene(knowing: Organisation) -> None:
    a_call(knowing, "JA1", NEAR_MILLBROOK)
    seen_at(knowing, "A1", 50, FAR_AWAY)

    case = a_crew(knowing, "allocated", "mobile", "at_scene").case

    assert case and tuple(case.position) == NEAR_MILLBROOK
    assert case.position_from is PositionSource.SCENE
    answer = reading.read(knowing.pk, now()).advise(case)
    assert answer.verdict is not Verdict.ABSTAINED
    assert any(each.name.startswith("Place of the scene") and each.age_minutes for each in answer.inputs)


def test_a_position_that_is_fresh_goes_before_the_scene(knowing: Organisation) -> None:
    a_call(knowing, "JA1", NEAR_MILLBROOK)
    seen_at(knowing, "A1", 1, FAR_AWAY)

    case = a_crew(knowing, "allocated", "mobile", "at_scene").case

    assert case and tuple(case.position) == FAR_AWAY and case.position_from is PositionSource.VEHICLE


def test_a_crew_that_has_left_and_whose_position_is_old_gets_no_recommendation(
    knowing: Organisation,
) -> None:
    a_call(knowing, "JA1", NEAR_MILLBROOK)
    seen_at(knowing, "A1", 50, FAR_AWAY)

    case = a_crew(knowing, "allocated", "mobile", "at_scene", "left_scene").case

    assert case and case.position_from is PositionSource.SCENE_LEFT
    answer = reading.read(knowing.pk, now()).advise(case)
    assert answer.verdict is Verdict.ABSTAINED
    assert "the crew left the scene" in answer.why
