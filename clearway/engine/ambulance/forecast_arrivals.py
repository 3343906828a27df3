"""Who is expected to arrive at each hospital: on the way, on scene, not heard of yet, moved by a divert."""

from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.situation import (
    CATEGORIES,
    JOB_STATES,
    KINDS,
    UNKNOWN,
    Situation,
)
from clearway.domain.ambulance.words import JobState

from .forecast_seen import Seen
from .forecast_values import (
    HORIZON_MINUTES,
    HOURS_OF_WEEK,
    LEADS,
    MINUTE,
    STEP_MINUTES,
    STEPS,
    Column,
    ForecastPolicy,
    Grid,
)
from .travel import Network
from .turned_away import moved

S = JobState
DAY_MINUTES = 1440


def expected_arrivals(situation: Situation, policy: ForecastPolicy, seen: Seen, network: Network) -> Grid:
    """Expected arrivals in each step, sites x steps; diverts in force move who may still go anywhere."""
    certain, likely = _heard_of(situation, policy, network)
    there = datetime.fromtimestamp(situation.at, UTC).astimezone(policy.zone)
    minute = there.weekday() * DAY_MINUTES + there.hour * 60 + there.minute
    unheard = _unheard(policy.arrivals_by_hour, policy.heard_of, minute)
    free = likely + seen.arrivals[:, None] * unheard
    if situation.diverts:
        free = free + moved(free, np.asarray(situation.at + LEADS * MINUTE), situation, policy.covered_share)
    return np.asarray(certain + free)


@lru_cache(maxsize=HOURS_OF_WEEK * 60)
def _unheard(by_hour: tuple[float, ...], heard_of: float, minute: int) -> Column:
    """What nobody has heard of yet in each step ahead of a minute of the local week, as a part of the
    arrivals of the 24 hours before it: a Monday is expected by what Monday is to the Sunday that was seen.

    by_hour  24 values for the hours of every day, or 168 for those of the week
    """
    shape = np.resize(np.array(by_hour), HOURS_OF_WEEK)
    hour, begun = minute // 60, minute % 60 / 60
    ahead = (minute + LEADS).astype(np.int64) // 60
    behind = np.array([begun, *[1.0] * 23, 1 - begun]) @ shape[hour - np.arange(25)]
    per_step = shape[ahead % HOURS_OF_WEEK] / behind * STEP_MINUTES / 60
    return np.asarray(per_step / (1 + np.exp(-(LEADS - heard_of) / (heard_of / 7))))


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
    since = (now - table.since[here]) / MINUTE
    since = np.maximum(np.where(np.isnan(since), 0.0, since), 0.0)  # a clock that runs ahead: just begun
    shares = [policy.conveyed.get(each, policy.conveyed_otherwise) for each in CATEGORIES]
    share = np.array([*shares, policy.conveyed_otherwise])[table.category[here]]
    conveyed, leaves_in = _of_scene(share, since, policy)
    share = np.where(certain, 1.0, np.where(scene, conveyed, share * policy.reach_scene))
    site, drive, age = _journeys(situation, here, site, policy, network)
    eta = np.where(np.isnan(age), policy.journey - since, drive - age)
    to_go = np.where(scene, leaves_in, policy.to_scene + policy.on_scene)
    lead = np.where(conveying, np.maximum(eta, 0.0), to_go + drive)
    slack = np.where(conveying, 0, np.where(scene, 1, 2))
    # 1 / (1 + exp((lead - edge) / slack)), with the exponential taken of each crew and each edge alone.
    late = np.exp(np.minimum(lead / _SLACK[slack], MOST_EXPONENT))[:, None] * _AT_EDGE[slack]
    below = share[:, None] / (1 + late)
    below[:, 0] = 0.0  # nobody arrives in the past
    usable = site != UNKNOWN
    of_site = np.where(usable, np.where(certain, site, site + sites), 2 * sites)
    into = of_site[:, None] * len(EDGES) + np.arange(len(EDGES))
    by_edge = np.bincount(into.ravel(), below.ravel(), (2 * sites + 1) * len(EDGES)).reshape(-1, len(EDGES))
    mass = np.subtract(by_edge[:, 1:], by_edge[:, :-1], dtype=np.float64)
    return mass[:sites], mass[sites:-1]


def _of_scene(share: Column, since: Column, policy: ForecastPolicy) -> tuple[Column, Column]:
    """Of crews that have been on scene for so many minutes: the share that will convey, and in how many more
    minutes half of those will have left.

    Who treats and leaves the patient at home stays longer, so the longer a crew has stayed the less likely
    it conveys. Minutes on scene are taken as log-logistic about their two medians.
    """
    conveys, treats = ((since / median) ** SHAPE for median in (policy.on_scene, policy.on_scene_treated))
    odds = share / np.maximum(1 - share, 1e-9) * (1 + treats) / (1 + conveys)
    return odds / (1 + odds), policy.on_scene * (1 + 2 * conveys) ** (1 / SHAPE) - since


SHAPE = 3.6  # of minutes on scene: a spread as of a lognormal with a deviation of 0.47 (AmbModelOpen)
_SLACK = np.array([2.0, 11.0, 14.0])  # minutes about the expected arrival: on the way, on scene, before that
MOST_EXPONENT = 300.0
EDGES = np.append(LEADS, HORIZON_MINUTES + STEP_MINUTES)
_AT_EDGE = np.exp(-EDGES / _SLACK[:, None])
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
    minutes = network.minutes(
        resources.latitude[seen],
        resources.longitude[seen],
        sites,
        at=situation.at,
        disruptions=situation.disruptions,
    )
    to, drive, age = site.copy(), np.full(len(here), policy.journey), np.full(len(here), np.nan)
    to[placed] = np.where(site[placed] != UNKNOWN, site[placed], np.argmin(minutes, axis=1))
    drive[placed] = minutes[np.arange(len(seen)), to[placed]]
    age[placed] = (situation.at - resources.position_at[seen]) / MINUTE
    return to, np.where(np.isfinite(drive), drive, policy.journey), age
