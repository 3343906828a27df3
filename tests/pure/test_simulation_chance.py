"""Common random numbers: what befalls a patient does not depend on where a policy sends others."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from clearway.config import regions
from clearway.domain.ambulance.situation import Situation
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.region import Region
from clearway.engine.ambulance.conveyance import Choice
from clearway.interchange import region_pack
from clearway.simulation.ambulance.policies import Question, nearest
from clearway.simulation.ambulance.world import World
from clearway.simulation.shared.agenda import Agenda
from clearway.simulation.shared.chance import count, normal

START = datetime(2026, 3, 2, tzinfo=UTC)


@cache
def region(slug: str = "test-valley") -> Region:
    return region_pack.parse(regions.find(slug))


def farthest(situation: Situation, question: Question) -> tuple[Choice, ...]:
    return nearest(situation, question)[::-1]


def lived(hours: float, **how: Any) -> World:
    world = World(region(), "busy", 3, START, speaks=False, **how)
    world.advance(START + timedelta(hours=hours))
    return world


def test_no_policy_changes_who_calls_or_what_their_course_will_be():
    one, other = lived(48), lived(48, policy=farthest)

    assert [each.call for each in one.incidents] == [each.call for each in other.incidents]
    assert len(one.incidents) > 200


def test_no_policy_changes_how_long_a_crew_is_on_scene_with_its_patient():
    def on_scene(world: World) -> dict[str, float]:
        jobs = [job for incident in world.incidents for job in incident.jobs if len(incident.jobs) == 1]
        left, there = JobStatus.DESTINATION_SELECTED, JobStatus.AT_PATIENT
        return {j.incident.call.key: j.stamps[left] - j.stamps[there] for j in jobs if left in j.stamps}

    one, other = on_scene(lived(48)), on_scene(lived(48, policy=farthest))
    both = one.keys() & other.keys()

    assert len(both) > 40
    assert all(one[key] == pytest.approx(other[key]) for key in both)


def test_no_policy_changes_the_walk_ins_and_the_planned_beds_of_a_department():
    one, other = lived(30), lived(30, policy=farthest)

    for code, hospital in one.hospitals.items():
        hours = range(int(START.timestamp() // 3600), int(START.timestamp() // 3600) + 30)
        mine = [hospital.streams.hour(hour).luck(9) for hour in hours]
        assert mine == [other.hospitals[code].streams.hour(hour).luck(9) for hour in hours]


def test_a_silent_world_lives_through_the_same_days_as_one_that_speaks():
    silent, speaking = lived(24), World(region(), "busy", 3, START, faults=False)
    said = {
        (event.assignment_key, event.occurred_at.timestamp())
        for event in speaking.advance(START + timedelta(hours=24))
        if event.status is JobStatus.AT_HOSPITAL
    }

    happened = {
        (job.key, float(int(job.stamps[JobStatus.AT_HOSPITAL])))
        for incident in silent.incidents
        for job in incident.jobs
        if JobStatus.AT_HOSPITAL in job.stamps
    }
    assert happened == said


@pytest.mark.parametrize("hours", [0.5, 3, 11, 29, 55])
def test_the_picture_of_a_silent_world_is_what_the_board_folds_from_a_perfect_feed(hours: float):
    at = START + timedelta(hours=hours)
    folded = World(region(), "busy", 3, START, faults=False).situation(at)
    silent = World(region(), "busy", 3, START, speaks=False, refresh=600)

    for step in (0.2, 0.6, 1.0):  # looked at on the way, too
        kept = silent.situation(START + step * (at - START))

    assert plain(kept) == plain(folded)


def plain(value: Any) -> Any:
    """As lists, without when the feed was last heard: a silent world has none."""
    if isinstance(value, np.ndarray):
        return np.where(np.isnan(value), -1.0, value).tolist() if value.dtype.kind == "f" else value.tolist()
    if hasattr(value, "__dataclass_fields__"):
        return {
            each.name: plain(getattr(value, each.name)) for each in fields(value) if each.name != "received"
        }
    return value


def test_what_is_due_far_ahead_comes_in_its_turn():
    agenda, done = Agenda(0.0), []
    for when in (90_000, 5, 1_300, 5, 1_199, 40_000):
        agenda.at(when, done.append, when)

    agenda.run(1_200)
    agenda.at(1_250, done.append, 1_250)
    agenda.run(100_000)

    assert done == [5, 5, 1_199, 1_250, 1_300, 40_000, 90_000]


@pytest.mark.parametrize("mean", [0.3, 4.0, 40.0, 59.9, 200.0])
def test_counts_have_their_mean_and_grow_with_the_share(mean: float):
    shares = [(place + 0.5) / 4000 for place in range(4000)]
    counts = [count(mean, share) for share in shares]

    assert counts == sorted(counts)
    assert np.mean(counts) == pytest.approx(mean, rel=0.01)
    assert np.var(counts) == pytest.approx(mean, rel=0.03)


def test_the_middle_share_is_the_middle_value():
    assert normal(0.5) == pytest.approx(0.0)
    assert normal(0.0) < -8
