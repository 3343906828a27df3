"""What the forecast sees of each hospital: who waits, how long waits were, what it takes, what it says."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.situation import (
    UNKNOWN,
    Rows,
    Situation,
)
from clearway.domain.ambulance.words import HospitalMeasure, JobStatus

from .forecast_values import DAY, MINUTE, STEP_MINUTES, Column, ForecastPolicy, Grid

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
    arrived, handed = (np.ascontiguousarray(table.stamp(each)) for each in (J.AT_HOSPITAL, J.HANDOVER))
    site = table.site
    known = site != UNKNOWN
    waits = known & table.patient_is_waiting & (arrived <= now)
    done = known & (handed >= arrived) & (handed <= now)
    # When each began to wait and ceased to; who neither waits nor was handed over waited from now to now.
    began, ended = np.where(waits | done, arrived, now), np.where(done, handed, now)
    spent = (ended - began) / MINUTE

    handed_over, took, arrivals = _sums(
        site, sites, done, spent * done, known & (arrived > now - DAY) & (arrived <= now)
    )
    here = np.flatnonzero(waits)
    waiting, elapsed = _sums(site[here], sites, np.ones(len(here)), spent[here])
    oldest = np.zeros(sites)
    np.maximum.at(oldest, site[here], spent[here])
    # Who was at the door in a window: few of a day, so only these are looked at for each.
    late = np.flatnonzero((waits | done) & (ended > now - max(policy.recent, policy.lasting) * MINUTE))
    late_site, late_began, late_ended, handed_late = site[late], began[late], ended[late], done[late]

    def within(minutes: float) -> tuple[Column, Column]:
        start = now - minutes * MINUTE
        waited = np.maximum(0, late_ended - np.maximum(late_began, start)) / MINUTE
        in_it, number = _sums(late_site, sites, waited, handed_late & (late_ended > start))
        return in_it, number

    daily = (took + policy.prior_count * policy.prior_wait) / (handed_over + policy.prior_count)
    # Minutes waited in a window by whoever waited in it, over those handed over in it: a standstill drives
    # it up, where the mean of those handed over would stand still too.
    recent, lasting = (
        (minutes + policy.prior_count * daily) / (number + policy.prior_count)
        for minutes, number in (within(policy.recent), within(policy.lasting))
    )
    rate, busy = _rate(situation, policy, waits, done)
    full, boarding = _said(situation, policy)
    return Seen(
        waiting=waiting,
        oldest=oldest,
        elapsed=elapsed,
        rate=rate,
        busy=busy,
        recent=recent,
        lasting=lasting,
        daily=daily,
        arrivals=arrivals,
        handed=handed_over,
        full=full,
        boarding=boarding,
        base=policy.base,
    )


def _sums(site: Rows, sites: int, *columns: npt.NDArray[Any]) -> Grid:
    """The sum of each column at each site, columns x sites, added up in the order of the rows; what is at
    UNKNOWN counts nowhere."""
    width = sites + 1
    into = (site + 1) + width * np.arange(len(columns))[:, None]
    sums = np.bincount(into.ravel(), np.concatenate(columns), width * len(columns))
    return np.asarray(sums.reshape(len(columns), width)[:, 1:], dtype=np.float64)


def _said(situation: Situation, policy: ForecastPolicy) -> tuple[Column, Column]:
    """The terms `full` and `boarding`: worth less the longer ago they were said."""
    reports = situation.reports
    places = reports.measure(HospitalMeasure.MAJORS_PLACES)
    places = np.where(places > 0, places, np.nan)

    def term(measure: HospitalMeasure, usual: float) -> Column:
        age = (situation.at - reports.measured_at(measure)) / MINUTE
        worth = np.minimum(np.maximum(1 - age / policy.said_for, 0), 1)
        said = (reports.measure(measure) / places - usual) * worth
        return np.where(np.isnan(said), 0.0, said)

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
    site, waits = table.site[here], waits[here]
    begins = (arrived[here] + policy.base * MINUTE - start) / (STEP_MINUTES * MINUTE)
    ends = np.where(waits, cells, (handed[here] - start) / (STEP_MINUTES * MINUTE))
    first = np.minimum(np.maximum(np.ceil(begins), 0), cells).astype(np.int64)
    last = np.minimum(np.maximum(np.ceil(ends), 0), cells).astype(np.int64)
    late = first < last
    width = cells + 1
    late_site = site[late] * width
    change = np.bincount(late_site + first[late], minlength=sites * width)
    change -= np.bincount(late_site + last[late], minlength=sites * width)
    busy = change.reshape(sites, width).cumsum(axis=1)[:, :cells] > 0
    gone = ~waits
    out = np.bincount(site[gone] * cells + np.maximum(last[gone] - 1, 0), minlength=sites * cells)
    counts = busy * _recency(cells)
    prior = 60.0
    minutes = counts.sum(axis=1) * STEP_MINUTES
    handovers = (out.reshape(sites, cells) * counts).sum(axis=1)
    rate = (handovers + policy.prior_rate * prior / 60) / (minutes + prior)
    return rate, minutes


@lru_cache(maxsize=8)
def _recency(cells: int) -> Column:
    """What a handover counts by its cell: the newest whole, the oldest three tenths."""
    return np.linspace(0.3, 1.0, cells)
