"""Who is expected at the hospitals, beside who comes, in simulated days that nothing was fitted on."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from clearway.config import regions
from clearway.domain.ambulance.situation import Situation
from clearway.domain.ambulance.words import JobStatus
from clearway.engine.ambulance.forecast_arrivals import expected_arrivals
from clearway.engine.ambulance.forecast_seen import see
from clearway.engine.ambulance.forecast_values import STEP_MINUTES
from clearway.engine.ambulance.policies import forecast_policy
from clearway.engine.ambulance.travel import PLAIN
from clearway.interchange import region_pack
from clearway.simulation.ambulance.world import World

EVERY, LOOKS = timedelta(minutes=30), 24
REGION = region_pack.parse(regions.find("south-west"))
POLICY = forecast_policy({each.name: each.values for each in REGION.policies})


@pytest.mark.parametrize(
    ("regime", "start", "seed"),
    [
        ("typical", datetime(2026, 3, 4, 9, tzinfo=UTC), 111),
        ("severe", datetime(2024, 12, 3, 9, tzinfo=UTC), 112),
    ],
)
def test_arrivals_expected_within_the_hour_are_within_15_percent_of_those_that_come(
    regime: str, start: datetime, seed: int
) -> None:
    # About 850 come in each half hour of these looks, so chance alone makes a few percent.
    looks, arrived = twelve_hours(regime, start, seed)

    for begins, ends in ((0, 30), (30, 60)):
        expected = sum(expected_at_all(each, begins, ends) for each in looks)
        came = sum(
            np.count_nonzero((arrived > each.at + begins * 60) & (arrived <= each.at + ends * 60))
            for each in looks
        )
        assert expected == pytest.approx(came, rel=0.15)


def twelve_hours(regime: str, start: datetime, seed: int) -> tuple[list[Situation], np.ndarray]:
    """What is seen every half hour from a day after the start on, and when crews arrived at hospitals."""
    world = World(REGION, regime, seed, start, speaks=False, refresh=EVERY.total_seconds())
    at, looks = start + timedelta(days=1), list[Situation]()
    for _ in range(LOOKS):
        world.advance(at)
        looks.append(world.situation(at))
        at += EVERY
    end = at + timedelta(hours=1)
    world.advance(end)
    return looks, world.situation(end).assignments.stamp(JobStatus.AT_HOSPITAL)


def expected_at_all(situation: Situation, begins: int, ends: int) -> float:
    """Arrivals expected at all hospitals together, from so many minutes ahead to so many."""
    coming = expected_arrivals(situation, POLICY, see(situation, POLICY), PLAIN)
    return float(coming[:, int(begins / STEP_MINUTES) : int(ends / STEP_MINUTES)].sum())
