"""Hold the simulator against published figures, and search for the parameters that bring them out.

    python bench/simulation_fit.py south-west                     target beside result, every regime
    python bench/simulation_fit.py south-west --search severe     better departments for one regime

The first runs the whole region. The second runs its departments alone on the patients that simulation.toml
says they get, which is many times faster, and prints what to write into the regime; it never looks at a
distribution of waits, only at what the departments produce.
"""

import argparse
import random
import sys
import time
from datetime import UTC, datetime

import msgspec
import numpy as np

from clearway.config import regions
from clearway.domain.shared.region import Region
from clearway.interchange import region_pack
from clearway.simulation.ambulance import parameters, report
from clearway.simulation.ambulance.hospitals import Arrival, Hospital
from clearway.simulation.ambulance.parameters import Parameters, Published, Regime
from clearway.simulation.shared.agenda import Agenda
from clearway.simulation.shared.chance import Chance
from clearway.simulation.shared.civil import Civil

WEIGHTS = {"mean": 8.0, "ninetieth": 3.0, "over_15": 3.0, "over_30": 3.0, "over_60": 4.0}
SEARCHED = {
    "beds": (0.90, 1.10),
    "boarding": (0.10, 0.75),
    "receiving_pace": (0.45, 1.2),
    "release_kept": (0.0, 1.0),
    "corridor": (0.02, 0.40),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Hold the simulator against published figures.")
    parser.add_argument("slug", nargs="?", default="south-west")
    parser.add_argument("--search", metavar="REGIME", help="search this regime's department parameters")
    parser.add_argument("--regime", action="append", help="only this regime; may be given several times")
    parser.add_argument("--days", type=int, default=14, help="days measured (default 14)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tries", type=int, default=60)
    parser.add_argument("--fixed", nargs="*", default=[], help="parameters not to search")
    arguments = parser.parse_args()
    region = region_pack.parse(regions.find(arguments.slug))
    if arguments.search:
        search(region, arguments)
        return 0
    for name in arguments.regime or parameters.read(region).regimes:
        began = time.perf_counter()
        start = datetime(2026, 3, 2, tzinfo=UTC)
        summary = report.rehearse(region, name, arguments.seed, start, arguments.days)
        print(report.as_text(summary))
        print(f"took {time.perf_counter() - began:.1f} s\n")
    return 0


def search(region: Region, arguments: argparse.Namespace) -> None:
    """Random search about the best so far, ever nearer; prints each improvement."""
    whole = parameters.read(region)
    best = whole.regime(arguments.search)
    loss, result = judge(whole, best, region.timezone, arguments)
    print("start", round(loss, 4), show(result))
    dice = random.Random(arguments.seed)
    names = [name for name in SEARCHED if name not in arguments.fixed]
    for attempt in range(arguments.tries):
        width = 0.25 * (1 - attempt / arguments.tries) + 0.02
        changed = {name: moved(getattr(best, name), SEARCHED[name], width, dice) for name in names}
        regime = msgspec.structs.replace(best, **changed)
        tried, outcome = judge(whole, regime, region.timezone, arguments)
        if tried < loss:
            best, loss, result = regime, tried, outcome
            settings = "  ".join(f"{name} = {getattr(best, name):.3f}" for name in SEARCHED)
            print(f"{attempt:3} {loss:.4f} {show(result)} | {settings}", flush=True)


def moved(value: float, limits: tuple[float, float], width: float, dice: random.Random) -> float:
    low, high = limits
    return min(high, max(low, value + dice.gauss(0, width * (high - low))))


def judge(
    whole: Parameters, regime: Regime, timezone: str, arguments: argparse.Namespace
) -> tuple[float, dict[str, float]]:
    """How far the waits that the departments produce are from what was published; and those waits."""
    waits = np.concatenate(
        [alone(whole, regime, code, timezone, arguments.seed, arguments.days) for code in whole.sites]
    )
    result = {
        "mean": float(waits.mean()),
        "ninetieth": float(np.quantile(waits, 0.9)),
        **{f"over_{limit}": float((waits > limit).mean()) for limit in (15, 30, 60)},
    }
    return sum(distance(name, result[name], regime.published) for name in WEIGHTS), result


def distance(name: str, value: float, published: Published) -> float:
    target = getattr(published, name)
    if target is None:
        return 0.0
    off = value - target if name.startswith("over") else float(np.log(value / target))
    return WEIGHTS[name] * off * off


class Door:
    """Hears of handovers only."""

    def __init__(self, agenda: Agenda) -> None:
        self.agenda = agenda
        self.waits: list[float] = []

    def handed_over(self, arrival: Arrival) -> None:
        self.waits.append((self.agenda.now - arrival.arrived_at) / 60)

    def registered(self, arrival: Arrival) -> None: ...
    def queuing(self, arrival: Arrival) -> None: ...
    def cohorted(self, arrival: Arrival) -> None: ...
    def placed(self, arrival: Arrival) -> None: ...


def alone(whole: Parameters, regime: Regime, code: str, timezone: str, seed: int, days: int) -> np.ndarray:
    """Minutes from arrival to handover at one department, after two days of warming up."""
    site, agenda = whole.sites[code], Agenda(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
    door, chance, civil = Door(agenda), Chance(seed, f"alone {code}"), Civil(timezone)
    hospital = Hospital(site, whole.process, regime, Chance(seed, f"hospital {code}"), agenda, civil, door)
    hospital.begin()
    hours = whole.process.ambulance_hour
    usual = max(each.incidents_per_day for each in whole.regimes.values())
    scale = regime.incidents_per_day / usual
    for hour in range((days + 2) * 24):
        if hour == 48:
            door.waits.clear()
        hospital.hour(ambulances_too=False)
        mean = site.ambulances * scale * hours[int(civil.hour(agenda.now))] / sum(hours)
        for _ in range(chance.count(mean)):
            resus = chance.happens(0.12)
            agenda.at(agenda.now + chance.between(0, 3600), hospital.arrive, door, resus)
        agenda.run(agenda.now + 3600)
    return np.array(door.waits)


def show(result: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3g}" for name, value in result.items())


if __name__ == "__main__":
    sys.exit(main())
