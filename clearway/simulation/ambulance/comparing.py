"""Policies beside each other on the same days: the same callers, the same luck, the same walk-ins and beds.

    compare(region, "pressured", seeds=range(1, 11), start=…, days=7)

Each policy lives through every seed; what is reported is the difference to `nearest` on the same seed, with
its interval over seeds. One seed alone can show anything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.words import Category
from clearway.domain.shared.region import Region
from clearway.engine.ambulance.policies import ADVICE as POLICY
from clearway.engine.ambulance.policies import advice_policy

from ..shared.estimating import Estimate, Metric, as_lines, estimate, one_after_the_other
from . import ledger
from . import parameters as packs
from .oracle import Oracle
from .parameters import Parameters, Regime
from .policies import Advised, Capped, Followed, Policy, Queue, Within, nearest
from .world import World

NEAREST, CAPS, QUEUE, ADVICE, UNBOUND, ADVICE_70, ORACLE = (
    "nearest",
    "nearest with load caps",
    "count rule",
    "advice",
    "advice without the bound",
    "advice, 70% followed",
    "advice, oracle forecast",
)
POLICIES = (NEAREST, CAPS, QUEUE, ADVICE, UNBOUND, ADVICE_70, ORACLE)
MEANING = {
    NEAREST: "the nearest department that is open: what a crew without advice does",
    CAPS: "the nearest that has not had its agreed ambulances of the hour",
    QUEUE: "least drive plus minutes for every ambulance queuing or on its way",
    ADVICE: "what the desk advises, always followed: production forecast, ranking and bound on loads",
    UNBOUND: "the same, were no load agreed",
    ADVICE_70: "what the desk advises, followed for 70% of patients",
    ORACLE: "the production ranking on a forecast that knows what each department will do: the ceiling",
}
WARM_UP, RUN_ON = timedelta(days=1), timedelta(hours=8)
REFRESH = 300.0  # seconds between the pictures a policy is shown


METRICS = (
    Metric("lost_15", "Hours lost beyond 15 minutes, a day", "h"),
    Metric("lost_30", "Hours lost beyond 30 minutes, a day", "h"),
    Metric("wait", "Mean handover", "min"),
    Metric("wait_90", "90th centile of handover", "min"),
    Metric("over_60", "Handovers over 60 minutes", "%"),
    Metric("C2", "C2 mean response", "min"),
    Metric("C1", "C1 mean response", "min"),
    Metric("C3", "C3 mean response", "min"),
    Metric("from_scene", "Patient minutes from scene to handover", "min"),
    Metric("extra", "Extra drive, mean over all conveyed", "min"),
    Metric("extra_95", "Extra drive, 95th centile of those taken past the nearest", "min"),
    Metric("past", "Taken past the nearest", "%", 0),
    Metric("worst_hospital", "Worst-off hospital: mean handover", "min"),
    Metric("worst_area", "Worst-off area: mean from scene to handover", "min"),
    Metric("worst_area_C2", "Worst-off area: C2 mean response", "min"),
    Metric("gained", "Largest gain of load by a hospital", "%"),
    Metric("gained_usual", "The same gain, of a usual day there", "%"),
)
OF_AREAS = ("lost_15", "from_scene", "C2", "past")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One policy through one seed. by_area  area -> metric -> value; by_site  code -> (a day, mean wait)."""

    policy: str
    seed: int
    values: Mapping[str, float]
    by_area: Mapping[str, Mapping[str, float]]
    by_site: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was found.

    level       policy -> metric -> over seeds
    difference  policy -> metric -> to `nearest` on the same seed, over seeds
    by_area     policy -> area -> metric -> that difference
    by_site     policy -> code -> (a day, mean wait) over seeds
    share       policy -> share of the oracle's gain in hours lost beyond 15; empty without the oracle, and
                where the oracle's own gain cannot be told from chance
    """

    region: str
    regime: str
    what: str
    seeds: tuple[int, ...]
    start: datetime
    days: int
    policies: tuple[str, ...]
    level: Mapping[str, Mapping[str, Estimate]]
    difference: Mapping[str, Mapping[str, Estimate]]
    area_level: Mapping[str, Mapping[str, float]]
    by_area: Mapping[str, Mapping[str, Mapping[str, Estimate]]]
    by_site: Mapping[str, Mapping[str, tuple[float, float]]]
    share: Mapping[str, float] = field(default_factory=dict)


Spread = Callable[[Sequence[Callable[[], Outcome]]], list[Outcome]]


def compare(
    region: Region,
    regime: str,
    seeds: Sequence[int],
    start: datetime,
    days: int,
    policies: Sequence[str] = POLICIES,
    spread: Spread = one_after_the_other,
) -> Comparison:
    """Every policy on every seed. `nearest` is always among them; `spread` may use many processes.

    Raises LookupError for a regime or policy that there is not.
    """
    for name in policies:
        if name not in POLICIES:
            raise LookupError(f"There is no policy {name!r}. Choose among: {', '.join(POLICIES)}.")
    found = packs.read(region).regime(regime)
    names = tuple(name for name in POLICIES if name in {NEAREST, *policies})
    tasks = [partial(live, region, regime, name, seed, start, days) for seed in seeds for name in names]
    return summed_up(region, regime, found.published.what, start, days, names, spread(tasks))


def live(region: Region, regime: str, name: str, seed: int, start: datetime, days: int) -> Outcome:
    """One policy through one seed: a day unmeasured, `days` measured, and on until patients are received."""
    parameters = packs.read(region)
    policy, refresh, oracle = made(name, region, parameters, parameters.regime(regime))
    world = World(region, regime, seed, start - WARM_UP, speaks=False, policy=policy, refresh=refresh)
    if oracle is not None:
        oracle.watch(world)
    until = start + timedelta(days=days)
    world.advance(until + RUN_ON)
    sites = list(world.hospitals)
    happened = ledger.read(world.incidents, sites, start.timestamp(), until.timestamp())
    return measured(name, seed, happened, sites)


def made(
    name: str, region: Region, parameters: Parameters, regime: Regime
) -> tuple[Policy, float | None, Oracle | None]:
    """A policy by name, the seconds between its pictures, and the oracle it asks if it asks one."""
    usual = max(each.incidents_per_day for each in parameters.regimes.values())
    loads = {
        code: site.ambulances * regime.incidents_per_day / usual for code, site in parameters.sites.items()
    }
    if name == NEAREST:
        return nearest, None, None
    if name == CAPS:
        return Within(Capped(_caps(loads, parameters)), region), REFRESH, None
    if name == QUEUE:
        per_vehicle = {code: 0.5 * 1440 / load for code, load in loads.items() if load > 0}
        return Within(Queue(per_vehicle), region), REFRESH, None
    if name == ORACLE:
        oracle = Oracle(region)
        return Advised(region, forecaster=oracle), REFRESH, oracle
    if name == UNBOUND:
        return Advised(without_bound(region)), REFRESH, None
    advised: Policy = Advised(region)
    return (Followed(advised, 0.7) if name == ADVICE_70 else advised), REFRESH, None


def without_bound(region: Region) -> Region:
    """The region, had no hospital said how many of others' patients it takes."""
    free = [
        replace(each, values={**each.values, "others_share": None}) if each.name == POLICY else each
        for each in region.policies
    ]
    return replace(region, policies=tuple(free))


def _caps(loads: Mapping[str, float], parameters: Parameters) -> dict[str, float]:
    """Ambulances an hour: those of the busiest hour of the usual day and a tenth more, at least two."""
    busiest = max(parameters.process.ambulance_hour) / sum(parameters.process.ambulance_hour)
    return {code: max(2.0, np.ceil(1.1 * load * busiest)) for code, load in loads.items()}


def measured(name: str, seed: int, happened: ledger.Ledger, sites: Sequence[str]) -> Outcome:
    """The figures of one run."""
    told = happened.conveyances
    areas = sorted(set(told.area))
    all_of_it = np.ones(len(told.wait), dtype=bool)
    of_area = {area: np.array([each == area for each in told.area]) for area in areas}
    by_area = {area: _of(happened, mask, area) for area, mask in of_area.items()}
    by_site = {code: _site(told, code, happened.days) for code in sites}
    busy = [wait for count, wait in by_site.values() if count >= 5]
    values = _of(happened, all_of_it, None)
    values |= {
        "worst_hospital": max(busy, default=0.0),
        "worst_area": max(each["from_scene"] for each in by_area.values()),
        "worst_area_C2": max(each["C2"] for each in by_area.values()),
    }
    return Outcome(name, seed, values, by_area, by_site)


def _of(happened: ledger.Ledger, mask: npt.NDArray[np.bool_], area: str | None) -> dict[str, float]:
    told, responses, days = happened.conveyances, happened.responses, happened.days
    wait, extra = told.wait[mask], (told.drive - told.nearest)[mask]
    past = extra > 0.01
    found = {
        "lost_15": float(np.maximum(0, wait - 15).sum() / 60 / days),
        "lost_30": float(np.maximum(0, wait - 30).sum() / 60 / days),
        "wait": float(wait.mean()),
        "wait_90": float(np.quantile(wait, 0.9)),
        "over_60": float(100 * (wait > 60).mean()),
        "from_scene": float(told.from_scene[mask].mean()),
        "extra": float(extra.mean()),
        "extra_95": float(np.quantile(extra[past], 0.95)) if past.any() else 0.0,
        "past": float(100 * past.mean()),
    }
    here = np.array([area is None or each == area for each in responses.area])
    for category in (Category.C1, Category.C2, Category.C3):
        of_it = here & np.array([each is category for each in responses.category])
        found[category.value] = float(responses.minutes[of_it].mean()) if of_it.any() else 0.0
    return found


def _site(told: ledger.Conveyances, code: str, days: float) -> tuple[float, float]:
    mask = told.at([code])
    return float(mask.sum() / days), float(told.wait[mask].mean()) if mask.any() else 0.0


def summed_up(
    region: Region,
    regime: str,
    what: str,
    start: datetime,
    days: int,
    names: tuple[str, ...],
    outcomes: Sequence[Outcome],
) -> Comparison:
    """Levels, paired differences and intervals."""
    seeds = tuple(sorted({each.seed for each in outcomes}))
    of = {(each.policy, each.seed): each for each in outcomes}
    usual = advice_policy(region.policy_values).eligibility.usual_a_day
    gained = {
        key: dict(
            zip(("gained", "gained_usual"), _largest_gains(each, of[NEAREST, key[1]], usual), strict=True)
        )
        for key, each in of.items()
    }

    def value(name: str, seed: int, metric: str) -> float:
        return float({**of[name, seed].values, **gained[name, seed]}[metric])

    def over(name: str, metric: str, against: str | None) -> Estimate:
        base = [value(against, seed, metric) if against else 0.0 for seed in seeds]
        return estimate(
            [value(name, seed, metric) - before for seed, before in zip(seeds, base, strict=True)]
        )

    def in_area(name: str, area: str, metric: str) -> Estimate:
        pairs = [(of[name, seed].by_area[area], of[NEAREST, seed].by_area[area]) for seed in seeds]
        return estimate([mine[metric] - before[metric] for mine, before in pairs])

    areas = sorted(of[NEAREST, seeds[0]].by_area)
    gains = {
        name: np.mean([value(NEAREST, s, "lost_15") - value(name, s, "lost_15") for s in seeds])
        for name in names
    }
    ceiling = float(gains.get(ORACLE, 0.0))
    sure = ORACLE in names and not over(ORACLE, "lost_15", NEAREST).high >= 0
    return Comparison(
        region=region.slug,
        regime=regime,
        what=what,
        seeds=seeds,
        start=start,
        days=days,
        policies=names,
        level={name: {m.name: over(name, m.name, None) for m in METRICS} for name in names},
        difference={
            name: {m.name: over(name, m.name, NEAREST) for m in METRICS} for name in names if name != NEAREST
        },
        area_level={
            area: {m: float(np.mean([of[NEAREST, s].by_area[area][m] for s in seeds])) for m in OF_AREAS}
            for area in areas
        },
        by_area={
            name: {area: {m: in_area(name, area, m) for m in OF_AREAS} for area in areas}
            for name in names
            if name != NEAREST
        },
        by_site={name: _sites_of([of[name, seed] for seed in seeds]) for name in names},
        share={name: float(gain / ceiling) for name, gain in gains.items()} if sure and ceiling > 0 else {},
    )


def _largest_gains(mine: Outcome, before: Outcome, usual: Mapping[str, float]) -> tuple[float, float]:
    """Per cent more ambulances where the load grew most: of what it was without, and of a usual day there.

    Apart from departments of fewer than ten a day: a tenth of that is nobody, and two patients are a fifth.
    """
    loads = [
        (mine.by_site[code][0] - was, was, usual.get(code) or was)
        for code, (was, _) in before.by_site.items()
        if was >= 10
    ]
    of_before = max((100 * more / was for more, was, _ in loads), default=0.0)
    return of_before, max((100 * more / day for more, _, day in loads), default=0.0)


def _sites_of(outcomes: Sequence[Outcome]) -> dict[str, tuple[float, float]]:
    found: dict[str, Any] = {}
    for code in outcomes[0].by_site:
        pairs = np.array([each.by_site[code] for each in outcomes])
        found[code] = float(pairs[:, 0].mean()), float(pairs[:, 1].mean())
    return found


def as_text(found: Comparison) -> str:
    """The comparison for a person at a terminal: levels, then differences to nearest with their intervals."""
    seeds = f"{len(found.seeds)} seeds of {found.days} days"
    lines = [f"{found.region}, regime {found.regime} ({found.what}), {seeds}", ""]
    lines += as_lines(METRICS, found.policies, found.level, found.difference, NEAREST)
    if found.share:
        lines.append("Share of the oracle's gain in hours lost beyond 15")
        lines += [f"  {name:26}{share:>9.0%}" for name, share in found.share.items()]
    return "\n".join(lines)
