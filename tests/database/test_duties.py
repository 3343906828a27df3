"""What the workers do by themselves does what it says, on real input."""

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action, Seal
from clearway.core.feeds.actions import switch
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import housekeeping
from clearway.desks.ambulance.handovers import queries as handovers
from clearway.desks.ambulance.snapshots.models import Snapshot
from clearway.domain.ambulance.events import Position
from clearway.gateway import duties, replay

from .conftest import at, conveyance, deliver

pytestmark = pytest.mark.django_db


def duty(name: str) -> duties.Duty:
    return next(each for group in duties.groups().values() for each in group() if each.name == name)


def test_a_long_wait_raises_a_task_that_closes_by_itself_after_the_handover(
    valley: Organisation, cad: Source
) -> None:
    Source.objects.filter(pk=cad.pk).update(knows=["destination", "handover"])
    deliver(cad, conveyance("TVH01", until="at_hospital"), known=41)
    deliver(
        cad, conveyance("TVH01", incident="2", call_sign="B2", until="allocated"), known=89
    )  # still heard
    duty("rules").work(at(90))
    task = Task.objects.get(rule="handover_ladder")
    assert task.closed_at is None
    assert "A1" in f"{task.title} {task.cause}"

    deliver(cad, conveyance("TVH01", until="handover")[-1:], known=93)
    duty("rules").work(at(94))

    task.refresh_from_db()
    assert task.state == "closed"


def test_the_first_messages_raise_nothing_until_they_have_settled(valley: Organisation, cad: Source) -> None:
    PolicyVersion.objects.update(made_at=at(0))
    duty("rules").work(at(9))
    Source.objects.filter(pk=cad.pk).update(knows=["destination", "handover"])
    deliver(cad, conveyance("TVH01", until="at_hospital"), known=100)
    duty("rules").work(at(100.2))
    assert not Task.objects.exists()

    duty("rules").work(at(100.5))

    assert Task.objects.filter(rule="handover_ladder").exists()


def test_a_trust_that_was_never_heard_of_is_told_so(valley: Organisation, cad: Source) -> None:
    PolicyVersion.objects.update(made_at=at(0))

    duty("rules").work(at(10))

    assert Task.objects.filter(subject=f"source:{cad.name}").exists()


def test_the_task_of_a_silent_source_closes_when_the_source_is_switched_off(
    valley: Organisation, cad: Source, avl: Source
) -> None:
    deliver(cad, conveyance("TVH01", until="mobile"), known=11)
    for minutes in (60, 62):
        duty("rules").work(at(minutes))
    task = Task.objects.get(subject=f"source:{cad.name}")
    assert task.closed_at is None

    switch(cad, False, by=Actor("test"), at=at(63))
    duty("rules").work(at(64))

    task.refresh_from_db()
    assert task.state == "closed"


def test_a_finished_replay_does_not_blind_the_boards(valley: Organisation, cad: Source) -> None:
    replayed = replay.source_for(valley, "native", "native-live", live=True, by=Actor("test"), at=at(0))
    with replay.switched_on(replayed, by=Actor("test"), clock=lambda: at(1)):
        deliver(replayed, conveyance("TVH01", until="mobile"), known=11)
    deliver(cad, conveyance("TVH01", incident="2", call_sign="B2", until="mobile"), known=64)

    assert handovers.board(valley.pk, at(64)).basis.cad.freshness == "fresh"


def test_snapshots_are_taken_at_the_quarter_hour_once(valley: Organisation) -> None:
    duty("snapshots").work(at(17))
    duty("snapshots").work(at(29))

    assert list(Snapshot.objects.values_list("at", flat=True)) == [at(15)]


@pytest.mark.django_db(transaction=True)
def test_the_sealer_chains_what_was_done(valley: Organisation) -> None:
    duty("seal").work(at(1))

    assert Seal.objects.get().rows == Action.objects.count() > 0


def test_every_duty_has_a_connection_of_its_own() -> None:
    from clearway.config.database import databases

    options = databases({"CLEARWAY_PROCESS": "worker"})["default"]["OPTIONS"]

    assert "pool" not in options  # a pool smaller than the duties starves the last of them for ever


def test_rows_of_a_day_that_has_no_partition_yet_do_not_stop_the_others(
    valley: Organisation, avl: Source
) -> None:
    deliver(avl, [Position("A1", at(60 * 24 * 2), 52.2, -1.4)], known=60 * 24 * 2)

    made = housekeeping.make_partitions(at(60 * 24))

    assert "ambulance_position_20261122" not in made
    assert {"ambulance_position_20261123", "ambulance_fact_202612"} <= set(made)
