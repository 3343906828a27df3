"""Forecast daily counts for planning: of a trust's own facts, or of a file with a date and a count a line.

Prints, day by day, the likely count and an 80% interval. Needs 56 known days; says so where there are fewer.

Examples:
  clearway forecast demand --organisation south-west --days 14
  clearway forecast demand --file responses.csv --days 84 --json
"""

import argparse
import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearway.engine.ambulance.demand import DailyForecast


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--organisation", help="slug; default: the only one there is")
    parser.add_argument("--file", help="CSV of ISO date and count, with or without a header")
    parser.add_argument("--days", type=int, default=14, help="days ahead, 1 to 84 (default 14)")
    parser.add_argument("--json", action="store_true", help="print the forecasts as JSON")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import CannotRun
    from clearway.engine.ambulance.demand import TooShort, forecast_daily

    if not 1 <= arguments.days <= 84:
        raise CannotRun("Forecasts reach from 1 to 84 days ahead.")
    series = _of_file(arguments.file) if arguments.file else _of_facts(arguments.organisation)
    results: list[tuple[str, DailyForecast | TooShort]] = []
    for title, first, values in series:
        try:
            results.append((title, forecast_daily(first, values, arguments.days)))
        except TooShort as problem:
            results.append((title, problem))
    if arguments.json:
        print(json.dumps([_row(title, result) for title, result in results]))
    else:
        for title, result in results:
            print("\n  ".join([title, *_lines(result)]))
    return 1 if any(isinstance(result, TooShort) for _, result in results) else 0


def _lines(result: "DailyForecast | ValueError") -> list[str]:
    if isinstance(result, ValueError):
        return [f"Cannot say: {result}"]
    days = zip(result.dates, result.middle, result.p10, result.p90, strict=True)
    lines = [
        f"{day:%a %d %b %Y}{middle:>10,.0f}   {low:,.0f} to {high:,.0f}" for day, middle, low, high in days
    ]
    return [*lines, f"from {result.days_used} days"]


def _row(title: str, result: "DailyForecast | ValueError") -> dict[str, object]:
    """One forecast; `why_not` says why there is none."""
    if isinstance(result, ValueError):
        return {"of": title, "days": [], "days_used": None, "why_not": str(result)}
    days = [
        {"day": day.isoformat(), "likely": round(middle, 1), "p10": round(low, 1), "p90": round(high, 1)}
        for day, middle, low, high in zip(
            result.dates, result.middle.tolist(), result.p10.tolist(), result.p90.tolist(), strict=True
        )
    ]
    return {"of": title, "days": days, "days_used": result.days_used, "why_not": None}


def _of_file(name: str) -> list[tuple[str, date, list[float]]]:
    from clearway.cli import CannotRun

    counts: dict[date, float] = {}
    try:
        with Path(name).open(newline="", encoding="utf-8") as lines:
            for number, row in enumerate(csv.reader(lines), start=1):
                try:
                    counts[date.fromisoformat(row[0])] = float(row[1])
                except (ValueError, IndexError):
                    if number > 1:
                        raise CannotRun(f"{name}, line {number}: a date and a count are expected.") from None
    except OSError as problem:
        raise CannotRun(f"{name} cannot be read: {problem.strerror}.") from None
    if not counts:
        raise CannotRun(f"{name} holds no day.")
    first = min(counts)
    days = [first + timedelta(days=day) for day in range((max(counts) - first).days + 1)]
    return [(name, first, [counts.get(day, float("nan")) for day in days])]


def _of_facts(slug: str | None) -> list[tuple[str, date, list[float]]]:
    from datetime import UTC, datetime

    from clearway.cli import CannotRun, ground

    ground.prepare("owner")
    from clearway.core.organisation.models import Organisation
    from clearway.desks.ambulance.forecast import queries

    chosen = Organisation.objects.filter(slug=slug) if slug else Organisation.objects.all()
    if len(chosen) != 1:
        known = ", ".join(Organisation.objects.values_list("slug", flat=True))
        raise CannotRun(f"Name one organisation with --organisation: {known or 'there is none'}.")
    now = datetime.now(UTC)
    found = []
    for what, title in queries.DAILY.items():
        first, values = queries.daily(chosen[0].pk, what, now) or (now.date(), [])
        found.append((title, first, values))
    return found
