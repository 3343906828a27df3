"""When somebody at a place in a queue will be seen, and whether a service can keep up with its demand.

The arithmetic is that of the waiting list toolkit of the NHS-R community: a queue is stable while demand
stays below capacity, and small enough while it holds no more than a quarter of the target wait's demand.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

HORIZON_DAYS = 42  # how far ahead clinics are looked at
DEMAND_DAYS = 84  # how far back referrals are counted


@dataclass(frozen=True, slots=True)
class CapacityPolicy:
    """What the arithmetic aims at (policy `capacity`); weeks.

    target_weeks  the local goal for a routine wait
    relief_weeks  in which a queue is to come down to its target
    """

    target_weeks: float = 8.0
    relief_weeks: float = 26.0

    def __post_init__(self) -> None:
        if min(self.target_weeks, self.relief_weeks) <= 0:
            raise ValueError(f"A target is more than 0 weeks: {self}")


@dataclass(frozen=True, slots=True)
class Seats:
    """The free seats ahead of one queue.

    days, upto  days with free seats in order, and how many are free up to and with each
    per_day     seats planned per calendar day, free or not: the rate beyond what is laid out
    until       last day that was looked at
    """

    days: tuple[date, ...]
    upto: tuple[int, ...]
    per_day: float
    until: date

    @property
    def free(self) -> int:
        return self.upto[-1] if self.upto else 0


def seats(free: Sequence[tuple[date, int]], planned: int, *, today: date, days: int = HORIZON_DAYS) -> Seats:
    """From free seats by day and the number planned over `days` days from today."""
    ordered = sorted((day, count) for day, count in free if count > 0)
    return Seats(
        tuple(day for day, _ in ordered),
        tuple(accumulate(count for _, count in ordered)),
        planned / days,
        today + timedelta(days=days),
    )


@dataclass(frozen=True, slots=True)
class Expected:
    """When somebody is expected to be seen if nobody joins before them.

    on        None: no capacity is planned at all
    is_rough  beyond the clinics that are laid out, by their usual rate
    """

    on: date | None
    is_rough: bool = False

    def breaches(self, treat_by: date | None) -> bool:
        """Later than the last day inside the standard; never where there is none."""
        return treat_by is not None and (self.on is None or self.on > treat_by)


def expected(ahead: Seats | None, place: int) -> Expected:
    """For the one at a place in the queue, the first being 1. Never earlier for a later place."""
    if ahead is None:
        return Expected(None)
    if place <= ahead.free:
        return Expected(ahead.days[bisect_left(ahead.upto, place)])
    if ahead.per_day <= 0:
        return Expected(None)
    beyond = int((place - ahead.free) / ahead.per_day) + 1
    return Expected(ahead.until + timedelta(days=min(beyond, 3650)), is_rough=True)


@dataclass(frozen=True, slots=True)
class Load:
    """Whether a service keeps up, in numbers per week.

    load         demand / capacity; None without capacity. From 1 on the queue grows without end
    target_list  the queue that keeps the target wait
    relief       capacity per week that brings the queue to the target in `weeks`
    pressure     2 * mean wait / target: above 1, waits are longer than the target allows
    """

    demand: float
    capacity: float
    waiting: int
    load: float | None
    target_list: float
    relief: float
    pressure: float | None


def load(
    demand: float,
    capacity: float,
    waiting: int,
    mean_wait_weeks: float | None,
    policy: CapacityPolicy,
) -> Load:
    """Queue load, target list, relief capacity and pressure of one queue."""
    target = demand * policy.target_weeks / 4
    return Load(
        demand,
        capacity,
        waiting,
        demand / capacity if capacity > 0 else None,
        target,
        demand + max(waiting - target, 0) / policy.relief_weeks,
        None if mean_wait_weeks is None else 2 * mean_wait_weeks / policy.target_weeks,
    )
