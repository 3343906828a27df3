"""What the forecast sees of each hospital: who waits, how long waits were, what it takes, what it says."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.situation import (
    UNKNOWN,
    Situation,
)
from clearway.domain.ambulance.words import HospitalMeasure, JobStatus

from .forecast_values import DAY, MINUTE, STEP_MINUTES, Column, ForecastPolicy

J = JobStatus
USUALLY_TAKEN, USUALLY_BOARDING = 0.9, 0.3  # of the majors places


@dataclass(frozen=True, slots=True)
class Seen:
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


def see(situation: Situation, policy: ForecastPolicy) -> Seen:
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
    return Seen(
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
