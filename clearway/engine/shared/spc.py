"""Statistical process control of one series: XmR charts by the rules of the NHS programme Making Data Count.

The rules are those of the package "plot the dots" (NHSRplotthedots 0.2.2, nhs-r-community, 2025): the same
limits, the same tests in the same order of precedence, and each stretch between two new baselines by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import fmean

from clearway.domain.shared.direction import Better

LIMIT = 2.66  # mean moving ranges from the mean to a process limit: 3 / 1.128
NEAR = LIMIT * 2 / 3
SCREEN = 3.267  # a moving range from so many times the mean on is not counted
RUN = 7  # points of a trend, or on one side of the mean
LEAST = 12  # points; with fewer the limits are on trial


class Cause(StrEnum):
    """What a point shows, in the order in which one takes precedence over the next."""

    OUTSIDE = "outside"
    TREND = "trend"
    TWO_OF_THREE = "two of three"
    SHIFT = "shift"
    COMMON = "common"


class Variation(StrEnum):
    COMMON = "common"
    IMPROVEMENT = "improvement"
    CONCERN = "concern"
    NEUTRAL = "neutral"


class Assurance(StrEnum):
    """Whether the process as it is meets its target."""

    MEETS = "meets"
    FAILS = "fails"
    HIT_OR_MISS = "hit or miss"


@dataclass(frozen=True, slots=True)
class Limits:
    """The lines of one stretch of a chart, from point `first` to before point `end`.

    is_trial  drawn from fewer points than limits should be
    """

    first: int
    end: int
    mean: float
    step: float  # mean moving range
    is_trial: bool

    @property
    def lower(self) -> float:
        return self.mean - LIMIT * self.step

    @property
    def upper(self) -> float:
        return self.mean + LIMIT * self.step


@dataclass(frozen=True, slots=True)
class Point:
    """One value and what it shows. way  1 upwards, -1 downwards, 0 for common cause."""

    value: float
    cause: Cause
    way: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A series with its limits. Every point is in exactly one stretch."""

    points: tuple[Point, ...]
    stretches: tuple[Limits, ...]

    def limits_of(self, place: int) -> Limits:
        return next(each for each in self.stretches if each.first <= place < each.end)


def xmr(values: Sequence[float], baselines: Sequence[int] = (), *, screened: bool = True) -> Chart:
    """The chart of a series in the order of time.

    baselines  places at which limits are drawn anew, from the value there on
    screened   leave extraordinary ranges out of the mean moving range, once; the tool in Excel does not
    Raises ValueError for a series without values and for a baseline outside it.
    """
    if not values:
        raise ValueError("A chart has a value or more.")
    if any(not 0 <= place < len(values) for place in baselines):
        raise ValueError(f"A baseline is at one of the {len(values)} values.")
    stretches, points = [], []
    for first, end in pairwise([*sorted({0, *baselines}), len(values)]):
        part = values[first:end]
        limits = _limits(part, first, screened)
        stretches.append(limits)
        points += _judged(part, limits)
    return Chart(tuple(points), tuple(stretches))


def variation(point: Point, better: Better) -> Variation:
    """What a point means for whoever wants the figure higher, or lower."""
    if point.way == 0:
        return Variation.COMMON
    if better is Better.NEITHER:
        return Variation.NEUTRAL
    return Variation.IMPROVEMENT if (point.way > 0) == (better is Better.HIGHER) else Variation.CONCERN


def assurance(limits: Limits, target: float, better: Better) -> Assurance | None:
    """Whether the process as it stands meets a target; None where neither way is better."""
    if better is Better.NEITHER:
        return None
    if target > limits.upper:
        return Assurance.FAILS if better is Better.HIGHER else Assurance.MEETS
    if target < limits.lower:
        return Assurance.MEETS if better is Better.HIGHER else Assurance.FAILS
    return Assurance.HIT_OR_MISS


def _limits(values: Sequence[float], first: int, screened: bool) -> Limits:
    ranges = [abs(late - early) for early, late in pairwise(values)]
    step = fmean(ranges) if ranges else 0.0
    if screened:
        kept = [each for each in ranges if each < SCREEN * step]
        step = fmean(kept) if kept else 0.0
    # The mean of equal numbers can differ from them in the last place, which would put them all to one side.
    mean = values[0] if min(values) == max(values) else fmean(values)
    return Limits(first, first + len(values), mean, step, len(values) < LEAST)


def _judged(values: Sequence[float], limits: Limits) -> list[Point]:
    """Each value with the first of the tests that it fails."""
    sides = [_sign(value - limits.mean) for value in values]
    outside = [not limits.lower <= value <= limits.upper for value in values]
    near = NEAR * limits.step
    close = [not out and abs(value - limits.mean) > near for value, out in zip(values, outside, strict=True)]
    trends, shifts = _trends(values), _shifts(sides)
    twos = _two_of_three(close, sides)
    found = []
    for place, value in enumerate(values):
        if outside[place]:
            found.append(Point(value, Cause.OUTSIDE, sides[place]))
        elif trends[place]:
            found.append(Point(value, Cause.TREND, trends[place]))
        elif twos[place]:
            found.append(Point(value, Cause.TWO_OF_THREE, sides[place]))
        elif shifts[place]:
            found.append(Point(value, Cause.SHIFT, sides[place]))
        else:
            found.append(Point(value, Cause.COMMON, 0))
    return found


def _trends(values: Sequence[float]) -> list[int]:
    """For each value the way of the strict trend of seven that it is part of; of two, the later."""
    ways = [_sign(late - early) for early, late in pairwise(values)]
    return _spread(len(values), RUN, lambda first: _same(ways[first : first + RUN - 1]))


def _shifts(sides: Sequence[int]) -> list[int]:
    return _spread(len(sides), RUN, lambda first: _same(sides[first : first + RUN]))


def _spread(count: int, width: int, said: Callable[[int], int]) -> list[int]:
    """What each window says, said of all its points."""
    found = [0] * count
    for first in range(count - width + 1):
        if way := said(first):
            found[first : first + width] = [way] * width
    return found


def _two_of_three(close: Sequence[bool], sides: Sequence[int]) -> list[bool]:
    """Those close to a limit of which two stand among three neighbours, all three on one side of the mean."""
    hit = _spread(
        len(close),
        3,
        lambda first: _same(sides[first : first + 3]) if sum(close[first : first + 3]) >= 2 else 0,
    )
    return [bool(way) and is_close for way, is_close in zip(hit, close, strict=True)]


def _same(ways: Sequence[int]) -> int:
    """The way that all go; 0 where they differ or stand still."""
    return ways[0] if len(set(ways)) == 1 else 0


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)
