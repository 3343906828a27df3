"""Chance with a seed: one stream for each matter, so that a change in one does not shift the others.

Two ways to be lucky. A `Chance` draws one after the other, for matters whose draws always come in the same
order. A `Luck` is drawn whole when a patient comes into being and is read by place, so that the length of
that patient's treatment is the same wherever and whenever a policy has them treated: common random numbers.
"""

import math
import random
from collections.abc import Mapping
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")
Luck = tuple[float, ...]  # each at least 0 and under 1, evenly spread
Lognormal = tuple[float, float]  # mean and deviation of the logarithm of minutes

_inverse_normal, _normal_below = NormalDist().inv_cdf, NormalDist().cdf
_LEAST = 2.0**-54  # stands for a share of exactly 0, which no normal variable has


class Chance:
    """Draws of one matter. Same seed and matter, same draws, on every machine."""

    def __init__(self, seed: int, matter: str) -> None:
        self._random = random.Random(f"{seed}/{matter}")
        self.share = self._random.random
        self.between = self._random.uniform
        self.normal = self._random.gauss

    def happens(self, probability: float) -> bool:
        return self.share() < probability

    def seconds(self, lognormal: Lognormal) -> float:
        """Seconds, from the mean and deviation of the logarithm of minutes."""
        return 60 * math.exp(self.normal(lognormal[0], lognormal[1]))

    def factor(self, deviation: float) -> float:
        """A factor about 1 with this deviation of its logarithm and mean 1."""
        return math.exp(self.normal(0, deviation) - deviation * deviation / 2)

    def count(self, mean: float) -> int:
        """A Poisson count; above 60 by its normal approximation. One draw, and more for a greater mean."""
        return count(mean, self.share())

    def luck(self, places: int) -> Luck:
        """So many even shares at once."""
        share = self.share
        return tuple([share() for _ in range(places)])

    def one_of(self, weights: Mapping[T, float]) -> T:
        """One key, as likely as its weight."""
        left = self.share() * sum(weights.values())
        for key, weight in weights.items():
            left -= weight
            if left < 0:
                return key
        return key


def normal(share: float) -> float:
    """The standard normal value below which this share lies."""
    return _inverse_normal(share or _LEAST)


def seconds(lognormal: Lognormal, share: float) -> float:
    """The seconds below which this share of such durations lies."""
    return 60 * math.exp(lognormal[0] + lognormal[1] * _inverse_normal(share or _LEAST))


def over_after(lognormal: Lognormal, spent: float) -> float:
    """The share of such durations that last at most so many seconds."""
    return _normal_below((math.log(spent / 60) - lognormal[0]) / lognormal[1]) if spent > 0 else 0.0


def remaining(lognormal: Lognormal, spent: float, share: float) -> float:
    """The seconds still to come, below which this share lies, of such a duration that has lasted `spent`.

    Of one that has lasted longer than any does, less than a minute.
    """
    over = over_after(lognormal, spent)
    if over > 1 - 1e-9:
        return 60 * share
    return max(0.0, seconds(lognormal, over + (1 - over) * share) - spent)


def factor(deviation: float, share: float) -> float:
    """The factor of mean 1 below which this share lies; `deviation` of its logarithm."""
    return math.exp(deviation * _inverse_normal(share or _LEAST) - deviation * deviation / 2)


def count(mean: float, share: float) -> int:
    """The Poisson count below which this share lies; above a mean of 60 by its normal approximation."""
    if mean > 60:
        return max(0, round(mean + math.sqrt(mean) * normal(share)))
    chance = reached = math.exp(-mean)
    found = 0
    while share >= reached and (found < mean or chance > 1e-15):
        found += 1
        chance *= mean / found
        reached += chance
    return found
