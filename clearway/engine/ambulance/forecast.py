"""How long a vehicle that arrives at a hospital in the next four hours will wait to hand over.

A queue seen from outside. At every hospital those who wait now, those on their way, crews on scene who are
likely to convey and arrivals not yet heard of flow through what the hospital has lately shown it can take.
What comes out is weighed against what the last hours and the last day were like, more so the farther ahead.
The result is a distribution. Figures that are policy are in ForecastPolicy; docs/explanation/forecast.md says
what each rests on and how well the whole has done.

Each hospital is forecast from what is known of it alone, and every step is monotone: one patient more in the
queue, or one crew more on the way, never makes a later wait shorter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.situation import (
    CATEGORIES,
    JOB_STATES,
    KINDS,
    UNKNOWN,
    Seconds,
    Situation,
)
from clearway.domain.ambulance.words import JobState, JobStatus
from clearway.domain.shared.freshness import FreshnessPolicy

from .feeds import basis
from .travel import PLAIN, Network

Grid = npt.NDArray[np.float64]  # sites x steps
Column = npt.NDArray[np.float64]  # one figure per site
SiteRows = npt.NDArray[np.int64]
J, S = JobStatus, JobState
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
STEP_MINUTES, HORIZON_MINUTES = 5.0, 240.0
STEPS = int(HORIZON_MINUTES / STEP_MINUTES) + 1
LEADS = np.arange(STEPS) * STEP_MINUTES
HOURS_OF_WEEK = 168

MODEL, RATE, LAST_K, HOUR_OF_WEEK, NONE = "model", "rate", "last_k", "hour_of_week", "none"
METHODS = (MODEL, RATE, LAST_K, HOUR_OF_WEEK, NONE)

# Standard normal deviates of the quantiles that a forecast keeps.
P10, P80, P90 = -1.2815515655446004, 0.8416212335729143, 1.2815515655446004


@dataclass(frozen=True, slots=True)
class ForecastPolicy:
    """What the forecast takes for given (policy handover_forecast). Minutes unless a name says otherwise.

    base                    from arrival to handover where nothing waits
    prior_wait, prior_count  what an unknown hospital is like, and for how many handovers that counts
    prior_rate              handovers an hour that an unknown hospital can take, likewise
    recent, day             how far back the recent figures and those of the day reach
    knots                   leads at which the following weights are given; straight lines between
    flow, recently, daily   weight of the queue model, of the last hours and of the last day in the logarithm
                            of the wait; what is missing to 1 is the prior's
    shift                   added to that logarithm
    spread                  deviation of the logarithm of what then happens
    conveyed                share of crews on scene who convey, by category; `conveyed_otherwise` for the rest
    on_scene, journey, to_scene  typical minutes of the parts of a job that lie ahead
    heard_of                lead at which half of the arrivals come from jobs that no crew has yet
    arrivals_by_hour        shape of a day's arrivals by local hour
    k                       handovers in the mean of the last k
    """

    base: float = 14.0
    prior_wait: float = 28.0
    prior_count: float = 3.0
    prior_rate: float = 4.0
    recent: float = 120.0
    day: float = 24 * 60.0
    knots: tuple[float, ...] = (0, 60, 120, 240)
    flow: tuple[float, ...] = (0.55, 0.45, 0.35, 0.2)
    recently: tuple[float, ...] = (0.3, 0.3, 0.3, 0.25)
    daily: tuple[float, ...] = (0.15, 0.2, 0.25, 0.35)
    shift: tuple[float, ...] = (0, 0, 0, 0)
    spread: tuple[float, ...] = (0.35, 0.42, 0.48, 0.55)
    conveyed: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({"C1": 0.6, "C2": 0.6, "C3": 0.41, "C4": 0.36, "HCP": 0.9})
    )
    conveyed_otherwise: float = 0.5
    on_scene: float = 42.0
    journey: float = 20.0
    to_scene: float = 10.0
    heard_of: float = 75.0
    arrivals_by_hour: tuple[float, ...] = (
        *(3.0, 2.8, 2.6, 2.4, 2.3, 2.3, 2.4, 2.8, 3.6, 4.5, 5.2, 5.6),
        *(5.7, 5.5, 5.3, 5.2, 5.2, 5.0, 4.9, 4.8, 4.6, 4.3, 4.0, 3.6),
    )
    k: int = 10
    freshness: FreshnessPolicy = field(default_factory=FreshnessPolicy)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))

    def __post_init__(self) -> None:
        weights = np.array([self.flow, self.recently, self.daily])
        if (
            weights.shape != (3, len(self.knots))
            or (weights < 0).any()
            or (weights.sum(axis=0) > 1.0001).any()
        ):
            raise ValueError("Weights must be at or above 0, at most 1 together, and one for each knot")
        if self.base < STEP_MINUTES:
            raise ValueError(f"base must be at least one step of {STEP_MINUTES:g} minutes, got {self.base}")


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the sites from before the last day, row for row those of the situation.

    wait      (n, 168) mean handover minutes by hour of the local week, Monday 00 first; NaN where too few
    method    the method that has proved best at each site
    widen     (n,) factor on the spread that the site's own record asks for
    """

    wait: Grid
    method: tuple[str, ...]
    widen: Column


@dataclass(frozen=True, slots=True)
class Waits:
    """Forecast waits of some arrivals, one each; minutes."""

    mean: Column
    p10: Column
    p50: Column
    p80: Column
    p90: Column
    added: Column


@dataclass(frozen=True, slots=True)
class Forecast:
    """Sites x steps; step k is an arrival at `at + k * step_minutes`.

    mean, p10, p50, p80, p90  minutes of handover wait
    added    minutes that one more arrival then adds to all who come after it, summed
    spread   deviation of the logarithm of the wait
    carried  share of one more patient in the queue at a step that is still there at the next
    weight   minutes that one more patient in the queue at a step adds to the wait of who arrives then
    method   per site, one of METHODS; "none" when nothing can be said: then its rows are NaN
    why      per site, short reasons
    """

    at: float
    step_minutes: float
    mean: Grid
    p10: Grid
    p50: Grid
    p80: Grid
    p90: Grid
    added: Grid
    spread: Grid
    carried: Grid
    weight: Grid
    method: tuple[str, ...]
    why: tuple[tuple[str, ...], ...]

    def wait(self, site_rows: SiteRows, arrival: Seconds) -> Waits:
        """The waits of arrivals at sites at times, broadcast together; straight lines between steps.

        An arrival before now counts as now, one beyond the horizon as the last step.
        """
        rows, at = np.broadcast_arrays(np.asarray(site_rows), np.asarray(arrival, dtype=np.float64))
        place = np.clip((at - self.at) / MINUTE / self.step_minutes, 0, self.mean.shape[1] - 1)
        left = np.minimum(place.astype(np.int64), self.mean.shape[1] - 2)
        share = place - left

        def between(grid: Grid) -> Column:
            return np.asarray(grid[rows, left] * (1 - share) + grid[rows, left + 1] * share)

        return Waits(
            *(between(grid) for grid in (self.mean, self.p10, self.p50, self.p80, self.p90, self.added))
        )


def forecast(
    situation: Situation,
    policy: ForecastPolicy,
    history: History | None = None,
    network: Network = PLAIN,
) -> Forecast:
    """The waits at every site of the situation; pure, the same input gives the same answer.

    Abstains (method "none") where no source knows handovers, or the control room is stale or lost.
    """
    sites = len(situation.sites.code)
    rests_on = basis(situation, policy.freshness)
    if not sites or not rests_on.knows_handover or not rests_on.cad.freshness.may_be_relied_on:
        reason = (
            "No source gives handover times"
            if not rests_on.knows_handover
            else "The control room feed is old"
        )
        return _nothing(situation.at, sites, reason)
    seen = _seen(situation, policy)
    coming = _coming(situation, policy, seen, network)
    flow = _flow(seen, coming)
    median, weight = _weighed(flow, seen, policy)
    spread = np.broadcast_to(_at_leads(policy.spread, policy), median.shape)
    if history is not None:
        spread = spread * history.widen[:, None]
    return _made(situation.at, median, spread, flow, weight, coming, _reasons(situation, seen, coming))


def commit(made: Forecast, site_row: int, arrival: float) -> Forecast:
    """The forecast once one more vehicle is known to arrive at a site; no other site changes.

    arrival  seconds; before now counts as now
    """
    step = int(np.clip(round((arrival - made.at) / MINUTE / made.step_minutes), 0, made.mean.shape[1] - 1))
    if step + 1 >= made.mean.shape[1] or made.method[site_row] == NONE:
        return made
    extra = np.zeros(made.mean.shape[1])
    extra[step + 1 :] = np.concatenate(([1.0], np.cumprod(made.carried[site_row, step + 1 : -1])))
    longer = extra * made.weight[site_row]
    factor = 1 + longer / made.mean[site_row]

    def longer_there(grid: Grid) -> Grid:
        lengthened = grid.copy()
        lengthened[site_row] *= factor
        return _fixed(lengthened)

    return replace(
        made,
        mean=longer_there(made.mean),
        p10=longer_there(made.p10),
        p50=longer_there(made.p50),
        p80=longer_there(made.p80),
        p90=longer_there(made.p90),
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What has been seen at each site, one column each.

    waiting  patients now; oldest, elapsed  minutes of the longest wait and of all together
    rate     handovers a minute that it takes when somebody waits; busy  minutes that rests on
    recent   mean wait of the last hours, those who still wait counted with what they have waited
    daily    mean wait of the last day
    arrivals, handed  numbers in the last day and in the recent hours
    """

    waiting: Column
    oldest: Column
    elapsed: Column
    rate: Column
    busy: Column
    recent: Column
    daily: Column
    arrivals: Column
    handed: Column
    base: float


def _seen(situation: Situation, policy: ForecastPolicy) -> _Seen:
    table, sites, now = situation.assignments, len(situation.sites.code), situation.at
    arrived, handed = table.stamp(J.AT_HOSPITAL), table.stamp(J.HANDOVER)
    known = table.site != UNKNOWN
    waits = known & table.patient_is_waiting & (arrived <= now)
    done = known & (handed >= arrived) & (handed <= now)

    def count(mask: npt.NDArray[np.bool_], weights: Column | None = None) -> Column:
        return np.bincount(table.site[mask], None if weights is None else weights[mask], sites).astype(float)

    elapsed = np.where(waits, (now - arrived) / MINUTE, 0.0)
    oldest = np.zeros(sites)
    np.maximum.at(oldest, table.site[waits], elapsed[waits])
    took = np.where(done, (handed - arrived) / MINUTE, 0.0)
    since = now - policy.recent * MINUTE
    lately = done & (handed > since)
    # Minutes waited within the window by whoever waited in it, over those handed over in it: a mean that a
    # standstill drives up, where the mean of those handed over would stand still too.
    until = np.where(waits, now, handed)
    inside = np.where(waits | lately, np.maximum(0, until - np.maximum(arrived, since)) / MINUTE, 0.0)
    ended, waiting = count(lately), count(waits)
    per_day = count(done)
    daily = (count(done, took) + policy.prior_count * policy.prior_wait) / (per_day + policy.prior_count)
    recent = (count(waits | lately, inside) + policy.prior_count * daily) / (ended + policy.prior_count)
    rate, busy = _rate(situation, policy, waits, done)
    return _Seen(
        waiting=waiting,
        oldest=oldest,
        elapsed=count(waits, elapsed),
        rate=rate,
        busy=busy,
        recent=recent,
        daily=daily,
        arrivals=count(known & (arrived > now - DAY) & (arrived <= now)),
        handed=ended,
        base=policy.base,
    )


def _rate(
    situation: Situation, policy: ForecastPolicy, waits: npt.NDArray[np.bool_], done: npt.NDArray[np.bool_]
) -> tuple[Column, Column]:
    """Handovers a minute while somebody has waited longer than the base, shrunk to the prior.

    Only then does the number handed over say what a hospital can take, and not merely what came.
    """
    table, sites, now = situation.assignments, len(situation.sites.code), situation.at
    arrived, handed = table.stamp(J.AT_HOSPITAL), table.stamp(J.HANDOVER)
    cells = int(policy.recent * 2 / STEP_MINUTES)
    start = now - cells * STEP_MINUTES * MINUTE
    here = np.flatnonzero((done & (handed > start)) | waits)
    site = table.site[here]
    begins = (arrived[here] + policy.base * MINUTE - start) / (STEP_MINUTES * MINUTE)
    ends = np.where(waits[here], cells, (handed[here] - start) / (STEP_MINUTES * MINUTE))
    first = np.clip(np.ceil(begins), 0, cells).astype(np.int64)
    last = np.clip(np.ceil(ends), 0, cells).astype(np.int64)
    late = first < last
    change = np.zeros((sites, cells + 1))
    np.add.at(change, (site[late], first[late]), 1)
    np.add.at(change, (site[late], last[late]), -1)
    busy = np.cumsum(change, axis=1)[:, :cells] > 0
    out = np.zeros((sites, cells))
    gone = ~waits[here]
    np.add.at(out, (site[gone], np.clip(last[gone] - 1, 0, cells - 1)), 1)
    recency = np.linspace(0.3, 1.0, cells)
    minutes = (busy * recency).sum(axis=1) * STEP_MINUTES
    handovers = (out * busy * recency).sum(axis=1)
    prior = 60.0
    rate = (handovers + policy.prior_rate * prior / 60) / (minutes + prior)
    return rate, minutes


def _coming(situation: Situation, policy: ForecastPolicy, seen: _Seen, network: Network) -> Grid:
    """Expected arrivals in each step, sites x steps."""
    heard = _heard_of(situation, policy, network)
    there = datetime.fromtimestamp(situation.at, UTC).astimezone(policy.zone)
    hour = there.hour + there.minute / 60 + LEADS / 60
    shape = np.array(policy.arrivals_by_hour)
    per_step = shape[hour.astype(np.int64) % 24] / shape.sum() * STEP_MINUTES / 60
    unheard = 1 / (1 + np.exp(-(LEADS - policy.heard_of) / (policy.heard_of / 4)))
    return np.asarray(heard + seen.arrivals[:, None] * (per_step * unheard)[None, :])


def _heard_of(situation: Situation, policy: ForecastPolicy, network: Network) -> Grid:
    """Arrivals by jobs that a crew has: on the way, bound, on scene, on the way to a scene."""
    table, sites, now = situation.assignments, len(situation.sites.code), situation.at
    state = table.state
    conveying = state == JOB_STATES.index(S.CONVEYING)
    scene = state == JOB_STATES.index(S.ON_SCENE)
    before = (state == JOB_STATES.index(S.MOBILE)) | (state == JOB_STATES.index(S.ALLOCATED))
    conveys = _CONVEYS[table.kind]
    here = np.flatnonzero(conveying | ((scene | before) & conveys))
    if not len(here):
        return np.zeros((sites, STEPS))
    conveying, scene = conveying[here], scene[here]
    site = np.where(table.site[here] != UNKNOWN, table.site[here], table.bound[here])
    certain = conveying | (site != UNKNOWN)
    shares = np.array([policy.conveyed.get(each, policy.conveyed_otherwise) for each in CATEGORIES])
    share = np.where(certain, 1.0, np.append(shares, policy.conveyed_otherwise)[table.category[here]])
    since = np.nan_to_num((now - table.since[here]) / MINUTE)
    site, drive, age = _journeys(situation, here, site, policy, network)
    eta = np.where(np.isnan(age), policy.journey - since, drive - age)
    to_go = np.where(scene, np.maximum(policy.on_scene - since, 10.0), policy.to_scene + policy.on_scene)
    lead = np.where(conveying, np.maximum(eta, 0.0), to_go + drive)
    width = np.where(conveying, 2.0, np.where(scene, 8.0, 12.0))
    edges = np.append(LEADS, HORIZON_MINUTES + STEP_MINUTES)
    below = 1 / (1 + np.exp(-np.clip((edges[None, :] - lead[:, None]) / width[:, None], -40, 40)))
    below[:, 0] = 0.0  # nobody arrives in the past
    mass = np.diff(below, axis=1) * share[:, None]
    where = np.zeros((sites, len(here)))
    usable = site != UNKNOWN
    where[site[usable], np.flatnonzero(usable)] = 1
    return np.asarray(where @ mass)


_CONVEYS = np.array([*(kind.conveys for kind in KINDS), True])  # the last is the unknown kind


def _journeys(
    situation: Situation,
    here: npt.NDArray[np.int64],
    site: npt.NDArray[np.int64],
    policy: ForecastPolicy,
    network: Network,
) -> tuple[npt.NDArray[np.int64], Column, Column]:
    """Of these assignments: the site given or else the nearest, minutes to it from where the crew was last
    seen, and minutes since then; UNKNOWN, the typical journey and NaN without a position."""
    resources, sites = situation.resources, situation.sites
    holder = np.full(len(situation.assignments.state), UNKNOWN)
    held = np.flatnonzero(resources.assignment != UNKNOWN)
    holder[resources.assignment[held]] = held
    vehicle = holder[here]
    placed = (vehicle != UNKNOWN) & ~np.isnan(resources.latitude[vehicle])
    seen = vehicle[placed]
    minutes = network.journeys(
        resources.latitude[seen],
        resources.longitude[seen],
        sites,
        at=situation.at,
        disruptions=situation.disruptions,
    ).minutes
    to, drive, age = site.copy(), np.full(len(here), policy.journey), np.full(len(here), np.nan)
    to[placed] = np.where(site[placed] != UNKNOWN, site[placed], np.argmin(minutes, axis=1))
    drive[placed] = minutes[np.arange(len(seen)), to[placed]]
    age[placed] = (situation.at - resources.position_at[seen]) / MINUTE
    return to, np.where(np.isfinite(drive), drive, policy.journey), age


@dataclass(frozen=True, slots=True)
class _Flow:
    """What the queue model makes of it: wait, carried and weight as in Forecast, nothing weighed in yet."""

    wait: Grid
    carried: Grid
    weight: Grid
    left: Column


def _flow(seen: _Seen, coming: Grid) -> _Flow:
    """Patients at the door over time: in with the arrivals, out at the rate, or slower when few are there."""
    sites = len(seen.waiting)
    per_step = seen.rate * STEP_MINUTES
    thin = STEP_MINUTES / seen.base
    queue = seen.waiting.copy()
    there = np.empty((STEPS, sites))
    saturated = np.empty((STEPS, sites), dtype=bool)
    for step in range(STEPS):
        there[step] = queue
        out = queue * thin
        saturated[step] = out > per_step
        queue = queue + coming[:, step] - np.minimum(out, per_step)
    through = (there.T + 1) / seen.rate[:, None]
    # A soft maximum of the base and the queue's own time: near the edge chance adds to both.
    wait = np.sqrt(seen.base**2 + through**2)
    return _Flow(
        wait=wait,
        carried=np.where(saturated.T, 1.0, 1 - thin),
        weight=through / wait / seen.rate[:, None],
        left=queue,
    )


def _weighed(flow: _Flow, seen: _Seen, policy: ForecastPolicy) -> tuple[Grid, Grid]:
    """The median wait, and what one more in the queue adds to it."""
    by_flow, by_recent, by_day = (
        _at_leads(weights, policy) for weights in (policy.flow, policy.recently, policy.daily)
    )
    rest = 1 - by_flow - by_recent - by_day
    logarithm = (
        by_flow * np.log(flow.wait)
        + by_recent * np.log(seen.recent)[:, None]
        + by_day * np.log(seen.daily)[:, None]
        + rest * np.log(policy.prior_wait)
        + _at_leads(policy.shift, policy)
    )
    median = np.exp(logarithm)
    return median, by_flow * median / flow.wait * flow.weight


def _at_leads(values: tuple[float, ...], policy: ForecastPolicy) -> Column:
    return np.asarray(np.interp(LEADS, policy.knots, values))


def _made(
    at: float,
    median: Grid,
    spread: Grid,
    flow: _Flow,
    weight: Grid,
    coming: Grid,
    why: tuple[tuple[str, ...], ...],
) -> Forecast:
    mean_factor = np.exp(spread**2 / 2)
    return Forecast(
        at=at,
        step_minutes=STEP_MINUTES,
        mean=_fixed(median * mean_factor),
        p10=_fixed(median * np.exp(P10 * spread)),
        p50=_fixed(median),
        p80=_fixed(median * np.exp(P80 * spread)),
        p90=_fixed(median * np.exp(P90 * spread)),
        added=_fixed(_added(flow, weight * mean_factor, coming)),
        spread=_fixed(np.array(spread)),
        carried=_fixed(flow.carried),
        weight=_fixed(weight * mean_factor),
        method=(MODEL,) * len(median),
        why=why,
    )


def _added(flow: _Flow, weight: Grid, coming: Grid) -> Grid:
    """Minutes that one more arrival adds to those expected behind it, within the horizon."""
    cost = (coming * weight).T
    carried = flow.carried.T
    added = np.zeros_like(cost)
    for step in range(STEPS - 2, -1, -1):
        added[step] = cost[step + 1] + carried[step + 1] * added[step + 1]
    return added.T


def _reasons(situation: Situation, seen: _Seen, coming: Grid) -> tuple[tuple[str, ...], ...]:
    soon = coming[:, : int(60 / STEP_MINUTES)].sum(axis=1)
    return tuple(
        (
            f"{waiting:.0f} waiting, the longest {oldest:.0f} min" if waiting else "Nobody waits",
            f"{expected:.1f} expected in the next hour",
            f"{rate * 60:.1f} handovers an hour when busy",
            f"mean of the last 2 h {recent:.0f} min",
        )
        for waiting, oldest, expected, rate, recent in zip(
            seen.waiting, seen.oldest, soon, seen.rate, seen.recent, strict=True
        )
    )


def _nothing(at: float, sites: int, reason: str) -> Forecast:
    empty = _fixed(np.full((sites, STEPS), np.nan))
    return Forecast(at, STEP_MINUTES, *(empty,) * 9, method=(NONE,) * sites, why=((reason,),) * sites)


def _fixed(grid: Grid) -> Grid:
    grid = np.ascontiguousarray(grid)
    grid.flags.writeable = False
    return grid
