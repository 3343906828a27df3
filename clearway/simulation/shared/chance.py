"""Chance with a seed: one stream for each matter, so that a change in one does not shift the others."""

import math
import random
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Draws of one matter. Same seed and matter, same draws, on every machine."""

    def __init__(self, seed: int, matter: str) -> None:
        self._random = random.Random(f"{seed}/{matter}")
        self.share = self._random.random
        self.between = self._random.uniform
        self.normal = self._random.gauss

    def happens(self, probability: float) -> bool:
        return self.share() < probability

    def seconds(self, lognormal: tuple[float, float]) -> float:
        """Seconds, from the mean and deviation of the logarithm of minutes."""
        return 60 * math.exp(self.normal(lognormal[0], lognormal[1]))

    def factor(self, deviation: float) -> float:
        """A factor about 1 with this deviation of its logarithm and mean 1."""
        return math.exp(self.normal(0, deviation) - deviation * deviation / 2)

    def count(self, mean: float) -> int:
        """A Poisson count; above 60 by its normal approximation."""
        if mean > 60:
            return max(0, round(self.normal(mean, math.sqrt(mean))))
        limit, product, count = math.exp(-mean), self.share(), 0
        while product > limit:
            product *= self.share()
            count += 1
        return count

    def one_of(self, weights: Mapping[T, float]) -> T:
        """One key, as likely as its weight."""
        left = self.share() * sum(weights.values())
        for key, weight in weights.items():
            left -= weight
            if left < 0:
                return key
        return key
