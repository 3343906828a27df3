"""How early and how truly warnings of congestion are given, in simulated days.

    python -m bench.warning_skill                    the record on days that nothing was fitted on
    python -m bench.warning_skill --fit              fit the chances anew and write warning_fitted.py
    python -m bench.warning_skill --thresholds       on the fitting seeds: what each threshold would cost
    python -m bench.warning_skill --inputs           what each group of terms brings, on seeds not fitted on

A world lives for a day and then for the measured days; every 15 minutes it is asked what its desk sees. A
limit is passed when the mean of the last hour, of the handovers that the policy asks for at least, rises
past it. Of a passing a warning is asked only when the mean had been at or under the limit for an hour: what
dips and rises again is one time of congestion. Leads count from the last warning begun before the passing. A
warning that always stands has every passing caught, long leads and no false alarm: so it is said too for
which share of the time warnings stood, and for which part of that a passing followed within the window.

Beside it, in the same run, is the simplest warning: the mean of the last hour has come near the limit. How
near is chosen on the scored days themselves, so that it stands for the same share of the time; that favours
it.

Seeds below 100 are for fitting and for choosing thresholds, others for the record.
"""

import argparse
import pickle
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from clearway.config import regions
from clearway.desks.ambulance.forecast.policy import policies_from
from clearway.domain.ambulance.situation import UNKNOWN, Situation
from clearway.domain.ambulance.words import JobStatus
from clearway.engine.ambulance import warning
from clearway.engine.ambulance.forecast import ForecastPolicy
from clearway.engine.ambulance.warning import Limit, Past, Record, Warned, WarningPolicy
from clearway.engine.ambulance.warning_signs import (
    NEVER_LESS,
    NEVER_MORE,
    SAID,
    TERMS,
    WAVES,
    Chances,
    Signs,
    signs,
    terms,
)
from clearway.interchange import region_pack
from clearway.simulation.ambulance.world import World

Column = npt.NDArray[np.float64]
Grid = npt.NDArray[np.float64]  # times x sites
STARTS = {"calm": (2025, 11, 3), "typical": (2026, 3, 2), "pressured": (2026, 1, 5), "severe": (2024, 12, 2)}
EVERY, FINE = timedelta(minutes=15), 300.0
BEFORE, AFTER = timedelta(days=1), timedelta(hours=12)
LONGEST = 240 * 60.0
KNOTS = (60.0, 120.0, 240.0)
FITTED_LIMITS = (30.0, 45.0)
FITTED = Path(warning.__file__).with_name("warning_fitted.py")
GRID = np.arange(0.1, 0.81, 0.05)
KEPT = 0.6  # a warning ends below this part of where it began
KEPT_NEAR = 0.85
NOT_QUITE = 1e-9


@dataclass(frozen=True)
class Days:
    """One world seen from outside: what was seen at each time, and (site, arrival, wait in minutes)."""

    regime: str
    seed: int
    times: Column
    seen: tuple[Signs, ...]
    vehicles: npt.NDArray[np.float64]

    @property
    def sites(self) -> int:
        return len(self.seen[0].now)

    @property
    def site_days(self) -> float:
        return self.sites * float(self.times[-1] - self.times[0]) / 86400


def live(slug: str, days: int, faults: bool, regime: str, seed: int) -> Days:
    """Let a world live; each seed begins on another day of the week. Without faults of its feeds it lives
    several times as fast."""
    region = region_pack.parse(regions.find(slug))
    start = datetime(*STARTS[regime], tzinfo=UTC) + timedelta(days=seed % 7)
    how = {} if faults else {"speaks": False, "refresh": EVERY.total_seconds()}
    world = World(region, regime, seed, start, **how)
    at, ends = start + BEFORE, start + BEFORE + timedelta(days=days)
    policy, times, seen = ForecastPolicy(), [], []
    handed: dict[str, tuple[float, float, float]] = {}
    world.advance(at)
    while at < ends + AFTER:
        at += EVERY
        world.advance(at)  # takes the messages, which nobody reads here
        situation = world.situation(at)
        if at.minute == 0:
            handed |= _handed(situation)
        if at <= ends:
            times.append(situation.at)
            seen.append(signs(situation, policy))
    return Days(regime, seed, np.array(times), tuple(seen), np.array(sorted(handed.values())))


def _handed(situation: Situation) -> dict[str, tuple[float, float, float]]:
    table = situation.assignments
    arrived, handed = table.stamp(JobStatus.AT_HOSPITAL), table.stamp(JobStatus.HANDOVER)
    return {
        table.key[row]: (float(table.site[row]), float(arrived[row]), float(handed[row] - arrived[row]) / 60)
        for row in np.flatnonzero((table.site != UNKNOWN) & (handed >= arrived))
    }


# What happened


@dataclass(frozen=True)
class Truth:
    """Of one world and limit: by site when it was past; and whether it was, times x sites."""

    past: tuple[tuple[Past, ...], ...]
    was_past: npt.NDArray[np.bool_]
    mean: Grid  # of the last hour, held where too few handed over; 0 before the first


def truth(days: Days, limit: float, policy: WarningPolicy) -> Truth:
    fine = np.arange(days.times[0] - 43200, days.times[-1] + LONGEST + 1, FINE)
    shown = np.searchsorted(fine, days.times)
    past, was, means = [], [], []
    for site in range(days.sites):
        mean = _held(_means(days.vehicles[days.vehicles[:, 0] == site], fine, policy.least))
        is_past = mean > limit
        turns = np.flatnonzero(np.diff(is_past.astype(int), prepend=0))
        ends = [*fine[turns[1::2]], np.inf]
        past.append(tuple(map(Past, fine[turns[::2]], ends)))
        was.append(is_past[shown])
        means.append(mean[shown])
    return Truth(tuple(past), np.array(was).T, np.array(means).T)


def _means(here: npt.NDArray[np.float64], at: Column, least: int) -> Column:
    ended = here[:, 1] + here[:, 2] * 60
    order = np.argsort(ended)
    ended, total = ended[order], np.concatenate(([0.0], np.cumsum(here[order, 2])))
    first, last = np.searchsorted(ended, at - 3600, "right"), np.searchsorted(ended, at, "right")
    number = last - first
    return np.where(number >= least, (total[last] - total[first]) / np.maximum(number, 1), np.nan)


def _held(mean: Column) -> Column:
    known = np.maximum.accumulate(np.where(np.isnan(mean), 0, np.arange(len(mean))))
    return np.nan_to_num(mean[known])


def follows(days: Days, happened: Truth, within: float) -> npt.NDArray[np.bool_]:
    """Whether the limit was passed within so many minutes, times x sites."""
    found = np.zeros(happened.was_past.shape, dtype=bool)
    for site, past in enumerate(happened.past):
        begun = np.array([each.begun for each in past])
        first = np.searchsorted(begun, days.times, "right")
        found[:, site] = np.append(begun, np.inf)[first] <= days.times + within * 60
    return found


# What was said


def chances(days: Days, limit: Limit, policy: WarningPolicy) -> Grid:
    return np.array([policy.chances.of(seen, limit.mean, limit.within) for seen in days.seen])


def walk(days: Days, happened: Truth, said: Grid, limit: Limit) -> list[list[Warned]]:
    """The warnings by site as the desk gives them: one stands only while the limit is not passed."""
    stood: list[list[Warned]] = []
    for site in range(days.sites):
        began: float | None = None
        stood.append([])
        for at, chance, past in zip(days.times, said[:, site], happened.was_past[:, site], strict=True):
            is_on = limit.is_on(chance, began is not None) and not past
            if is_on and began is None:
                began = float(at)
            elif not is_on and began is not None:
                stood[site].append(Warned(began, float(at)))
                began = None
        if began is not None:
            stood[site].append(Warned(began, float(days.times[-1])))
    return stood


@dataclass(frozen=True)
class Worth:
    """The record of one way of warning over many days.

    standing, followed  days of one hospital for which a warning stood, and for which it did and a passing
                        followed within the window: a warning that always stands is never false
    """

    record: Record
    warnings: int
    site_days: float
    standing: float
    followed: float

    @property
    def false_alarms(self) -> float:
        """For one hospital and day."""
        return self.record.false_alarms / self.site_days

    @property
    def stands(self) -> float:
        return self.standing / self.site_days

    def words(self) -> str:
        number = self.record.hits + self.record.misses
        right = 1 - self.record.false_alarms / max(1, self.warnings)
        return (
            f"{number / self.site_days:>9.2f}{self.record.hits / max(1, number):>8.0%}"
            f"{self.record.share_ahead(60):>8.0%}{self.record.lead_minutes:>6.0f}{self.false_alarms:>7.2f}"
            f"{right:>7.0%}{self.stands:>8.0%}{self.followed / max(NOT_QUITE, self.standing):>10.0%}"
        )


WIDTHS = {
    "passings": 9,
    "warned": 8,
    "hour+": 8,
    "lead": 6,
    "false": 7,
    "right": 7,
    "stands": 8,
    "followed": 10,
}
HEADING = "".join(f"{name:>{width}}" for name, width in WIDTHS.items())


def worth(
    every: Sequence[Days], truths: Sequence[Truth], said: Sequence[Grid], limit: Limit, policy: WarningPolicy
) -> Worth:
    """Passings of the first hours are asked of no warning: the longest could not have begun before."""
    records, number, standing, followed = [], 0, 0.0, 0.0
    quarter = EVERY / timedelta(days=1)
    for days, happened, grid in zip(every, truths, said, strict=True):
        since, end = float(days.times[0]) + LONGEST, float(days.times[-1])
        comes = follows(days, happened, limit.within)
        for site, (warned, past) in enumerate(
            zip(walk(days, happened, grid, limit), happened.past, strict=True)
        ):
            asked = [each for each in past if each.begun <= end]
            record = warning.judge(warned, asked, limit.within, since=since, apart=policy.apart)
            # Whether a warning was right is seen in the hours after the last look too.
            wrong = warning.judge(warned, past, limit.within).false_alarms
            records.append(replace(record, false_alarms=wrong))
            number += len(warned)
            for each in warned:
                shown = (days.times >= each.begun) & (days.times < each.ended)
                standing += shown.sum() * quarter
                followed += (shown & comes[:, site]).sum() * quarter
    site_days = sum(days.site_days for days in every)
    return Worth(warning.added_up(records), number, site_days, standing, followed)


def near(happened: Truth, limit: Limit) -> Grid:
    """The simplest warning: how near to the limit the mean of the last hour is."""
    return np.asarray(np.minimum(happened.mean / limit.mean, 1 - NOT_QUITE))


def near_that_stands(
    share: float, every: Sequence[Days], truths: Sequence[Truth], limit: Limit, policy: WarningPolicy
) -> tuple[float, Worth]:
    """The simplest warning that stands for the same share of the time: from which part of the limit on."""
    said = [near(each, limit) for each in truths]
    low, high = 0.02, 0.98
    for _ in range(7):
        middle = (low + high) / 2
        found = worth(every, truths, said, replace(limit, on=middle, off=middle * KEPT_NEAR), policy)
        low, high = (middle, high) if found.stands > share else (low, middle)
    return middle, found


def auc(said: Column, happened: npt.NDArray[np.bool_]) -> float:
    """The probability that what happened was given a higher chance than what did not."""
    _, inverse, number = np.unique(said, return_inverse=True, return_counts=True)
    rank = (np.cumsum(number) - (number - 1) / 2)[inverse]
    yes = int(happened.sum())
    no = len(happened) - yes
    return float((rank[happened].sum() - yes * (yes + 1) / 2) / (yes * no)) if yes and no else float("nan")


def report(every: Sequence[Days], policy: WarningPolicy) -> None:
    """For each limit: the record as shipped, that of the simplest warning, and the calibration."""
    print(f"Chances fitted on {policy.chances.fitted_on}")
    regimes = {days.regime for days in every}
    print(f"{'limit, min':>16}{'on':>6}{'AUC':>7}{HEADING}")
    for limit in policy.limits:
        truths = [truth(days, limit.mean, policy) for days in every]
        said = [chances(days, limit, policy) for days in every]
        chance, comes = _of_those_not_past(every, truths, said, limit)
        made = worth(every, truths, said, limit, policy)
        print(f"{limit.key:>16}{limit.on:>6.2f}{auc(chance, comes):>7.3f}{made.words()}")
        part, simple = near_that_stands(made.stands, every, truths, limit, policy)
        by_mean, _ = _of_those_not_past(every, truths, [near(each, limit) for each in truths], limit)
        print(f"{'last hour alone':>16}{part:>6.2f}{auc(by_mean, comes):>7.3f}{simple.words()}")
        print(f"{'said, happened':>22}: {calibration(chance, comes)}")
        if len(regimes) > 1:
            for regime in STARTS:
                own = [place for place, days in enumerate(every) if days.regime == regime]
                some = [[part[place] for place in own] for part in (every, truths, said)]
                print(f"{regime:>22}       {worth(*some, limit, policy).words()}" if own else "", flush=True)


def calibration(said: Column, happened: npt.NDArray[np.bool_]) -> str:
    """Mean chance and share that happened, in tenths of the chance."""
    tenth = np.minimum((said * 10).astype(int), 9)
    return ", ".join(
        f"{said[tenth == each].mean():.0%} {happened[tenth == each].mean():.0%}" for each in np.unique(tenth)
    )


def _of_those_not_past(
    every: Sequence[Days], truths: Sequence[Truth], said: Sequence[Grid], limit: Limit
) -> tuple[Column, npt.NDArray[np.bool_]]:
    open_ones = [~each.was_past for each in truths]
    comes = [follows(days, each, limit.within) for days, each in zip(every, truths, strict=True)]
    return (
        np.concatenate([grid[kept] for grid, kept in zip(said, open_ones, strict=True)]),
        np.concatenate([grid[kept] for grid, kept in zip(comes, open_ones, strict=True)]),
    )


def curve(every: Sequence[Days], policy: WarningPolicy) -> None:
    """What each threshold costs and gains."""
    for limit in policy.limits:
        truths = [truth(days, limit.mean, policy) for days in every]
        said = [chances(days, limit, policy) for days in every]
        print(f"\n{limit.key}\n{'on':>6}{HEADING}")
        for on in GRID:
            tried = replace(limit, on=float(on), off=float(on * KEPT))
            print(f"{on:>6.2f}{worth(every, truths, said, tried, policy).words()}", flush=True)


# Fitting


def fit(every: Sequence[Days], policy: WarningPolicy, left_out: frozenset[str] = frozenset()) -> Chances:
    """Weights by likelihood, of the event itself, for both limits together and each window apart."""
    weights = [_weights(*_observations(every, policy, within), left_out) for within in KNOTS]
    number = sum(len(days.times) for days in every) / 96
    seeds = sorted({days.seed for days in every})
    return Chances(
        knots=KNOTS,
        weights={
            name: tuple(round(float(each[place]), 3) for each in weights) for place, name in enumerate(TERMS)
        },
        fitted_on=f"{number:.0f} simulated days; seeds {', '.join(map(str, seeds))}",
    )


def _observations(
    every: Sequence[Days], policy: WarningPolicy, within: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Terms and outcome of every second look at which the limit was not past."""
    parts, comes = [], []
    for days in every:
        for limit in FITTED_LIMITS:
            happened = truth(days, limit, policy)
            open_ones = ~happened.was_past
            open_ones[1::2] = False
            seen = np.stack([terms(each, limit) for each in days.seen])
            parts.append(seen[open_ones])
            comes.append(follows(days, happened, within)[open_ones])
    return np.concatenate(parts), np.concatenate(comes)


def _weights(
    parts: npt.NDArray[np.float64],
    comes: npt.NDArray[np.bool_],
    left_out: frozenset[str],
    ridge: float = 1e-4,
) -> Column:
    scale = np.maximum(parts.std(axis=0), NOT_QUITE)
    scale[TERMS.index("always")] = 1
    scaled = parts / scale

    def loss(weights: Column) -> tuple[float, Column]:
        place = scaled @ weights
        chance = 1 / (1 + np.exp(-np.clip(place, -30, 30)))
        value = np.mean(np.logaddexp(0, place) - comes * place) + ridge * weights @ weights / 2
        return float(value), scaled.T @ (chance - comes) / len(comes) + ridge * weights

    bounds = [_bounds(name, left_out) for name in TERMS]
    found = minimize(loss, np.zeros(len(TERMS)), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x / scale)


def _bounds(name: str, left_out: frozenset[str]) -> tuple[float | None, float | None]:
    if name in left_out:
        return 0, 0
    return 0 if name in NEVER_LESS else None, 0 if name in NEVER_MORE else None


def inputs(to_fit: Sequence[Days], to_score: Sequence[Days], policy: WarningPolicy) -> None:
    """The loss of the chance (mean minus logarithm of what was given to what happened) without some terms."""
    groups = {
        "all": frozenset(),
        "without hour of day": frozenset(WAVES),
        "without staff": frozenset({"staff"}),
        "without boarding and beds": frozenset({"boarding", "beds"}),
        "without places and crowd": frozenset({"full", "crowd", "resus"}),
        "without all a hospital says": frozenset(SAID),
    }
    print(f"{'':30}" + "".join(f"{limit.key:>20}" for limit in policy.limits) + "   (loss, AUC)")
    for name, left_out in groups.items():
        tried = replace(policy, chances=fit(to_fit, policy, left_out))
        words = []
        for limit in policy.limits:
            truths = [truth(days, limit.mean, policy) for days in to_score]
            said = [chances(days, limit, tried) for days in to_score]
            chance, comes = _of_those_not_past(to_score, truths, said, limit)
            loss = -np.mean(np.log(np.where(comes, chance, 1 - chance)))
            words.append(f"{loss:.4f} {auc(chance, comes):.3f}")
        print(f"{name:30}" + "".join(f"{each:>20}" for each in words), flush=True)


def written(found: Chances) -> str:
    """The module that keeps the weights."""
    return (
        '"""The chances in use. Written by `python -m bench.warning_skill --fit`; do not edit by hand."""\n\n'
        "from .warning_signs import Chances\n\n"
        f"FITTED = Chances(knots={found.knots!r}, weights={dict(found.weights)!r},"
        f" fitted_on={found.fitted_on!r})\n"
    )


# Commands


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure early warnings of congestion in simulated days.")
    parser.add_argument("slug", nargs="?", default="south-west")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--fit", action="store_true", help="fit on seeds below 100 and write the weights")
    what.add_argument(
        "--thresholds", action="store_true", help="what each threshold costs, on seeds below 100"
    )
    what.add_argument(
        "--inputs", action="store_true", help="fit without groups of terms, score on the others"
    )
    parser.add_argument("--regimes", nargs="*", default=list(STARTS))
    parser.add_argument(
        "--to-fit", nargs="*", type=int, default=list(range(1, 9)), help="seeds (default 1 to 8)"
    )
    parser.add_argument(
        "--to-score", nargs="*", type=int, default=list(range(101, 105)), help="default 101 to 104"
    )
    parser.add_argument("--days", type=int, default=4, help="measured days of each world (default 4)")
    parser.add_argument("--faults", action="store_true", help="crews, lines and reports err as in the pack")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder that keeps the worlds seen, to be used again")
    arguments = parser.parse_args()
    if any(seed >= 100 for seed in arguments.to_fit) or any(seed < 100 for seed in arguments.to_score):
        parser.error("seeds below 100 are for fitting, others for scoring")
    policy = policies_from(region_pack.parse(regions.find(arguments.slug)).policy_values).warning
    if arguments.fit:
        FITTED.write_text(written(fit(_lived(arguments, arguments.to_fit), policy)))
        subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(FITTED)], check=True)
        print(f"Wrote {FITTED.name}")
    elif arguments.thresholds:
        curve(_lived(arguments, arguments.to_fit), policy)
    elif arguments.inputs:
        inputs(_lived(arguments, arguments.to_fit), _lived(arguments, arguments.to_score), policy)
    else:
        report(_lived(arguments, arguments.to_score), policy)
    return 0


def _lived(arguments: argparse.Namespace, seeds: Iterable[int]) -> list[Days]:
    wanted = [(regime, seed) for seed in seeds for regime in arguments.regimes]
    if arguments.cores == 1:
        return [_kept(arguments, each) for each in wanted]
    with ProcessPoolExecutor(arguments.cores) as pool:
        return list(pool.map(partial(_kept, arguments), wanted))


def _kept(arguments: argparse.Namespace, wanted: tuple[str, int]) -> Days:
    regime, seed = wanted
    name = f"warned-{arguments.slug}-{regime}-{seed}-{arguments.days}{'-faults' * arguments.faults}"
    file = arguments.keep and arguments.keep / name
    if file and file.exists():
        return Days(*pickle.loads(file.read_bytes()))  # our own file, never one from elsewhere
    days = live(arguments.slug, arguments.days, arguments.faults, regime, seed)
    if file:
        file.write_bytes(pickle.dumps((days.regime, days.seed, days.times, days.seen, days.vehicles)))
    return days


if __name__ == "__main__":
    sys.exit(main())
