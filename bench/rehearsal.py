"""What the rehearsal of a divert is worth: futures begun in the middle of a simulated day, beside what came.

    python -m bench.rehearsal [--futures 12] [--seeds 3] [--regimes calm,typical,pressured,severe]

A region lives for two days and some hours; it is cut there, made into the situation that a desk would see,
and futures of four hours are begun from that, with no divert. Beside them stands what the region itself then
did: bias, and how often it lies between the bounds of four of five futures. The regime is chosen as the desk
does, from the last day's handovers.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from clearway.config import regions
from clearway.domain.ambulance.diverts import Divert, DivertKind
from clearway.domain.shared.region import Region
from clearway.engine.ambulance.forecast import forecast
from clearway.engine.ambulance.policies import forecast_policy
from clearway.interchange import region_pack
from clearway.simulation.ambulance import rehearsing
from clearway.simulation.ambulance.opening import Known, Unsent
from clearway.simulation.ambulance.policies import nearest
from clearway.simulation.ambulance.rehearsing import HORIZON, RUN_ON, Lived
from clearway.simulation.ambulance.world import World

REFRESH = 300.0
START = datetime(2026, 1, 13, tzinfo=UTC)
CUT_HOURS = (58, 66)  # after the start: at ten in the morning and at six in the evening
NOBODY = Divert("none", DivertKind.CAPACITY, "", (), frozenset(), START, START)  # is not lived
LEAST = 5  # arrivals in the four hours of a department that is counted by itself


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut: what came, the futures, and the seconds of processor time of each."""

    regime: str
    hour: int
    taken_for: str
    came: Lived
    futures: tuple[Lived, ...]
    seconds: float


def known_to_a_desk(world: World, at: datetime) -> Known:
    """The situation with the scenes of its incidents, and the calls that wait for a crew."""
    situation = world.situation(at)
    calls = {each.call.key: each.call for each in world.incidents}
    scenes = {
        key: (calls[key].latitude, calls[key].longitude, calls[key].age)
        for key in set(situation.assignments.incident)
        if key in calls
    }
    unsent = tuple(
        Unsent(each.call.key, each.call.category, each.call.latitude, each.call.longitude, each.waiting_since)
        for each in world.waiting
    )
    return Known(situation, scenes, unsent)


def cuts(region: Region, regime: str, seed: int, futures: int) -> list[Cut]:
    """One simulated region, cut at each of the hours."""
    start, found = START + timedelta(days=3 * seed), []
    world = World(region, regime, seed, start, speaks=False, policy=nearest, refresh=REFRESH)
    policy = forecast_policy(region.policy_values)
    for hour in CUT_HOURS:
        at = start + timedelta(hours=hour)
        known = known_to_a_desk(world, at)
        asked = rehearsing.Asked(region, known, NOBODY, {}, forecast(known.situation, policy))
        parameters, taken_for = rehearsing.prepared(region, known)
        began = time.process_time()
        lived = tuple(
            rehearsing.one(asked, parameters, taken_for, 1000 * seed + number, ())
            for number in range(futures)
        )
        took = (time.process_time() - began) / futures
        world.advance(at + HORIZON + RUN_ON)
        came = rehearsing.summed(world.incidents, tuple(world.hospitals), at.timestamp())
        found.append(Cut(regime, hour % 24, taken_for, came, lived, took))
    return found


def mean_wait(lived: Lived) -> float:
    return float(lived.wait.sum() / max(1.0, lived.came.sum()))


def row(name: str, chosen: Sequence[Cut]) -> str:
    """Region: mean wait, hours lost and C2, what came beside what was lived; departments: bias, error."""
    figures = [
        (mean_wait, "wait"),
        (lambda lived: float(lived.lost.sum() / 60), "lost"),
        (lambda lived: lived.c2, "C2"),
    ]
    cells = []
    for figure, _ in figures:
        came = np.mean([figure(each.came) for each in chosen])
        lived = np.mean([np.mean([figure(one) for one in each.futures]) for each in chosen])
        cells.append(f"{came:6.1f} {lived:6.1f}")
    inside = np.mean(
        [_covers(mean_wait(each.came), [mean_wait(one) for one in each.futures]) for each in chosen]
    )
    bias, covered = _of_departments(chosen)
    return (
        f"{name:<12} {' | '.join(cells)} | {inside:6.0%} | {bias.mean():+5.1f} {np.abs(bias).mean():5.1f} "
        f"{covered.mean():5.0%} {len(bias):4d}"
    )


def _of_departments(chosen: Sequence[Cut]) -> tuple["np.typing.NDArray[np.float64]", ...]:
    bias, covered = [], []
    for each in chosen:
        for place in np.flatnonzero(each.came.came >= LEAST):
            truth = each.came.wait[place] / each.came.came[place]
            lived = [one.wait[place] / one.came[place] for one in each.futures if one.came[place]]
            bias.append(np.mean(lived) - truth)
            covered.append(_covers(truth, lived))
    return np.array(bias), np.array(covered, dtype=np.float64)


def _covers(truth: float, lived: Sequence[float]) -> bool:
    low, high = np.quantile(lived, (0.1, 0.9))
    return bool(low <= truth <= high)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--futures", type=int, default=12)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--regimes", default="calm,typical,pressured,severe")
    options.add_argument("--region", default="south-west")
    asked = options.parse_args()
    region = region_pack.parse(regions.find(asked.region))
    print(
        "               mean wait    |  hours lost   |    C2 mean    | region | sites: bias, error, within, n"
    )
    print("regime         came  lived  |  came  lived  |  came  lived  | within |")
    every: list[Cut] = []
    for regime in asked.regimes.split(","):
        found = [
            each for seed in range(asked.seeds) for each in cuts(region, regime, seed + 1, asked.futures)
        ]
        print(row(regime, found), " taken for", ", ".join(each.taken_for for each in found), flush=True)
        every += found
    print(row("all", every))
    print(
        f"one future of four hours and one hour more: {np.mean([each.seconds for each in every]):.2f} CPU s"
    )


if __name__ == "__main__":
    main()
