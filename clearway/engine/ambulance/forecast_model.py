"""The fitted part of the forecast: weights of what is seen, and the table of what then happens.

The weights make one figure of everything that is known, the level: about the logarithm of the median wait.
The table says, level by level and lead by lead, how the waits were spread when the level was such. Both are
found by bench/forecast_skill.py on simulated days and kept in forecast_fitted.py; a trust may fit its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Grid = npt.NDArray[np.float64]

# The terms of the level.
#   flow      what the queue model makes of it, at each lead
#   always    one everywhere
#   recently  mean of the last hours, lasting that of the longer ones, daily that of the last day
#   burden    minutes already waited by those who wait now
#   size      handovers of the last day: where many are received one more weighs less
#   full      how far the majors places are taken, as the hospital says, above or below nine in ten
#   boarding  share of the places with patients who wait for a bed, above or below three in ten
TERMS = ("flow", "always", "recently", "lasting", "daily", "burden", "size", "full", "boarding")
FLAT = TERMS[1:]  # the same at every lead
GROW_WITH_THE_QUEUE = ("flow", "recently", "lasting", "burden")
QUANTITIES = ("mean", "p10", "p50", "p80", "p90")
LOW, HIGH, CELL = np.log(8.0), np.log(900.0), 0.05  # the table as it is read: levels in even cells


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """knots    leads in minutes at which weights and table are given; straight lines between
    weights   by term, one for each knot
    levels    minutes: the exponentials of the levels at which the table is given
    table     by quantity, knots x levels, minutes
    fitted_on what it was fitted on, for the page
    """

    knots: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]
    levels: tuple[float, ...]
    table: Mapping[str, tuple[tuple[float, ...], ...]]
    fitted_on: str

    def __post_init__(self) -> None:
        if set(self.weights) != set(TERMS) or set(self.table) != set(QUANTITIES):
            raise ValueError(f"A model needs weights for {TERMS} and a table for {QUANTITIES}")
        if any(len(each) != len(self.knots) for each in self.weights.values()):
            raise ValueError("Each weight needs one figure for each knot")
        if any(min(self.weights[name]) < 0 for name in GROW_WITH_THE_QUEUE):
            raise ValueError(f"A longer queue must not shorten a wait: {GROW_WITH_THE_QUEUE} at or above 0")
        for name in QUANTITIES:
            minutes = np.array(self.table[name])
            if minutes.shape != (len(self.knots), len(self.levels)) or (np.diff(minutes, axis=1) < 0).any():
                raise ValueError(f"The table must rise with the level in every row of {name}")

    def weights_at(self, steps: int, step_minutes: float) -> Grid:
        """The weights, terms x steps."""
        return _weights(self, steps, step_minutes)

    def read(self, level: Grid, step_minutes: float) -> tuple[Grid, Grid, Grid, Grid, Grid, Grid]:
        """Mean, p10, p50, p80 and p90 in minutes at each level (sites x steps), and the slope of the mean:
        by which part it grows when the exponential of the level grows by a part."""
        table, rise = _even(self, level.shape[1], step_minutes)
        cells = table.shape[1]
        place = np.minimum(np.maximum((level - LOW) / CELL, 0), cells - 2 + 0.999999)
        cell = place.astype(np.int64)
        of_all = cell + cells * np.arange(level.shape[1])
        left, rises = (each.reshape(-1, len(QUANTITIES)).take(of_all, axis=0) for each in (table, rise))
        logarithm = left + rises * (place - cell)[..., None]
        slope = rises[..., 0] / CELL
        mean, p10, p50, p80, p90 = np.moveaxis(np.exp(logarithm), -1, 0)
        return mean, p10, p50, p80, p90, slope


@lru_cache(maxsize=8)
def _weights(model: Model, steps: int, step_minutes: float) -> Grid:
    leads = np.arange(steps) * step_minutes
    return np.array([np.interp(leads, model.knots, model.weights[name]) for name in TERMS])


@lru_cache(maxsize=8)
def _even(model: Model, steps: int, step_minutes: float) -> tuple[Grid, Grid]:
    """The table in even cells of the level: steps x cells x quantities, logarithms of minutes; and by how
    much they rise to the next cell."""
    leads = np.arange(steps) * step_minutes
    cells = np.arange(LOW, HIGH + CELL, CELL)
    at = np.log(model.levels)
    even = np.empty((steps, len(cells), len(QUANTITIES)))
    for place, name in enumerate(QUANTITIES):
        minutes = np.log(np.array(model.table[name]))
        by_step = np.array([np.interp(leads, model.knots, minutes[:, level]) for level in range(len(at))]).T
        for step in range(steps):
            # Beyond the table's last level its last factor holds; below the first, its first figure.
            beyond = np.maximum(cells - at[-1], 0)
            even[step, :, place] = np.interp(cells, at, by_step[step]) + beyond
    return even, np.diff(even, axis=1, append=even[:, -1:])
