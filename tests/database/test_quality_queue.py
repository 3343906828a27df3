"""Findings of data quality: from the feed and the positions to the queue, both sides, and the end of each."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearway.cli import main
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, Site
from clearway.core.worklist import actions as worklist
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.facts import verify
from clearway.desks.ambulance.quality import casework, queue, watching
from clearway.desks.ambulance.quality.casework import Kind, Word
from clearway.desks.ambulance.quality.material import lags
from clearway.desks.ambulance.quality.models import Finding, FindingCase, FindingWord
from clearway.desks.ambulance.resources.queries import Reported
from clearway.domain.ambulance.events import CallEvent, Patient, Position
from clearway.domain.ambulance.quality import Limits
from clearway.domain.ambulance.quality_trends import skews
from clearway.domain.ambulance.transitions import Assignment as Folded
from clearway.domain.ambulance.words import CallStatus, JobStatus, StatusSource
from clearway.domain.shared.errors import NotAllowed
from tests.trust import acting, signed_in, somebody, stop_the_clock

from .conftest import T0, at, conveyance, deliver, job

pytestmark = pytest.mark.django_db
CLERK, HALO = "hospital_user", "halo"


def look(trust: Organisation, minutes: float) -> None:
    watching.watch(trust.pk, at=at(minutes))
    casework.follow(trust.pk, at=at(minutes))


def scope(trust: Organisation, minutes: float, who: str = "pfc") -> dict[str, Any]:
    return {"organisation_id": trust.pk, "by": acting(somebody(who)), "at": at(minutes)}


def step(
    case: FindingCase, word: Word, minutes: float, trust: Organisation, may_sign: bool = False
) -> FindingCase:
    return casework.say(case.pk, word, may_sign=may_sign, **scope(trust, minutes))


def case(code: str) -> FindingCase:
    return FindingCase.objects.get(code=code)


@pytest.fixture
def unwell(knowing: Organisation, cad: Source) -> Organisation:
    """A patient of 67 brought to the first hospital, whose handover lies before the arrival."""
    cad.refresh_from_db()
    events = [each for each in conveyance("TVH01") if each.status is not JobStatus.HANDOVER]
    call = CallEvent(
        "c", at(-2), "1", CallStatus.CATEGORY_SET, patient=Patient(age=67, sex="female", name="Ann Example")
    )
    deliver(cad, [call, *events, job("handover", 35, message_id="h", destination="TVH01")], known=70)
    look(knowing, 71)
    return knowing


def test_a_finding_becomes_a_case_with_both_values_and_a_due_time(unwell: Organisation) -> None:
    found = case("HQ02")

    assert (found.site, found.call_sign, found.severity) == ("TVH01", "A1", "critical")
    assert found.original == at(35) and found.due_at == at(70) + timedelta(hours=4)
    look(unwell, 72)
    assert FindingCase.objects.filter(code="HQ02").count() == 1


def test_it_ends_when_the_source_corrects_and_not_before(unwell: Organisation, cad: Source) -> None:
    step(case("HQ02"), Word(Kind.TAKEN), 72, unwell)
    look(unwell, 73)
    assert case("HQ02").ended_at is None

    deliver(cad, [job("handover", 55, message_id="h2", corrects="h")], known=80)
    look(unwell, 81)

    found = case("HQ02")
    assert (found.ended, found.ended_at) == ("source", at(81))
    assert [(word.kind, word.value) for word in found.words.all()] == [("taken", None), ("confirmed", at(55))]
    assert verify.compare(unwell.pk, at=at(82)).differences == ()


def test_what_comes_back_is_open_again_with_its_history(unwell: Organisation, cad: Source) -> None:
    deliver(cad, [job("handover", 55, message_id="h2", corrects="h")], known=80)
    look(unwell, 81)
    deliver(cad, [job("handover", 34, message_id="h3", corrects="h2")], known=90)
    look(unwell, 91)

    assert case("HQ02").ended_at is None
    assert [word.kind for word in case("HQ02").words.all()] == ["confirmed", "reopened"]


def test_a_source_that_goes_back_from_what_was_recorded_is_seen(unwell: Organisation, cad: Source) -> None:
    step(case("HQ02"), Word(Kind.CHANGED_THERE, "CAD desk set it to 08:55", at(55)), 73, unwell)
    deliver(cad, [job("handover", 55, message_id="h2", corrects="h")], known=80)
    look(unwell, 81)
    assert case("HQ02").ended == "person"

    deliver(cad, [job("handover", 35, message_id="h3", corrects="h2")], known=90)
    look(unwell, 91)

    assert case("HQ02").ended_at is None and case("HQ02").agreed == at(55)


def test_what_stands_as_it_stood_is_not_found_again(unwell: Organisation, cad: Source) -> None:
    step(case("HQ02"), Word(Kind.RIGHT, "The clock of the hospital was wrong"), 73, unwell)
    deliver(cad, [job("prealert", 30)], known=80)  # folds the job again
    look(unwell, 81)

    assert case("HQ02").ended == "right" and Finding.objects.get(code="HQ02").known_at == at(70)


def test_a_person_ends_it_by_recording_the_change_or_why_it_is_right(unwell: Organisation) -> None:
    with pytest.raises(NotAllowed, match="what was found out"):
        step(case("HQ02"), Word(Kind.RIGHT), 72, unwell)

    step(case("HQ02"), Word(Kind.CHANGED_THERE, "CAD desk set it to 08:55", at(55)), 73, unwell)

    assert (case("HQ02").ended, case("HQ02").agreed) == ("person", at(55))
    assert Action.objects.get(verb="quality.changed_there").detail["words"] == "CAD desk set it to 08:55"
    look(unwell, 74)
    assert case("HQ02").ended == "person"  # the facts still say the old value, and it stays ended
    with pytest.raises(NotAllowed, match="It ended at 09:13"):
        step(case("HQ02"), Word(Kind.SAID, "x"), 75, unwell)


def test_who_has_it_keeps_it(unwell: Organisation) -> None:
    step(case("HQ02"), Word(Kind.TAKEN), 72, unwell)

    with pytest.raises(NotAllowed, match="has it"):
        casework.say(case("HQ02").pk, Word(Kind.TAKEN), may_sign=False, **scope(unwell, 73, "other"))
    with pytest.raises(NotAllowed, match="puts it back"):
        casework.say(case("HQ02").pk, Word(Kind.RETURNED), may_sign=False, **scope(unwell, 73, "other"))
    casework.say(case("HQ02").pk, Word(Kind.RETURNED), may_sign=True, **scope(unwell, 73, "sdo"))
    assert case("HQ02").owner is None


@pytest.fixture
def people(unwell: Organisation, monkeypatch: pytest.MonkeyPatch) -> dict[str, Client]:
    stop_the_clock(monkeypatch, at(100))
    return {
        "pfc": signed_in(somebody("pfc", "patient_flow_coordinator", unwell)),
        "sdo": signed_in(somebody("sdo", "service_delivery_officer", unwell)),
        "clerk": signed_in(somebody("clerk", CLERK, unwell, site="TVH01")),
        "other": signed_in(somebody("other-clerk", CLERK, unwell, site="TVH02")),
    }


def propose(people: dict[str, Client], value: str = "2026-11-20T08:55") -> str:
    """The coordinator proposes a handover time; the address on which the hospital answers."""
    key = case("HQ02").pk
    form = {"kind": "proposed", "value": value, "words": "Arrival screen says 08:55"}
    assert people["pfc"].post(f"/quality/{key}/", form).status_code == 302
    return f"/quality/hospital/{key}/"


def test_the_hospital_accepts_what_was_proposed_and_nothing_is_overwritten(
    unwell: Organisation, people: dict[str, Client]
) -> None:
    address = propose(people)
    page = people["clerk"].get("/quality/hospital/").content.decode()
    assert "Female, 60 to 69" in page and "08:55:00" in page and "08:35:00" in page
    assert "Example" not in page and not re.search(r"\bA1\b", page)  # as a word: a key may hold the letters

    assert people["clerk"].post(address, {"kind": "accepted"}).status_code == 302

    found = case("HQ02")
    assert found.agreed_by_both and (found.original, found.proposed, found.agreed) == (at(35), at(55), at(55))
    assert found.ended_at is None  # the source has not changed it yet
    shown = people["pfc"].get(f"/quality/{found.pk}/").content.decode()
    assert "Agreed by both" in shown and "The source has not changed it yet" not in shown
    assert "The hospital accepts" in shown and "08:35:00" in shown and "08:55:00" in shown
    assert people["clerk"].post(address, {"kind": "accepted"}).status_code == 422
    incident = people["pfc"].get("/incidents/1/").content.decode()
    assert "08:35:00 before at hospital 08:40:00; agreed: 08:55:00" in incident


def test_what_has_ended_is_answered_no_more(unwell: Organisation, people: dict[str, Client]) -> None:
    address = propose(people)
    step(case("HQ02"), Word(Kind.CHANGED_THERE, "CAD desk set it to 09:00", at(60)), 101, unwell)

    assert people["clerk"].post(address, {"kind": "accepted"}).status_code == 422

    assert (case("HQ02").agreed, case("HQ02").answer, case("HQ02").agreed_by_both) == (at(60), "", False)


def test_what_was_agreed_to_the_minute_is_confirmed_by_a_source_that_says_seconds(
    unwell: Organisation, cad: Source
) -> None:
    agreed = Word(Kind.SETTLED, "Both looked at the record: Sister Vale", at(38))
    step(case("HQ02"), agreed, 72, unwell)  # still before the arrival: the finding stands
    deliver(cad, [job("handover", 38.5, message_id="h2", corrects="h")], known=80)
    look(unwell, 81)

    assert case("HQ02").ended == "source"


def test_a_settlement_says_who_agreed(unwell: Organisation) -> None:
    with pytest.raises(NotAllowed, match="who agreed"):
        step(case("HQ02"), Word(Kind.SETTLED, "", at(55)), 72, unwell)


def test_a_rejection_says_why_and_goes_on_the_joint_list(
    unwell: Organisation, people: dict[str, Client]
) -> None:
    address = propose(people)
    assert people["clerk"].post(address, {"kind": "rejected"}).status_code == 422
    assert (
        people["clerk"].post(address, {"kind": "rejected", "words": "Our screen has 09:02"}).status_code
        == 302
    )

    page = people["sdo"].get("/quality/validation/").content.decode()

    assert "Our screen has 09:02" in page and "A1" in page
    with CaptureQueriesContext(connection) as of_one:
        people["sdo"].get("/quality/validation/")
    rejected = {"proposed": at(55), "asked_at": at(100), "answer_by": at(101), "answer": "rejected"}
    FindingCase.objects.filter(ended_at=None).update(**rejected)
    assert queue.to_validate(unwell.pk, None, at(101)).count() > 1
    with CaptureQueriesContext(connection) as of_more:
        people["sdo"].get("/quality/validation/")
    assert len(of_more) <= len(of_one)
    FindingCase.objects.exclude(code="HQ02").update(proposed=None, asked_at=None, answer_by=None, answer="")
    form = {"kind": "settled", "value": "2026-11-20T08:58", "words": "Both looked at the record"}
    assert people["sdo"].post(f"/quality/{case('HQ02').pk}/", form).status_code == 302
    assert case("HQ02").agreed == at(58) and case("HQ02").agreed_by_both
    assert "Nothing is left to settle" in people["sdo"].get("/quality/validation/").content.decode()


def test_no_answer_in_time_goes_on_the_joint_list_and_is_one_task(
    unwell: Organisation, people: dict[str, Client]
) -> None:
    propose(people)
    assert not queue.to_validate(unwell.pk, None, at(100 + 24 * 60 - 1)).exists()

    assert queue.to_validate(unwell.pk, None, at(100 + 24 * 60)).count() == 1
    late = 100 + 24 * 60
    for minutes in (late, late + 2):
        rules.run(unwell.pk, situation.read(unwell.pk, at(minutes)), at(minutes))
    assert Task.objects.filter(rule="validation_waits", closed_at=None).count() == 1


def test_a_hospital_sees_and_answers_its_own_alone(unwell: Organisation, people: dict[str, Client]) -> None:
    address = propose(people)

    assert "Nothing is asked" in people["other"].get("/quality/hospital/").content.decode()
    assert people["other"].get(address).status_code == 404
    assert people["other"].post(address, {"kind": "accepted"}).status_code == 404
    assert people["clerk"].get("/quality/").status_code == 403
    assert people["clerk"].get(f"/quality/{case('HQ02').pk}/").status_code == 403


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({}, "Choose what you do"),
        ({"kind": "proposed"}, "Give the time"),
        ({"kind": "proposed", "value": "soon"}, "Enter a date and a time"),
        ({"kind": "proposed", "value": "2026-11-21T08:55"}, "lies in the future"),
        ({"kind": "said"}, "Say in a sentence"),
        ({"kind": "said", "words": "of 943 476 5919"}, "Leave out the NHS number"),
        ({"kind": "confirmed"}, "Choose from the list"),
    ],
)
def test_a_step_that_lacks_something_is_refused_with_what_is_missing(
    people: dict[str, Client], form: dict[str, str], why: str
) -> None:
    answer = people["pfc"].post(f"/quality/{case('HQ02').pk}/", form)

    assert answer.status_code == 422 and why in answer.content.decode()
    assert not FindingWord.objects.exists()


def test_the_queue_takes_as_many_queries_for_two_as_for_thirty(
    unwell: Organisation, cad: Source, people: dict[str, Client], django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        wrong = conveyance("TVH01", incident=f"N{number}", call_sign=f"B{number}", until="clear")
        deliver(cad, [each for each in wrong if each.status is not JobStatus.HANDOVER], known=75)
    casework.follow(unwell.pk, at=at(76))
    assert FindingCase.objects.filter(code="HQ04").count() == 30

    with django_assert_max_num_queries(26):
        page = people["pfc"].get("/quality/?rule=HQ04").content.decode()

    assert "B29" in page and ">A1<" not in page


# Tasks


def test_what_nobody_takes_is_one_task_a_site_that_names_the_critical_ones(
    unwell: Organisation, cad: Source
) -> None:
    deliver(cad, conveyance("TVH01", incident="2", call_sign="A2", until="at_hospital"), known=72)
    deliver(cad, [job("handover", 20, incident="2", call_sign="A2")], known=73)
    look(unwell, 74)
    for minutes in (75, 77):
        rules.run(unwell.pk, situation.read(unwell.pk, at(minutes)), at(minutes))

    (task,) = Task.objects.filter(rule="findings_wait", closed_at=None)
    assert task.subject == "findings:TVH01" and task.priority == 3
    assert (
        "2 critical" in task.title
        and "A1: Handed over before" in task.cause
        and "A2: Handed over" in task.cause
    )

    for each in FindingCase.objects.filter(severity__in=["critical", "high"]):
        step(each, Word(Kind.TAKEN), 78, unwell)
    rules.run(unwell.pk, situation.read(unwell.pk, at(79)), at(79))
    assert not Task.objects.filter(rule="findings_wait", closed_at=None).exists()


def test_a_critical_finding_that_joins_an_answered_task_brings_it_back(
    unwell: Organisation, cad: Source
) -> None:
    rules.run(unwell.pk, situation.read(unwell.pk, at(75)), at(75))
    task = Task.objects.get(rule="findings_wait", closed_at=None)
    shown = worklist.Shown(task.pk, task.version, unwell.pk)
    worklist.answer(shown, "Asked the source", by=acting(somebody("pfc")), at=at(76))
    deliver(cad, conveyance("TVH01", incident="2", call_sign="A2", until="at_hospital"), known=77)
    deliver(cad, [job("handover", 20, incident="2", call_sign="A2")], known=78)
    look(unwell, 79)
    rules.run(unwell.pk, situation.read(unwell.pk, at(80)), at(80))

    task.refresh_from_db()
    assert task.state == "open" and task.closed_at is None


# Positions, other jobs, days


def along(call_sign: str, place: Site, minutes: range, off: float = 0.0) -> list[Position]:
    """Positions every half minute beside a site, so many degrees away."""
    return [Position(call_sign, at(minute / 2), place.latitude + off, place.longitude) for minute in minutes]


def test_positions_show_a_queue_that_nobody_pressed_and_the_time_to_propose(
    knowing: Organisation, cad: Source, avl: Source
) -> None:
    here = Site.objects.get(code="TVH01", organisation=knowing)
    deliver(cad, conveyance("TVH01", until="left_scene"), known=31)
    deliver(avl, [*along("A1", here, range(62, 80), 0.1), *along("A1", here, range(80, 100))], known=49.5)

    look(knowing, 50)

    found = case("HQ08")
    assert found.derived == at(40) and found.original is None and found.what == "at_hospital"
    deliver(cad, [job("at_hospital", 40.5, destination="TVH01")], known=51)
    deliver(avl, along("A1", here, range(100, 104)), known=52)
    look(knowing, 52)
    assert case("HQ08").ended == "source"


def test_where_positions_are_old_nothing_is_concluded_and_it_says_so(
    knowing: Organisation, cad: Source, avl: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Site.objects.get(code="TVH01", organisation=knowing)
    deliver(cad, conveyance("TVH01", until="left_scene"), known=31)
    deliver(avl, along("A1", here, range(62, 100)), known=50)
    look(knowing, 56)

    assert not Finding.objects.filter(code="HQ08").exists()
    assert case("HQ37").ended_at is None
    stop_the_clock(monkeypatch, at(57))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", knowing))
    assert "Cannot check" in pfc.get("/quality/").content.decode()
    deliver(avl, along("A1", here, range(100, 116)), known=58)
    look(knowing, 58.5)
    assert case("HQ37").ended == "source" and Finding.objects.filter(code="HQ08").exists()


@pytest.mark.parametrize("ended", ["source", "right"])
def test_a_source_that_is_silent_again_days_later_is_a_new_finding_that_nobody_has(
    knowing: Organisation, avl: Source, ended: str
) -> None:
    here = Site.objects.get(code="TVH01", organisation=knowing)
    deliver(avl, along("A1", here, range(62, 100)), known=50)
    look(knowing, 56)
    step(case("HQ37"), Word(Kind.TAKEN), 57, knowing)
    if ended == "right":
        step(case("HQ37"), Word(Kind.RIGHT, "The supplier works on it"), 57, knowing)
    deliver(avl, along("A1", here, range(100, 116)), known=58)
    look(knowing, 58.5)
    assert case("HQ37").ended == ended

    thursday = 3 * 24 * 60
    look(knowing, thursday)

    found = case("HQ37")
    assert (found.ended_at, found.owner, found.found_at) == (None, None, at(thursday))
    assert found.due_at > at(thursday) and found.words.last().kind == "reopened"


def test_of_two_sources_of_positions_the_dead_one_is_named(
    knowing: Organisation, cad: Source, avl: Source
) -> None:
    other = Source.objects.get(pk=avl.pk)
    other.pk, other.name = None, "second"
    other.save()
    here = Site.objects.get(code="TVH01", organisation=knowing)
    deliver(avl, along("A1", here, range(62, 70)), known=35)
    deliver(other, along("A2", here, range(90, 100)), known=50)

    look(knowing, 51)

    assert case("HQ37").stream == f"source:{avl.name}"


def test_of_two_sources_of_positions_the_vehicles_of_the_silent_one_are_not_judged(
    knowing: Organisation, cad: Source, avl: Source
) -> None:
    other = Source.objects.get(pk=avl.pk)
    other.pk, other.name = None, "second"
    other.save()
    here = Site.objects.get(code="TVH01", organisation=knowing)
    second = conveyance("TVH01", incident="2", call_sign="A2", until="left_scene")
    deliver(cad, [*conveyance("TVH01", until="left_scene"), *second], known=31)
    deliver(avl, along("A1", here, range(62, 90)), known=45)  # and then it falls silent
    deliver(other, along("A2", here, range(62, 110)), known=55)

    look(knowing, 55)

    assert list(FindingCase.objects.filter(code="HQ08").values_list("call_sign", flat=True)) == ["A2"]
    assert case("HQ37").stream == f"source:{avl.name}"


def test_what_a_source_mends_after_days_ends_by_itself(knowing: Organisation, cad: Source) -> None:
    twice = [*conveyance("TVH01"), *conveyance("TVH01", start=5, incident="2")]
    deliver(cad, twice, known=70)
    look(knowing, 71)
    assert case("HQ24").stream == "assignment:2/A1"

    late = 3 * 24 * 60
    wrong = next(each for each in twice if each.incident == "1" and each.status is JobStatus.CLEAR)
    deliver(
        cad, [job("clear", 44, message_id="mended", corrects=wrong.message_id)], known=late
    )  # of the other of the two
    look(knowing, late + 1)

    assert case("HQ24").ended == "source" and not Finding.objects.filter(code="HQ24").exists()


def test_two_jobs_at_hospital_at_once_are_found_whatever_is_folded_again(
    knowing: Organisation, cad: Source
) -> None:
    deliver(cad, [*conveyance("TVH01"), *conveyance("TVH01", start=5, incident="2")], known=70)
    look(knowing, 71)
    deliver(cad, [job("prealert", 30, incident="2")], known=72)  # folds the second again
    look(knowing, 73)

    assert case("HQ24").stream == "assignment:2/A1" and case("HQ24").ended_at is None
    assert verify.compare(knowing.pk, at=at(74)).differences == ()


def test_what_two_jobs_showed_stays_when_the_first_is_no_longer_of_the_day(
    knowing: Organisation, cad: Source
) -> None:
    deliver(cad, [*conveyance("TVH01"), *conveyance("TVH01", start=5, incident="2")], known=70)
    look(knowing, 71)

    look(knowing, 24 * 60 + 42)  # the first came at 40, the second at 45
    assert case("HQ24").ended_at is None

    watching.look_back(knowing.pk, at(42), at(60), at=at(24 * 60 + 43))
    casework.follow(knowing.pk, at=at(24 * 60 + 43))
    assert case("HQ24").ended_at is None


def test_what_positions_showed_stays_when_they_are_no_longer_read(
    knowing: Organisation, cad: Source, avl: Source
) -> None:
    here = Site.objects.get(code="TVH01", organisation=knowing)
    deliver(cad, conveyance("TVH01", until="left_scene"), known=31)
    deliver(avl, [*along("A1", here, range(62, 80), 0.1), *along("A1", here, range(80, 100))], known=49.5)
    look(knowing, 50)
    assert case("HQ08").ended_at is None

    deliver(avl, along("A1", here, range(1070, 1080), 0.1), known=540)
    look(knowing, 540)

    assert case("HQ08").ended_at is None


def test_three_handovers_in_a_minute_by_one_nurse_are_found(knowing: Organisation, cad: Source) -> None:
    for number in (1, 2, 3):
        said = conveyance("TVH01", incident=str(number), call_sign=f"A{number}", until="at_hospital")
        over = job(
            "handover",
            50 + number / 4,
            incident=str(number),
            call_sign=f"A{number}",
            source=StatusSource.HOSPITAL,
            user="n7",
        )
        deliver(cad, [*said, over], known=60)

    look(knowing, 61)

    assert FindingCase.objects.filter(code="HQ12").count() == 3


def test_a_days_unknown_handovers_are_summed_up(knowing: Organisation, cad: Source) -> None:
    for number in range(24):
        said = conveyance("TVH01", incident=f"D{number}", call_sign=f"D{number}", start=-24 * 60)
        deliver(
            cad, [each for each in said if number > 1 or each.status is not JobStatus.HANDOVER], known=-60
        )

    watching.sum_up(knowing.pk, at=at(60))
    casework.follow(knowing.pk, at=at(60))

    found = case("HQ33")
    assert found.site == "TVH01" and "2 of 24 unknown, 8.3%: red" in found.evidence


def test_a_past_period_is_asked_by_command(
    knowing: Organisation, cad: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(cad, [*conveyance("TVH01"), *conveyance("TVH01", start=5, incident="2")], known=70)
    day = T0.date().isoformat()

    assert (
        main(["quality", "check", "--organisation", knowing.slug, "--from", day, "--to", day, "--json"]) == 0
    )

    assert '"HQ24": 1' in capsys.readouterr().out
    assert (
        main(["quality", "check", "--organisation", knowing.slug, "--from", day, "--to", "2026-11-01"]) == 2
    )


# What the database holds


def test_words_are_never_changed_and_halves_are_refused(unwell: Organisation) -> None:
    step(case("HQ02"), Word(Kind.TAKEN), 72, unwell)
    broken = [
        lambda: FindingWord.objects.update(words="other"),
        lambda: FindingWord.objects.all().delete(),
        lambda: FindingWord.objects.create(of=case("HQ02"), kind="rejected", at=at(1), by="x"),
        lambda: FindingCase.objects.update(owner=None),
        lambda: FindingCase.objects.update(proposed=at(1)),
        lambda: FindingCase.objects.update(ended="right"),
        lambda: FindingCase.objects.update(agreed_by_both=True),
    ]
    for each in broken:
        with pytest.raises(IntegrityError), transaction.atomic():
            each()


def test_cases_of_long_ago_go_with_their_words_and_young_ones_stay(unwell: Organisation) -> None:
    step(case("HQ02"), Word(Kind.TAKEN), 72, unwell)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clearway_forget_findings(%s, %s, 100)", [unwell.pk, at(0)])
        assert cursor.fetchone() == (0,)
    FindingCase.objects.update(found_at=T0 - timedelta(days=4000))
    with connection.cursor() as cursor:
        cursor.execute("SELECT clearway_forget_findings(%s, %s, 100)", [unwell.pk, T0 - timedelta(days=3653)])
        assert cursor.fetchone()[0] >= 1
    assert not FindingCase.objects.exists() and not FindingWord.objects.exists()
    assert Actor("x").name


def test_a_delivery_of_all_ages_after_the_line_was_down_blames_no_clock() -> None:
    late = [Reported(60.0 * each, 50, -4, 1200 - 60.0 * each) for each in range(10)]
    prompt = [Reported(60.0 * each, 50, -4, 2.0) for each in range(10)]
    slow = {"C1": [Reported(60.0 * each - 100, 50, -4, 102.0) for each in range(10)]}
    down, up = (
        {f"{name}{number}": rows for number in range(4)} for name, rows in (("A", late), ("B", prompt))
    )

    assert lags(down, -200, Limits()) == {}
    assert set(skews(lags({**down, **up, **slow}, -200, Limits()), Limits())) == {"C1"}


def test_a_late_word_of_a_long_job_brings_back_its_ends_and_not_the_days_between() -> None:
    a_day = timedelta(hours=24)
    now = T0 + 10 * a_day
    stamps = {JobStatus.ALLOCATED: T0, JobStatus.AT_HOSPITAL: at(60), JobStatus.CLEAR: now}
    left_open = Folded("1/A1", "1", "A1", stamps=stamps)

    assert watching._mended([left_open], now - a_day) == [(T0 - a_day, at(60) + a_day)]

    wrong_year = replace(left_open, stamps={JobStatus.ALLOCATED: T0.replace(year=2025), **stamps})
    spans = watching._mended([wrong_year, left_open], now - a_day)
    assert sum((end - begin for begin, end in spans), timedelta()) < 5 * a_day
    every_day = [
        replace(left_open, stamps={JobStatus.AT_HOSPITAL: T0 - each * 3 * a_day}) for each in range(30)
    ]
    spans = watching._mended(every_day, now - a_day)
    assert sum((end - begin for begin, end in spans), timedelta()) == watching.MOST_MENDED
    assert spans[-1][1] == T0 + a_day


def test_a_look_takes_as_many_queries_for_one_late_day_as_for_three(
    knowing: Organisation, cad: Source
) -> None:
    counts, late = [], 30 * 24 * 60
    for minutes, days in ((late, (3,)), (late + 60, (6, 9, 12))):
        told = [each for day in days for each in conveyance("TVH01", start=-day * 1440 + late, incident=day)]
        deliver(cad, told, known=minutes)
        look(knowing, minutes + 1)
        with CaptureQueriesContext(connection) as asked:
            watching.watch(knowing.pk, at=at(minutes + 2))
        counts.append(len(asked))
    assert counts[0] == counts[1]
