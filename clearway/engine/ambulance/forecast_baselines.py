"""The three simple forecasts that the model must beat, and that advise where they have been better."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.situation import (
    UNKNOWN,
    Seconds,
    Situation,
)
from clearway.domain.ambulance.words import JobStatus

from .forecast_values import (
    HOUR,
    HOUR_OF_WEEK,
    HOURS_OF_WEEK,
    LAST_K,
    LEADS,
    MINUTE,
    RATE,
    STEPS,
    Column,
    ForecastPolicy,
    Grid,
    History,
)

J = JobStatus


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
    last = _last(situation, policy, done)
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


def median_of_last(situation: Situation, policy: ForecastPolicy) -> Column:
    """The median of the last k handovers by site, minutes; NaN where there was none.

    Advises nowhere: the mean's fairer rival where a median is what is scored.
    """
    table = situation.assignments
    arrived, handed = table.stamp(J.AT_HOSPITAL), table.stamp(J.HANDOVER)
    done = np.flatnonzero((table.site != UNKNOWN) & (handed >= arrived) & (handed <= situation.at))
    last = _last(situation, policy, done)
    found = np.full(len(situation.sites.code), np.nan)
    for site in np.unique(table.site[last]).tolist():
        here = last[table.site[last] == site]
        found[site] = np.median(handed[here] - arrived[here]) / MINUTE
    return found


def _last(situation: Situation, policy: ForecastPolicy, done: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Of the assignments that were handed over, the last k of each site."""
    table = situation.assignments
    handed = table.stamp(J.HANDOVER)
    newest = done[np.lexsort((-handed[done], table.site[done]))]
    site = table.site[newest]
    place = np.arange(len(newest)) - np.searchsorted(site, site)
    return np.asarray(newest[place < policy.k], dtype=np.int64)


def hours_of_week(at: Seconds, zone: ZoneInfo) -> npt.NDArray[np.int64]:
    """The hour of the local week of instants close together, 0 to 167 from Monday 00."""
    there = datetime.fromtimestamp(float(at[0]), UTC).astimezone(zone)
    first = there.weekday() * 24 + there.hour + there.minute / 60
    return np.asarray((first + (at - at[0]) / HOUR).astype(np.int64) % HOURS_OF_WEEK)
