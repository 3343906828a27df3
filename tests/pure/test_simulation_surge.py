"""What the simulated control room does when many wait: shorter waits, nobody in danger closed."""

from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
import numpy as np

from clearway.config import regions
from clearway.domain.ambulance.words import Category
from clearway.interchange import region_pack
from clearway.simulation.ambulance import parameters
from clearway.simulation.ambulance.control import Incident
from clearway.simulation.ambulance.ledger import response_minutes
from clearway.simulation.ambulance.world import World

START = datetime(2026, 3, 2, tzinfo=UTC)
REGION = region_pack.parse(regions.find("test-valley"))


@cache
def lived(surging: bool, units: float) -> tuple[Incident, ...]:
    """Two busy days with fewer crews than usual."""
    whole = parameters.read(REGION)
    regime = msgspec.structs.replace(whole.regimes["busy"], units=whole.regimes["busy"].units * units)
    surge = whole.surge
    if not surging:
        surge = msgspec.structs.replace(surge, closed={}, wrap_up=1.0, unavailable=1.0, called_in=0.0)
    changed = msgspec.structs.replace(whole, surge=surge, regimes={**whole.regimes, "busy": regime})
    world = World(REGION, "busy", 1, START, speaks=False, parameters=changed)
    world.advance(START + timedelta(hours=48))
    return tuple(world.incidents)


def mean_response(incidents: tuple[Incident, ...], category: Category) -> float:
    minutes = [response_minutes(each) for each in incidents if each.call.category is category]
    return float(np.mean([each for each in minutes if each is not None]))


def closed_while_waiting(incidents: tuple[Incident, ...]) -> list[Incident]:
    return [
        each
        for each in incidents
        if not each.call.by_phone
        and not each.waits
        and not each.active()
        and not any("at_scene" in job.stamps for job in each.jobs)
    ]


def test_a_surge_shortens_the_waits_of_days_with_too_few_crews():
    without, surging = lived(False, 0.5), lived(True, 0.5)

    assert mean_response(surging, Category.C2) < 0.8 * mean_response(without, Category.C2)


def test_calls_are_closed_only_when_many_wait_and_never_of_the_most_urgent():
    closed = closed_while_waiting(lived(True, 0.5))

    assert closed
    assert not any(each.call.category is Category.C1 for each in closed)
    assert not closed_while_waiting(lived(True, 3.0))
    assert not closed_while_waiting(lived(False, 0.5))


def test_a_surge_changes_nothing_about_who_calls():
    assert [each.call for each in lived(True, 0.5)] == [each.call for each in lived(False, 0.5)]
