"""What standby moves are worth, and what the policy of cover should say, in the simulator.

    python -m bench.cover [--region south-west] [--regime typical] [--seeds 6] [--calibrate]

1. The same days (callers, luck, departments) lived three times: nobody moves; every ten minutes the free crew
   nearest to the largest surroundings that no free crew reaches in time is sent there (what is done by eye);
   and every ten minutes the moves that engine.ambulance.standby proposes are all accepted. A moved crew goes
   home when its stay is over and it has had no job. Both are told the true mean demand. Measured over 24
   hours, after half a day unmeasured.
2. --calibrate: what the policy of cover assumes, counted in the same region: share of calls with a crew, crew
   minutes of each, and how the share of crews in use goes with how many calls are reached in time.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from clearway.config import regions
from clearway.domain.ambulance.words import Category, JobStatus
from clearway.domain.shared.region import Region
from clearway.engine.ambulance.standby import Calls, FreeCrew, Post, StandbyPolicy, in_time, moves
from clearway.engine.ambulance.travel import minutes as road_minutes
from clearway.interchange import region_pack
from clearway.simulation.ambulance import parameters as packs
from clearway.simulation.ambulance.control import Incident
from clearway.simulation.ambulance.crews import Crew
from clearway.simulation.ambulance.world import World

START = datetime(2026, 3, 3, tzinfo=UTC)
UNMEASURED, MEASURED, EVERY = timedelta(hours=12), timedelta(hours=24), timedelta(minutes=10)
Column = np.ndarray
Decide = Callable[["Ground", list[FreeCrew], int], list[tuple[str, Post, float]]]


def drives(latitude: Column, longitude: Column, other: Column, to: Column) -> Column:
    """Minutes at normal speed between columns of places."""
    return np.asarray(road_minutes(latitude[:, None], longitude[:, None], other[None], to[None]))


class Ground:
    """Where crews may stand and calls come from in a region, by local hour."""

    def __init__(self, region: Region, regime: str, policy: StandbyPolicy) -> None:
        found = packs.read(region)
        demand, self.policy = found.demand, policy
        self.sites = [site for site in region.sites if demand.places.get(site.code)]
        self.posts = [Post(s.code, s.area or "", s.latitude, s.longitude) for s in self.sites]
        areas = sum(demand.areas.values())
        people = defaultdict[str, float](float)
        for site in self.sites:
            people[site.area or ""] += demand.places[site.code].people
        self.share = np.array(
            [
                demand.areas[s.area or ""] / areas * demand.places[s.code].people / people[s.area or ""]
                for s in self.sites
            ]
        )
        self.per_day = found.regime(regime).incidents_per_day * 0.82
        self.hours = np.array(demand.hour) / sum(demand.hour)

    def calls(self, hour: int) -> list[Calls]:
        rates = self.per_day * self.hours[hour % 24] * self.share
        return [
            Calls(s.latitude, s.longitude, float(rate)) for s, rate in zip(self.sites, rates, strict=True)
        ]


def nobody(_ground: Ground, _crews: list[FreeCrew], _hour: int) -> list[tuple[str, Post, float]]:
    return []


def by_eye(ground: Ground, crews: list[FreeCrew], hour: int) -> list[tuple[str, Post, float]]:
    """The nearest free crew to the largest surroundings that nobody reaches in time."""
    policy, found = ground.policy, list[tuple[str, Post, float]]()
    if not crews:
        return found
    calls = ground.calls(hour)
    where = [np.array([getattr(p, n) for p in ground.posts]) for n in ("latitude", "longitude")]
    here = [np.array([getattr(c, n) for c in crews]) for n in ("latitude", "longitude")]
    apart = drives(*here, *where)
    empty = (in_time(apart, policy) < 0.5).all(axis=0)
    free = np.array([c.may_move and c.until_break > 20 and c.until_end > 60 for c in crews])
    for post in sorted(np.flatnonzero(empty), key=lambda row: -calls[row].per_hour):
        near = np.where(free, apart[:, post], np.inf)
        row = int(near.argmin())
        if len(found) < policy.most and near[row] <= policy.farthest:
            free[row] = False
            found.append((crews[row].call_sign, ground.posts[post], float(near[row])))
    return found


def proposed(ground: Ground, crews: list[FreeCrew], hour: int) -> list[tuple[str, Post, float]]:
    found = moves(crews, ground.posts, ground.calls(hour), drives, ground.policy)
    return [(each.call_sign, each.post, each.drive) for each in found]


class Lived:
    """One way of placing crews through one seed."""

    def __init__(self, region: Region, regime: str, seed: int, policy: StandbyPolicy, decide: Decide) -> None:
        self.ground, self.decide = Ground(region, regime, policy), decide
        self.world = World(region, regime, seed, START, speaks=False)
        self.moved = dict[str, float]()  # call sign -> until when it stands
        self.count, self.minutes, self.took = 0, 0.0, list[float]()

    def live(self) -> None:
        at, end = START, START + UNMEASURED + MEASURED
        while at < end:
            at += EVERY
            self.world.advance(at)
            self.step(at)
        self.world.advance(end + timedelta(hours=6))

    def step(self, at: datetime) -> None:
        now, free = at.timestamp(), {crew.call_sign: crew for crew in self.world.free}
        self.moved = {name: until for name, until in self.moved.items() if name in free}
        for name in [name for name, until in self.moved.items() if until <= now]:
            station = free[name].station
            self.world.stand_by(free[name], station.latitude, station.longitude)
            del self.moved[name]
        crews = [self._crew(crew, now) for crew in free.values()]
        began = time.perf_counter()
        chosen = self.decide(self.ground, crews, at.hour)
        self.took.append(time.perf_counter() - began)
        for name, post, drive in chosen:
            self.world.stand_by(free[name], post.latitude, post.longitude)
            self.moved[name] = now + 60 * (drive + self.ground.policy.stays)
            self.count += 1
            self.minutes += drive

    def _crew(self, crew: Crew, now: float) -> FreeCrew:
        until = np.inf if crew.break_taken else max(0.0, (crew.break_from - now) / 60)
        return FreeCrew(
            crew.call_sign,
            crew.station.area or "",
            *crew.position(now),
            until_end=(crew.shift_end - now) / 60,
            until_break=until,
            may_move=crew.call_sign not in self.moved,
        )

    def responses(self, category: Category) -> Column:
        """Minutes from call to the first crew on scene, of the calls measured."""
        begin = (START + UNMEASURED).timestamp()
        found = [
            _response(each)
            for each in self.world.incidents
            if each.call.category is category
            and begin <= each.call.connected_at < begin + MEASURED.total_seconds()
        ]
        return np.array([each for each in found if each is not None])


def _response(incident: Incident) -> float | None:
    times = [job.stamps[JobStatus.AT_SCENE] for job in incident.jobs if JobStatus.AT_SCENE in job.stamps]
    return (min(times) - incident.call.connected_at) / 60 if times else None


WAYS: dict[str, Decide] = {"nobody moves": nobody, "by eye": by_eye, "proposed": proposed}


def compare(region: Region, regime: str, seeds: Sequence[int], policy: StandbyPolicy) -> None:
    rows = defaultdict[str, list[list[float]]](list)
    for seed in seeds:
        for name, decide in WAYS.items():
            lived = Lived(region, regime, seed, policy, decide)
            lived.live()
            c1, c2, c3 = (lived.responses(each) for each in (Category.C1, Category.C2, Category.C3))
            in_reach = 100 * float(np.mean(c2 <= policy.within))
            both = 100 * float(np.mean(np.concatenate([c1, c2]) <= policy.within))
            rows[name].append(
                [
                    *(float(c1.mean()), float(np.percentile(c1, 90)), float(c2.mean()), in_reach, both),
                    *(float(c3.mean()), lived.count, lived.minutes, 1000 * float(np.median(lived.took))),
                ]
            )
    heads = (
        "C1 mean",
        "C1 90th",
        "C2 mean",
        "C2 in time %",
        "C1+C2 in time %",
        "C3 mean",
        "moves",
        "drive min",
        "ms",
    )
    print(
        f"{region.slug}, {regime}, {len(seeds)} seeds of 24 hours: means, and the difference to nobody moves"
    )
    base = np.array(rows["nobody moves"])
    for name, found in rows.items():
        values, apart = np.array(found), np.array(found) - base
        error = 1.96 * apart.std(axis=0, ddof=1) / np.sqrt(len(seeds))
        for place, head in enumerate(heads):
            change = (
                f"{apart[:, place].mean():+8.2f} ± {error[place]:.2f}"
                if place < 6 and name != "nobody moves"
                else ""
            )
            print(f"  {name:13s} {head:16s} {values[:, place].mean():9.2f} {change}")


def calibrate(region: Region, regime: str, seeds: Sequence[int]) -> None:
    """What cover assumes, counted."""
    with_crew, work, by_hour = [], [], defaultdict[int, list[tuple[float, float]]](list)
    late = defaultdict[int, list[float]](list)
    for seed in seeds:
        world = World(region, regime, seed, START, speaks=False)
        for step in range(1, int((UNMEASURED + MEASURED) / EVERY) + 1):
            at = START + EVERY * step
            world.advance(at)
            if at > START + UNMEASURED:
                on, busy = world.in_use()
                by_hour[at.hour].append((on, busy))
        world.advance(START + UNMEASURED + MEASURED + timedelta(hours=8))
        begin = (START + UNMEASURED).timestamp()
        seen = [each for each in world.incidents if begin <= each.call.connected_at < begin + 86400]
        sent = [each for each in seen if each.jobs]
        held = [
            (max(job.stamps.values()) - min(job.stamps.values())) / 60
            for each in sent
            for job in each.jobs
            if job.over
        ]
        with_crew.append(len(sent) / len(seen))
        work.append(sum(held) / len(sent))
        for each in sent:
            took = _response(each)
            if each.call.category is Category.C2 and took is not None:
                hour = datetime.fromtimestamp(each.call.connected_at, UTC).hour
                late[hour].append(took)
    print(
        f"{region.slug}, {regime}: {np.mean(with_crew):.3f} of calls get a crew,"
        f" {np.mean(work):.0f} crew minutes each"
    )
    print("  hour  crews able to work  in use  share  C2 mean  C2 in 18 min")
    for hour in range(24):
        on, busy = np.mean(by_hour[hour], axis=0)
        took = np.array(late[hour])
        print(
            f"  {hour:4d} {on:19.0f} {busy:7.0f} {busy / on:6.2f} {took.mean():8.1f}"
            f" {100 * np.mean(took <= 18):10.0f}%"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="What standby moves are worth in the simulator.")
    parser.add_argument("--region", default="south-west")
    parser.add_argument("--regime", default="typical")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--calibrate", action="store_true")
    chosen = parser.parse_args()
    region = region_pack.parse(regions.find(chosen.region))
    if chosen.calibrate:
        calibrate(region, chosen.regime, range(1, chosen.seeds + 1))
        return
    values = region.policy("standby").values
    policy = StandbyPolicy(**{**values, "points": tuple(values["points"])})
    compare(region, chosen.regime, range(1, chosen.seeds + 1), policy)


if __name__ == "__main__":
    main()
