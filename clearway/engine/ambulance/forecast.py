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

from clearway.domain.ambulance.diverts import DivertPolicy
from clearway.domain.ambulance.situation import (
    CATEGORIES,
    JOB_STATES,
    KINDS,
    UNKNOWN,
    Seconds,
    Situation,
)
from clearway.domain.ambulance.words import HospitalMeasure, JobState, JobStatus
from clearway.domain.shared.freshness import FreshnessPolicy

from .feeds import basis
from .forecast_fitted import FITTED
from .forecast_model import FLAT, Model
from .travel import PLAIN, Network
from .turned_away import moved

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

DEVIATE_OF_P90 = 1.2815515655446004  # of the standard normal distribution
USUALLY_TAKEN, USUALLY_BOARDING = 0.9, 0.3  # of the majors places


@dataclass(frozen=True, slots=True)
class ForecastPolicy:
    """What the forecast takes for given (policy handover_forecast). Minutes unless a name says otherwise.

    base                    from arrival to handover where nothing waits
    prior_wait, prior_count  what an unknown hospital is like, and for how many handovers that counts
    prior_rate              handovers an hour that an unknown hospital can take, likewise
    recent, lasting         how far back the recent figures and the longer ones reach
    said_for                how long what a hospital says of itself is worth something
    conveyed                share of crews on scene who convey, by category; `conveyed_otherwise` for the rest
    on_scene, journey, to_scene  typical minutes of the parts of a job that lie ahead
    heard_of                lead at which half of the arrivals come from jobs that no crew has yet
    arrivals_by_hour        shape of a day's arrivals by local hour
    covered_share           of all who come by ambulance, whom each cover of a divert takes in
    k                       handovers in the mean of the last k
    model                   what was fitted, see forecast_model.py
    """

    base: float = 14.0
    prior_wait: float = 28.0
    prior_count: float = 3.0
    prior_rate: float = 4.0
    recent: float = 120.0
    lasting: float = 360.0
    said_for: float = 120.0
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
    covered_share: Mapping[str, float] = field(default_factory=lambda: DivertPolicy().covered_share)
    k: int = 10
    model: Model = FITTED
    freshness: FreshnessPolicy = field(default_factory=FreshnessPolicy)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))

    def __post_init__(self) -> None:
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
    level = _level(flow, seen, policy)
    method = (MODEL,) * sites
    if history is not None:
        level, method = _by_method(level, situation, policy, history)
    return _made(
        situation,
        policy,
        history,
        level,
        method,
        flow,
        coming,
        _reasons(situation, seen, coming, policy.zone),
    )


def observed(situation: Situation, policy: ForecastPolicy, network: Network = PLAIN) -> Mapping[str, Grid]:
    """The terms of the level (forecast_model.TERMS), sites x steps or sites x 1: for fitting."""
    seen = _seen(situation, policy)
    return _terms(seen, _flow(seen, _coming(situation, policy, seen, network)))


@dataclass(frozen=True, slots=True)
class Pressure:
    """What flows to and through each site, as the forecast sees it.

    waiting  patients at the door now
    coming   sites x steps, expected arrivals
    rate     handovers a minute when somebody waits
    base     minutes from arrival to handover where nothing waits
    """

    waiting: Column
    coming: Grid
    rate: Column
    base: float


def pressure(situation: Situation, policy: ForecastPolicy, network: Network = PLAIN) -> Pressure:
    """The flows that the forecast rests on, for who wants to play them forward with chance in them."""
    seen = _seen(situation, policy)
    return Pressure(seen.waiting, _coming(situation, policy, seen, network), seen.rate, policy.base)


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
    recent   mean wait of the last hours, those who still wait counted with what they have waited; lasting
             likewise over a longer time
    daily    mean wait of the last day
    arrivals, handed  numbers in the last day
    full, boarding    of what the hospital says, see TERMS; 0 where it does not say
    """

    waiting: Column
    oldest: Column
    elapsed: Column
    rate: Column
    busy: Column
    recent: Column
    lasting: Column
    daily: Column
    arrivals: Column
    handed: Column
    full: Column
    boarding: Column
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
    until = np.where(waits, now, handed)
    per_day, waiting = count(done), count(waits)
    daily = (count(done, took) + policy.prior_count * policy.prior_wait) / (per_day + policy.prior_count)

    def mean_over(minutes: float) -> Column:
        """Minutes waited in a window by whoever waited in it, over those handed over in it: a standstill
        drives it up, where the mean of those handed over would stand still too."""
        since = now - minutes * MINUTE
        within = waits | (done & (handed > since))
        inside = np.where(within, np.maximum(0, until - np.maximum(arrived, since)) / MINUTE, 0.0)
        ended = count(done & (handed > since))
        return np.asarray((count(within, inside) + policy.prior_count * daily) / (ended + policy.prior_count))

    rate, busy = _rate(situation, policy, waits, done)
    full, boarding = _said(situation, policy)
    return _Seen(
        waiting=waiting,
        oldest=oldest,
        elapsed=count(waits, elapsed),
        rate=rate,
        busy=busy,
        recent=mean_over(policy.recent),
        lasting=mean_over(policy.lasting),
        daily=daily,
        arrivals=count(known & (arrived > now - DAY) & (arrived <= now)),
        handed=per_day,
        full=full,
        boarding=boarding,
        base=policy.base,
    )


def _said(situation: Situation, policy: ForecastPolicy) -> tuple[Column, Column]:
    """The terms `full` and `boarding`: worth less the longer ago they were said."""
    reports = situation.reports
    places = reports.measure(HospitalMeasure.MAJORS_PLACES)
    places = np.where(places > 0, places, np.nan)

    def term(measure: HospitalMeasure, usual: float) -> Column:
        age = (situation.at - reports.measured_at(measure)) / MINUTE
        worth = np.clip(1 - age / policy.said_for, 0, 1)
        return np.asarray(np.nan_to_num((reports.measure(measure) / places - usual) * worth))

    return term(HospitalMeasure.MAJORS_TAKEN, USUALLY_TAKEN), term(HospitalMeasure.BOARDING, USUALLY_BOARDING)


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
    """Expected arrivals in each step, sites x steps; diverts in force move who may still go anywhere."""
    certain, likely = _heard_of(situation, policy, network)
    there = datetime.fromtimestamp(situation.at, UTC).astimezone(policy.zone)
    hour = there.hour + there.minute / 60 + LEADS / 60
    shape = np.array(policy.arrivals_by_hour)
    per_step = shape[hour.astype(np.int64) % 24] / shape.sum() * STEP_MINUTES / 60
    unheard = 1 / (1 + np.exp(-(LEADS - policy.heard_of) / (policy.heard_of / 4)))
    free = likely + seen.arrivals[:, None] * (per_step * unheard)[None, :]
    if situation.diverts:
        free = free + moved(free, np.asarray(situation.at + LEADS * MINUTE), situation, policy.covered_share)
    return np.asarray(certain + free)


def _heard_of(situation: Situation, policy: ForecastPolicy, network: Network) -> tuple[Grid, Grid]:
    """Arrivals by jobs that a crew has: those whose place is known (on the way, or bound), and those of crews
    on scene or on the way to one, who may convey and may go anywhere still."""
    table, sites, now = situation.assignments, len(situation.sites.code), situation.at
    state = table.state
    conveying = state == JOB_STATES.index(S.CONVEYING)
    scene = state == JOB_STATES.index(S.ON_SCENE)
    before = (state == JOB_STATES.index(S.MOBILE)) | (state == JOB_STATES.index(S.ALLOCATED))
    conveys = _CONVEYS[table.kind]
    here = np.flatnonzero(conveying | ((scene | before) & conveys))
    if not len(here):
        nobody = np.zeros((sites, STEPS))
        return nobody, nobody
    conveying, scene = conveying[here], scene[here]
    turned = (table.site[here] == UNKNOWN) | (conveying & (table.bound[here] != UNKNOWN))
    site = np.where(turned, table.bound[here], table.site[here])
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
    return where @ (mass * certain[:, None]), where @ (mass * ~certain[:, None])


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


def _terms(seen: _Seen, flow: _Flow) -> Mapping[str, Grid]:
    """Every term by name, sites x steps."""
    columns = {
        "always": np.ones(len(seen.waiting)),
        "recently": np.log(seen.recent),
        "lasting": np.log(seen.lasting),
        "daily": np.log(seen.daily),
        "burden": np.log1p(seen.elapsed / 20),
        "size": np.log(seen.handed + 10),
        "full": seen.full,
        "boarding": seen.boarding,
    }
    return {"flow": np.log(flow.wait), **{name: column[:, None] for name, column in columns.items()}}


def _level(flow: _Flow, seen: _Seen, policy: ForecastPolicy) -> Grid:
    """The logarithm of the wait as the fitted weights have it, sites x steps."""
    every = _terms(seen, flow)
    weights = policy.model.weights_at(STEPS, STEP_MINUTES)
    flat = np.concatenate([every[name] for name in FLAT], axis=1)
    return np.asarray(flat @ weights[1:] + weights[0] * every["flow"])


def _by_method(
    level: Grid, situation: Situation, policy: ForecastPolicy, history: History
) -> tuple[Grid, tuple[str, ...]]:
    """The level with the rows of those sites replaced where a baseline has done better, and what was used.

    A baseline that cannot say anything leaves its site to the model.
    """
    level, method = level.copy(), [MODEL] * len(level)
    for name, guess in baselines(situation, policy, history).items():
        for row in np.flatnonzero(np.array(history.method) == name):
            if np.isfinite(guess[row]).all():
                level[row], method[row] = np.log(np.maximum(guess[row], STEP_MINUTES)), name
    return level, tuple(method)


def _made(
    situation: Situation,
    policy: ForecastPolicy,
    history: History | None,
    level: Grid,
    method: tuple[str, ...],
    flow: _Flow,
    coming: Grid,
    why: tuple[tuple[str, ...], ...],
) -> Forecast:
    mean, p10, p50, p80, p90, slope = policy.model.read(level, STEP_MINUTES)
    if history is not None:
        widen = history.widen[:, None]
        p10, p80, p90 = (p50 * (each / p50) ** widen for each in (p10, p80, p90))
    by_flow = policy.model.weights_at(STEPS, STEP_MINUTES)[0]
    by_model = np.array([each == MODEL for each in method])[:, None]
    # A baseline does not see the queue, but one more patient lengthens it there as anywhere.
    weight = np.where(by_model, by_flow * slope * mean / flow.wait, 1.0) * flow.weight
    return Forecast(
        at=situation.at,
        step_minutes=STEP_MINUTES,
        mean=_fixed(mean),
        p10=_fixed(p10),
        p50=_fixed(p50),
        p80=_fixed(p80),
        p90=_fixed(p90),
        added=_fixed(_added(flow, weight, coming)),
        spread=_fixed(np.log(p90 / p10) / (2 * DEVIATE_OF_P90)),
        carried=_fixed(flow.carried),
        weight=_fixed(weight),
        method=method,
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


def _reasons(situation: Situation, seen: _Seen, coming: Grid, zone: ZoneInfo) -> tuple[tuple[str, ...], ...]:
    soon = coming[:, : int(60 / STEP_MINUTES)].sum(axis=1)
    return tuple(
        (
            f"{waiting:.0f} waiting since {_clock(situation.at - oldest * MINUTE, zone)}"
            if waiting
            else "Nobody waits",
            f"About {expected:.0f} expected in the next hour",
            f"{rate * 60:.0f} handovers an hour when busy",
            f"Mean of the last hours {recent:.0f} min",
        )
        for waiting, oldest, expected, rate, recent in zip(
            seen.waiting, seen.oldest, soon, seen.rate, seen.recent, strict=True
        )
    )


def _clock(at: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone(zone):%H:%M}"


def _nothing(at: float, sites: int, reason: str) -> Forecast:
    empty = _fixed(np.full((sites, STEPS), np.nan))
    return Forecast(at, STEP_MINUTES, *(empty,) * 9, method=(NONE,) * sites, why=((reason,),) * sites)


def _fixed(grid: Grid) -> Grid:
    grid = np.ascontiguousarray(grid)
    grid.flags.writeable = False
    return grid


def baselines(
    situation: Situation, policy: ForecastPolicy, history: History | None = None
) -> Mapping[str, Grid]:
    """The three simple forecasts that the model must beat, by name; sites x steps, NaN where unknown.

    rate          those who wait now divided by the handovers of the last hours, on top of the base
    last_k        mean of the last k handovers
    hour_of_week  mean of that hour of the week in the history; NaN without one
    """
    sites = len(situation.sites.code)
    table, now = situation.assignments, situation.at
    arrived, handed = table.stamp(J.AT_HOSPITAL), table.stamp(J.HANDOVER)
    known = table.site != UNKNOWN
    done = np.flatnonzero(known & (handed >= arrived) & (handed <= now))
    newest = done[np.lexsort((-handed[done], table.site[done]))]
    site = table.site[newest]
    place = np.arange(len(newest)) - np.searchsorted(site, site)
    last = newest[place < policy.k]
    number = np.bincount(table.site[last], minlength=sites)
    total = np.bincount(table.site[last], (handed[last] - arrived[last]) / MINUTE, sites)
    with np.errstate(invalid="ignore", divide="ignore"):
        last_k = total / np.where(number > 0, number, np.nan)
        waiting = np.bincount(table.site[known & table.patient_is_waiting], minlength=sites)
        lately = done[handed[done] > now - policy.recent * MINUTE]
        rate = np.bincount(table.site[lately], minlength=sites) / policy.recent
        by_rate = policy.base + np.where(waiting > 0, waiting / rate, 0.0)
    by_rate = np.where(np.isfinite(by_rate), by_rate, np.nan)

    def at_every_step(column: Column) -> Grid:
        return np.repeat(column[:, None], STEPS, axis=1)

    by_hour = np.full((sites, STEPS), np.nan)
    if history is not None:
        hours = hours_of_week(np.asarray(now + LEADS * MINUTE), policy.zone)
        by_hour = np.take(history.wait, hours, axis=1)
    return {RATE: at_every_step(by_rate), LAST_K: at_every_step(last_k), HOUR_OF_WEEK: by_hour}


def hours_of_week(at: Seconds, zone: ZoneInfo) -> npt.NDArray[np.int64]:
    """The hour of the local week of instants close together, 0 to 167 from Monday 00."""
    there = datetime.fromtimestamp(float(at[0]), UTC).astimezone(zone)
    first = there.weekday() * 24 + there.hour + there.minute / 60
    return np.asarray((first + (at - at[0]) / HOUR).astype(np.int64) % HOURS_OF_WEEK)
