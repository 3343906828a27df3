"""Seeing congestion before it hurts: how likely the mean handover of the next hours is to pass a limit.

A warning looks ahead: where the mean of those handed over lately is already past the limit there is nothing
to warn of, and the handover ladder asks for what is to be done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, sqrt

import numpy as np
import numpy.typing as npt

from .forecast import LEADS, Forecast

Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limit:
    """One question: does the mean handover of the vehicles arriving in the next `within` minutes pass `mean`?

    priority  of the task that a warning raises; None for one that the pages show and nobody has to answer
    """

    within: float
    mean: float
    priority: int | None = None

    @property
    def key(self) -> str:
        return f"{self.mean:g} within {self.within:g}"


@dataclass(frozen=True, slots=True)
class WarningPolicy:
    """When a probability becomes a warning (policy early_warning).

    on, off  a warning begins at or above `on`, and ends below `off`
    shared   how much of the spread of one vehicle's wait is common to all vehicles of the window
    """

    limits: tuple[Limit, ...] = (Limit(60, 30), Limit(60, 45, 2), Limit(120, 30), Limit(120, 45, 3))
    on: float = 0.5
    off: float = 0.3
    shared: float = 0.7

    def __post_init__(self) -> None:
        if not 0 < self.off <= self.on < 1:
            raise ValueError(
                f"A warning ends below where it begins: 0 < off <= on < 1; {self.off}, {self.on}"
            )
        if any(limit.within > LEADS[-1] for limit in self.limits):
            raise ValueError(f"Nothing is forecast beyond {LEADS[-1]:g} minutes")

    def is_on(self, probability: float, was_on: bool) -> bool:
        """Whether a warning stands, with hysteresis; one that cannot be said (NaN) stays as it was."""
        if np.isnan(probability):
            return was_on
        return probability >= (self.off if was_on else self.on)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is ahead at one site: for each limit the expected mean, and how likely it is passed."""

    row: int
    expected: tuple[float, ...]
    probability: tuple[float, ...]


def outlook(forecast: Forecast, policy: WarningPolicy) -> tuple[Outlook, ...]:
    """The outlook of every site; NaN where nothing can be said."""
    expected = np.empty((len(forecast.method), len(policy.limits)))
    probability = np.empty_like(expected)
    for place, limit in enumerate(policy.limits):
        within = limit.within >= LEADS
        expected[:, place] = forecast.mean[:, within].mean(axis=1)
        spread = policy.shared * forecast.spread[:, within].mean(axis=1)
        probability[:, place] = _beyond(limit.mean, expected[:, place], spread)
    return tuple(
        Outlook(row, tuple(expected[row].tolist()), tuple(probability[row].tolist()))
        for row in range(len(forecast.method))
    )


def _beyond(limit: float, expected: Column, spread: Column) -> Column:
    """The probability that a lognormal of this mean and deviation of the logarithm passes the limit."""
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (np.log(limit) - np.log(expected) + spread**2 / 2) / spread
    return np.array([1 - (1 + erf(each / sqrt(2))) / 2 for each in z])


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning that stood at one site for one limit; seconds."""

    begun: float
    ended: float


@dataclass(frozen=True, slots=True)
class Record:
    """What warnings were worth.

    hits          passings of the limit that a warning preceded, by at most the window
    misses        passings that none preceded
    false_alarms  warnings that no passing followed within the window
    lead_minutes  median time from warning to passing, of the hits; NaN where there was none
    """

    hits: int
    misses: int
    false_alarms: int
    lead_minutes: float


def judge(warned: Sequence[Warned], passings: Sequence[float], within: float) -> Record:
    """Hold warnings of one site and limit against when the limit was passed.

    passings  seconds at which the mean of the last hour rose past the limit
    within    minutes that a warning looks ahead
    """
    window = within * 60
    # The earliest warning that covers a passing gives its lead.
    leads = [
        at - min(covering) if covering else np.nan
        for at, covering in (
            (at, [each.begun for each in warned if each.begun <= at <= max(each.ended, each.begun + window)])
            for at in passings
        )
    ]
    hit = [lead for lead in leads if not np.isnan(lead)]
    useless = sum(
        not any(each.begun <= at <= max(each.ended, each.begun + window) for at in passings)
        for each in warned
    )
    return Record(
        hits=len(hit),
        misses=len(leads) - len(hit),
        false_alarms=useless,
        lead_minutes=float(np.median(hit) / 60) if hit else float("nan"),
    )
