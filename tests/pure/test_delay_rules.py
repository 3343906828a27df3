"""What the rules of delays ask for, of crews as they stand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from clearway.core.worklist.rules import Wanted
from clearway.desks.ambulance.delays.models import DelayWord
from clearway.desks.ambulance.delays.queries import Clock, Standing
from clearway.desks.ambulance.delays.rules import Found, over, wrap_up
from clearway.domain.ambulance.delays import RUNGS, Awaited, Ladder, Phase, Rung
from clearway.domain.ambulance.words import Category, ResourceKind

EIGHT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
LADDER = Ladder(30, 45, 86, 111)


def at(minutes: float) -> datetime:
    return EIGHT + timedelta(minutes=minutes)


def crew(
    call_sign: str,
    rung: Rung,
    *,
    area: str = "Dale",
    incident: str = "1",
    phase: Phase = Phase.SCENE,
    waits_since: datetime | None = None,
    words: Sequence[DelayWord] = (),
) -> Standing:
    clock = Clock(
        phase=phase,
        assignment=f"{incident}/{call_sign}",
        incident=incident,
        call_sign=call_sign,
        kind=ResourceKind.RRV,
        category=Category.C2,
        expected=None,
        began=EIGHT,
        waits_since=waits_since,
        waited=timedelta(),
        site="",
    )
    return Standing(
        clock=clock,
        area=area,
        station="",
        norm=None,
        ladder=LADDER,
        rung=rung,
        runs_from=waits_since or EIGHT,
        is_critical=False,
        row=None,
        reports=(),
        words=tuple(words),
        awaited=Awaited.NOT_ASKED,
    )


def wanted(*crews: Standing) -> dict[str, Wanted]:
    found = Found(crews, is_heard=True)
    return {each.subject: each for each in (*over(found, {}), *wrap_up(found, {}))}


def an_escalation(minutes: float) -> DelayWord:
    return DelayWord(kind=DelayWord.Kind.ESCALATED, at=at(minutes), by="pfc", said="Help", to="SDO")


def test_a_task_names_the_crews_that_it_stands_for_so_that_one_who_joins_brings_it_back() -> None:
    tasks = wanted(
        *(crew(f"A{place}", rung) for place, rung in enumerate(RUNGS)),
        crew("B1", Rung.OFFICER, incident="2"),
        crew("W1", Rung.CONTACT, phase=Phase.WRAP_UP),
    )

    members = {subject: set(task.members) for subject, task in tasks.items()}
    assert members["delays:officer"] == {"A3 1", "B1 2"}
    assert members["delays:commander:Dale"] == {"A4 1"} and members["delays:wrap_up"] == {"W1 1"}
    on_its_next_job = wanted(crew("A4", Rung.COMMANDER, incident="9"))
    assert on_its_next_job["delays:commander:Dale"].members.isdisjoint(members["delays:commander:Dale"])


def test_each_area_has_its_own_task_of_the_commander() -> None:
    tasks = wanted(
        crew("A1", Rung.COMMANDER, area="Dale"),
        crew("A2", Rung.COMMANDER, area="Hill"),
        crew("A3", Rung.COMMANDER, area=""),
    )

    assert {subject: task.title for subject, task in tasks.items()} == {
        "delays:commander:Dale": "1 crew on scene longer than 99 in 100, Dale",
        "delays:commander:Hill": "1 crew on scene longer than 99 in 100, Hill",
        "delays:commander:": "1 crew on scene longer than 99 in 100, area unknown",
    }
    assert {task.role for task in tasks.values()} == {"local_commander"}


def test_waiting_for_a_vehicle_and_what_was_escalated_are_not_told_as_a_scene_that_is_too_long() -> None:
    tasks = wanted(
        crew("R1", Rung.OFFICER, waits_since=at(10)),
        crew("A2", Rung.WITHIN, words=[an_escalation(10)]),
        crew("A3", Rung.CONTACT, phase=Phase.WRAP_UP, words=[an_escalation(31)]),
    )

    assert {subject: task.title for subject, task in tasks.items()} == {
        "delays:backup": "1 crew waiting long for a vehicle that conveys",
        "delays:escalated": "1 crew on scene: escalated, no answer yet",
        "delays:wrap_up_escalated": "1 crew in wrap-up: escalated, no answer yet",
    }
    assert tasks["delays:backup"].cause == "R1, C2, since 08:10"
    assert tasks["delays:escalated"].since == at(10)
