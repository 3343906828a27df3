"""One advice over 25 departments, and every crew of England advised again, beside the nearest by distance.

    python -m bench.advice [--seed 1]

The simple alternative of advice is what a crew without it does: the nearest department by haversine, one
numpy argmin. That of the forecast is the mean of the last ten and queue divided by rate at every department.
Wall time and processor time of this process; on a busy machine only the second compares.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from clearway.config import regions
from clearway.domain.ambulance.destinations import Case
from clearway.domain.ambulance.situation import Feed, Situation, compose
from clearway.domain.shared.geography import Point, distance_km
from clearway.domain.shared.region import Mark, Policy, Site, SiteKind
from clearway.engine.ambulance.advice import AdvicePolicy, advise, journeys_of
from clearway.engine.ambulance.forecast import Forecast, ForecastPolicy, baselines, forecast
from clearway.engine.ambulance.ranking import picture, rank
from clearway.engine.ambulance.ranking_together import rank_together
from clearway.engine.ambulance.rulebook import Rulebook
from clearway.engine.ambulance.travel import Network
from clearway.interchange import region_pack
from clearway.simulation.ambulance.world import World

DEPARTMENTS, REGIONS, CREWS = 25, 10, 150
AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def rulebook(chance: np.random.Generator) -> tuple[Rulebook, list[Site]]:
    """The South West's departments and five more, under its rules; its alternatives left out."""
    pack = region_pack.parse(regions.find("south-west"))
    sites = list(pack.sites_of(SiteKind.EMERGENCY_DEPARTMENT))
    for number in range(DEPARTMENTS - len(sites)):
        sites.append(_invented(f"X{number:04}", chance))
    policies = [each for each in pack.policies if each.name != "alternatives_directory"]
    return Rulebook.of(sites, [*policies, _nothing_listed(pack.policies)], pack.timezone), sites


def _invented(code: str, chance: np.random.Generator) -> Site:
    return Site(
        code=code,
        key=code,
        name=code,
        town="",
        kind=SiteKind.EMERGENCY_DEPARTMENT,
        latitude=float(chance.uniform(50.3, 51.9)),
        longitude=float(chance.uniform(-5, -1.7)),
        area=None,
        mark=Mark.ASSUMED,
        source="invented",
    )


def _nothing_listed(policies: tuple[Policy, ...]) -> Policy:
    listed = next(each for each in policies if each.name == "alternatives_directory")
    return Policy(
        listed.name,
        listed.valid_from,
        "invented",
        listed.owner,
        listed.review_on,
        listed.mark,
        {"places": ()},
    )


def busy_day(sites: list[Site], seed: int) -> tuple[Situation, Forecast]:
    """The South West as the simulator has it at 14:00, with the further departments beside it."""
    pack = region_pack.parse(regions.find("south-west"))
    world = World(pack, "typical", seed=seed, start=AT - timedelta(hours=8))
    world.advance(AT)
    seen = world.situation(AT)
    names = [(site.code, site.name, Point(site.latitude, site.longitude)) for site in sites]
    known = frozenset({"handover", "destination"})
    empty = compose(AT, names, (), (), {}, [Feed("cad", "cad", 60, AT, known)])
    codes = {code: row for row, code in enumerate(empty.sites.code)}
    here = np.array([codes[code] for code in seen.sites.code] + [-1])
    moved = replace(seen.assignments, site=here[seen.assignments.site].astype(np.int32))
    joined = replace(empty, assignments=moved, resources=seen.resources)
    return joined, forecast(joined, ForecastPolicy())


def cases(count: int, chance: np.random.Generator, at: float) -> list[Case]:
    return [
        Case(
            key=f"{number}",
            position=Point(float(chance.uniform(50.3, 51.9)), float(chance.uniform(-5, -1.7))),
            ready_at=at,
            age=int(chance.integers(1, 95)),
            news2=int(chance.integers(0, 9)),
        )
        for number in range(count)
    ]


def timed(work: Callable[[int], object], times: int) -> tuple[np.ndarray, np.ndarray]:
    """Wall and processor microseconds of each call, after a warm-up."""
    for number in range(20):
        work(number)
    wall, own = np.zeros(times), np.zeros(times)
    for number in range(times):
        began, used = time.perf_counter(), time.process_time()
        work(number)
        wall[number], own[number] = time.perf_counter() - began, time.process_time() - used
    return wall * 1e6, own * 1e6


def said(name: str, wall: np.ndarray, own: np.ndarray) -> None:
    print(
        f"{name:<44}{np.median(wall):>9.0f}{np.percentile(wall, 99):>9.0f}"
        f"{np.median(own):>9.0f}{np.percentile(own, 99):>9.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    seed = parser.parse_args().seed
    chance = np.random.default_rng(seed)
    rules, sites = rulebook(chance)
    situation, waits = busy_day(sites, seed)
    policy, network = AdvicePolicy(), Network.plain()
    some = cases(500, chance, situation.at)
    legs = [journeys_of([case], network, situation, rules, policy) for case in some]
    seen = picture(situation, waits, rules, policy)
    latitude, longitude = rules.places.latitude, rules.places.longitude

    def nearest(case: Case) -> int:
        return int(distance_km(case.position.latitude, case.position.longitude, latitude, longitude).argmin())

    print(f"{DEPARTMENTS} departments, {len(situation.assignments.key)} assignments, seed {seed}")
    print(f"{'microseconds':<44}{'p50':>9}{'p99':>9}{'cpu p50':>9}{'cpu p99':>9}")
    pick = len(some)
    one = timed(lambda n: rank(some[n % pick], seen, legs[n % pick]), 2000)
    said("rank: one crew, situation prepared", *one)
    said(
        "advise: the same with reasons, nothing prepared",
        *timed(lambda n: advise(some[n % pick], situation, waits, legs[n % pick], rules, policy), 1000),
    )
    of_all = timed(lambda n: forecast(situation, ForecastPolicy()), 100)
    said("forecast of all 25 departments", *of_all)
    plain = timed(lambda n: baselines(situation, ForecastPolicy()), 100)
    said("simple: last ten, and queue / rate, of all 25", *plain)
    simple = timed(lambda n: nearest(some[n % pick]), 2000)
    said("simple: nearest by haversine in numpy", *simple)
    for name, ours, theirs in (("rank", one, simple), ("forecast", of_all, plain)):
        ratio = np.median(ours[1]) / max(np.median(theirs[1]), 1e-9)
        print(f"ratio of medians, {name} to simple: {ratio:.1f}")
    _england(rules, situation, waits, policy, chance)


def _england(
    rules: Rulebook, situation: Situation, waits: Forecast, policy: AdvicePolicy, chance: np.random.Generator
) -> None:
    """Ten regions, each with its crews about to leave scene, solved together within the region."""
    regions_ = [cases(CREWS, chance, situation.at) for _ in range(REGIONS)]
    network = Network.plain()
    used, began = time.process_time(), time.perf_counter()
    for crews in regions_:
        seen = picture(situation, waits, rules, policy)
        rank_together(crews, seen, journeys_of(crews, network, situation, rules, policy))
    wall, own = time.perf_counter() - began, time.process_time() - used
    print(f"England, {REGIONS} x {CREWS} crews re-advised together: {wall:.2f} s wall, {own:.2f} s cpu")
    used = time.process_time()
    for crews in regions_:
        where = np.array([case.position for case in crews])
        distance_km(where[:, :1], where[:, 1:], rules.places.latitude, rules.places.longitude).argmin(axis=1)
    simple = max(time.process_time() - used, 1e-6)
    print(f"simple, all nearest by haversine: {simple * 1000:.1f} ms cpu; ratio {own / simple:.0f}")


if __name__ == "__main__":
    main()
