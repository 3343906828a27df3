"""How many people are asked at once about a freed slot, and how long each has to answer.

Asking one after the other disappoints nobody and may run out of time; asking everybody fills the slot and
disappoints all who say yes too late. The plan weighs the two: it is worked out backwards from the moment
after which nobody can be asked, over who is left to ask and the time that is left.

The model. Somebody who is asked says yes with a probability that is theirs, after a time that is exponential
around a mean; no and silence look alike until the offer ends. A wave of offers ends together, and the next
begins then; when everybody has answered earlier, the plan is made again from there, so that it is a little
more careful than it need be. An empty slot costs 1, each person who says yes too late costs `disappointed`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, prod

import numpy as np
from numpy.typing import NDArray

STEPS = 96  # of the time that is left; the times of a plan are whole steps
HOLDS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 96)  # steps that an offer may stand
PRIOR_ASKED, PRIOR_ANSWERS = 20.0, 10.0
Numbers = NDArray[np.float64]


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
    disappointed  what one person who says yes too late weighs, an empty slot being 1
    """

    most_at_once: int
    shortest: float
    disappointed: float


@dataclass(frozen=True, slots=True)
class _Ahead:
    """The best plan for those not asked yet, by the number of steps that are left."""

    fills: Numbers
    disappointed: Numbers


@dataclass(frozen=True, slots=True)
class _Option:
    """One way to ask next: so many people for so many steps; the probability that none says yes, and how
    many are expected to say yes too late."""

    count: int
    hold: int
    none: float
    disappointed: float


def chance(prior: Chance, seen: Record) -> Chance:
    """The prior moved by what was seen: it weighs as much as 20 people asked and 10 answers.

    Offers that ended without an answer count by the time they stood open.
    """
    yes = (prior.yes * PRIOR_ASKED + seen.accepted) / (PRIOR_ASKED + seen.asked)
    minutes = (prior.minutes * PRIOR_ANSWERS + seen.open_minutes) / (PRIOR_ANSWERS + seen.answered)
    return Chance(yes, minutes)


def plan(people: Sequence[Chance], minutes_left: float, weights: Weights) -> Wave | None:
    """The first wave of the best plan for these people, asked in this order; None where it is too late."""
    if not people or minutes_left < weights.shortest:
        return None
    step = max(minutes_left / STEPS, weights.shortest)
    steps = int(minutes_left / step + 1e-9)
    holds = [hold for hold in HOLDS if hold <= steps]
    by = [[who.by(hold * step) for hold in holds] for who in people]
    ahead = {len(people): _Ahead(np.zeros(steps + 1), np.zeros(steps + 1))}
    for first in range(len(people) - 1, 0, -1):
        options = list(_options(by[first : first + weights.most_at_once], holds))
        ahead[first] = _best_of_each(options, first, ahead, weights)
    return _best_now(list(_options(by[: weights.most_at_once], holds)), ahead, step, weights)


def _options(by: Sequence[Sequence[float]], holds: Sequence[int]) -> Iterator[_Option]:
    """Every way to ask next; of equals the fewer people come first, then the longer time to answer."""
    for count in range(1, len(by) + 1):
        for place in reversed(range(len(holds))):
            yes = [who[place] for who in by[:count]]
            none = prod(1 - each for each in yes)
            yield _Option(count, holds[place], none, sum(yes) - (1 - none))


def _best_of_each(
    options: Sequence[_Option], first: int, ahead: dict[int, _Ahead], weights: Weights
) -> _Ahead:
    """What the best way to ask next comes to, for each number of steps left."""
    steps = len(ahead[first + 1].fills)
    fills, disappointed = np.zeros((len(options), steps)), np.zeros((len(options), steps))
    for row, option in enumerate(options):
        later = ahead[first + option.count]
        kept = steps - option.hold
        fills[row, option.hold :] = 1 - option.none + option.none * later.fills[:kept]
        disappointed[row, option.hold :] = option.disappointed + option.none * later.disappointed[:kept]
    best = np.argmin(weights.disappointed * disappointed - fills, axis=0), np.arange(steps)
    return _Ahead(fills[best], disappointed[best])


def _best_now(options: Sequence[_Option], ahead: dict[int, _Ahead], step: float, weights: Weights) -> Wave:
    """The best way to ask now, with all steps left."""
    waves = []
    for option in options:
        later = ahead[option.count]
        fills = 1 - option.none + option.none * later.fills[-1 - option.hold]
        sorry = option.disappointed + option.none * later.disappointed[-1 - option.hold]
        waves.append(Wave(option.count, option.hold * step, float(fills), float(sorry)))
    return min(waves, key=lambda wave: round(weights.disappointed * wave.disappointed - wave.fills, 12))
