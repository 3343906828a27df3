"""Randomised trials of two arms that may be looked at at any time, as often as one likes.

Each patient counts once, in the arm that was drawn for them, whatever reached them (intention to treat).

The interval for the difference of the two shares is a confidence sequence: the chance that it ever leaves out
the true difference, over all looks together, is at most 1 - `level` in the limit of many patients. It is the
asymptotic one, by a Gaussian mixture, of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform
central limit theory and asymptotic confidence sequences", Annals of Statistics 52 (2024), with the variance
of a difference of means; begun late (`LEAST`) because it is asymptotic. The check of the draw is the
sequential test of Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from math import exp, lgamma, log, sqrt

LEVEL = 0.95
LEAST = 50  # patients with a result in each arm before anything is said
PRIOR = 50.0  # of the check of the draw: an even draw, give or take a few in a hundred
UNEVEN = 100.0  # so much likelier uneven than even: reached by chance in one trial of a hundred at most


@dataclass(frozen=True, slots=True)
class Tally:
    """Of `of` patients whose result is known, `yes` did what is looked at."""

    yes: int = 0
    of: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.yes <= self.of:
            raise ValueError(f"No more can do it than there are: {self}")

    @property
    def share(self) -> float:
        return self.yes / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Effect:
    """Share of the second arm less that of the first, with the interval that holds at every look."""

    value: float
    low: float
    high: float


class Verdict(StrEnum):
    """What can be said now."""

    TOO_FEW = "too few"
    NOT_KNOWN = "not known"  # the interval holds nought, and more are to come
    NO_DIFFERENCE = "no difference"  # it holds nought, and as many as were planned have come
    SECOND = "second"  # more in the second arm
    FIRST = "first"


def arm_of(key: str, patient: int) -> int:
    """The arm of a patient, 0 or 1: the same each time, even, and foreseen by nobody without the key."""
    return hmac.digest(key.encode(), str(patient).encode(), hashlib.sha256)[0] & 1


def effect(first: Tally, second: Tally, planned: int, level: float = LEVEL) -> Effect | None:
    """The difference with its interval; None before `LEAST` patients of each arm have a result.

    planned  patients of both arms for which the interval is narrowest; another number costs width alone
    """
    if min(first.of, second.of) < LEAST:
        return None
    count = first.of + second.of
    # One more of each kind, so that an arm in which everybody came is not taken for one without chance.
    spread = sqrt(count * (_variance(first) / first.of + _variance(second) / second.of))
    half = spread * boundary(count, planned, level)
    value = second.share - first.share
    return Effect(value, max(-1.0, value - half), min(1.0, value + half))


def _variance(tally: Tally) -> float:
    share = (tally.yes + 1) / (tally.of + 2)
    return share * (1 - share)


def boundary(count: int, planned: int, level: float = LEVEL) -> float:
    """How far from its mean the average of `count` draws of variance 1 ever is, but for 1 - level.

    The average times the count is where the mixture of exp(a S - a² n / 2) over a normal `a` of variance
    rho² reaches 1 / (1 - level), by Ville's inequality; rho is such that it is narrowest at `planned`.
    """
    alpha = 1 - level
    rho2 = (-2 * log(alpha) + log(-2 * log(alpha)) + 1) / planned
    inside = count * rho2 + 1
    return sqrt(2 * inside / rho2 * log(sqrt(inside) / alpha)) / count


def verdict(found: Effect | None, count: int, planned: int) -> Verdict:
    """What can be said of an effect that `count` patients with a result show."""
    if found is None:
        return Verdict.TOO_FEW
    if found.low > 0:
        return Verdict.SECOND
    if found.high < 0:
        return Verdict.FIRST
    return Verdict.NO_DIFFERENCE if count >= planned else Verdict.NOT_KNOWN


def unevenness(first: int, second: int) -> float:
    """How much likelier so many patients in each arm are under an uneven draw than under an even one.

    Under an even draw it ever reaches 1 / e with a chance of at most e, however often it is looked at.
    """
    total = first + second
    uneven = _log_beta(PRIOR + first, PRIOR + second) - _log_beta(PRIOR, PRIOR)
    return exp(min(700.0, uneven + total * log(2)))


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def is_uneven(first: int, second: int) -> bool:
    """Whether the draw went wrong: then no effect is to be believed before somebody knows why."""
    return unevenness(first, second) >= UNEVEN
