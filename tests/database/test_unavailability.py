"""Unavailable resources at the desk: from the feed to the list, the question, the answer and what it cost."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, Site
from clearway.core.people.models import User
from clearway.core.retention import actions as keeping
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import retention, rules, situation
from clearway.desks.ambulance.unavailability import actions, queries
from clearway.desks.ambulance.unavailability.actions import Kind, Limit, Word
from clearway.desks.ambulance.unavailability.models import SignedLimit, Unavailability, UnavailabilityWord
from clearway.desks.ambulance.unavailability.policy import unavailability
from clearway.domain.ambulance.events import AvailabilityEvent, Event
from clearway.domain.ambulance.words import Availability
from clearway.domain.shared.errors import NotAllowed
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, deliver

pytestmark = pytest.mark.django_db
A = Availability


def says(call_sign: str, status: Availability, minutes: float, reason: str | None = None) -> Event:
    station = Site.objects.filter(kind="station").order_by("code")[0].code
    message = f"{call_sign}/{status}/{minutes}"
    return AvailabilityEvent(message, at(minutes), call_sign, status, reason=reason, station=station)


@pytest.fixture
def out(valley: Organisation, cad: Source) -> Organisation:
    """One at the pump, one off for welfare, and one that can be sent."""
    told = [
        *(says(name, A.BOOKING_ON, -20) for name in ("A1", "A2", "A3")),
        *(says(name, A.AVAILABLE, -10) for name in ("A1", "A2", "A3")),
        says("A1", A.UNAVAILABLE, 0, "fuel"),
        says("A2", A.UNAVAILABLE, 0, "crew welfare"),
    ]
    deliver(cad, told, known=0)
    actions.follow(valley.pk, at=at(0.5))
    return valley


def row(call_sign: str) -> Unavailability:
    return Unavailability.objects.get(call_sign=call_sign)


def scope(trust: Organisation, minutes: float, user_id: int | None = None) -> dict[str, Any]:
    return {"organisation_id": trust.pk, "by": Actor("pfc", user_id=user_id), "at": at(minutes)}


def stands(trust: Organisation, minutes: float) -> dict[str, str]:
    policy = unavailability(trust.pk, at(minutes))
    return {each.row.call_sign: each.timer for each in queries.lasting(trust.pk, policy, at(minutes))}


def run_rules(trust: Organisation, minutes: float) -> None:
    for later in (0, 2):  # a cause waits a minute before it is a task
        rules.run(trust.pk, situation.read(trust.pk, at(minutes + later)), at(minutes + later))


def open_tasks() -> dict[str, tuple[str, int]]:
    tasks = Task.objects.filter(rule="unavailable_over", closed_at=None)
    return {task.subject: (task.role, task.priority) for task in tasks}


def test_a_time_begins_and_ends_with_the_feed_and_is_written_once(out: Organisation, cad: Source) -> None:
    assert stands(out, 1) == {"A1": "within", "A2": "within"}
    actions.follow(out.pk, at=at(1))
    assert Unavailability.objects.count() == 2

    deliver(cad, [says("A1", A.AVAILABLE, 12)], known=12)
    actions.follow(out.pk, at=at(12.5))

    assert row("A1").ended_at == at(12)
    assert stands(out, 13) == {"A2": "within"}


def test_what_later_facts_deny_ends_where_it_began(out: Organisation, cad: Source) -> None:
    actions.say(row("A1").pk, Word(Kind.CHALLENGED, "Pump is broken"), **scope(out, 2))
    before = row("A1")

    deliver(cad, [says("A1", A.UNAVAILABLE, -5, "fuel")], known=6)  # it had begun earlier
    actions.follow(out.pk, at=at(6.5))

    before.refresh_from_db()
    assert before.ended_at == before.since and before.words.count() == 1
    assert Unavailability.objects.get(call_sign="A1", ended_at=None).since == at(-5)


def test_one_that_lasted_for_days_ends_when_the_feed_says_so(out: Organisation, cad: Source) -> None:
    two_days = 2 * 24 * 60
    actions.follow(out.pk, at=at(two_days))
    assert row("A1").ended_at is None

    deliver(cad, [says("A1", A.AVAILABLE, two_days + 5)], known=two_days + 5)
    actions.follow(out.pk, at=at(two_days + 6))

    assert row("A1").ended_at == at(two_days + 5)
    assert Unavailability.objects.filter(call_sign="A1").count() == 1


def test_what_is_over_is_the_coordinators_then_the_officers_and_welfare_is_neither(out: Organisation) -> None:
    run_rules(out, 10)
    assert open_tasks() == {}

    run_rules(out, 17)
    assert open_tasks() == {"unavailable:over": ("patient_flow_coordinator", 3)}

    run_rules(out, 34)
    assert open_tasks() == {
        "unavailable:escalate": ("service_delivery_officer", 2),
        "unavailable:support": ("operations_support", 3),
    }


def test_an_answer_after_the_limit_closes_the_task_and_stands_in_the_list(
    out: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_rules(out, 17)
    stop_the_clock(monkeypatch, at(20))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", out))
    officer = signed_in(somebody("sdo", "service_delivery_officer", out))
    address = f"/unavailable/{row('A1').pk}/"
    assert "Which pump" in pfc.get(address).content.decode()

    assert pfc.post(address, {"kind": "challenged", "answer": ""}).status_code == 422
    answer = pfc.post(address, {"kind": "challenged", "answer": "Queue at the pump, five minutes"})

    assert answer["Location"] == "/unavailable/"
    page = officer.get("/unavailable/").content.decode()
    assert "Asked 08:20: Queue at the pump, five minutes" in page and "<td>Vehicle</td>" in page
    assert Action.objects.get(verb="unavailability.challenged").subject == "resource:A1"
    run_rules(out, 21)
    assert open_tasks() == {}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"kind": "extended", "answer": "x"}, "Say until when it is extended"),
        ({"kind": "extended", "answer": "x", "until": "2026-11-20T07:00"}, "within the next twelve hours"),
        ({"kind": "extended", "answer": "x", "until": "2026-11-22T07:00"}, "within the next twelve hours"),
        ({"kind": "corrected", "answer": "x"}, "Choose the reason that is right"),
        ({"kind": "corrected", "answer": "x", "code": "goat"}, "Choose from the list"),
        ({"kind": "escalated", "answer": "x"}, "Say to whom"),
        ({"kind": "shouted", "answer": "x"}, "Choose from the list"),
        ({"answer": "x"}, "Choose what was done"),
    ],
)
def test_a_record_that_lacks_something_is_refused_with_what_is_missing(
    out: Organisation, monkeypatch: pytest.MonkeyPatch, data: dict[str, str], why: str
) -> None:
    stop_the_clock(monkeypatch, at(20))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", out))

    answer = pfc.post(f"/unavailable/{row('A1').pk}/", data)

    assert answer.status_code == 422 and why in answer.content.decode()
    assert not UnavailabilityWord.objects.exists()


def test_nobody_is_challenged_for_welfare_whatever_is_sent(out: Organisation) -> None:
    with pytest.raises(NotAllowed, match="Offer support instead"):
        actions.say(row("A2").pk, Word(Kind.CHALLENGED, "Hurry up"), **scope(out, 5))

    actions.say(row("A2").pk, Word(Kind.SUPPORTED, "A manager rings"), **scope(out, 5))


def test_an_extension_moves_the_limit_and_another_reason_has_its_own(out: Organisation) -> None:
    actions.say(row("A1").pk, Word(Kind.EXTENDED, "Long queue", until=at(40)), **scope(out, 5))
    assert stands(out, 20)["A1"] == "within"

    actions.say(row("A1").pk, Word(Kind.CORRECTED, "A colleague was hurt", code="welfare"), **scope(out, 21))
    assert stands(out, 41)["A1"] == "support"


def test_nothing_is_recorded_of_what_is_over_or_of_another_trust(out: Organisation, cad: Source) -> None:
    deliver(cad, [says("A1", A.AVAILABLE, 12)], known=12)
    actions.follow(out.pk, at=at(12.5))

    with pytest.raises(NotAllowed, match="available since 08:12"):
        actions.say(row("A1").pk, Word(Kind.CHALLENGED, "x"), **scope(out, 13))
    with pytest.raises(NotAllowed, match="no such unavailability"):
        actions.say(row("A2").pk, Word(Kind.SUPPORTED, "x"), **{**scope(out, 13), "organisation_id": 0})


def test_a_signed_limit_counts_at_once_ends_by_itself_and_never_presses_welfare(
    out: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(6))
    officer = signed_in(somebody("sdo", "service_delivery_officer", out))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", out))
    form = {
        "codes": ["fuel"],
        "minutes": "5",
        "level": "REAP 4",
        "why": "Calls wait",
        "ends": "2026-11-20T08:30",
    }
    assert pfc.post("/unavailable/limits/", form).status_code == 403
    assert officer.post("/unavailable/limits/", {**form, "codes": ["welfare"]}).status_code == 422

    assert officer.post("/unavailable/limits/", form)["Location"] == "/unavailable/"

    assert stands(out, 7)["A1"] == "over"
    assert "REAP 4" in pfc.get("/unavailable/").content.decode()
    assert stands(out, 31)["A1"] == "escalate"  # by its own fifteen minutes again
    limit = Limit(["fuel", "welfare"], 5, "REAP 4", "x", at(20))
    with pytest.raises(NotAllowed, match="never pressed"):
        actions.sign(limit, **scope(out, 7, User.objects.get(username="sdo").pk))
    with pytest.raises(NotAllowed, match="Only a person"):
        actions.sign(limit, **scope(out, 7))


def test_hours_lost_are_counted_by_reason_and_area(out: Organisation, cad: Source) -> None:
    deliver(cad, [says("A1", A.AVAILABLE, 30)], known=30)
    actions.follow(out.pk, at=at(30.5))

    lost = queries.lost(out.pk, unavailability(out.pk, at(60)), at(15), at(60))

    assert {code: hours for (code, _), hours in lost.items()} == {"fuel": 0.25, "welfare": 0.75}
    assert all(area for _, area in lost)


def test_the_database_refuses_halves(out: Organisation) -> None:
    broken = [
        lambda: UnavailabilityWord.objects.create(
            of=row("A1"), kind="extended", at=at(1), by="x", answer="x"
        ),
        lambda: UnavailabilityWord.objects.create(
            of=row("A1"), kind="corrected", at=at(1), by="x", answer="x"
        ),
        lambda: UnavailabilityWord.objects.create(
            of=row("A1"), kind="escalated", at=at(1), by="x", answer="x"
        ),
        lambda: Unavailability.objects.filter(call_sign="A1").update(ended_at=at(-1)),
        lambda: SignedLimit.objects.create(
            organisation=out, codes=["fuel"], minutes=5, begins=at(1), ends=at(1)
        ),
    ]
    for each in broken:
        with pytest.raises(IntegrityError), transaction.atomic():
            each()


def test_what_was_said_goes_before_what_it_was_said_of(out: Organisation, cad: Source) -> None:
    actions.say(row("A1").pk, Word(Kind.CHALLENGED, "Pump is broken"), **scope(out, 2))
    deliver(cad, [says("A1", A.AVAILABLE, 12)], known=12)
    actions.follow(out.pk, at=at(12.5))

    for shelf in [each for each in retention.SHELVES if each.of == "unavailability"]:
        keeping.forget(out, shelf, by=Actor("test"), at=at(4000 * 24 * 60))
    connection.check_constraints()

    assert not UnavailabilityWord.objects.exists()
    assert [each.call_sign for each in Unavailability.objects.all()] == ["A2"]
