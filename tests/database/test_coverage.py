"""The cover page: the gap with what it rests on, nothing where the source is silent, and late finishes."""

from datetime import timedelta
from typing import Any

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, Site
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.coverage import planning
from clearway.desks.ambulance.coverage.policy import cover
from clearway.desks.ambulance.incidents.models import Incident
from clearway.desks.ambulance.rosters import actions as rosters
from clearway.domain.ambulance.events import AvailabilityEvent, Event
from clearway.domain.ambulance.words import Availability
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, deliver, job

pytestmark = pytest.mark.django_db
A = Availability


def station() -> Site:
    return Site.objects.filter(kind="station").select_related("area").order_by("code")[0]


def on(call_sign: str, start: float, end: float) -> list[Event]:
    base: dict[str, Any] = {"station": station().code, "shift_start": at(start), "shift_end": at(end)}
    return [
        AvailabilityEvent(f"{call_sign}/on", at(start), call_sign, A.BOOKING_ON, **base),
        AvailabilityEvent(f"{call_sign}/ready", at(start + 5), call_sign, A.AVAILABLE, **base),
    ]


def looked(trust: Organisation, minutes: float) -> planning.Cover:
    reading = situation.reading(trust.pk, at(minutes))
    return planning.look(trust.pk, reading, cover(trust.pk, at(minutes)), at(minutes))


def test_crews_count_until_their_shift_ends_and_planned_ones_from_when_it_starts(
    valley: Organisation, cad: Source
) -> None:
    head = "call sign,station,kind,start,end\n"
    row = f"B1,{station().code},DCA,{at(120).isoformat()},{at(700).isoformat()}\n"
    late = f"B2,{station().code},DCA,{at(-60).isoformat()},{at(700).isoformat()}\n"
    rosters.load("r.csv", (head + row + late).encode(), organisation_id=valley.pk, by=Actor("t"), at=at(-90))
    deliver(cad, on("A1", -60, 60), known=0)

    seen = looked(valley, 0)

    assert station().area is not None
    gap = seen.gaps[station().area.name]  # type: ignore[union-attr]
    # A1 goes home after an hour; B1 comes after two; B2 should be there and has not booked on.
    assert gap.there == (1, 1, 0, 0, 1, 1, 1, 1)
    assert all(need > 0 for need in gap.needed) and seen.can_say
    assert (seen.counted["to_come"], seen.from_days) == (1, None)


def test_a_history_that_becomes_long_enough_counts_within_the_same_day(valley: Organisation) -> None:
    assert looked(valley, 0).from_days is None
    begin = at(0) - timedelta(days=62)
    Incident.objects.bulk_create(
        Incident(organisation=valley, key=f"I{day}-{each}", call_connect_at=begin + timedelta(days=day))
        for day in range(62)
        for each in range(3)
    )

    assert looked(valley, 1).from_days is None  # of the same quarter of an hour
    assert looked(valley, 20).from_days == 61


def test_nothing_is_said_when_the_source_is_silent(
    valley: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(cad, on("A1", -60, 600), known=0)
    client = signed_in(somebody("pfc", "patient_flow_coordinator", valley))
    stop_the_clock(monkeypatch, at(0.5))
    assert "What the figures rest on" in client.get("/cover/").content.decode()
    stop_the_clock(monkeypatch, at(29))  # within the session
    page = client.get("/cover/").content.decode()
    assert "Cannot say" in page and "What the figures rest on" not in page


def test_late_finishes_are_one_task_that_closes_when_the_jobs_do(valley: Organisation, cad: Source) -> None:
    told = [*on("A1", -660, 40), *on("A2", -660, 50), *on("A3", -60, 600)]
    sent = [
        job(status, -15 + 5 * place, incident=call_sign, call_sign=call_sign)
        for call_sign in ("A1", "A2", "A3")
        for place, status in enumerate(("allocated", "mobile", "at_scene"))
    ]
    deliver(cad, [*told, *sent], known=0)
    for minutes in (0, 2):
        rules.run(valley.pk, situation.read(valley.pk, at(minutes)), at(minutes))

    task = Task.objects.get(rule="late_finish", closed_at=None)
    assert task.title == "2 crews will probably finish late"
    assert "A1" in task.cause and "A2" in task.cause and "A3" not in task.cause

    clear = [job("clear", 3, incident=name, call_sign=name) for name in ("A1", "A2")]
    deliver(cad, clear, known=3)
    for minutes in (4, 6, 30):
        deliver(cad, [], known=minutes)
        rules.run(valley.pk, situation.read(valley.pk, at(minutes)), at(minutes))
    assert not Task.objects.filter(rule="late_finish", closed_at=None).exists()
