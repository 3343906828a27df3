"""How fast the simulator lives: a South West week, and one simple queue model beside SimPy.

    python bench/simulation.py [--days 7] [--incidents 20000]

1. The same small model (40 ambulances, 5 hospitals of 6 handover bays, the vehicle held while it queues) on
   our agenda and in SimPy, in one process, ours-theirs-theirs-ours; both must give one mean response. That
   compares the engines underneath.
2. The whole South West: 330 crews, dispatch, 20 departments with boarders and beds, common random numbers;
   first with nobody advised, then with the production forecast and ranking asked for every patient.

Figures are incidents per CPU second of this process; other work on the machine makes them smaller.
"""

import argparse
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import simpy

from clearway.config import regions
from clearway.interchange import region_pack
from clearway.simulation.ambulance import comparing, parameters
from clearway.simulation.ambulance.world import World
from clearway.simulation.shared.agenda import Agenda

AMBULANCES, HOSPITALS, BAYS = 40, 5, 6
EVERY, TO_SCENE, ON_SCENE, TO_HOSPITAL, HANDOVER, WRAP_UP = 3.5, 8.0, 35.0, 18.0, 25.0, 12.0  # mean minutes
CONVEYED = 0.6


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the simulator beside SimPy.")
    parser.add_argument("--days", type=int, default=7, help="of the South West (default 7)")
    parser.add_argument("--incidents", type=int, default=20_000, help="of the small model (default 20,000)")
    arguments = parser.parse_args()
    side_by_side(arguments.incidents)
    print()
    for name in (comparing.NEAREST, comparing.ADVICE):
        south_west(name, arguments.days)
    return 0


def side_by_side(incidents: int) -> None:
    runs = [("ours", ours), ("SimPy", theirs), ("SimPy", theirs), ("ours", ours)]
    took: dict[str, list[float]] = {"ours": [], "SimPy": []}
    means: dict[str, list[float]] = {"ours": [], "SimPy": []}
    for seed, (name, run) in enumerate(runs):
        seconds, responses = timed(run, incidents, seed)
        took[name].append(seconds)
        means[name].append(float(np.mean(responses)))
        error = 3 * float(np.std(responses)) / 40  # responses of one run hang together: far fewer count
        rate = incidents / seconds
        print(f"{name:8}{rate:>12,.0f} incidents per CPU second, mean response {means[name][-1]:.2f}")
    rates = {name: incidents / float(np.mean(each)) for name, each in took.items()}
    print(f"ratio ours / SimPy, the same model: {rates['ours'] / rates['SimPy']:.1f}")
    if abs(np.mean(means["ours"]) - np.mean(means["SimPy"])) > error:
        sys.exit("The two do not simulate the same model.")


def timed(run: Callable[[int, int], list[float]], incidents: int, seed: int) -> tuple[float, list[float]]:
    began = time.process_time()
    responses = run(incidents, seed)
    return time.process_time() - began, responses


def ours(incidents: int, seed: int) -> list[float]:
    """The small model as callbacks on our agenda."""
    agenda, dice = Agenda(0.0), Random(seed)
    draw = dice.expovariate
    free, waiting = AMBULANCES, deque[float]()
    bays, queues = [BAYS] * HOSPITALS, [deque[int]() for _ in range(HOSPITALS)]
    responses: list[float] = []

    def call(left: int) -> None:
        waiting.append(agenda.now)
        if left > 1:
            agenda.at(agenda.now + draw(1 / EVERY), call, left - 1)
        send()

    def send() -> None:
        nonlocal free
        while free and waiting:
            free -= 1
            agenda.at(agenda.now + draw(1 / TO_SCENE), at_scene, waiting.popleft())

    def at_scene(called: float) -> None:
        responses.append(agenda.now - called)
        leaves = agenda.now + draw(1 / ON_SCENE)
        if dice.random() < CONVEYED:
            agenda.at(leaves + draw(1 / TO_HOSPITAL), at_hospital, dice.randrange(HOSPITALS))
        else:
            agenda.at(leaves, clear)

    def at_hospital(hospital: int) -> None:
        if bays[hospital]:
            bays[hospital] -= 1
            agenda.at(agenda.now + draw(1 / HANDOVER), handed_over, hospital)
        else:
            queues[hospital].append(1)

    def handed_over(hospital: int) -> None:
        if queues[hospital]:
            queues[hospital].popleft()
            agenda.at(agenda.now + draw(1 / HANDOVER), handed_over, hospital)
        else:
            bays[hospital] += 1
        agenda.at(agenda.now + draw(1 / WRAP_UP), clear)

    def clear() -> None:
        nonlocal free
        free += 1
        send()

    agenda.at(0.0, call, incidents)
    agenda.run(1e12)
    return responses


def theirs(incidents: int, seed: int) -> list[float]:
    """The same in SimPy, as its documentation would have it."""
    world, dice = simpy.Environment(), Random(seed)
    draw = dice.expovariate
    ambulances = simpy.Resource(world, AMBULANCES)
    bays = [simpy.Resource(world, BAYS) for _ in range(HOSPITALS)]
    responses: list[float] = []

    def incident() -> Iterator[Any]:
        called = world.now
        with ambulances.request() as ambulance:
            yield ambulance
            yield world.timeout(draw(1 / TO_SCENE))
            responses.append(world.now - called)
            yield world.timeout(draw(1 / ON_SCENE))
            if dice.random() < CONVEYED:
                yield world.timeout(draw(1 / TO_HOSPITAL))
                with bays[dice.randrange(HOSPITALS)].request() as bay:
                    yield bay
                    yield world.timeout(draw(1 / HANDOVER))
                yield world.timeout(draw(1 / WRAP_UP))

    def calls() -> Iterator[Any]:
        for _ in range(incidents):
            world.process(incident())
            yield world.timeout(draw(1 / EVERY))

    world.process(calls())
    world.run()
    return responses


def south_west(name: str, days: int) -> None:
    """A week under one policy; the hospitals' 36 hours before it are in the time."""
    region = region_pack.parse(regions.find("south-west"))
    whole = parameters.read(region)
    policy, refresh, _ = comparing.made(name, region, whole, whole.regimes["typical"])
    start = datetime(2026, 3, 2, tzinfo=UTC)
    began = time.process_time()
    world = World(region, "typical", 1, start, speaks=False, policy=policy, refresh=refresh)
    world.advance(start + timedelta(days=days))
    took = time.process_time() - began
    incidents = len(world.incidents)
    decided = sum(job.site is not None for incident in world.incidents for job in incident.jobs)
    print(
        f"South West, {days} days, {name}: {incidents:,} incidents and {decided:,} destinations in"
        f" {took:.1f} s of CPU, {incidents / took:,.0f} incidents per CPU second"
    )


if __name__ == "__main__":
    sys.exit(main())
