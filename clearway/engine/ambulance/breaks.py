"""Who breaks when and where over the next hours: the cheapest plan, with a proof that there is none cheaper.

The cost of a beginning is in minutes: being late (dearer for crews whose breaks were late or missed of late),
the drive to the place, and the cover that an area gives up while the crew eats. A plan is limited by how many
crews of an area may be on a break at once. A crew that cannot begin in time is named, with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from clearway.engine.shared.choosing import Choice, Options, choose

Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlanPolicy:
    """Policy `meal_breaks`, what a plan weighs. Minutes, and what a minute of each costs.

    step, horizon   between two beginnings, and how far ahead is planned
    most_share      of an area's crews, that are on a break at once; one crew always may be
    late            a minute after the break had to begin
    travel          a minute of driving to the place
    cover           a minute on a break in an area with one free crew for each expected incident of an hour
    owed            by which part being late is dearer for each break missed or late in the last week
    never           not to begin at all within the horizon, though it is due in it
    notice          minutes between accepting a plan and the earliest beginning
    """

    step: float = 5
    horizon: float = 240
    most_share: float = 0.2
    late: float = 4.0
    travel: float = 1.0
    cover: float = 0.5
    owed: float = 0.25
    never: float = 600
    notice: float = 5


@dataclass(frozen=True, slots=True)
class Hungry:
    """A crew that is owed a break; times are minutes from now.

    free     when it can set off at the earliest, as things stand
    opens, start_by, closes  of the break
    minutes  how long it is; travel  to the place where it is taken
    owed     breaks of the last week that were missed or began late
    """

    call_sign: str
    area: str
    minutes: float
    free: float
    opens: float
    start_by: float
    closes: float
    travel: float
    owed: int = 0


@dataclass(frozen=True, slots=True)
class Ground:
    """How things stand in the areas, one column for each step of the horizon.

    crews    area -> crews on shift then
    eating   area -> crews then on a break already, or that have a plan which stands
    free     area -> crews then expected to be free; demand  area -> incidents an hour expected then
    """

    crews: Mapping[str, Column]
    eating: Mapping[str, Column]
    free: Mapping[str, Column]
    demand: Mapping[str, Column]


class Unplaced(StrEnum):
    """Why a crew has no place in the plan."""

    NOT_FREE = "not_free"  # it is on a job until after the last beginning
    FULL = "full"  # at every time as many of its area eat as may


@dataclass(frozen=True, slots=True)
class Planned:
    """A break in the plan. Minutes from now; late  after it had to begin; cover  what it costs the area."""

    call_sign: str
    starts: float
    minutes: float
    travel: float
    late: float
    cover: float


@dataclass(frozen=True, slots=True)
class BreakPlan:
    """The plan, in the order of the beginnings. Costs and bound as in PlanPolicy."""

    breaks: tuple[Planned, ...]
    unplaced: Mapping[str, Unplaced]
    cost: float
    bound: float

    @property
    def is_proved(self) -> bool:
        """Whether no cheaper plan exists."""
        return Choice(np.zeros(0, np.int64), self.cost, self.bound).is_proved


def steps(policy: PlanPolicy) -> Column:
    """The beginnings that a plan considers, in minutes from now."""
    return np.arange(0.0, policy.horizon, policy.step)


def limits(area: str, ground: Ground, policy: PlanPolicy) -> npt.NDArray[np.int64]:
    """How many more crews of an area may eat at each step."""
    most = np.maximum(1, np.floor(policy.most_share * ground.crews[area]))
    return np.asarray(np.maximum(0, most - ground.eating[area]), dtype=np.int64)


def plan(hungry: Sequence[Hungry], ground: Ground, policy: PlanPolicy) -> BreakPlan:
    """The cheapest plan for these crews. Areas share nothing, so each is planned alone."""
    found = [
        _of_area([each for each in hungry if each.area == area], area, ground, policy)
        for area in sorted({each.area for each in hungry})
    ]
    return BreakPlan(
        breaks=tuple(
            sorted(
                (each for part in found for each in part.breaks),
                key=lambda each: (each.starts, each.call_sign),
            )
        ),
        unplaced={name: why for part in found for name, why in part.unplaced.items()},
        cost=sum(part.cost for part in found),
        bound=sum(part.bound for part in found),
    )


def _of_area(hungry: Sequence[Hungry], area: str, ground: Ground, policy: PlanPolicy) -> BreakPlan:
    times = steps(policy)
    prices = [_prices(each, area, ground, policy, times) for each in hungry]
    spare = limits(area, ground, policy)
    allowed = [np.flatnonzero(np.isfinite(cost)) for cost, _, _ in prices]
    spans = [max(1, int(np.ceil(each.minutes / policy.step))) for each in hungry]
    of = np.repeat(np.arange(len(hungry)), [len(rows) for rows in allowed])
    first = np.concatenate([*allowed, np.zeros(0, np.int64)]).astype(np.int64)
    cost = np.concatenate([*(prices[who][0][rows] for who, rows in enumerate(allowed)), np.zeros(0)])
    last = np.minimum(first + np.array(spans, np.int64)[of], len(times)) if len(of) else first
    without = np.array([_without(each, policy) for each in hungry])
    choice = choose(Options(of, cost, first, last), without, spare)
    breaks, unplaced = [], {}
    for who, each in enumerate(hungry):
        row = int(choice.chosen[who])
        if row >= 0:
            step = int(first[row])
            _, late, cover = prices[who]
            breaks.append(
                Planned(
                    each.call_sign,
                    float(times[step]),
                    each.minutes,
                    each.travel,
                    float(late[step]),
                    float(cover[step]),
                )
            )
        elif each.start_by < policy.horizon:
            unplaced[each.call_sign] = Unplaced.FULL if len(allowed[who]) else Unplaced.NOT_FREE
    return BreakPlan(tuple(breaks), unplaced, choice.cost, choice.bound)


def _without(each: Hungry, policy: PlanPolicy) -> float:
    """What no beginning within the horizon costs: nothing, where it need not begin in it.

    More than the latest beginning, so that whoever can be placed is.
    """
    if each.start_by >= policy.horizon:
        return 0.0
    return (policy.never + policy.late * (policy.horizon - each.start_by)) * (1 + policy.owed * each.owed)


def _prices(
    each: Hungry, area: str, ground: Ground, policy: PlanPolicy, times: Column
) -> tuple[Column, Column, Column]:
    """Cost, lateness and cover of each beginning; the cost is inf where it cannot begin then."""
    ready = max(each.free + each.travel, each.opens, policy.notice)
    late = np.maximum(0.0, times - each.start_by)
    scarce = policy.cover * ground.demand[area] / np.maximum(1.0, ground.free[area])
    sums = np.concatenate([[0.0], np.cumsum(scarce * policy.step)])
    span = max(1, int(np.ceil(each.minutes / policy.step)))
    ends = np.minimum(np.arange(len(times)) + span, len(times))
    cover = sums[ends] - sums[: len(times)]
    dearer = policy.late * (1 + policy.owed * each.owed)
    # The later of two beginnings that cost the same waits for nothing: a hair for each step.
    cost = dearer * late + cover + policy.travel * each.travel + 1e-3 * times
    impossible = (times < ready) | (times > each.closes)
    return np.where(impossible, np.inf, cost), late, cover


def first_come(hungry: Sequence[Hungry], ground: Ground, policy: PlanPolicy) -> BreakPlan:
    """What a careful person does without a plan: the crew that is due first goes as soon as it can.

    The baseline that a plan is measured against; `bound` is its own cost.
    """
    times = steps(policy)
    spare = {area: limits(area, ground, policy) for area in {each.area for each in hungry}}
    breaks, unplaced, total = [], {}, 0.0
    for each in sorted(hungry, key=lambda each: (each.start_by, each.call_sign)):
        cost, late, cover = _prices(each, each.area, ground, policy, times)
        span = max(1, int(np.ceil(each.minutes / policy.step)))
        fits = [
            step
            for step in np.flatnonzero(np.isfinite(cost))
            if (spare[each.area][step : step + span] > 0).all()
        ]
        if not fits:
            total += _without(each, policy)
            if each.start_by < policy.horizon:
                unplaced[each.call_sign] = Unplaced.FULL if np.isfinite(cost).any() else Unplaced.NOT_FREE
            continue
        step = fits[0]
        spare[each.area][step : step + span] -= 1
        total += float(cost[step])
        breaks.append(
            Planned(
                each.call_sign,
                float(times[step]),
                each.minutes,
                each.travel,
                float(late[step]),
                float(cover[step]),
            )
        )
    return BreakPlan(tuple(breaks), unplaced, total, total)
