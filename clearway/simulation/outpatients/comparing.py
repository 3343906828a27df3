"""Policies of a department beside each other on the same people, cancellations and answers.

Each policy lives through every seed; what is reported is the difference to the plan on the same seed, with
its interval over seeds. What differs between two policies is what they cause: who is booked when, and so
which of the same bookings exist to be cancelled.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from statistics import median

import numpy as np

from clearway.domain.outpatients.department import Department
from clearway.domain.outpatients.recycling import BANDS

from ..shared.estimating import Estimate, Metric, as_lines, estimate, one_after_the_other
from . import ledger
from .ledger import Outcome
from .parameters import Parameters
from .people_waiting import GROUPS
from .policies import NOBODY, PLAN, POLICIES, Tried, named
from .world import DAY, World

WARM_UP, RUN_ON = timedelta(weeks=4), timedelta(weeks=5)
MOST_DAYS = 366


METRICS = (
    Metric("gross", "Freed slots filled", "%", 1),
    Metric("net", "Freed slots filled and attended", "%", 1),
    *(Metric(f"net {band.name}", f"The same, {band.name} of notice", "%", 1) for band in BANDS),
    Metric("sooner", "Median days sooner than if nobody were asked", "days", 1),
    Metric("moved_sooner", "Median days sooner of those who had a later date", "days", 0),
    Metric("disappointed", "Said yes too late, for each slot filled by an offer", "people"),
    Metric("asked", "Asked, for each slot filled by an offer", "people"),
    Metric("missed", "Visits missed", "%"),
    Metric("used", "Slots attended, of all that took place", "%", 1),
    Metric("attended", "Visits attended, a week", "", 1),
    Metric("wait", "Median wait for the first visit", "days"),
    Metric("wait_90", "90th centile of that wait", "days"),
    Metric("breaches", "First visits after 18 weeks, of those held", "%"),
    Metric("urgent", "Urgent referrals seen within 14 days, of those received", "%", 1),
    Metric("waiting", "Waiting for a first visit at the end", "people"),
    Metric("freed", "Slots freed", "", 0),
    Metric("released", "Held slots let go that were filled", "%", 1),
)
OF_GROUPS = ("Median wait, days", "Brought by offers, of 100 on the list", "Missed, %")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was found.

    level       policy -> metric -> over seeds
    difference  policy -> metric -> to the plan on the same seed, over seeds
    bands       policy -> band -> (freed a seed, filled %, filled and attended %) over all seeds
    by_group    policy -> group -> the three figures of OF_GROUPS, over seeds
    group_wait  policy -> group -> median wait less that of the plan on the same seed
    """

    region: str
    seeds: tuple[int, ...]
    start: datetime
    days: int
    policies: tuple[str, ...]
    level: Mapping[str, Mapping[str, Estimate]]
    difference: Mapping[str, Mapping[str, Estimate]]
    bands: Mapping[str, Mapping[str, tuple[float, float, float]]]
    by_group: Mapping[str, Mapping[str, tuple[float, float, float]]]
    group_wait: Mapping[str, Mapping[str, Estimate]]


Spread = Callable[[Sequence[Callable[[], Outcome]]], list[Outcome]]


@dataclass(frozen=True, slots=True)
class Setting:
    """The department that is tried. region: its slug; plan: what the others are compared with."""

    region: str
    department: Department
    parameters: Parameters
    plan: Tried


def compare(
    setting: Setting,
    seeds: Sequence[int],
    start: datetime,
    days: int,
    policies: Sequence[str] = POLICIES,
    spread: Spread = one_after_the_other,
) -> Comparison:
    """Every policy on every seed. The plan and the one that asks nobody are always among them.

    Raises LookupError for a policy that there is not.
    """
    for name in policies:
        named(name, setting.plan)
    names = tuple(name for name in POLICIES if name in {PLAN, NOBODY, *policies})
    tasks = [partial(live, setting, name, seed, start, days) for seed in seeds for name in names]
    return summed_up(setting.region, start, days, names, spread(tasks))


def live(setting: Setting, name: str, seed: int, start: datetime, days: int) -> Outcome:
    """One policy through one seed: four weeks unmeasured, `days` measured, and on until all has ended."""
    world = World(setting.department, setting.parameters, named(name, setting.plan), seed, start - WARM_UP)
    until = start + timedelta(days=days)
    world.advance(until + RUN_ON)
    return ledger.read(world, name, start.timestamp(), until.timestamp())


def summed_up(
    region: str, start: datetime, days: int, names: tuple[str, ...], outcomes: Sequence[Outcome]
) -> Comparison:
    """Levels, paired differences and intervals."""
    seeds = tuple(sorted({each.seed for each in outcomes}))
    of = {(each.policy, each.seed): each for each in outcomes}
    last = int((start + timedelta(days=days) + RUN_ON).timestamp() // DAY)
    values = {
        key: {**each.values, "sooner": sooner(each, of[NOBODY, key[1]], last)} for key, each in of.items()
    }

    def over(name: str, metric: str, against: str | None) -> Estimate:
        base = [values[against, seed][metric] if against else 0.0 for seed in seeds]
        return estimate(
            [values[name, seed][metric] - before for seed, before in zip(seeds, base, strict=True)]
        )

    def of_group(name: str, group: str) -> tuple[float, float, float]:
        found = np.mean([of[name, seed].by_group[group] for seed in seeds], axis=0)
        return float(found[0]), float(found[1]), float(found[2])

    def longer(name: str, group: str) -> Estimate:
        waits = [(of[name, seed].by_group[group][0], of[PLAN, seed].by_group[group][0]) for seed in seeds]
        return estimate([mine - plans for mine, plans in waits])

    others = [name for name in names if name != PLAN]
    return Comparison(
        region=region,
        seeds=seeds,
        start=start,
        days=days,
        policies=names,
        level={name: {m.name: over(name, m.name, None) for m in METRICS} for name in names},
        difference={name: {m.name: over(name, m.name, PLAN) for m in METRICS} for name in others},
        bands={name: _bands([of[name, seed] for seed in seeds]) for name in names},
        by_group={name: {group: of_group(name, group) for group in GROUPS} for name in names},
        group_wait={name: {group: longer(name, group) for group in GROUPS} for name in others},
    )


def sooner(mine: Outcome, without: Outcome, last: int) -> float:
    """Median days by which those whom an offer brought to their first visit came before they would have come.

    Who was not seen at all without offers counts as seen on the last day, so the median is no more than true.
    """
    gained = [
        without.seen_on.get(patient, last) - mine.seen_on[patient]
        for patient in mine.brought
        if patient in mine.seen_on
    ]
    return float(median(gained)) if gained else 0.0


def _bands(outcomes: Sequence[Outcome]) -> dict[str, tuple[float, float, float]]:
    found = {}
    for band in BANDS:
        each = [outcome.bands[band.name] for outcome in outcomes]
        freed, filled, kept = (
            sum(getattr(one, what) for one in each) for what in ("freed", "filled", "kept")
        )
        share = 100 / freed if freed else 0.0
        found[band.name] = (freed / len(each), share * filled, share * kept)
    return found


def as_text(found: Comparison) -> str:
    """The comparison for a person at a terminal: levels, then differences to the plan."""
    head = f"{found.region}, {len(found.seeds)} seeds of {found.days} days"
    lines = as_lines(METRICS, found.policies, found.level, found.difference, PLAN)
    return "\n".join([head, "", *lines])
