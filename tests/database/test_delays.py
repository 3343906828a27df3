"""Delays at the desk: from a crew that stays on scene to its STACK, the officer's answer and the norms."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.live.models import Push
from clearway.core.live.tailer import Tailer
from clearway.core.organisation.actions import load_region
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import live, rules, situation
from clearway.desks.ambulance.advice.actions import link_crew
from clearway.desks.ambulance.delays import actions, queries
from clearway.desks.ambulance.delays.actions import Kind, Word
from clearway.desks.ambulance.delays.models import Delay, DelayWord, SceneNorm, StackReport
from clearway.desks.ambulance.delays.policy import delays
from clearway.desks.ambulance.delays.queries import Standing
from clearway.desks.ambulance.delays.rules import asks_by_itself
from clearway.domain.ambulance.delays import Stack
from clearway.domain.ambulance.events import JobEvent
from clearway.domain.ambulance.words import Category, JobStatus, ResourceKind
from clearway.domain.shared.errors import NotAllowed
from clearway.gateway import duties
from clearway.interchange.region_pack import parse
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver, job

pytestmark = pytest.mark.django_db
DUTY = Actor("duty:delays")
C2 = Category.C2


def car(status: str, minutes: float, *, incident: str = "1", call_sign: str = "R1") -> JobEvent:
    name = f"{incident}/{call_sign}/{status}/{minutes}"
    kind = ResourceKind.RRV
    return JobEvent(name, at(minutes), incident, call_sign, JobStatus(status), kind=kind, category=C2)


def says_alive(cad: Source, minutes: float) -> None:
    """The control room is heard: somebody far away is sent somewhere."""
    deliver(
        cad,
        [job("allocated", minutes, incident=f"far-{minutes}", call_sign="Z9", message_id=f"far-{minutes}")],
        known=minutes,
    )


@pytest.fixture
def scene(knowing: Organisation, cad: Source) -> Organisation:
    """A1 is on scene since 08:00 with a C2; A2 since 07:40 with a C2 that it will convey."""
    told = [
        *(job(status, when, category=C2) for status, when in (("allocated", -10), ("at_scene", 0))),
        *(
            job(status, when, incident="2", call_sign="A2", category=C2)
            for status, when in (("allocated", -30), ("at_scene", -20), ("destination_selected", -5))
        ),
    ]
    deliver(cad, told, known=0)
    return knowing


def change_policy(trust: Organisation, name: str, **values: Any) -> None:
    row = PolicyVersion.objects.filter(organisation=trust, name=name).latest("version")
    row.pk, row.version, row.values = None, row.version + 1, {**row.values, **values}
    row.save()


def follow(trust: Organisation, minutes: float, asks: bool = True) -> None:
    actions.follow(trust.pk, asks=asks, by=DUTY, at=at(minutes))


def stands(trust: Organisation, minutes: float) -> dict[str, Standing]:
    reading = situation.reading(trust.pk, at(minutes))
    found = queries.standing(trust.pk, reading, delays(trust.pk, at(minutes)), at(minutes))
    return {each.clock.call_sign: each for each in found}


def scope(trust: Organisation, minutes: float, name: str = "pfc") -> dict[str, Any]:
    return {"organisation_id": trust.pk, "by": Actor(name), "at": at(minutes)}


def a_stack(minutes: float, *codes: str, **more: Any) -> Stack:
    given = {"situation": "", "assessment": "", "asks": "", "leaves": None, "next_at": at(minutes + 15)}
    return Stack(constraints=codes or ("police",), **{**given, **more})


def run_rules(trust: Organisation, cad: Source, minutes: float) -> dict[str, tuple[str, int]]:
    for later in (0, 2):  # a cause waits a minute before it is a task
        says_alive(cad, minutes + later)
        when = at(minutes + later)
        rules.run(trust.pk, situation.read(trust.pk, when), when)
    tasks = Task.objects.filter(rule__in=("stack_due", "on_scene_over", "wrap_up_over"), closed_at=None)
    return {task.subject: (task.role, task.priority) for task in tasks}


def a_page(trust: Organisation, minutes: float) -> str:
    token = link_crew("A1", hours=12, organisation_id=trust.pk, by=Actor("pfc"), at=at(minutes))
    return f"/crew/{token}/"


def test_with_nobody_at_the_desk_a_crew_is_asked_on_its_own_page_and_what_it_says_is_on_the_board(
    scene: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew, address = Client(), a_page(scene, 0)
    says_alive(cad, 40)
    follow(scene, 40)
    stop_the_clock(monkeypatch, at(41))
    assert "Control asks" not in crew.get(address).content.decode()

    says_alive(cad, 45)
    follow(scene, 45)  # the minute of the ladder

    stop_the_clock(monkeypatch, at(46))
    assert "Control asks for a STACK, since 08:45" in crew.get(address).content.decode()
    opened = of_the_form(crew.get(f"{address}stack/").content.decode())
    refused = crew.post(f"{address}stack/", {"of": opened, "situation": "Second floor, no lift"})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "Say what holds the crew up" in page and "Second floor, no lift" in page
    sent = {"constraints": ["bariatric", "extrication"], "situation": "Second floor", "leaves_in": "25"}
    sent["of"] = of_the_form(page)
    assert crew.post(f"{address}stack/", sent)["Location"] == address

    assert "STACK 1 sent 08:46" in crew.get(address).content.decode()
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", scene))
    board = pfc.get("/delays/").content.decode()
    assert "08:46: Bariatric patient; Moving the patient out, leaves 09:11" in board
    assert "Send the bariatric vehicle and a second crew (Operations support)" in board
    assert "Second floor" in pfc.get("/delays/reports/").content.decode()
    report = StackReport.objects.get()
    assert report.by_crew and report.by == "crew:A1"
    assert Action.objects.filter(verb="delays.ask", actor="duty:delays").count() == 2


def test_the_next_report_is_asked_for_when_the_crew_said_it_would_come(
    scene: Organisation, cad: Source
) -> None:
    says_alive(cad, 45)
    follow(scene, 45)
    actions.report("A1", a_stack(46), by_crew=True, **scope(scene, 46))
    says_alive(cad, 60)
    follow(scene, 60)
    assert stands(scene, 60)["A1"].awaited == "reported"

    says_alive(cad, 61)
    follow(scene, 61)

    assert stands(scene, 61)["A1"].awaited == "asked"


def test_nobody_is_asked_by_itself_where_the_rule_only_suggests_or_the_control_room_is_silent(
    scene: Organisation, cad: Source
) -> None:
    assert asks_by_itself(scene.pk, at(0))
    change_policy(scene, "rule_modes", stack_due="suggest")
    assert not asks_by_itself(scene.pk, at(0))

    follow(scene, 300)  # the control room was last heard at eight
    says_alive(cad, 301)
    follow(scene, 301, asks=False)

    assert not Delay.objects.exclude(asked_at=None).exists()
    assert run_rules(scene, cad, 302)["delays:stack_due"] == ("patient_flow_coordinator", 3)


def test_a_stack_that_stays_away_is_the_coordinators_and_a_scene_far_over_its_norm_the_officers(
    scene: Organisation, cad: Source
) -> None:
    says_alive(cad, 45)
    follow(scene, 45)
    assert run_rules(scene, cad, 46) == {}

    assert run_rules(scene, cad, 60) == {"delays:silent": ("patient_flow_coordinator", 3)}
    for name in ("A1", "A2"):
        actions.say(name, Word(Kind.CONTACTED, "On our way soon"), **scope(scene, 63))
    assert run_rules(scene, cad, 63) == {}

    # A2 conveys: nine in ten such scenes take 71 min, so 86 min after 07:40.
    assert run_rules(scene, cad, 66) == {"delays:officer": ("service_delivery_officer", 2)}
    actions.say("A2", Word(Kind.ESCALATED, "Police wanted", to="SDO"), **scope(scene, 69))
    assert run_rules(scene, cad, 69) == {"delays:escalated": ("service_delivery_officer", 2)}
    actions.say("A2", Word(Kind.ANSWERED, "Inspector rings back at nine"), **scope(scene, 72, "sdo"))
    assert run_rules(scene, cad, 72) == {}

    assert run_rules(scene, cad, 91) == {"delays:commander:": ("local_commander", 2)}


def test_what_a_crew_said_holds_for_a_while_and_then_it_is_asked_again(
    scene: Organisation, cad: Source
) -> None:
    says_alive(cad, 45)
    follow(scene, 45)
    actions.say("A1", Word(Kind.CONTACTED, "On our way soon"), **scope(scene, 60))
    says_alive(cad, 74)
    follow(scene, 74)
    assert Delay.objects.get(call_sign="A1").asked_at == at(45)

    says_alive(cad, 75)
    follow(scene, 75)

    assert Delay.objects.get(call_sign="A1").asked_at == at(75)
    assert stands(scene, 85)["A1"].awaited == "unanswered"


def test_tasks_close_themselves_when_the_crew_has_left(scene: Organisation, cad: Source) -> None:
    says_alive(cad, 45)
    follow(scene, 45)
    assert "delays:silent" in run_rules(scene, cad, 60)

    left = [job("left_scene", 63), job("left_scene", 63, incident="2", call_sign="A2")]
    deliver(cad, left, known=63)
    follow(scene, 64)

    assert run_rules(scene, cad, 65) == {}
    row = Delay.objects.get(call_sign="A1")
    assert (row.ended_at, row.outcome) == (at(63), "conveyed")


def test_who_waits_for_a_vehicle_that_conveys_has_its_own_clock_and_is_asked_no_stack(
    knowing: Organisation, cad: Source
) -> None:
    deliver(cad, [car("allocated", -10), car("at_scene", 0), car("backup_requested", 30)], known=30)
    deliver(cad, [car("backup_requested", 50)], known=50)  # asked again: it has waited since the first time
    waiting = stands(knowing, 60)["R1"]
    assert (waiting.runs_from, waiting.rung) == (at(30), "contact")
    says_alive(cad, 80)
    follow(knowing, 80)
    assert Delay.objects.get(call_sign="R1").asked_at is None
    assert stands(knowing, 80)["R1"].rung == "officer"
    assert run_rules(knowing, cad, 80) == {"delays:backup": ("service_delivery_officer", 2)}

    deliver(cad, [job("allocated", 70), job("at_scene", 81)], known=81)

    # 82 min on scene, 51 of which it waited: help that arrives raises nothing.
    helped = stands(knowing, 82)["R1"]
    assert (helped.runs_from, helped.rung, helped.clock.since) == (at(51), "contact", at(0))


def test_a_time_critical_patient_is_judged_by_what_was_said_for_advice(
    scene: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries.advice, "needs_said", lambda _: {"1/A1": frozenset({"stroke"})})

    found = stands(scene, 31)

    assert found["A1"].is_critical and found["A1"].is_due_a_stack
    assert not found["A2"].is_critical


def test_two_coordinators_at_once_make_two_versions_and_a_double_click_one(scene: Organisation) -> None:
    first = actions.report("A1", a_stack(20), by_crew=False, **scope(scene, 20, "Ann"))
    again = actions.report("A1", a_stack(20), by_crew=False, **scope(scene, 20.1, "Ann"))
    second = actions.report("A1", a_stack(20, "kit"), by_crew=False, **scope(scene, 20.1, "Ben"))

    assert first == again
    assert [(each.version, each.by) for each in StackReport.objects.all()] == [(1, "Ann"), (2, "Ben")]
    assert second.of == first.of and Delay.objects.count() == 1


def test_the_database_keeps_every_version_and_word_as_it_was_written(scene: Organisation) -> None:
    report = actions.report("A1", a_stack(20), by_crew=False, **scope(scene, 20))
    word = actions.say("A1", Word(Kind.CONTACTED, "All well"), **scope(scene, 21))
    broken = [
        lambda: StackReport.objects.filter(pk=report.pk).update(situation="x"),
        lambda: StackReport.objects.filter(pk=report.pk).delete(),
        lambda: DelayWord.objects.filter(pk=word.pk).update(said="x"),
        lambda: DelayWord.objects.filter(pk=word.pk).delete(),
        lambda: StackReport.objects.create(
            of=report.of, version=1, at=at(22), by="x", by_crew=False, constraints=["kit"], next_at=at(30)
        ),
        lambda: StackReport.objects.create(
            of=report.of, version=2, at=at(22), by="x", by_crew=False, constraints=[], next_at=at(30)
        ),
        lambda: DelayWord.objects.create(of=report.of, kind="escalated", at=at(22), by="x", said="x"),
        lambda: Delay.objects.filter(pk=report.of_id).update(ended_at=at(-1)),
        lambda: Delay.objects.filter(pk=report.of_id).update(asked_at=at(1)),
        lambda: SceneNorm.objects.create(
            organisation=scene,
            category="C2",
            outcome="conveyed",
            middle=50,
            ninety=40,
            ninety_nine=60,
            count=1,
            since=at(0),
            until=at(1),
        ),
    ]
    for each in broken:
        with pytest.raises(IntegrityError), transaction.atomic():
            each()


STACK, RECORD = "/delays/crew/A1/stack/", "/delays/crew/A1/"


@pytest.mark.parametrize(
    ("address", "data", "why"),
    [
        (STACK, {"letters": ""}, "Say what holds the crew up"),
        (STACK, {"letters": "pz9"}, "“z9” is no letter of the list"),
        (STACK, {"letters": "p" * 21}, "at most twenty letters"),
        (STACK, {"constraints": ["goat"]}, "Choose from the list"),
        (STACK, {"letters": "p", "leaves_in": "soon"}, "Say in how many minutes the crew leaves"),
        (STACK, {"letters": "p", "leaves_in": "-5"}, "whole minutes from 1 to 360"),
        (STACK, {"letters": "p", "next_in": "9999"}, "Say in how many minutes the next report comes"),
        (STACK, {"letters": "p", "situation": "x" * 201}, "Shorten it to 200"),
        (STACK, {"letters": "p", "asks": "Patient 943 476 5919"}, "Leave out the NHS number"),
        (RECORD, {"said": "x"}, "Choose what was done"),
        (RECORD, {"kind": "shouted", "said": "x"}, "Choose from the list"),
        (RECORD, {"kind": "contacted", "said": ""}, "Write down what was said or done"),
        (RECORD, {"kind": "escalated", "said": "x"}, "Say to whom it is escalated"),
        (RECORD, {"kind": "called", "said": "x"}, "Say whom you called"),
        (RECORD, {"kind": "called", "said": "x" * 301, "to": "SDO"}, "Shorten it to 300"),
    ],
)
def test_junk_is_refused_with_the_field_and_the_fix_and_what_was_typed_stays(
    scene: Organisation, monkeypatch: pytest.MonkeyPatch, address: str, data: dict[str, Any], why: str
) -> None:
    stop_the_clock(monkeypatch, at(20))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", scene))

    answer = pfc.post(address, {**data, "answer": "kept as typed", "assessment": "kept as typed"})

    page = answer.content.decode()
    assert answer.status_code == 422 and why in page and "kept as typed" in page
    assert not StackReport.objects.exists() and not DelayWord.objects.exists()


def test_a_crew_that_left_meanwhile_loses_nothing_that_was_typed(
    scene: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", scene))
    stop_the_clock(monkeypatch, at(20))
    assert pfc.get(STACK).status_code == 200
    deliver(cad, [job("left_scene", 20.5)], known=20.5)

    stop_the_clock(monkeypatch, at(21))
    answer = pfc.post(STACK, {"letters": "p", "situation": "Behind a gate"})

    page = answer.content.decode()
    assert answer.status_code == 422 and "what you typed is still here" in page and "Behind a gate" in page
    assert pfc.get(STACK).status_code == 404 and pfc.get("/delays/9999/").status_code == 404


def test_an_answer_may_come_after_the_end_but_not_days_later(scene: Organisation, cad: Source) -> None:
    actions.say("A1", Word(Kind.ESCALATED, "Needs kit", to="SDO"), **scope(scene, 20))
    deliver(cad, [job("left_scene", 30)], known=30)
    follow(scene, 31)
    key = Delay.objects.get(call_sign="A1").pk

    actions.say_of(key, Word(Kind.ANSWERED, "Was on its way"), **scope(scene, 60, "sdo"))

    with pytest.raises(NotAllowed, match="more than a day ago"):
        actions.say_of(key, Word(Kind.ANSWERED, "x"), **scope(scene, 31 + 24 * 60))
    with pytest.raises(NotAllowed, match="no such delay"):
        actions.say_of(key, Word(Kind.ANSWERED, "x"), **{**scope(scene, 60), "organisation_id": 0})


def test_what_held_crews_up_is_counted_with_minutes_areas_and_how_good_their_times_were(
    scene: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions.report("A1", a_stack(10, "police", leaves=at(20)), by_crew=False, **scope(scene, 10))
    actions.report("A1", a_stack(20, "police", "kit", leaves=at(35)), by_crew=False, **scope(scene, 20))
    deliver(cad, [job("left_scene", 40)], known=40)
    follow(scene, 41)
    stop_the_clock(monkeypatch, at(42))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", scene))

    page = pfc.get("/delays/reports/?hours=12").content.decode()

    line = page[page.index('<th scope="row">Waiting for the police') :]
    line = line[: line.index("</tr>")]
    assert '<strong>1</strong></td><td class="number">40</td>' in line and "20 min later (of 1, few)" in line
    past = pfc.get(f"/delays/{Delay.objects.get(call_sign='A1').pk}/").content.decode()
    assert "Leaves 08:35 (left 08:40, 5 min later)" in past
    assert pfc.get("/delays/reports/?hours=goat").status_code == 200


def test_wrap_up_is_asked_about_and_varies_by_hospital_crew_and_hour(
    knowing: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital = "TVH01"
    done = [*conveyance(hospital, until="handover", call_sign="A1"), job("clear", 90, destination=hospital)]
    now = conveyance(hospital, start=40, until="handover", incident="2", call_sign="A2")
    deliver(cad, [*done, *now], known=90)
    found = run_rules(knowing, cad, 112)
    assert found == {"delays:wrap_up": ("patient_flow_coordinator", 3)}
    stop_the_clock(monkeypatch, at(115))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", knowing))

    page = pfc.get("/delays/wrap-up/").content.decode()
    assert "Over: ask" in page and "1 (few)" in page and "40 min" in page and "08:00" in page
    said = {"of": "wrap_up:2/A2", "kind": "contacted", "said": "Restocking"}
    assert pfc.post("/delays/crew/A2/", said).status_code == 302

    assert run_rules(knowing, cad, 115.5) == {}
    assert "Asked the crew 09:55: Restocking" in pfc.get("/delays/wrap-up/").content.decode()
    assert run_rules(knowing, cad, 130) == {"delays:wrap_up_officer": ("service_delivery_officer", 2)}


def test_norms_come_from_the_own_history_once_a_day_and_the_page_says_from_where(
    knowing: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    for place, minutes in enumerate((20, 30, 40)):
        incident = f"n{place}"
        told += [
            job(status, when, incident=incident, call_sign=f"N{place}", category=C2)
            for status, when in (("at_scene", 0), ("left_scene", minutes))
        ]
    told.append(job("at_scene", 0, incident="n9", call_sign="N9", category=C2))  # not over
    deliver(cad, told, known=50)
    assert actions.look_at_history(knowing.pk, by=DUTY, at=at(60)) == 1
    assert actions.look_at_history(knowing.pk, by=DUTY, at=at(60 + 23 * 60)) == 0
    norm = SceneNorm.objects.get()
    assert (norm.middle, norm.ninety, norm.count) == (30, 38, 3)
    stop_the_clock(monkeypatch, at(61))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", knowing))
    assert "Seeded: only 3 own scenes, 100 are needed" in pfc.get("/delays/norms/").content.decode()

    change_policy(knowing, "on_scene", least=3)

    assert "Own: 3 scenes" in pfc.get("/delays/norms/").content.decode()
    # Nobody knows how it ends: of the own 38 and the seeded 120 of see and treat the more patient counts.
    assert stands(knowing, 61)["N9"].norm.ninety == 120
    deliver(cad, [job("destination_selected", 61, incident="n9", call_sign="N9")], known=61)
    judged_by = stands(knowing, 62)["N9"].norm
    assert (judged_by.ninety, judged_by.count) == (38, 3)


def test_stamps_that_make_no_scene_make_no_norm(knowing: Organisation, cad: Source) -> None:
    def told(incident: str, call_sign: str, **stamps: float) -> list[JobEvent]:
        return [
            job(status, when, incident=incident, call_sign=call_sign, category=C2)
            for status, when in stamps.items()
        ]

    deliver(
        cad,
        [
            *told("sound", "N1", at_scene=0, left_scene=30),
            *told("treated", "N2", at_scene=0, clear=50),
            *told("backwards", "N3", left_scene=0, at_scene=3),
            *told("forgotten", "N4", at_scene=0, left_scene=24 * 60 + 1),
            # An ambulance conveyed: a car that cleared after it, and a second ambulance, treated nobody.
            *told("shared", "N5", at_scene=0, left_scene=30),
            *(car(status, when, incident="shared") for status, when in (("at_scene", 0), ("clear", 40))),
            *told("shared", "N6", at_scene=0, clear=35),
            # It never pressed that it left: the scene did not last until it was clear.
            *told("unpressed", "N7", at_scene=0, at_hospital=60, clear=150),
        ],
        known=25 * 60,
    )

    actions.look_at_history(knowing.pk, by=DUTY, at=at(26 * 60))

    norms = {norm.outcome: (norm.count, norm.ninety_nine) for norm in SceneNorm.objects.all()}
    assert norms == {"conveyed": (2, 30), "see_and_treat": (1, 50)}


def test_one_trust_with_a_broken_policy_stops_the_norms_of_no_other(
    knowing: Organisation, cad: Source
) -> None:
    change_policy(knowing, "on_scene", history_days="ninety")
    other = load_region(parse(find("south-west")), by=Actor("test"), at=at(-100))
    scene = [job(status, when, category=C2) for status, when in (("at_scene", 0), ("left_scene", 30))]
    deliver(Source.objects.get(organisation=other, kind="cad"), scene, known=31)
    duty = next(each for group in duties.groups().values() for each in group() if each.name == "scene-norms")

    with pytest.raises(ExceptionGroup):
        duty.work(at(60))

    assert SceneNorm.objects.get().organisation == other and knowing.pk < other.pk


def test_a_wrap_up_that_nobody_ended_for_a_day_is_no_wrap_up(knowing: Organisation, cad: Source) -> None:
    done = [
        *conveyance("TVH01", until="handover"),
        job("clear", 70, destination="TVH01"),
        *conveyance("TVH01", until="handover", incident="2", call_sign="A2"),
        job("clear", 50 + 24 * 60 + 1, incident="2", call_sign="A2", destination="TVH01"),
    ]
    deliver(cad, done, known=26 * 60)

    assert [each[0] for each in queries.wrap_ups(knowing.pk, at(0), at(26 * 60))] == ["A1"]


def test_a_crew_sent_on_before_it_pressed_is_delayed_until_then_and_as_it_pressed_once_it_does(
    scene: Organisation, cad: Source
) -> None:
    says_alive(cad, 40)
    follow(scene, 40)
    deliver(cad, [job("allocated", 42, incident="next")], known=42)
    follow(scene, 43)
    row = Delay.objects.get(call_sign="A1")
    assert (row.ended_at, row.outcome) == (at(43), "")

    deliver(cad, [job("clear", 41)], known=50)
    follow(scene, 51)

    row.refresh_from_db()
    assert (row.ended_at, row.outcome) == (at(41), "see_and_treat")


def test_a_crew_that_went_when_another_conveyed_treated_nobody(scene: Organisation, cad: Source) -> None:
    says_alive(cad, 40)
    follow(scene, 40)
    conveys = [job(status, when, call_sign="B1") for status, when in (("at_scene", 20), ("left_scene", 45))]
    deliver(cad, [*conveys, job("clear", 46)], known=46)

    follow(scene, 47)

    row = Delay.objects.get(call_sign="A1")
    assert (row.ended_at, row.outcome) == (at(46), "")


def test_screens_are_told_of_a_crew_where_it_is_and_where_it_is_not(scene: Organisation) -> None:
    actions.report("A1", a_stack(20, situation="Behind a gate"), by_crew=True, **scope(scene, 20))
    live._reading.cache_clear()

    told = {
        (each.topic, each.key): each.html for each in live.delay_rows(scene.pk, frozenset({"A1"}), at(21))
    }

    assert "Waiting for the police" in told["delays", "A1"] and "Behind a gate" in told["stacks", "A1"]
    assert told["wrapups", "A1"] == ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT topic, key FROM core_change WHERE topic = 'delay'")
        assert ("delay", "A1") in cursor.fetchall()


def test_a_crew_that_goes_within_its_time_goes_from_every_screen(knowing: Organisation, cad: Source) -> None:
    tailer = Tailer(live.RENDERERS, live.TICKERS)

    def shown(minutes: float) -> list[str]:
        """The boards of delays on which A1 stands, on a screen that took every push."""
        for seconds in range(0, 8, 2):
            tailer.work(at(minutes) + timedelta(seconds=seconds))
        pushed = Push.objects.filter(key="A1", topic__in=("delays", "wrapups")).order_by("pk")
        newest = dict(pushed.values_list("topic", "body"))
        return [topic for topic, body in newest.items() if body]

    hospital = "TVH01"
    seen = []
    for place, event in enumerate(conveyance(hospital)):
        deliver(cad, [event], known=10 * place)
        seen.append(shown(10 * place + 0.5))

    assert seen == [[], [], ["delays"], [], [], ["wrapups"], []]
    assert not Delay.objects.exists()


def test_a_form_of_one_job_lands_on_no_other_and_what_was_typed_stays(
    scene: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", scene))
    crew, address = Client(), a_page(scene, 0) + "stack/"
    stop_the_clock(monkeypatch, at(20))
    forms = [(pfc, RECORD), (pfc, STACK), (crew, address)]
    opened = [of_the_form(client.get(address).content.decode()) for client, address in forms]
    assert opened == ["scene:1/A1"] * 3
    deliver(cad, [job("clear", 21), job("at_scene", 25, incident="next")], known=25)
    stop_the_clock(monkeypatch, at(26))

    typed = {"of": "scene:1/A1", "kind": "contacted", "said": "Behind a gate"}
    typed |= {"letters": "p", "constraints": "police", "situation": "Behind a gate"}
    for client, where in forms:
        answer = client.post(where, typed)
        page = answer.content.decode()
        assert answer.status_code == 422 and "It has gone on since" in page and "Behind a gate" in page

    assert not StackReport.objects.exists() and not DelayWord.objects.exists()
    assert pfc.post(RECORD, {**typed, "of": "scene:next/A1"}).status_code == 302


def test_who_writes_a_stack_beside_another_is_told_and_both_are_kept(
    scene: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", scene))
    stop_the_clock(monkeypatch, at(20))
    assert 'name="version" value="0"' in pfc.get(STACK).content.decode()
    actions.report("A1", a_stack(20), by_crew=True, **scope(scene, 20, "crew:A1"))

    pfc.post(STACK, {"of": "scene:1/A1", "version": "0", "letters": "p"})

    assert "Another STACK of A1 came while you wrote" in pfc.get("/delays/").content.decode()
    assert StackReport.objects.count() == 2


def of_the_form(page: str) -> str:
    """The phase of the job that a form was opened for."""
    return page.split('name="of" value="')[1].split('"', maxsplit=1)[0]


def test_who_may_only_look_records_nothing(scene: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, at(20))
    looking = signed_in(somebody("looks", "dispatcher", scene))

    assert "Record it" not in looking.get(RECORD).content.decode()
    assert looking.post(RECORD, {"kind": "contacted", "said": "x"}).status_code == 403
    assert looking.post(STACK, {"letters": "p"}).status_code == 403
    assert looking.post("/delays/crew/A1/ask/").status_code == 403
    assert Client().get("/crew/no-such-key/stack/").status_code == 404
