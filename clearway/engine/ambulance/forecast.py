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
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from clearway.domain.ambulance.situation import (
    Situation,
)

from .feeds import basis
from .forecast_arrivals import expected_arrivals
from .forecast_baselines import baselines, hours_of_week, median_of_last
from .forecast_queue import Flow, added_behind, flow_through, level_of, terms
from .forecast_seen import Seen, see
from .forecast_values import (
    DAY,
    HORIZON_MINUTES,
    HOUR_OF_WEEK,
    HOURS_OF_WEEK,
    LAST_K,
    LEADS,
    METHODS,
    MINUTE,
    MODEL,
    NONE,
    RATE,
    STEP_MINUTES,
    STEPS,
    Column,
    Forecast,
    ForecastPolicy,
    Grid,
    History,
    SiteRows,
    Waits,
    fixed,
)
from .travel import PLAIN, Network

__all__ = [
    "DAY",
    "HORIZON_MINUTES",
    "HOURS_OF_WEEK",
    "HOUR_OF_WEEK",
    "LAST_K",
    "LEADS",
    "METHODS",
    "MODEL",
    "NONE",
    "RATE",
    "STEPS",
    "STEP_MINUTES",
    "Column",
    "Forecast",
    "ForecastPolicy",
    "Grid",
    "History",
    "SiteRows",
    "Waits",
    "baselines",
    "commit",
    "forecast",
    "hours_of_week",
    "median_of_last",
    "observed",
]

DEVIATE_OF_P90 = 1.2815515655446004  # of the standard normal distribution


def forecast(
    situation: Situation,
    policy: ForecastPolicy,
    history: History | None = None,
    network: Network = PLAIN,
    explained: bool = True,
) -> Forecast:
    """The waits at every site of the situation; pure, the same input gives the same answer.

    explained  with reasons; a rehearsal asks too often for words that nobody reads
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
    seen = see(situation, policy)
    coming = expected_arrivals(situation, policy, seen, network)
    flow = flow_through(seen, coming)
    level = level_of(flow, seen, policy)
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
        _reasons(situation, seen, coming, policy.zone) if explained else ((),) * sites,
    )


def observed(situation: Situation, policy: ForecastPolicy, network: Network = PLAIN) -> Mapping[str, Grid]:
    """The terms of the level (forecast_model.TERMS), sites x steps or sites x 1: for fitting."""
    seen = see(situation, policy)
    return terms(seen, flow_through(seen, expected_arrivals(situation, policy, seen, network)))


def commit(made: Forecast, site_row: int, arrival: float) -> Forecast:
    """The forecast once one more vehicle is known to arrive at a site; no other site changes.

    arrival  seconds; before now counts as now
    """
    last = made.mean.shape[1] - 1
    step = max(0, round((arrival - made.at) / MINUTE / made.step_minutes))
    if step >= last or made.method[site_row] == NONE:
        return made
    extra = np.zeros(last + 1)
    extra[step + 1] = 1.0
    np.cumprod(made.carried[site_row, step + 1 : -1], out=extra[step + 2 :])
    factor = 1 + extra * made.weight[site_row] / made.mean[site_row]

    def longer_there(grid: Grid) -> Grid:
        lengthened = grid.copy()
        lengthened[site_row] *= factor
        return fixed(lengthened)

    return replace(
        made,
        mean=longer_there(made.mean),
        p10=longer_there(made.p10),
        p50=longer_there(made.p50),
        p80=longer_there(made.p80),
        p90=longer_there(made.p90),
    )


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
    flow: Flow,
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
        mean=fixed(mean),
        p10=fixed(p10),
        p50=fixed(p50),
        p80=fixed(p80),
        p90=fixed(p90),
        added=fixed(added_behind(flow, weight, coming)),
        spread=fixed(np.log(p90 / p10) / (2 * DEVIATE_OF_P90)),
        carried=fixed(flow.carried),
        weight=fixed(weight),
        method=method,
        why=why,
    )


def _reasons(situation: Situation, seen: Seen, coming: Grid, zone: ZoneInfo) -> tuple[tuple[str, ...], ...]:
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
    empty = fixed(np.full((sites, STEPS), np.nan))
    return Forecast(at, STEP_MINUTES, *(empty,) * 9, method=(NONE,) * sites, why=((reason,),) * sites)
