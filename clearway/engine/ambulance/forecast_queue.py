"""The queue at each hospital played forward: the level of the wait, and what one more arrival adds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .forecast_model import FLAT
from .forecast_seen import Seen
from .forecast_values import (
    STEP_MINUTES,
    STEPS,
    Column,
    ForecastPolicy,
    Grid,
)


@dataclass(frozen=True, slots=True)
class Flow:
    """What the queue model makes of it: wait, carried and weight as in Forecast, nothing weighed in yet."""

    wait: Grid
    carried: Grid
    weight: Grid
    left: Column


def flow_through(seen: Seen, coming: Grid) -> Flow:
    """Patients at the door over time: in with the arrivals, out at the rate, or slower when few are there."""
    sites = len(seen.waiting)
    per_step = seen.rate * STEP_MINUTES
    thin = STEP_MINUTES / seen.base
    there = np.empty((STEPS + 1, sites))
    there[0] = seen.waiting
    out = np.empty(sites)
    for queue, came, left in zip(there[:-1], np.ascontiguousarray(coming.T), there[1:], strict=True):
        np.minimum(np.multiply(queue, thin, out), per_step, out=out)
        np.subtract(np.add(queue, came, left), out, left)
    queue = there[:-1].T
    through = (queue + 1) / seen.rate[:, None]
    # A soft maximum of the base and the queue's own time: near the edge chance adds to both.
    wait = np.sqrt(seen.base**2 + through**2)
    return Flow(
        wait=wait,
        carried=np.where(queue * thin > per_step[:, None], 1.0, 1 - thin),
        weight=through / wait / seen.rate[:, None],
        left=there[-1],
    )


def terms(seen: Seen, flow: Flow) -> Mapping[str, Grid]:
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


def level_of(flow: Flow, seen: Seen, policy: ForecastPolicy) -> Grid:
    """The logarithm of the wait as the fitted weights have it, sites x steps."""
    every = terms(seen, flow)
    weights = policy.model.weights_at(STEPS, STEP_MINUTES)
    flat = np.concatenate([every[name] for name in FLAT], axis=1)
    return np.asarray(flat @ weights[1:] + weights[0] * every["flow"])


def added_behind(flow: Flow, weight: Grid, coming: Grid) -> Grid:
    """Minutes that one more arrival adds to those expected behind it, within the horizon."""
    cost, carried = np.ascontiguousarray((coming * weight).T), np.ascontiguousarray(flow.carried.T)
    added = np.zeros_like(cost)
    behind = zip(added[-2::-1], added[:0:-1], cost[:0:-1], carried[:0:-1], strict=True)
    for here, after, costs, stays in behind:
        np.add(np.multiply(stays, after, here), costs, here)
    return added.T
