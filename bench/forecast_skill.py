"""How well handover waits are forecast, beside the simple forecasts, in simulated days.

    python -m bench.forecast_skill                          the score on days that nothing was fitted on
    python -m bench.forecast_skill --fit                    fit the model anew and write forecast_fitted.py
    python -m bench.forecast_skill --regimes severe --days 2 --seeds 201
    python -m bench.forecast_skill --arrivals day           without what differs by day of the week

A world lives for a week, which makes the history that "same hour of week" needs, and then for the measured
days. There it is forecast every 15 minutes what vehicles will wait that arrive in the next four hours, from
the feed alone; and then it is seen what they waited, as far as the feed says. Seeds for fitting are below
100, those for scoring are 100 or more: no world is used for both.

Two things are scored. The wait of one vehicle: part of it is chance that nobody can know (a patient in
resuscitation is taken at once, whatever the queue). And the mean of those who arrive in an hour at a
hospital, which is what a coordinator steers by. A point forecast's CRPS is its absolute error. Of one wait
the model says its median, so the last k say theirs beside their mean: absolute errors are least for a median.
Warnings have a script of their own, bench/warning_skill.py.
"""

import argparse
import os
import pickle
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from clearway.config import regions
from clearway.domain.ambulance.events import Event, JobEvent
from clearway.domain.ambulance.situation import MEASURES, UNKNOWN, Reports, Situation
from clearway.domain.ambulance.words import HospitalMeasure, JobStatus
from clearway.engine.ambulance import forecast as engine
from clearway.engine.ambulance.forecast import ForecastPolicy, History, hours_of_week
from clearway.engine.ambulance.forecast_model import GROW_WITH_THE_QUEUE, QUANTITIES, TERMS, Model
from clearway.engine.ambulance.policies import forecast_policy
from clearway.interchange import region_pack
from clearway.simulation.ambulance.world import World

Column = npt.NDArray[np.float64]
STARTS = {"calm": (2025, 11, 3), "typical": (2026, 3, 2), "pressured": (2026, 1, 5), "severe": (2024, 12, 2)}
EVERY = timedelta(minutes=15)
HISTORY = timedelta(days=7)
AFTER = timedelta(hours=12)  # for the last of the vehicles to be handed over
BANDS = ((0, 60), (60, 120), (120, 240))
KNOTS = (0.0, 60.0, 120.0, 240.0)
REACH = ((0, 30), (30, 90), (75, 165), (150, 240))  # leads that speak for each knot
FITTED = Path(engine.__file__).with_name("forecast_fitted.py")
ZONE = ZoneInfo("Europe/London")
GRID = (0.01, 0.05, 0.15, 0.3, 0.5, 0.7, 0.83, 0.92, 0.97, 0.995)  # levels of the table, as quantiles
FEW = 6000  # waits that make one figure of the table: better than 600 and 2,000 for seeds 7 and 8
QUANTILES = np.arange(0.05, 1, 0.05)
SCORED_FROM = 100  # seeds below are for fitting
EVERY_FOURTH = 4  # an hour apart: forecasts between are of the same vehicles


@dataclass(frozen=True)
class Run:
    """One world seen from outside. Vehicles are (site row, arrival in seconds, wait in minutes)."""

    regime: str
    seed: int
    names: tuple[str, ...]
    situations: tuple[Situation, ...]
    vehicles: npt.NDArray[np.float64]
    history: History


def observe(slug: str, regime: str, seed: int, days: int) -> Run:
    """Let a world live and keep what its desk would have seen every 15 minutes."""
    return (
        _observe_to_fit(slug, regime, seed, days)
        if seed < SCORED_FROM
        else _observe(slug, regime, seed, days)
    )


def _observe_to_fit(slug: str, regime: str, seed: int, days: int) -> Run:
    """A world whose feeds have no faults lives several times as fast. Each seed begins on another day of the
    week, and there is only a day before: nothing fitted asks for a longer one."""
    region = region_pack.parse(regions.find(slug))
    start = datetime(*STARTS.get(regime, STARTS["typical"]), tzinfo=UTC) + timedelta(days=seed % 7)
    world = World(region, regime, seed, start, speaks=False, refresh=EVERY.total_seconds())
    begins, situations = start + timedelta(days=1), list[Situation]()
    handed: dict[str, tuple[float, float, float]] = {}
    world.advance(begins)
    for step in range(int((timedelta(days=days) + AFTER) / EVERY)):
        situation = world.situation(begins + (step + 1) * EVERY)
        if step % 16 == 0:
            handed |= _handed(situation)
        if step < timedelta(days=days) / EVERY:
            situations.append(_light(situation))
    vehicles, sites = np.array(sorted(handed.values(), key=lambda each: each[1])), situation.sites
    before = _history(vehicles[vehicles[:, 1] < begins.timestamp()], len(sites.code))
    return Run(regime, seed, sites.name, tuple(situations), vehicles, before)


def _handed(situation: Situation) -> dict[str, tuple[float, float, float]]:
    """By key, the vehicles that have handed over: (site row, arrival in seconds, wait in minutes)."""
    table = situation.assignments
    arrived, handed = table.stamp(JobStatus.AT_HOSPITAL), table.stamp(JobStatus.HANDOVER)
    return {
        table.key[row]: (float(table.site[row]), float(arrived[row]), float(handed[row] - arrived[row]) / 60)
        for row in np.flatnonzero((table.site != UNKNOWN) & (handed >= arrived))
    }


def _observe(slug: str, regime: str, seed: int, days: int) -> Run:
    region = region_pack.parse(regions.find(slug))
    start = datetime(*STARTS.get(regime, STARTS["typical"]), tzinfo=UTC)
    world = World(region, regime, seed, start)
    begins, ends = start + HISTORY, start + HISTORY + timedelta(days=days)
    heard: dict[str, _Vehicle] = {}
    _hear(heard, world.advance(begins))
    situations = []
    at = begins
    while at < ends:
        at += EVERY
        _hear(heard, world.advance(at))
        situations.append(_light(_with_reports(world, world.situation(at), situations)))
    _hear(heard, world.advance(ends + AFTER))
    sites = situations[0].sites
    vehicles = _vehicles(heard, sites.code)
    return Run(
        regime, seed, sites.name, tuple(situations), vehicles,
        _history(vehicles[vehicles[:, 1] < begins.timestamp()], len(sites.code)),
    )  # fmt: skip


def _with_reports(world: World, situation: Situation, before: Sequence[Situation]) -> Situation:
    """What hospitals say once an hour, where the world does not let them say it by itself."""
    if np.isfinite(situation.reports.value).any():
        return situation
    if len(before) % 4:
        return replace(situation, reports=before[-1].reports)
    value = np.full((len(situation.sites.code), len(MEASURES)), np.nan)
    for row, code in enumerate(situation.sites.code):
        if (hospital := world.hospitals.get(code)) is not None:
            value[row, MEASURES.index(HospitalMeasure.MAJORS_PLACES)] = hospital.site.bays
            value[row, MEASURES.index(HospitalMeasure.MAJORS_TAKEN)] = hospital.now.bays_taken
            value[row, MEASURES.index(HospitalMeasure.BOARDING)] = len(hospital.now.boarding)
    return replace(situation, reports=Reports(value, np.where(np.isnan(value), np.nan, situation.at)))


@dataclass(slots=True)
class _Vehicle:
    site: str | None = None
    arrived: float | None = None
    handed: float | None = None


def _hear(heard: dict[str, _Vehicle], events: Iterable[Event]) -> None:
    for event in events:
        if isinstance(event, JobEvent):
            vehicle = heard.setdefault(event.assignment_key, _Vehicle())
            vehicle.site = event.destination or vehicle.site
            if event.status is JobStatus.AT_HOSPITAL and vehicle.arrived is None:
                vehicle.arrived = event.occurred_at.timestamp()
            elif event.status is JobStatus.HANDOVER and vehicle.handed is None:
                vehicle.handed = event.occurred_at.timestamp()


def _vehicles(heard: dict[str, _Vehicle], codes: Sequence[str]) -> npt.NDArray[np.float64]:
    row = {code: place for place, code in enumerate(codes)}
    found = [
        (row[each.site], each.arrived, (each.handed - each.arrived) / 60)
        for each in heard.values()
        if each.site in row and each.arrived and each.handed and each.handed >= each.arrived
    ]
    return np.array(sorted(found, key=lambda each: each[1]))


def _light(situation: Situation) -> Situation:
    """Without the words, which the forecast does not read, so that many fit into memory."""
    return replace(
        situation,
        assignments=replace(situation.assignments, key=(), incident=(), call_sign=()),
        resources=replace(situation.resources, call_sign=()),
    )


def _history(vehicles: npt.NDArray[np.float64], sites: int) -> History:
    """Mean wait by hour of week, from one week: an hour without anybody takes the site's mean."""
    hours = np.array([hours_of_week(np.array([at]), ZONE)[0] for at in vehicles[:, 1]])
    row = vehicles[:, 0].astype(int)
    number, total = np.zeros((sites, 168)), np.zeros((sites, 168))
    np.add.at(number, (row, hours), 1)
    np.add.at(total, (row, hours), vehicles[:, 2])
    mean = total.sum(axis=1) / np.maximum(1, number.sum(axis=1))
    wait = np.where(number > 0, total / np.maximum(1, number), mean[:, None])
    return History(wait=wait, method=("model",) * sites, widen=np.ones(sites))


# What was forecast beside what happened


def score(run: Run, policy: ForecastPolicy) -> dict[str, Column]:
    """One row per forecast and vehicle: what was said by everybody, and what the vehicle waited."""
    parts: list[dict[str, Column]] = []
    for situation in run.situations:
        made = engine.forecast(situation, policy, run.history)
        simple = engine.baselines(situation, policy, run.history)
        median = engine.median_of_last(situation, policy)
        ahead = run.vehicles[
            (run.vehicles[:, 1] > situation.at) & (run.vehicles[:, 1] <= situation.at + 240 * 60)
        ]
        site, arrival = ahead[:, 0].astype(int), ahead[:, 1]
        step = np.minimum((arrival - situation.at) / 300, engine.STEPS - 1).astype(int)
        said = made.wait(site, arrival)
        parts.append(
            {
                "at": np.full(len(ahead), situation.at),
                "site": site,
                "lead": (arrival - situation.at) / 60,
                "wait": ahead[:, 2],
                "mean": said.mean, "p10": said.p10, "p50": said.p50, "p80": said.p80, "p90": said.p90,
                **{name: grid[site, step] for name, grid in simple.items()},
                "last_k_median": median[site],
            }
        )  # fmt: skip
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def crps(rows: dict[str, Column]) -> Column:
    """Twice the mean pinball loss over 19 quantiles, read off the five that are kept in straight lines."""
    known = np.array([0.0, 0.1, 0.5, 0.8, 0.9, 1.0])
    p10, p50, p80, p90 = (rows[name] for name in ("p10", "p50", "p80", "p90"))
    said = np.stack([p10 * 0.6, p10, p50, p80, p90, p90 + 1.5 * (p90 - p80)], axis=1)
    loss = np.zeros(len(p10))
    for quantile in QUANTILES:
        right = int(np.searchsorted(known, quantile, side="left"))
        share = (quantile - known[right - 1]) / (known[right] - known[right - 1])
        value = said[:, right - 1] * (1 - share) + said[:, right] * share
        error = rows["wait"] - value
        loss += np.maximum(quantile * error, (quantile - 1) * error)
    return np.asarray(2 * loss / len(QUANTILES))


POINTS = {
    "model": "p50", "last k": "last_k", "last k median": "last_k_median", "queue / rate": "rate",
    "hour of week": "hour_of_week",
}  # fmt: skip
HOURLY = {**POINTS, "model": "mean"}  # of a mean the mean is asked, of one wait the median


def table(rows: dict[str, Column]) -> list[str]:
    """MAE of everybody per lead, and CRPS, coverage and bias of the model."""
    lines = [
        f"{'lead, min':>12}{'vehicles':>10}"
        + "".join(f"{name:>14}" for name in POINTS)
        + f"{'under last k':>14}{'under median':>14}{'CRPS':>8}{'80% band':>10}{'bias':>7}"
    ]
    for low, high in (*BANDS, (0, 240)):
        kept = {name: column[_within(rows, low, high)] for name, column in rows.items()}
        usable = {name: np.isfinite(kept[column]) for name, column in POINTS.items()}
        error = {
            name: np.abs(kept[column] - kept["wait"])[usable[name]].mean() for name, column in POINTS.items()
        }
        inside = (kept["wait"] >= kept["p10"]) & (kept["wait"] <= kept["p90"])
        lines.append(
            f"{f'{low}-{high}':>12}{len(kept['wait']):>10,}"
            + "".join(f"{error[name]:>14.2f}" for name in POINTS)
            + f"{1 - error['model'] / error['last k']:>14.0%}"
            + f"{1 - error['model'] / error['last k median']:>14.0%}"
            + f"{crps(kept).mean():>8.2f}{inside.mean():>10.1%}{(kept['mean'] - kept['wait']).mean():>+7.1f}"
        )
    return lines


def hourly(rows: dict[str, Column]) -> list[str]:
    """MAE of the mean of those who arrive at a hospital within a window."""
    lines = []
    for low, high in BANDS:
        kept = {name: column[_within(rows, low, high)] for name, column in rows.items()}
        _, group = np.unique(np.stack([kept["run"], kept["at"], kept["site"]]), axis=1, return_inverse=True)
        number = np.bincount(group)

        def mean(
            name: str, kept: dict[str, Column] = kept, group: Column = group, n: Column = number
        ) -> Column:
            return np.asarray(np.bincount(group, np.nan_to_num(kept[name])) / n)

        error = {name: np.abs(mean(column) - mean("wait")).mean() for name, column in HOURLY.items()}
        lines.append(
            f"{f'{low}-{high}':>12}{len(number):>10,}"
            + "".join(f"{error[name]:>14.2f}" for name in HOURLY)
            + f"{1 - error['model'] / error['last k']:>14.0%}"
        )
    return lines


def _within(rows: dict[str, Column], low: float, high: float) -> npt.NDArray[np.bool_]:
    return np.asarray((rows["lead"] > low) & (rows["lead"] <= high))


def by_site(rows: dict[str, Column], names: Sequence[str]) -> list[str]:
    """Per hospital: the mean absolute errors over all leads, and who is better."""
    lines = []
    for site, name in enumerate(names):
        here = rows["site"] == site
        if here.sum() < 200:
            continue
        error = {
            each: np.nanmean(np.abs(rows[column] - rows["wait"])[here]) for each, column in POINTS.items()
        }
        best = min(error, key=lambda each: error[each])
        lines.append(f"{name[:38]:40}" + "".join(f"{error[each]:>14.1f}" for each in POINTS) + f"  {best}")
    return lines


# Fitting


def fit(runs: Sequence[Run], policy: ForecastPolicy) -> Model:
    """Weights by least absolute errors of the logarithm, then the spread of what happened, level by level."""
    terms, wait, lead = _observations(runs, policy)
    weights = np.stack(
        [_least_absolute(terms[_near(lead, reach)], np.log(wait[_near(lead, reach)])) for reach in REACH]
    )
    at_lead = np.stack([np.interp(lead, KNOTS, weights[:, place]) for place in range(len(TERMS))], axis=1)
    level = (terms * at_lead).sum(axis=1)
    grid = np.quantile(level, GRID)
    filled = {name: np.empty((len(KNOTS), len(grid))) for name in QUANTITIES}
    for knot, reach in enumerate(REACH):
        near = _near(lead, reach)
        ratio, at = wait[near] / np.exp(level[near]), level[near]
        for place, middle in enumerate(grid):
            # The waits at the nearest levels, each as a part of its own level.
            there = ratio[np.argpartition(np.abs(at - middle), FEW)[:FEW]] * np.exp(middle)
            filled["mean"][knot, place] = there.mean()
            for name, share in (("p10", 0.1), ("p50", 0.5), ("p80", 0.8), ("p90", 0.9)):
                filled[name][knot, place] = np.quantile(there, share)
    days = sum(len(run.situations) for run in runs) / 96
    seeds = sorted({run.seed for run in runs})
    return Model(
        knots=KNOTS,
        weights={name: tuple(weights[:, place].round(3).tolist()) for place, name in enumerate(TERMS)},
        levels=tuple(np.exp(grid).round(2).tolist()),
        table={
            name: tuple(tuple(row) for row in np.maximum.accumulate(minutes, axis=1).round(1).tolist())
            for name, minutes in filled.items()
        },
        fitted_on=f"{days:.0f} simulated days, {len(wait):,} waits; seeds {', '.join(map(str, seeds))}",
    )


def _near(lead: Column, reach: tuple[float, float]) -> npt.NDArray[np.bool_]:
    return np.asarray((lead > reach[0]) & (lead <= reach[1]))


def _observations(
    runs: Sequence[Run], policy: ForecastPolicy
) -> tuple[npt.NDArray[np.float64], Column, Column]:
    parts = []
    for run in runs:
        for situation in run.situations[run.seed % EVERY_FOURTH :: EVERY_FOURTH]:
            ahead = run.vehicles[
                (run.vehicles[:, 1] > situation.at) & (run.vehicles[:, 1] <= situation.at + 240 * 60)
            ]
            site = ahead[:, 0].astype(int)
            step = np.minimum((ahead[:, 1] - situation.at) / 300, engine.STEPS - 1).astype(int)
            seen = engine.observed(situation, policy)
            columns = [
                seen[name][site, step] if seen[name].shape[1] > 1 else seen[name][site, 0] for name in TERMS
            ]
            parts.append(
                np.column_stack([*columns, np.maximum(ahead[:, 2], 3), (ahead[:, 1] - situation.at) / 60])
            )
    everything = np.concatenate(parts)
    return everything[:, : len(TERMS)], everything[:, -2], everything[:, -1]


def _least_absolute(terms: npt.NDArray[np.float64], target: Column, rounds: int = 30) -> Column:
    """Reweighted least squares; a term that must not be negative and would be is left out."""
    kept = [place for place in range(len(TERMS)) if np.ptp(terms[:, place]) > 0 or TERMS[place] == "always"]
    while True:
        part, weight = terms[:, kept], np.ones(len(target))
        for _ in range(rounds):
            weighted = part * weight[:, None]
            found = np.linalg.solve(
                part.T @ weighted + 1e-5 * len(target) * np.eye(len(kept)), weighted.T @ target
            )
            weight = 1 / np.maximum(np.abs(target - part @ found), 0.02)
        wrong = [p for p, v in zip(kept, found, strict=True) if TERMS[p] in GROW_WITH_THE_QUEUE and v < 0]
        if not wrong:
            whole = np.zeros(len(TERMS))
            whole[kept] = found
            return whole
        kept = [place for place in kept if place not in wrong]


def written(model: Model) -> str:
    """The module that keeps the model."""
    return (
        '"""The model in use. Written by `python -m bench.forecast_skill --fit`; do not edit by hand."""\n\n'
        "from .forecast_model import Model\n\n"
        f"FITTED = Model(knots={model.knots!r}, weights={dict(model.weights)!r}, levels={model.levels!r},"
        f" table={dict(model.table)!r}, fitted_on={model.fitted_on!r})\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Score the forecast of handover waits in simulated days.")
    parser.add_argument("slug", nargs="?", default="south-west")
    parser.add_argument("--fit", action="store_true", help="fit on seeds below 100 and write the model")
    parser.add_argument("--regimes", nargs="*", default=list(STARTS))
    parser.add_argument("--seeds", nargs="*", type=int, help="default 101 102 to score, 1 to 8 to fit")
    parser.add_argument("--days", type=int, default=3, help="measured days of each world (default 3)")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder that keeps the worlds seen, to be used again")
    parser.add_argument(
        "--arrivals", choices=("week", "day", "default"), default="week",
        help="shape of the arrivals not heard of: the pack's, its mean over the days, or that of no pack",
    )  # fmt: skip
    arguments = parser.parse_args()
    seeds = arguments.seeds or (list(range(1, 9)) if arguments.fit else [101, 102])
    if arguments.fit != all(seed < SCORED_FROM for seed in seeds):
        parser.error("seeds below 100 are for fitting, others for scoring")
    policy = _policy(arguments.slug, arguments.arrivals)
    runs = _runs(arguments, seeds)
    if arguments.fit:
        FITTED.write_text(written(fit(runs, policy)))
        os.system(f"{sys.executable} -m ruff format -q {FITTED}")
        print(f"Wrote {FITTED.name}")
        return 0
    report(runs, policy)
    return 0


def _policy(slug: str, arrivals: str) -> ForecastPolicy:
    """The policy of the pack, as the desk and the simulator read it."""
    packed = region_pack.parse(regions.find(slug)).policies
    policy = forecast_policy({each.name: each.values for each in packed})
    if arrivals == "default":
        return replace(policy, arrivals_by_hour=ForecastPolicy().arrivals_by_hour)
    if arrivals == "day":
        by_hour = np.reshape(policy.arrivals_by_hour, (-1, 24)).mean(axis=0)
        return replace(policy, arrivals_by_hour=tuple(by_hour.tolist()))
    return policy


def _runs(arguments: argparse.Namespace, seeds: Sequence[int]) -> list[Run]:
    wanted = [(regime, seed) for seed in seeds for regime in arguments.regimes]
    if arguments.cores == 1:
        return [_kept(arguments, *each) for each in wanted]
    with ProcessPoolExecutor(arguments.cores) as pool:
        return list(pool.map(_kept, [arguments] * len(wanted), *zip(*wanted, strict=True)))


def _kept(arguments: argparse.Namespace, regime: str, seed: int) -> Run:
    file = arguments.keep / f"{arguments.slug}-{regime}-{seed}-{arguments.days}" if arguments.keep else None
    if file and file.exists():
        return pickle.loads(file.read_bytes())  # our own file, never one from elsewhere
    run = observe(arguments.slug, regime, seed, arguments.days)
    if file:
        file.write_bytes(pickle.dumps(run))
    return run


def report(runs: Sequence[Run], policy: ForecastPolicy) -> None:
    rows = [score(run, policy) for run in runs]
    for number, each in enumerate(rows):
        each["run"] = np.full(len(each["at"]), float(number))
    print(f"Model fitted on {policy.model.fitted_on}")
    for regime in dict.fromkeys(run.regime for run in runs):
        chosen = [each for run, each in zip(runs, rows, strict=True) if run.regime == regime]
        _print(regime, _joined(chosen))
    everything = _joined(rows)
    _print("all", everything)
    print("\nMAE of one vehicle's wait by hospital, all leads\n")
    print("\n".join(by_site(everything, runs[0].names)))
    print("\nOne forecast of all sites:", _speed(runs[0].situations, policy))


def _joined(rows: Sequence[dict[str, Column]]) -> dict[str, Column]:
    return {name: np.concatenate([each[name] for each in rows]) for name in rows[0]}


def _print(name: str, rows: dict[str, Column]) -> None:
    print(f"\n{name}: MAE of one vehicle's wait, minutes")
    print("\n".join(table(rows)))
    print(f"{name}: MAE of the mean of a hospital's arrivals in the window")
    print("\n".join(hourly(rows)))


def _speed(situations: Sequence[Situation], policy: ForecastPolicy) -> str:
    took = []
    for situation in situations[:100]:
        began = time.process_time()
        engine.forecast(situation, policy)
        took.append((time.process_time() - began) * 1000)
    return f"median {np.median(took):.2f} ms of CPU, best {min(took):.2f} ms"


if __name__ == "__main__":
    sys.exit(main())
