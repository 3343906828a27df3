"""The words of the forecast: its policy, what it remembers of the sites, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.diverts import DivertPolicy
from clearway.domain.ambulance.situation import (
    Seconds,
)
from clearway.domain.shared.freshness import FreshnessPolicy

from .forecast_fitted import FITTED
from .forecast_model import Model

Grid = npt.NDArray[np.float64]  # sites x steps
Column = npt.NDArray[np.float64]  # one figure per site
SiteRows = npt.NDArray[np.int64]
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
STEP_MINUTES, HORIZON_MINUTES = 5.0, 240.0
STEPS = int(HORIZON_MINUTES / STEP_MINUTES) + 1
LEADS = np.arange(STEPS) * STEP_MINUTES
HOURS_OF_DAY, HOURS_OF_WEEK = 24, 168
MODEL, RATE, LAST_K, HOUR_OF_WEEK, NONE = "model", "rate", "last_k", "hour_of_week", "none"
METHODS = (MODEL, RATE, LAST_K, HOUR_OF_WEEK, NONE)


@dataclass(frozen=True, slots=True)
class ForecastPolicy:
    """What the forecast takes for given (policy handover_forecast). Minutes unless a name says otherwise.

    base                    from arrival to handover where nothing waits
    prior_wait, prior_count  what an unknown hospital is like, and for how many handovers that counts
    prior_rate              handovers an hour that an unknown hospital can take, likewise
    recent, lasting         how far back the recent figures and the longer ones reach
    said_for                how long what a hospital says of itself is worth something
    conveyed                share of crews at a scene who will convey, by category, as they come there;
                            `conveyed_otherwise` for the rest
    reach_scene             share of crews under way who are not stood down before they get there
    on_scene, journey, to_scene  typical minutes of the parts of a job that lie ahead
    on_scene_treated        typical minutes on scene of who conveys nobody
    heard_of                lead at which half of the arrivals come from jobs that no crew has yet
    arrivals_by_hour        shape of the arrivals by local hour: 168 values for the hours of the week, Monday
                            00 first, or 24 for those of every day; only the proportions count
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
    reach_scene: float = 0.7
    on_scene: float = 42.0
    on_scene_treated: float = 66.0
    journey: float = 20.0
    to_scene: float = 10.0
    heard_of: float = 80.0
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
        shape = self.arrivals_by_hour
        if len(shape) not in (HOURS_OF_DAY, HOURS_OF_WEEK) or min(shape) <= 0:
            raise ValueError(f"arrivals_by_hour must be 24 or 168 values above 0, got {len(shape)}: {shape}")


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
        return Waits(*self.between(site_rows, arrival, ("mean", "p10", "p50", "p80", "p90", "added")))

    def between(self, site_rows: SiteRows, arrival: Seconds, names: tuple[str, ...]) -> list[Column]:
        """Some of the grids alone, read like wait()."""
        left, share = self.steps_of(arrival)
        here = np.asarray(site_rows) * self.mean.shape[1] + left
        rest, after = 1 - share, here + 1
        grids = (getattr(self, name) for name in names)
        return [grid.take(here) * rest + grid.take(after) * share for grid in grids]

    def steps_of(self, arrival: Seconds) -> tuple[SiteRows, Column]:
        """The step before each arrival, and how far it lies towards the next, 0 to 1."""
        steps = self.mean.shape[1]
        place = (np.asarray(arrival, dtype=np.float64) - self.at) / MINUTE / self.step_minutes
        place = np.minimum(np.maximum(place, 0), steps - 1)
        left = np.minimum(place.astype(np.int64), steps - 2)
        return left, place - left


def fixed(grid: Grid) -> Grid:
    grid = np.ascontiguousarray(grid)
    grid.flags.writeable = False
    return grid
