"""A recorded day lived again: the same patients and times, and no gain out of nothing."""

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest

from clearway.cli import main
from clearway.config import regions
from clearway.domain.ambulance.events import Event
from clearway.domain.ambulance.situation import Situation
from clearway.domain.shared.region import Region
from clearway.engine.ambulance.conveyance import Choice
from clearway.interchange import native, region_pack
from clearway.simulation.ambulance import replay
from clearway.simulation.ambulance.policies import Question, nearest
from clearway.simulation.ambulance.replay import Door
from clearway.simulation.ambulance.world import World

START = datetime(2026, 3, 2, tzinfo=UTC)


@cache
def valley() -> Region:
    return region_pack.parse(regions.find("test-valley"))


@cache
def recorded() -> tuple[Event, ...]:
    return tuple(World(valley(), "busy", 1, START, faults=False).advance(START + timedelta(days=2)))


def elsewhere(situation: Situation, question: Question) -> tuple[Choice, ...]:
    return nearest(situation, question)[::-1]


def test_under_the_policy_of_the_day_the_day_is_as_it_was():
    found = replay.relive(valley(), recorded(), nearest, picture=False)
    was = [each.recorded for each in found.patients]

    assert len(was) > 40
    assert not any(each.moved for each in found.patients)
    assert [each.wait for each in found.patients] == [(one.handed_over - one.arrived) / 60 for one in was]
    assert [each.drive for each in found.patients] == [(one.arrived - one.left) / 60 for one in was]


def test_no_patient_is_lost_or_invented():
    found, left_out = replay.conveyances(recorded(), valley())
    relived = replay.relive(valley(), recorded(), elsewhere, picture=False)

    assert [each.recorded for each in relived.patients] == found
    assert relived.left_out == left_out


def test_a_patient_more_makes_the_next_wait_longer_and_one_less_shorter():
    arrived = np.arange(0, 36_000, 600.0)
    waits = np.concatenate([np.full(10, 10.0), np.full(50, 40.0)])
    more, fewer, same = (Door(arrived, waits) for _ in range(3))
    more.move(9_000, 2)
    fewer.move(9_000, -2)

    # Six handovers an hour: ten minutes for each patient.
    assert same.wait_at(9_300) == pytest.approx(40)
    assert more.wait_at(9_300) == pytest.approx(60)
    assert fewer.wait_at(9_300) == pytest.approx(20)


def test_the_command_says_what_was_assumed(tmp_path, capsys):
    file = tmp_path / "day.ndjson"
    file.write_bytes(native.dump(recorded()))

    code = main(
        ["simulate", "test-valley", "--replay", str(file), "--regime", "busy", "--policies", "advice"]
    )

    said = capsys.readouterr().out
    assert code == 0
    assert "recorded" in said
    assert said.count("\n- ") == len(replay.ASSUMED)
