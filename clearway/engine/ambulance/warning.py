"""Seeing congestion before it hurts: how likely the mean handover of the next hours is to pass a limit.

A warning looks ahead: where the mean of those handed over lately is already past the limit there is nothing
to warn of, and the handover ladder asks for what is to be done.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import erf, inf, sqrt

import numpy as np
import numpy.typing as npt

from .forecast import LEADS, Forecast

Column = npt.NDArray[np.float64]
MINUTE = 60.0


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
    """A warning for one site and limit; seconds, `ended` is inf while it stands."""

    begun: float
    ended: float = inf

    def speaks_of(self, passing: float, within: float) -> bool:
        """The limit was passed while the warning stood, or within the minutes that it looked ahead."""
        return self.begun <= passing <= max(self.ended, self.begun + within * MINUTE)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of one warning: when the limit was first passed as it said, or None; and whether that is final."""

    passed_at: float | None
    is_final: bool


def judgement(warned: Warned, passings: Sequence[float], within: float, now: float = inf) -> Judgement:
    """Whether a warning was right, as far as can be said now.

    passings  seconds at which the mean of the last hour rose past the limit
    within    minutes that a warning looks ahead
    """
    right = min((at for at in passings if at <= now and warned.speaks_of(at, within)), default=None)
    return Judgement(right, right is not None or now > max(warned.ended, warned.begun + within * MINUTE))


@dataclass(frozen=True, slots=True)
class Record:
    """What warnings were worth.

    hits          passings of the limit that a warning preceded; misses  those that none preceded
    false_alarms  warnings that no passing followed while they stood or within the window
    leads         minutes from the earliest warning to the passing, of the hits
    """

    hits: int
    misses: int
    false_alarms: int
    leads: tuple[float, ...]

    @property
    def lead_minutes(self) -> float:
        """The median; NaN where there was none."""
        return float(np.median(self.leads)) if self.leads else float("nan")


def judge(warned: Sequence[Warned], passings: Sequence[float], within: float, now: float = inf) -> Record:
    """Hold warnings of one site and limit against when the limit was passed; see judgement."""
    known = [at for at in passings if at <= now]
    spoken_of = [[each.begun for each in warned if each.speaks_of(at, within)] for at in known]
    made = [judgement(each, known, within, now) for each in warned]
    return Record(
        hits=sum(1 for begun in spoken_of if begun),
        misses=sum(1 for begun in spoken_of if not begun),
        false_alarms=sum(each.is_final and each.passed_at is None for each in made),
        leads=tuple((at - min(begun)) / MINUTE for at, begun in zip(known, spoken_of, strict=True) if begun),
    )


def added_up(records: Iterable[Record]) -> Record:
    """The record of several sites together."""
    every = list(records)
    return Record(
        hits=sum(each.hits for each in every),
        misses=sum(each.misses for each in every),
        false_alarms=sum(each.false_alarms for each in every),
        leads=tuple(lead for each in every for lead in each.leads),
    )
