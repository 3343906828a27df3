"""Daily counts 1 to 84 days ahead, for planning: demand, conveyances, handover delays.

A regression on the logarithm (level and damped trend, day of the week, season, bank holidays), in which older
days count less, and on top what its latest errors still say about each day ahead: much tomorrow, little in a
month. The interval is that of the errors which the same method made on days it had not seen. numpy only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from clearway.domain.shared.bank_holidays import on_mondays_and_easter

Column = npt.NDArray[np.float64]
WEEK, YEAR = 7, 365.25
LEAST_DAYS = 56
SEASON_FROM = 500  # days of history from which a season can be told from a trend
TREND_FROM = 200
HARMONICS = 2
HALF_LIFE = 1500.0  # days after which a day counts half
TREND_FADES = 30.0  # days over which a trend goes on
SHORT, LONG = 0.4, 0.06  # how fast the latest errors are averaged
RIDGE = 10.0
# Errors within the days known are smaller than those ahead; chosen on folds of 2016, held on those of 2017.
WIDER, WIDER_FROM = 0.12, 28  # share, and days ahead from which it counts whole
DEVIATE_OF_P90 = 1.2815515655446004


class TooShort(ValueError):
    """There are fewer days than a forecast can rest on; the message says how many."""


@dataclass(frozen=True, slots=True)
class DailyForecast:
    """Counts of the coming days; p10 to p90 is an 80% interval of one day.

    days_used  known days that it rests on
    """

    dates: tuple[date, ...]
    middle: Column
    p10: Column
    p90: Column
    days_used: int


def forecast_daily(first: date, values: Sequence[float] | Column, days: int) -> DailyForecast:
    """The `days` days after the last of the values.

    first   the day of the first value
    values  one for each day, NaN where unknown, none below 0; the last must be known
    Raises TooShort below 56 known days.
    """
    known = np.asarray(values, dtype=np.float64)
    number = int(np.isfinite(known).sum())
    if number < LEAST_DAYS:
        raise TooShort(f"{LEAST_DAYS} known days are needed, {number} are there.")
    offset = np.log1p if (known[np.isfinite(known)] < 20).any() else np.log
    back = np.expm1 if offset is np.log1p else np.exp
    target = offset(known)
    dates = [first + timedelta(days=day) for day in range(len(known) + days)]
    terms = _terms(dates, len(known), number)
    fitted = terms @ _regressed(terms[: len(known)], target)
    errors = target - fitted[: len(known)]
    lately = _averages(errors)
    middle, spread = np.empty(days), np.empty(days)
    for ahead in range(1, days + 1):
        weights, spread[ahead - 1] = _still_says(lately, errors, ahead)
        spread[ahead - 1] *= 1 + WIDER * min(1, ahead / WIDER_FROM)
        middle[ahead - 1] = fitted[len(known) + ahead - 1] + lately[-1] @ weights
    return DailyForecast(
        dates=tuple(dates[len(known) :]),
        middle=np.maximum(0, back(middle)),
        p10=np.maximum(0, back(middle - DEVIATE_OF_P90 * spread)),
        p90=np.maximum(0, back(middle + DEVIATE_OF_P90 * spread)),
        days_used=number,
    )


def seasonal_naive(values: Sequence[float] | Column, days: int, period: int = WEEK) -> Column:
    """The simple forecast that others are measured against: as on the same weekday last."""
    last = np.asarray(values, dtype=np.float64)[-period:]
    return np.asarray(np.tile(last, -(-days // period))[:days])


def _terms(dates: Sequence[date], past: int, known: int) -> Column:
    day = np.arange(len(dates), dtype=np.float64) - (past - 1)
    columns = [np.ones(len(dates))]
    weekday = np.array([each.weekday() for each in dates])
    columns += [(weekday == which) - 1 / WEEK for which in range(WEEK)]
    if known >= TREND_FROM:
        fading = TREND_FADES * (1 - np.exp(-np.maximum(day, 0) / TREND_FADES))
        ahead = np.where(day > 0, fading, day)
        columns.append(ahead / YEAR)
    if known >= SEASON_FROM:
        angle = 2 * np.pi * np.array([each.timetuple().tm_yday for each in dates]) / YEAR
        for harmonic in range(1, HARMONICS + 1):
            columns += [np.sin(harmonic * angle), np.cos(harmonic * angle)]
        columns += [np.array([float(each in days) for each in dates]) for days in _holidays(dates)]
    return np.stack(columns, axis=1)


def _holidays(dates: Sequence[date]) -> list[set[date]]:
    """New Year's Day, New Year's Eve, Christmas Day, Boxing Day, the other bank holidays of England."""
    years = range(dates[0].year, dates[-1].year + 1)
    others = {day for year in years for day in on_mondays_and_easter(year)}
    return [
        {date(year, 1, 1) for year in years},
        {date(year, 12, 31) for year in years},
        {date(year, 12, 25) for year in years},
        {date(year, 12, 26) for year in years},
        others,
    ]


def _regressed(terms: Column, target: Column) -> Column:
    """Weighted ridge regression; the level is not drawn to zero. Two rounds: days far off count less."""
    age = np.arange(len(target), dtype=np.float64)[::-1]
    known = np.isfinite(target)
    weight: Column = np.where(known, 0.5 ** (age / HALF_LIFE), 0.0)
    penalty = RIDGE * np.eye(terms.shape[1])
    penalty[0, 0] = 1e-6
    filled = np.where(known, target, 0.0)
    found: Column = np.zeros(terms.shape[1])
    for _ in range(3):
        weighted = terms * weight[:, None]
        found = np.asarray(np.linalg.solve(terms.T @ weighted + penalty, weighted.T @ filled), np.float64)
        error = np.abs(filled - terms @ found)
        usual = max(1e-9, float(np.median(error[known])) * 1.4826)
        doubt = np.maximum(1, error / (3 * usual))
        weight = np.where(known, 0.5 ** (age / HALF_LIFE) / doubt, 0.0)
    return np.asarray(found)


def _averages(errors: Column) -> Column:
    """Short and long running averages of the errors up to each day, days x 2; unknown days change nothing."""
    found = np.zeros((len(errors), 2))
    now = np.zeros(2)
    rates = np.array([SHORT, LONG])
    for day, error in enumerate(errors):
        if np.isfinite(error):
            now = now + rates * (error - now)
        found[day] = now
    return found


def _still_says(lately: Column, errors: Column, ahead: int) -> tuple[Column, float]:
    """What the averages still say of the error so many days later, and the deviation of what they do not."""
    before, after = lately[:-ahead], errors[ahead:]
    usable = np.isfinite(after)
    usable[:14] = False  # until the averages have settled
    if usable.sum() < 2 * WEEK:
        return np.zeros(2), float(np.nanstd(errors))
    before, after = before[usable], after[usable]
    ridge = 0.02 * len(after) * np.eye(2) * max(1e-12, float(before.var()))
    weights = np.clip(np.linalg.solve(before.T @ before + ridge, before.T @ after), 0, 1)
    left = after - before @ weights
    # The middle nine tenths, as many as a normal distribution has there: single odd days must not widen it.
    low, high = np.quantile(left, [0.1, 0.9])
    return weights, float((high - low) / (2 * DEVIATE_OF_P90))
