"""How many people are asked at once about a freed slot, and how long each has to answer.

Asking one after the other disappoints nobody and may run out of time; asking everybody fills the slot and
disappoints all who say yes too late. The plan weighs the two: it is worked out backwards from the moment
after which nobody can be asked, over who is left to ask and the time that is left.

The model. Somebody who is asked says yes with a probability that is theirs, after a time that is exponential
around a mean; no and silence look alike until the offer ends. A wave of offers ends together, and the next
begins then; when everybody has answered earlier, the plan is made again from there, so that it is a little
more careful than it need be. An empty slot costs 1, each person who says yes too late costs `disappointed`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

STEPS = 96  # of the time that is left; the times of a plan are whole steps
HOLDS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 96)  # steps that an offer may stand
PRIOR_ASKED, PRIOR_ANSWERS = 20.0, 10.0
Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chance:
    """How somebody is expected to answer: the probability of a yes, and the mean minutes until it comes."""

    yes: float
    minutes: float

    def by(self, minutes: float) -> float:
        """The probability of a yes within so many minutes."""
        return self.yes * (1 - exp(-minutes / self.minutes))


@dataclass(frozen=True, slots=True)
class Record:
    """What came of earlier offers by one channel: asked, said yes, answered at all, and the minutes that all
    offers stood open until they were answered or ended."""

    asked: int = 0
    accepted: int = 0
    answered: int = 0
    open_minutes: float = 0.0


# How calls and texts are answered until a trust's own record says otherwise (assumed).
USUAL: Mapping[str, Chance] = MappingProxyType(
    {"phone": Chance(yes=0.35, minutes=20.0), "text": Chance(yes=0.25, minutes=30.0)}
)


@dataclass(frozen=True, slots=True)
class Wave:
    """Ask the next `count` people now, for `minutes` each.

    fills         probability that the slot is filled in the end, if the plan is followed
    disappointed  expected number of people who say yes too late
    """

    count: int
    minutes: float
    fills: float
    disappointed: float


@dataclass(frozen=True, slots=True)
class Weights:
    """What a plan may do, and what it weighs.

    most_at_once  people who are asked at the same time
    shortest      minutes that anybody has to answer
    longest       minutes that a seat is kept for them at most: nobody who is listed meanwhile can have it
    disappointed  what one person who says yes too late weighs, an empty slot being 1
    """

    most_at_once: int
    shortest: float
    disappointed: float
    longest: float = inf


@dataclass(frozen=True, slots=True)
class _Ahead:
    """The best plan from each person on, a row each, by the number of steps that are left."""

    fills: Numbers
    disappointed: Numbers


def chance(prior: Chance, seen: Record) -> Chance:
    """The prior moved by what was seen: it weighs as much as 20 people asked and 10 answers.

    Offers that ended without an answer count by the time they stood open.
    """
    yes = (prior.yes * PRIOR_ASKED + seen.accepted) / (PRIOR_ASKED + seen.asked)
    minutes = (prior.minutes * PRIOR_ANSWERS + seen.open_minutes) / (PRIOR_ANSWERS + seen.answered)
    return Chance(yes, minutes)


def learned(seen: Mapping[str, Record]) -> dict[str, Chance]:
    """Channel -> how people are expected to answer by it, after what was seen of some channels."""
    return {name: chance(prior, seen[name]) if name in seen else prior for name, prior in USUAL.items()}


def plan(people: Sequence[Chance], minutes_left: float, weights: Weights) -> Wave | None:
    """The first wave of the best plan for these people, asked in this order; None where it is too late."""
    if not people or minutes_left < weights.shortest:
        return None
    step = max(minutes_left / STEPS, weights.shortest)
    steps = int(minutes_left / step + 1e-9)
    most = max(1, int(min(steps, weights.longest / step) + 1e-9))
    holds = np.array([hold for hold in reversed(HOLDS) if hold <= most])
    by = np.array([[who.by(float(hold) * step) for hold in holds] for who in people])
    left = (
        np.arange(steps + 1) - holds[:, None]
    )  # steps that are left after each hold, by steps left before it
    ahead = _Ahead(np.zeros((len(people) + 1, steps + 1)), np.zeros((len(people) + 1, steps + 1)))
    for first in range(len(people) - 1, 0, -1):
        fills, sorry = _ways(by[first : first + weights.most_at_once], first, left, ahead)
        best = np.argmin(weights.disappointed * sorry - fills, axis=0), np.arange(steps + 1)
        ahead.fills[first], ahead.disappointed[first] = fills[best], sorry[best]
    fills, sorry = (each[:, 0] for each in _ways(by[: weights.most_at_once], 0, left[:, -1:], ahead))
    best_now = int(np.argmin(np.round(weights.disappointed * sorry - fills, 12)))
    count, hold = divmod(best_now, len(holds))
    minutes = min(float(holds[hold]) * step, max(weights.longest, weights.shortest))
    return Wave(count + 1, minutes, float(fills[best_now]), float(sorry[best_now]))


def _ways(by: Numbers, first: int, left: Whole, ahead: _Ahead) -> tuple[Numbers, Numbers]:
    """What every way to ask next comes to, a row each, for each number of steps left.

    by  the probability of a yes of each who may be asked now, by hold. Of equal rows the first is taken:
    fewer people come first, then the longer time to answer. Where a hold is too long a row is 0.
    """
    none = np.cumprod(1 - by, axis=0)[:, :, None]
    late = np.cumsum(by, axis=0)[:, :, None] - (1 - none)
    after = slice(first + 1, first + 1 + len(by))
    can = left >= 0
    place = np.where(can, left, 0)
    fills = np.where(can, 1 - none + none * ahead.fills[after][:, place], 0.0)
    sorry = np.where(can, late + none * ahead.disappointed[after][:, place], 0.0)
    rows = fills.shape[0] * fills.shape[1]
    return fills.reshape(rows, -1), sorry.reshape(rows, -1)
