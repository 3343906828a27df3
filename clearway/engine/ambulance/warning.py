"""Seeing congestion before it hurts: how likely the mean handover of the last hour is to rise past a limit.

A warning looks ahead: where the mean of those handed over lately is already past the limit there is nothing
to warn of, and the handover ladder asks for what is to be done.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from .forecast import LEADS, NONE, Forecast
from .warning_fitted import FITTED
from .warning_signs import Chances, Signs

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Limit:
    """One question: does the mean handover of the last hour rise past `mean` in the next `within` minutes?

    on, off   a warning begins at or above the chance `on`, and ends below `off`
    priority  of the task that a warning raises; None for one that the pages show and nobody has to answer
    """

    within: float
    mean: float
    priority: int | None = None
    on: float = 0.5
    off: float = 0.3

    def __post_init__(self) -> None:
        if not 0 < self.off <= self.on < 1:
            raise ValueError(
                f"A warning ends below where it begins: 0 < off <= on < 1; {self.off}, {self.on} ({self.key})"
            )
        if not 0 < self.within <= LEADS[-1]:
            raise ValueError(f"Nothing is forecast beyond {LEADS[-1]:g} minutes ({self.key})")

    @property
    def key(self) -> str:
        return f"{self.mean:g} within {self.within:g}"

    def is_on(self, probability: float, was_on: bool) -> bool:
        """Whether a warning stands, with hysteresis; one that cannot be said (NaN) stays as it was."""
        if np.isnan(probability):
            return was_on
        return probability >= (self.off if was_on else self.on)


@dataclass(frozen=True, slots=True)
class WarningPolicy:
    """When a probability becomes a warning (policy early_warning).

    least    handovers in the last hour that make a mean; of fewer nothing is said, and what was, stays
    apart    minutes at or under a limit after which passing it again is a new time of congestion
    chances  what was fitted, see warning_signs.py
    """

    limits: tuple[Limit, ...] = (
        Limit(60, 30, on=0.4, off=0.24),
        Limit(60, 45, 2, on=0.3, off=0.18),
        Limit(120, 30),
        Limit(120, 45, 3, on=0.4, off=0.24),
        Limit(240, 30),
        Limit(240, 45, 3),
    )
    least: int = 3
    apart: float = 60
    chances: Chances = FITTED


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is ahead at one site: for each limit how likely it is passed."""

    row: int
    probability: tuple[float, ...]


def outlook(forecast: Forecast, seen: Signs, policy: WarningPolicy) -> tuple[Outlook, ...]:
    """The outlook of every site; NaN where nothing can be said."""
    if not forecast.method:
        return ()
    known = np.array([method != NONE for method in forecast.method])
    chance = [policy.chances.of(seen, limit.mean, limit.within) for limit in policy.limits]
    probability = np.where(known[:, None], np.stack(chance, axis=1), np.nan)
    return tuple(Outlook(row, tuple(each)) for row, each in enumerate(probability.tolist()))


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
class Past:
    """The mean of the last hour was past a limit from `begun` on; seconds, `ended` is inf while it is."""

    begun: float
    ended: float = inf


def fresh(past: Sequence[Past], apart: float) -> tuple[float, ...]:
    """When a limit was passed after at least `apart` minutes at or under it; seconds, oldest first.

    Only of these an early warning can be asked: a mean that dips under the limit and rises again a few
    minutes later is one time of congestion and not two.
    """
    in_order = sorted(past, key=lambda each: each.begun)
    before = [-inf, *(each.ended for each in in_order)]
    return tuple(
        each.begun
        for each, ended in zip(in_order, before, strict=False)
        if each.begun - ended >= apart * MINUTE
    )


@dataclass(frozen=True, slots=True)
class Record:
    """What warnings were worth.

    hits          fresh passings of the limit that a warning preceded; misses  those that none preceded
    false_alarms  warnings that no passing at all followed while they stood or within the window
    leads         minutes from the warning to the passing, of the hits: of the last one begun before it, so
                  that one that was taken back and given again does not count from its first time
    """

    hits: int
    misses: int
    false_alarms: int
    leads: tuple[float, ...]

    @property
    def lead_minutes(self) -> float:
        """The median; NaN where there was none."""
        return float(np.median(self.leads)) if self.leads else float("nan")

    def share_ahead(self, minutes: float) -> float:
        """The share of all fresh passings that were warned of at least so long before; NaN without any."""
        number = self.hits + self.misses
        return sum(lead >= minutes for lead in self.leads) / number if number else float("nan")


def judge(
    warned: Sequence[Warned],
    past: Sequence[Past],
    within: float,
    now: float = inf,
    *,
    apart: float = 0,
    since: float = -inf,
) -> Record:
    """Hold warnings of one site and limit against when the limit was passed; see judgement and fresh.

    since  passings before it are asked of no warning
    """
    known = [each for each in past if each.begun <= now]
    asked = [at for at in fresh(known, apart) if at >= since]
    spoken_of = [[each.begun for each in warned if each.speaks_of(at, within)] for at in asked]
    made = [judgement(each, [each.begun for each in known], within, now) for each in warned]
    return Record(
        hits=sum(1 for begun in spoken_of if begun),
        misses=sum(1 for begun in spoken_of if not begun),
        false_alarms=sum(each.is_final and each.passed_at is None for each in made),
        leads=tuple((at - max(begun)) / MINUTE for at, begun in zip(asked, spoken_of, strict=True) if begun),
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
