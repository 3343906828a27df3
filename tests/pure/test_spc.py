"""Charts of statistical process control, against the published method and its published example."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.shared.direction import Better
from clearway.engine.shared.spc import (
    Assurance,
    Cause,
    Chart,
    Limits,
    Point,
    Variation,
    assurance,
    variation,
    xmr,
)

# The series with which the package "plot the dots" shows what screening does (its vignette on deviations).
ONE_HIGH = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
STEADY = [5.0, 7.0] * 8
series = st.lists(st.integers(-1000, 1000), min_size=2, max_size=40)


def causes(chart: Chart) -> list[Cause]:
    return [point.cause for point in chart.points]


def test_the_published_example_has_its_published_limits() -> None:
    limits = xmr(ONE_HIGH).stretches[0]

    assert (round(limits.lower, 2), round(limits.mean, 2), round(limits.upper, 2)) == (-0.72, 1.94, 4.6)
    assert causes(xmr(ONE_HIGH))[4] is Cause.OUTSIDE


@given(series)
def test_without_screening_limits_are_the_mean_and_266_mean_moving_ranges(values: list[int]) -> None:
    limits = xmr(values, screened=False).stretches[0]
    mean, step = np.mean(values), np.mean(np.abs(np.diff(values)))

    assert math.isclose(limits.mean, mean, abs_tol=1e-9)
    assert math.isclose(limits.upper, mean + 2.66 * step, abs_tol=1e-9)
    assert math.isclose(limits.lower, mean - 2.66 * step, abs_tol=1e-9)


@given(series)
def test_screening_leaves_out_the_ranges_over_3267_means_once(values: list[int]) -> None:
    ranges = np.abs(np.diff(values))
    kept = ranges[ranges < 3.267 * ranges.mean()]
    step = kept.mean() if len(kept) else 0.0

    assert math.isclose(xmr(values).stretches[0].step, step, abs_tol=1e-9)


@given(series)
def test_a_mirrored_series_shows_the_same_the_other_way(values: list[int]) -> None:
    there, back = xmr(values), xmr([-value for value in values])

    assert causes(there) == causes(back)
    assert [point.way for point in there.points] == [-point.way for point in back.points]


@given(series, series)
def test_a_new_baseline_begins_a_chart_of_its_own(early: list[int], late: list[int]) -> None:
    both = xmr([*early, *late], [len(early)])

    assert both.points == xmr(early).points + xmr(late).points


@given(st.floats(0.01, 100), st.integers(2, 40))
def test_what_never_changes_shows_nothing(value: float, count: int) -> None:
    assert set(causes(xmr([value] * count))) == {Cause.COMMON}


def test_seven_that_rise_are_a_trend_and_six_are_none() -> None:
    rising = [4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
    around = [9.0, 3.0, 9.0, 3.0, 9.0]

    assert causes(xmr([*around, *rising, 9.0]))[5:11] == [Cause.COMMON] * 6
    assert [point.way for point in xmr([*around, 3.0, *rising, 3.0]).points][5:12] == [1] * 7


def test_seven_on_one_side_are_a_shift_and_a_point_on_the_mean_breaks_it() -> None:
    swings = [10.0, 0.0] * 6

    assert causes(xmr([*swings, *[6.0, 5.9] * 4]))[-8:] == [Cause.SHIFT] * 8
    assert Cause.SHIFT not in causes(xmr([*swings, 6.0, 6.0, 6.0, 5.0, 4.0, 4.0, 4.0]))


def test_two_of_three_close_to_a_limit_count_only_with_the_third_on_their_side() -> None:
    limits = xmr(STEADY).stretches[0]
    close = limits.mean + 0.95 * (limits.upper - limits.mean)
    # The chart's own limits move with what is added, so that the claim is of the two that are close.
    together, apart = xmr([*STEADY, close, 7.0, close]), xmr([*STEADY, close, 5.0, close])

    assert causes(together)[-3] is causes(together)[-1] is Cause.TWO_OF_THREE
    assert causes(together)[-2] is Cause.COMMON
    assert Cause.TWO_OF_THREE not in causes(apart)


def test_fewer_than_twelve_points_have_limits_on_trial() -> None:
    assert xmr(STEADY[:11]).stretches[0].is_trial
    assert not xmr(STEADY[:12]).stretches[0].is_trial


def test_a_point_means_improvement_or_concern_by_which_way_is_better() -> None:
    up, still = Point(1.0, Cause.SHIFT, 1), Point(1.0, Cause.COMMON, 0)

    assert variation(up, Better.HIGHER) is Variation.IMPROVEMENT
    assert variation(up, Better.LOWER) is Variation.CONCERN
    assert variation(up, Better.NEITHER) is Variation.NEUTRAL
    assert variation(still, Better.LOWER) is Variation.COMMON


def test_a_target_is_met_only_where_the_whole_range_is_beyond_it() -> None:
    limits = Limits(0, 20, 10.0, 1.0, is_trial=False)  # from 7.34 to 12.66

    assert assurance(limits, 7.0, Better.HIGHER) is Assurance.MEETS
    assert assurance(limits, 13.0, Better.HIGHER) is Assurance.FAILS
    assert assurance(limits, 7.0, Better.LOWER) is Assurance.FAILS
    assert assurance(limits, 13.0, Better.LOWER) is Assurance.MEETS
    assert assurance(limits, 10.0, Better.LOWER) is Assurance.HIT_OR_MISS
    assert assurance(limits, 10.0, Better.NEITHER) is None


def test_a_series_without_values_or_a_baseline_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="a value or more"):
        xmr([])
    with pytest.raises(ValueError, match="one of the 2"):
        xmr([1.0, 2.0], [2])
