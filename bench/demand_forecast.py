"""Daily forecasts for planning, on published data, beside seasonal-naive.

    python -m bench.demand_forecast

Reads, where they are present, ../shared/data/swast_daily_demand (South Western responses, 84 days ahead),
nhs_winter_sitrep (ambulances delayed at each trust in the winters) and bnssg_daily (urgent care of Bristol,
not open data: for this comparison only), each relative to the repository; what is absent is skipped with a
word. Folds begin every 28 days; nothing of a fold's days is seen before it. MASE divides by the mean absolute
difference to the same weekday a week before, within the days known.

Published for the first: Prophet with regression and ARIMA errors, MASE 0.68 (0.67 to 0.69), 80% interval
covers 0.847 (Monks and others, BMC Medical Informatics and Decision Making 2023).
"""

import argparse
import csv
import gzip
import io
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from clearway.engine.ambulance.demand import TooShort, forecast_daily, seasonal_naive

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
Column = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """Means over folds: mean absolute scaled errors, and the share inside the 80% interval."""

    folds: int
    mase: float
    naive: float
    covered: float
    average: float


def scored(first: date, values: Column, ahead: int, train: int, every: int) -> Scored | None:
    """Rolling origins from `train` days on; None when there is no fold."""
    rows = []
    for origin in range(train, len(values) - ahead + 1, every):
        seen, then = values[:origin], values[origin : origin + ahead]
        while len(seen) and np.isnan(seen[-1]):
            seen = seen[:-1]
        gap = origin - len(seen)
        usable = np.isfinite(then)
        if gap > 3 or usable.sum() < max(1, ahead // 2):
            continue
        try:
            made = forecast_daily(first, seen, ahead + gap)
        except TooShort:
            continue
        scale = float(np.nanmean(np.abs(seen[7:] - seen[:-7])))
        if not scale > 0:
            continue
        naive = seasonal_naive(_filled(seen), ahead + gap)[gap:]
        average = np.nanmean(seen[-7:])
        middle, p10, p90 = (each[gap:][usable] for each in (made.middle, made.p10, made.p90))
        rows.append(
            (
                np.abs(middle - then[usable]).mean() / scale,
                np.abs(naive[usable] - then[usable]).mean() / scale,
                ((then[usable] >= np.floor(p10)) & (then[usable] <= np.ceil(p90))).mean(),
                np.abs(average - then[usable]).mean() / scale,
            )
        )
    if not rows:
        return None
    mase, naive, covered, average = np.mean(rows, axis=0)
    return Scored(len(rows), float(mase), float(naive), float(covered), float(average))


def _filled(values: Column) -> Column:
    """Unknown days as a week before, for the naive forecast."""
    filled = values.copy()
    for day in range(7, len(filled)):
        if np.isnan(filled[day]):
            filled[day] = filled[day - 7]
    return filled


HEAD = f"{'':44}{'folds':>7}{'MASE':>8}{'naive':>8}{'last 7':>8}{'80% band':>10}"


def line(name: str, found: Scored | None) -> str:
    if found is None:
        return f"{name[:42]:44}{'too few days':>15}"
    return (
        f"{name[:42]:44}{found.folds:>7}{found.mase:>8.3f}{found.naive:>8.3f}"
        f"{found.average:>8.3f}{found.covered:>10.1%}"
    )


def south_west() -> list[str]:
    file = DATA / "swast_daily_demand" / "swast_daily_2013-12-30_2017-12-31.csv.gz"
    if not file.exists():
        return [f"Skipped: {file.parent.name} is not there."]
    by_area: dict[str, dict[date, float]] = defaultdict(dict)
    with gzip.open(file, "rt") as lines:
        for row in csv.DictReader(lines):
            by_area[row["area"]][date.fromisoformat(row["date"])] = float(row["responses"])
    found = ["South Western responses, 84 days ahead, folds from January 2016 (published: MASE 0.68)", HEAD]
    for area, days in by_area.items():
        if area == "OOA":
            continue
        first, values = _series(days)
        found.append(line(area, scored(first, values, 84, 733, 28)))
        if area == "Trust":
            found.append(line("Trust, 7 days ahead", scored(first, values, 7, 733, 7)))
            found.append(line("Trust, 14 days ahead", scored(first, values, 14, 733, 14)))
    return found


def _series(days: dict[date, float]) -> tuple[date, Column]:
    first, last = min(days), max(days)
    every = [first + timedelta(days=day) for day in range((last - first).days + 1)]
    return first, np.array([days.get(day, np.nan) for day in every], dtype=np.float64)


def winters(ahead: int = 7) -> list[str]:
    file = DATA / "nhs_winter_sitrep" / "winter_sitrep_2015_2021.parquet"
    table = _parquet(file)
    if table is None:
        return [f"Skipped: {file.parent.name} is not there, or nothing reads parquet."]
    by_trust: dict[str, dict[date, float]] = defaultdict(dict)
    columns = ("org_code", "date", "handover_delay_30_60", "handover_delay_over_60")
    for code, day, some, many in zip(*(table[name] for name in columns), strict=True):
        if code != "-" and some is not None and many is not None and not np.isnan(some + many):
            by_trust[code][_day(day)] = float(some) + float(many)
    every: list[Scored] = []
    for days in by_trust.values():
        if len(days) < 150 or np.mean(list(days.values())) < 3:
            continue
        first, values = _series(days)
        found = scored(first, values, ahead, 100, 7)
        if found:
            every.append(found)
    names = ("mase", "naive", "covered", "average")
    means = (float(np.mean([getattr(each, name) for each in every])) for name in names)
    together = Scored(sum(each.folds for each in every), *means)
    better = np.mean([each.mase < each.naive for each in every])
    return [
        f"Ambulances delayed over 30 minutes, winters 2017 to 2021, {ahead} days ahead, {len(every)} trusts",
        HEAD,
        line("mean over trusts", together),
        f"better than seasonal-naive at {better:.0%} of the trusts",
    ]


MEASURES = ("queue", "time_lost", "handover", "patients_in", "dta", "conveyed", "opel")


def bristol() -> list[str]:
    file = DATA / "bnssg_daily" / "bnssg_daily_2023-03_2024-12.parquet"
    table = _parquet(file)
    if table is None:
        return [f"Skipped: {file.parent.name} is not there, or nothing reads parquet."]
    days = [_day(day) for day in table["forecast_date"]]
    found = []
    for ahead in (1, 10):
        better, count, rows = 0, 0, []
        for name, column in table.items():
            if name == "forecast_date" or not any(word in name.lower() for word in MEASURES):
                continue
            known = {
                d: float(v) for d, v in zip(days, column, strict=True) if v is not None and not np.isnan(v)
            }
            if len(known) < 400 or min(known.values()) < 0 or len(set(known.values())) < 8:
                continue
            first, values = _series(known)
            result = scored(first, values, ahead, 365, 7)
            if result:
                rows.append((name, result))
                better += result.mase < result.naive
                count += 1
        found += [f"Bristol, {ahead} day{'s' if ahead > 1 else ''} ahead, {count} measures", HEAD]
        found += [line(name, result) for name, result in rows[:14]]
        ours, naive = (np.median([getattr(each, name) for _, each in rows]) for name in ("mase", "naive"))
        found.append(
            f"better than seasonal-naive at {better} of {count}; median MASE {ours:.3f} beside {naive:.3f}"
        )
    return found


def _parquet(file: Path) -> dict[str, list[object]] | None:
    if not file.exists():
        return None
    try:
        from pyarrow import parquet  # type: ignore[import-untyped]
    except ImportError:
        return None
    table: dict[str, list[object]] = parquet.read_table(io.BytesIO(file.read_bytes())).to_pydict()
    return table


def _day(value: object) -> date:
    return date.fromisoformat(str(value)[:10])


def main() -> int:
    parser = argparse.ArgumentParser(description="Score daily forecasts on published data.")
    parser.add_argument("--only", choices=("swast", "winter", "bristol"))
    chosen = parser.parse_args().only
    for name, part in (("swast", south_west), ("winter", winters), ("bristol", bristol)):
        if chosen in (None, name):
            began = time.perf_counter()
            print("\n".join(part()))
            print(f"({time.perf_counter() - began:.0f} s)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
