"""Meal breaks at the desk: from the events of a shift to a plan, and to what became of it."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, Site
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.advice import actions as advice
from clearway.desks.ambulance.breaks import actions, queries
from clearway.desks.ambulance.breaks.actions import Beginning
from clearway.desks.ambulance.breaks.models import PlannedBreak, ShiftBreaks
from clearway.domain.ambulance.events import AvailabilityEvent, Event, Position
from clearway.domain.ambulance.words import Availability, ResourceKind
from clearway.domain.shared.errors import NotAllowed
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, deliver, job

pytestmark = pytest.mark.django_db
A = Availability
DUTY = Actor("duty:breaks")
START = -300  # minutes before the first instant of the tests: a twelve-hour shift that began at three
STATION = "TVS01"


def says(call_sign: str, status: Availability, minutes: float, **more: Any) -> Event:
    return AvailabilityEvent(
        f"{call_sign}/{status}/{minutes}", at(minutes), call_sign, status, kind=ResourceKind.DCA, **more
    )


def books_on(
    call_sign: str, minutes: float = START, hours: float = 12, station: str = STATION
) -> list[Event]:
    shift = {"shift_start": at(minutes), "shift_end": at(minutes + 60 * hours), "station": station}
    return [says(call_sign, A.BOOKING_ON, minutes, **shift), says(call_sign, A.AVAILABLE, minutes + 10)]


@pytest.fixture
def station(valley: Organisation) -> Site:
    return Site.objects.filter(organisation=valley, kind="station").order_by("code")[0]


@pytest.fixture
def on_duty(valley: Organisation, cad: Source, avl: Source, station: Site) -> Organisation:
    """Two crews whose break must begin within the hour, each at its station."""
    deliver(cad, [*books_on("A1", station=station.code), *books_on("A2", station=station.code)], known=0)
    where = [Position(name, at(0), station.latitude, station.longitude) for name in ("A1", "A2")]
    deliver(avl, where, known=0)
    follow(valley, 1)
    return valley


def follow(trust: Organisation, minutes: float) -> None:
    actions.follow(trust.pk, by=DUTY, at=at(minutes))


def row(call_sign: str) -> ShiftBreaks:
    return ShiftBreaks.objects.get(call_sign=call_sign)


def scope(trust: Organisation, minutes: float) -> dict[str, Any]:
    return {"organisation_id": trust.pk, "by": Actor("pfc"), "at": at(minutes)}


def test_a_break_counts_from_its_status_and_what_an_interruption_leaves_is_owed(
    on_duty: Organisation, cad: Source
) -> None:
    assert (row("A1").state, row("A1").owed_minutes) == ("open", 45)

    deliver(cad, [says("A1", A.ON_BREAK, 10)], known=10)
    follow(on_duty, 20)
    assert row("A1").state == "on_break"
    deliver(cad, [job("allocated", 30, call_sign="A1")], known=30)  # no status says that the break is over
    follow(on_duty, 31)

    assert (row("A1").state, row("A1").owed_minutes, row("A1").interrupted) == ("open", 25, 1)


def test_what_the_duty_keeps_is_written_once_and_settled_when_the_shift_is_over(
    on_duty: Organisation, cad: Source
) -> None:
    before = row_versions()
    follow(on_duty, 2)
    assert row_versions() == before

    deliver(cad, [says("A2", A.OFF, 30)], known=30)  # before its break was due
    follow(on_duty, 31)
    deliver(cad, [says("A1", A.OFF, 70)], known=70)
    follow(on_duty, 71)

    assert (row("A1").state, row("A2").state) == ("missed", "left")
    assert queries.owed_of_late(on_duty.pk, at(600)) == {"A1": 1}


def row_versions() -> set[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT call_sign, xmin::text::bigint, ctid::text FROM ambulance_shiftbreaks")
        return set(cursor.fetchall())


def test_a_shift_whose_start_is_corrected_is_one_shift_and_no_missed_break(
    on_duty: Organisation, cad: Source
) -> None:
    actions.accept([Beginning("A1", at(40), "")], **scope(on_duty, 2))
    earlier = says("A1", A.AVAILABLE, 5, shift_start=at(START - 15), shift_end=at(START + 705))
    deliver(cad, [earlier], known=5)
    follow(on_duty, 6)

    assert row("A1").shift_start == at(START - 15)
    assert list(queries.plans(on_duty.pk)) == ["A1"]
    with pytest.raises(NotAllowed, match="Another plan stands"):
        actions.accept([Beginning("A1", at(30), "")], **scope(on_duty, 7))


def test_the_page_plans_for_whoever_may_and_dispatch_and_the_crew_read_what_was_accepted(
    on_duty: Organisation, station: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(2))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", on_duty))
    dispatch = signed_in(somebody("dispatch", "dispatcher", on_duty))
    page = pfc.get("/breaks/").content.decode()
    assert "Accept the ticked" in page and station.name in page
    assert "Accept the ticked" not in dispatch.get("/breaks/").content.decode()

    starts = at(10)
    answer = pfc.post("/breaks/accept/", {"line": [f"A1|{starts.isoformat()}|{station.code}"]})

    assert answer["Location"] == "/breaks/"
    said = f"Break planned 08:10, {station.name} (C1, C2 only)"
    assert said in dispatch.get("/resources/").content.decode()
    token = advice.link_crew("A1", hours=12, **scope(on_duty, 2))
    assert f"Your break: 08:10, {station.name}" in Client().get(f"/crew/{token}/").content.decode()
    assert Action.objects.get(verb="breaks.plan").subject == "resource:A1"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ([], "Tick at least one crew"),
        (["A1|yesterday|"], "cannot be read"),
        (["A1"], "cannot be read"),
        (["A1|2026-11-20T08:10:00|"], "cannot be read"),
        (["A9|2026-11-20T08:10:00+00:00|"], "Planning the break of A9: No such crew"),
        (["A1|2026-11-20T07:10:00+00:00|"], "has passed"),
        (["A1|2026-11-20T14:10:00+00:00|"], "It may begin between 07:00 and 13:00"),
        (["A1|2026-11-20T08:10:00+00:00|NOWHERE"], "NOWHERE is no site"),
        (
            ["A2|2026-11-20T08:10:00+00:00|", "A1|2026-11-20T07:10:00+00:00|"],
            "Nothing was planned. Planning the break of A1",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_refused_whole_with_the_crew_and_the_reason(
    on_duty: Organisation, monkeypatch: pytest.MonkeyPatch, line: list[str], why: str
) -> None:
    stop_the_clock(monkeypatch, at(2))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", on_duty))

    answer = pfc.post("/breaks/accept/", {"line": line})

    assert answer.status_code in (409, 422)
    assert why in answer.content.decode()
    assert not PlannedBreak.objects.exists()


def test_who_has_gone_home_is_neither_planned_nor_counted(
    on_duty: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(cad, [says("A2", A.OFF, 1)], known=1)
    stop_the_clock(monkeypatch, at(2))

    page = signed_in(somebody("pfc", "patient_flow_coordinator", on_duty)).get("/breaks/").content.decode()

    assert 'value="A1|' in page and 'value="A2|' not in page
    with pytest.raises(NotAllowed, match="break of A2"):
        actions.accept([Beginning("A2", at(10), "")], **scope(on_duty, 2))


def test_who_cannot_be_sent_is_named_and_not_planned_as_free(
    on_duty: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(cad, [says("A2", A.UNAVAILABLE, 1, reason="vehicle defect")], known=1)
    stop_the_clock(monkeypatch, at(2))

    page = signed_in(somebody("pfc", "patient_flow_coordinator", on_duty)).get("/breaks/").content.decode()

    assert 'value="A2|' not in page and "A2: cannot be sent now" in page


def test_of_a_shift_that_nobody_told_the_page_says_so(
    on_duty: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(cad, [says("C9", A.AVAILABLE, 1)], known=1)
    stop_the_clock(monkeypatch, at(2))

    page = signed_in(somebody("pfc", "patient_flow_coordinator", on_duty)).get("/breaks/").content.decode()

    assert "nothing is known of their breaks: C9" in page


def test_no_plan_is_made_on_a_silent_control_room(
    on_duty: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(50))

    page = signed_in(somebody("pfc", "patient_flow_coordinator", on_duty)).get("/breaks/").content.decode()

    assert "No plan is made until it is" in page and 'value="A1|' not in page


def test_two_who_plan_the_same_crew_do_not_both(on_duty: Organisation) -> None:
    actions.accept([Beginning("A1", at(10), "")], **scope(on_duty, 2))

    with pytest.raises(NotAllowed, match="Another plan stands"):
        actions.accept([Beginning("A2", at(10), ""), Beginning("A1", at(15), "")], **scope(on_duty, 3))

    assert PlannedBreak.objects.count() == 1


def test_a_planned_break_begins_with_the_status_and_not_before(on_duty: Organisation, cad: Source) -> None:
    actions.accept([Beginning("A1", at(20), "")], **scope(on_duty, 2))
    follow(on_duty, 22)
    assert PlannedBreak.objects.get().state == "stands"

    deliver(cad, [says("A1", A.ON_BREAK, 23)], known=23)
    follow(on_duty, 24)

    assert PlannedBreak.objects.get().state == "begun"


def test_a_planned_break_that_does_not_begin_says_why_and_is_asked_for_again(
    on_duty: Organisation, cad: Source
) -> None:
    actions.accept([Beginning("A1", at(20), "")], **scope(on_duty, 2))
    deliver(
        cad, [job(status, 15, call_sign="A1") for status in ("allocated", "mobile", "at_scene")], known=15
    )
    follow(on_duty, 29)
    assert PlannedBreak.objects.get().state == "stands"

    follow(on_duty, 31)
    run_rules(on_duty, 45)

    plan = PlannedBreak.objects.get()
    assert (plan.state, plan.cause) == ("missed", "On a job: on scene, since 08:15")
    task = Task.objects.get(rule="break_due", closed_at=None)
    assert "A1 to begin by 09:00 (planned before: On a job: on scene" in task.cause


def run_rules(trust: Organisation, minutes: float) -> None:
    for later in (0, 2):  # a cause waits a minute before it is a task
        rules.run(trust.pk, situation.read(trust.pk, at(minutes + later)), at(minutes + later))


def test_breaks_due_within_half_an_hour_are_one_task_of_an_area_until_they_are_planned(
    on_duty: Organisation,
) -> None:
    run_rules(on_duty, 20)
    assert not Task.objects.filter(rule="break_due").exists()

    run_rules(on_duty, 35)
    task = Task.objects.get(rule="break_due")
    assert task.priority == 3 and "2 breaks due within 30 min" in task.title

    actions.accept([Beginning("A1", at(50), ""), Beginning("A2", at(50), "")], **scope(on_duty, 40))
    run_rules(on_duty, 41)
    task.refresh_from_db()
    assert task.closed_at is not None


def test_a_plan_is_taken_back_with_a_reason_and_once(
    on_duty: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(3))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", on_duty))
    actions.accept([Beginning("A1", at(20), "")], **scope(on_duty, 2))

    assert "Say why" in pfc.post("/breaks/A1/withdraw/", {"why": ""}).content.decode()
    assert pfc.post("/breaks/A1/withdraw/", {"why": "Needed for a C1"})["Location"] == "/breaks/"
    again = pfc.post("/breaks/A1/withdraw/", {"why": "Needed for a C1"})

    assert (again.status_code, PlannedBreak.objects.get().cause) == (422, "Needed for a C1")
    assert "None stands" in again.content.decode()


def test_of_a_past_instant_the_board_shows_the_plan_that_stood_then(on_duty: Organisation) -> None:
    actions.accept([Beginning("A1", at(20), "")], **scope(on_duty, 2))
    actions.withdraw("A1", "Needed for a C1", **scope(on_duty, 5))

    assert [set(queries.planned(on_duty.pk, at(minute))) for minute in (1, 3, 6)] == [set(), {"A1"}, set()]


def test_the_database_refuses_two_standing_plans_and_a_window_without_a_break(on_duty: Organisation) -> None:
    (plan,) = actions.accept([Beginning("A1", at(20), "")], **scope(on_duty, 2))

    plan.pk = None
    with pytest.raises(IntegrityError, match="one_standing_plan_per_crew"), transaction.atomic():
        plan.save(force_insert=True)
    with pytest.raises(IntegrityError, match="an_owed_break_has_its_window"), transaction.atomic():
        ShiftBreaks.objects.filter(call_sign="A1").update(start_by=None)
    with pytest.raises(IntegrityError, match="a_plan_stands_or_has_ended"), transaction.atomic():
        PlannedBreak.objects.update(state="missed")


def test_the_page_takes_the_same_queries_for_two_crews_as_for_twenty(
    on_duty: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(2))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", on_duty))

    few = queries_of_the_page(pfc)
    deliver(cad, [event for number in range(20) for event in books_on(f"B{number}")], known=1)
    follow(on_duty, 1.5)

    assert queries_of_the_page(pfc) == few


def queries_of_the_page(browser: Client) -> int:
    browser.get("/breaks/")
    with CaptureQueriesContext(connection) as asked:
        browser.get("/breaks/")
    return len(asked)
