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
    return Flow(
        wait=wait,
        carried=np.where(saturated.T, 1.0, 1 - thin),
        weight=through / wait / seen.rate[:, None],
        left=queue,
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
    cost = (coming * weight).T
    carried = flow.carried.T
    added = np.zeros_like(cost)
    for step in range(STEPS - 2, -1, -1):
        added[step] = cost[step + 1] + carried[step + 1] * added[step + 1]
    return added.T
