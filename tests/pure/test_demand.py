"""Daily forecasts: what they must get right on series whose truth is known."""

from datetime import date, timedelta

import numpy as np
import pytest

from clearway.engine.ambulance.demand import TooShort, forecast_daily, seasonal_naive

MONDAY = date(2024, 1, 1)


def a_series(days: int, level: float = 1000, noise: float = 0.03, seed: int = 1) -> np.ndarray:
    """A level with a busy Monday and a little chance."""
    chance = np.random.default_rng(seed)
    weekday = np.array([1.1 if day % 7 == 0 else 1.0 for day in range(days)])
    return level * weekday * np.exp(noise * chance.standard_normal(days))


def test_a_busy_weekday_is_forecast_busy() -> None:
    made = forecast_daily(MONDAY, a_series(140), 7)

    assert made.dates[0] == MONDAY + timedelta(days=140)
    assert made.middle[0] == pytest.approx(1100, rel=0.03)
    assert made.middle[1:] == pytest.approx([1000] * 6, rel=0.03)


def test_eight_in_ten_days_fall_inside_the_interval() -> None:
    inside = []
    for seed in range(40):
        values = a_series(154, seed=seed)
        made = forecast_daily(MONDAY, values[:140], 14)
        inside.append(((values[140:] >= made.p10) & (values[140:] <= made.p90)).mean())

    assert 0.74 <= np.mean(inside) <= 0.88


def test_it_is_better_than_the_same_weekday_of_last_week() -> None:
    values = a_series(154, noise=0.05)

    ours = np.abs(forecast_daily(MONDAY, values[:140], 14).middle - values[140:]).mean()
    naive = np.abs(seasonal_naive(values[:140], 14) - values[140:]).mean()

    assert ours < naive


def test_unknown_days_are_passed_over() -> None:
    values = a_series(140)
    values[30:37] = np.nan

    made = forecast_daily(MONDAY, values, 7)

    assert made.days_used == 133
    assert np.isfinite(made.middle).all()


def test_counts_that_may_be_zero_stay_at_or_above_it() -> None:
    values = np.random.default_rng(3).poisson(0.7, 120).astype(float)

    made = forecast_daily(MONDAY, values, 14)

    assert (made.p10 >= 0).all() and (made.p10 <= made.middle).all() and (made.middle <= made.p90).all()


def test_too_few_days_are_refused_with_how_many_there_are() -> None:
    with pytest.raises(TooShort, match="56 known days are needed, 20"):
        forecast_daily(MONDAY, a_series(20), 7)
