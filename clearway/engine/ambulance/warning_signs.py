"""What is seen at each hospital of congestion to come, and how likely a limit is to be passed, as fitted.

The signs are of now: who waits and how long already, what is expected within the hour beside what the
hospital takes, what the last hour was like, and what the hospital says of itself. Weighed together they give
the chance that the mean of the last hour rises past a limit within so many minutes. The weights are found by
bench/warning_skill.py on simulated days, of the event itself, so that of all times at which the chance was
put at a half about half are followed by it; they are kept in warning_fitted.py.

More waiting, or more on the way, never makes a chance smaller, nor more staff or beds a greater one: the type
refuses weights that would.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.situation import UNKNOWN, Situation
from clearway.domain.ambulance.words import HospitalMeasure, JobStatus

from .forecast_arrivals import expected_arrivals
from .forecast_seen import see
from .forecast_values import DAY, HOUR, MINUTE, STEP_MINUTES, ForecastPolicy
from .travel import PLAIN, Network

J, M = JobStatus, HospitalMeasure
Column = npt.NDArray[np.float64]

# The terms of a chance.
#   always    one everywhere
#   limit     the limit itself, over 30 minutes
#   size      handovers of the last day, of_hour those of the last hour: a mean of few is soon past a limit
#   now       mean of the last hour, beside the limit
#   burden    minutes waited by all who wait now, beside the limit
#   overdue   the longest of these waits, beyond half of the limit
#   load      who waits and who is expected within the hour, over what is taken in an hour
#   full to resus   what the hospital says: majors places taken; patients who wait for a bed; patients in the
#             department without a place; beds free upstairs; receiving staff for the handovers of a day;
#             resuscitation places taken. All 0 where usual, unknown or said long ago
#   day, day_quarter, half_day, half_day_quarter   waves over the hours of the local day
SAID = ("full", "boarding", "crowd", "beds", "staff", "resus")
WAVES = ("day", "day_quarter", "half_day", "half_day_quarter")
TERMS = ("always", "limit", "size", "of_hour", "now", "burden", "overdue", "load", *SAID, *WAVES)
NEVER_LESS = (
    "now",
    "burden",
    "overdue",
    "load",
    "full",
    "boarding",
    "crowd",
    "resus",
)  # likely with more of it
NEVER_MORE = ("beds", "staff")
HANDOVERS_TO_TRUST = 2.0  # of the day's mean in the mean of the last hour
USUAL = {"full": 0.8, "boarding": 0.3, "crowd": 0.1, "beds": 0.0, "staff": -0.5, "resus": 0.2}
MOST_OVERDUE = 2.0
MOST_SAID = (
    0.5  # beyond the usual: a hospital that counts otherwise than those fitted on must not decide alone
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What is seen at each site, one figure each; whatever the limit.

    now       mean minutes of the last hour, with a little of the day's; of_hour  handovers it rests on
    handed    handovers of the last day
    elapsed   minutes waited by all who wait; oldest  the longest of them
    load      patients due within the hour or waiting, over what is taken in an hour
    said      by name of SAID, above or below what is usual
    hour      of the local day, 0 to 24
    """

    now: Column
    of_hour: Column
    handed: Column
    elapsed: Column
    oldest: Column
    load: Column
    said: Mapping[str, Column]
    hour: float


def signs(situation: Situation, policy: ForecastPolicy, network: Network = PLAIN) -> Signs:
    """The signs at every site of the situation."""
    seen = see(situation, policy)
    coming = expected_arrivals(situation, policy, seen, network)
    soon = coming[:, 1 : int(HOUR / MINUTE / STEP_MINUTES) + 1].sum(axis=1)
    number, total = _last_hour(situation)
    there = datetime.fromtimestamp(situation.at, UTC).astimezone(policy.zone)
    return Signs(
        now=(total + HANDOVERS_TO_TRUST * seen.daily) / (number + HANDOVERS_TO_TRUST),
        of_hour=number,
        handed=seen.handed,
        elapsed=seen.elapsed,
        oldest=seen.oldest,
        load=(soon + seen.waiting + 1) / (seen.rate * HOUR / MINUTE),
        said=_said(situation, policy, seen.handed),
        hour=there.hour + there.minute / 60,
    )


def _last_hour(situation: Situation) -> tuple[Column, Column]:
    """Handovers of the last hour by site, and the minutes they took together."""
    table, now, sites = situation.assignments, situation.at, len(situation.sites.code)
    arrived, handed = table.stamp(J.AT_HOSPITAL), table.stamp(J.HANDOVER)
    counts = (table.site != UNKNOWN) & (handed >= arrived) & (handed <= now) & (handed > now - HOUR)
    counts &= arrived > now - DAY
    site = table.site[counts]
    number = np.bincount(site, minlength=sites).astype(float)
    took = np.bincount(site, (handed - arrived)[counts] / MINUTE, sites).astype(float)
    return number, took


def _said(situation: Situation, policy: ForecastPolicy, handed: Column) -> dict[str, Column]:
    reports = situation.reports

    def places(measure: HospitalMeasure) -> Column:
        number = reports.measure(measure)
        return np.where(number > 0, number, np.nan)

    def term(name: str, figure: Column, *measures: HospitalMeasure) -> Column:
        """Beside the usual, worth less the longer ago its oldest part was said."""
        age = np.max([situation.at - reports.measured_at(each) for each in measures], axis=0) / MINUTE
        worth = np.clip(1 - age / policy.said_for, 0, 1)
        return np.asarray(np.nan_to_num(np.clip(figure - USUAL[name], -MOST_SAID, MOST_SAID) * worth))

    majors, resus = places(M.MAJORS_PLACES), places(M.RESUS_PLACES)
    majors_taken, resus_taken = reports.measure(M.MAJORS_TAKEN), reports.measure(M.RESUS_TAKEN)
    without = np.maximum(reports.measure(M.IN_DEPARTMENT) - majors_taken - resus_taken, 0)
    return {
        "full": term("full", majors_taken / majors, M.MAJORS_TAKEN),
        "boarding": term("boarding", reports.measure(M.BOARDING) / majors, M.BOARDING),
        "crowd": term("crowd", without / majors, M.IN_DEPARTMENT, M.MAJORS_TAKEN, M.RESUS_TAKEN),
        "beds": term("beds", reports.measure(M.BEDS_FREE) / majors, M.BEDS_FREE),
        "staff": term("staff", np.log(24 * places(M.RECEIVING_STAFF) / (handed + 5)), M.RECEIVING_STAFF),
        "resus": term("resus", resus_taken / resus, M.RESUS_TAKEN),
    }


def said_words(situation: Situation, policy: ForecastPolicy, row: int) -> tuple[str, ...]:
    """What one hospital says of what a chance rests on, as reasons; nothing of what was said too long ago."""
    reports = situation.reports

    def figure(measure: HospitalMeasure) -> str:
        said = reports.measure(measure)[row]
        is_fresh = situation.at - reports.measured_at(measure)[row] < policy.said_for * MINUTE
        return f"{said:.0f}" if is_fresh else ""

    taken, places = figure(M.MAJORS_TAKEN), figure(M.MAJORS_PLACES)
    boarding, staff = figure(M.BOARDING), figure(M.RECEIVING_STAFF)
    words = (
        f"{taken} of {places} majors places taken" if taken and places else "",
        f"{boarding} wait for a bed" if boarding else "",
        f"{staff} receive" if staff else "",
    )
    return tuple(each for each in words if each)


def terms(seen: Signs, limit: float) -> npt.NDArray[np.float64]:
    """Every term for one limit in minutes, sites x TERMS."""
    one = np.ones(len(seen.now))
    turn = 2 * np.pi * seen.hour / 24
    columns = {
        "always": one,
        "limit": one * np.log(limit / 30),
        "size": np.log(seen.handed + 10),
        "of_hour": np.log1p(seen.of_hour),
        "now": np.log(seen.now / limit),
        "burden": np.log1p(seen.elapsed / limit),
        "overdue": np.clip(seen.oldest / limit - 0.5, 0, MOST_OVERDUE),
        "load": np.log(seen.load),
        **seen.said,
        "day": one * np.sin(turn),
        "day_quarter": one * np.cos(turn),
        "half_day": one * np.sin(2 * turn),
        "half_day_quarter": one * np.cos(2 * turn),
    }
    return np.stack([columns[name] for name in TERMS], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Chances:
    """knots    minutes ahead for which weights are given; straight lines between, the ends held beyond
    weights   by term, one for each knot
    fitted_on what they were fitted on, for the page
    """

    knots: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]
    fitted_on: str

    def __post_init__(self) -> None:
        if set(self.weights) != set(TERMS):
            raise ValueError(f"Chances need weights for {TERMS}")
        if any(len(each) != len(self.knots) for each in self.weights.values()):
            raise ValueError("Each weight needs one figure for each knot")
        if any(min(self.weights[name]) < 0 for name in NEVER_LESS):
            raise ValueError(f"More to do must not reassure: weights at or above 0 for {NEVER_LESS}")
        if any(max(self.weights[name]) > 0 for name in NEVER_MORE):
            raise ValueError(f"More help must not alarm: weights at or below 0 for {NEVER_MORE}")

    def of(self, seen: Signs, limit: float, within: float) -> Column:
        """By site, the chance that the mean of the last hour rises past `limit` within so many minutes."""
        weights = np.array([np.interp(within, self.knots, self.weights[name]) for name in TERMS])
        return np.asarray(1 / (1 + np.exp(-np.clip(terms(seen, limit) @ weights, -30, 30))))
