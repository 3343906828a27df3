"""Bank holidays of England by the rules that make them: the one source of both desks.

Source: Banking and Financial Dealings Act 1971 and the yearly proclamations; GOV.UK, UK bank holidays.
What is proclaimed once (a jubilee, a funeral, a moved May holiday) no rule knows. A test holds the rules
against the days that are published.
"""

from collections.abc import Mapping
from datetime import date, timedelta

NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY = "New Year's Day", "Good Friday", "Easter Monday"
EARLY_MAY, SPRING, SUMMER = "Early May bank holiday", "Spring bank holiday", "Summer bank holiday"
CHRISTMAS, BOXING = "Christmas Day", "Boxing Day"
SATURDAY = 5


def holidays(year: int) -> Mapping[date, str]:
    """The days of a year that are not worked, with their names, in order. Years from 1978."""
    sunday = _easter(year)
    named = {
        **_from(date(year, 1, 1), (NEW_YEAR,)),
        sunday - timedelta(days=2): GOOD_FRIDAY,
        sunday + timedelta(days=1): EASTER_MONDAY,
        _monday_from(date(year, 5, 1)): EARLY_MAY,
        _monday_from(date(year, 5, 25)): SPRING,
        _monday_from(date(year, 8, 25)): SUMMER,
        **_from(date(year, 12, 25), (CHRISTMAS, BOXING)),
    }
    return dict(sorted(named.items()))


def on_mondays_and_easter(year: int) -> tuple[date, ...]:
    """Those that are not Christmas or New Year, in order."""
    winter = (NEW_YEAR, CHRISTMAS, BOXING)
    return tuple(day for day, name in holidays(year).items() if not name.startswith(winter))


def _from(first: date, names: tuple[str, ...]) -> dict[date, str]:
    """Days one after the other; each that falls on a weekend is made up on the next working day left."""
    days = {first + timedelta(days=place): name for place, name in enumerate(names)}
    kept = {day: name for day, name in days.items() if day.weekday() < SATURDAY}
    for day, name in days.items():
        if day.weekday() >= SATURDAY:
            instead = _monday_from(day)
            while instead in kept:
                instead += timedelta(days=1)
            kept[instead] = f"{name}, substitute day"
    return kept


def _monday_from(day: date) -> date:
    return day + timedelta(days=-day.weekday() % 7)


def _easter(year: int) -> date:
    """Easter Sunday by the Gregorian rule in the form of Meeus, Jones and Butcher."""
    cycle, century, rest = year % 19, year // 100, year % 100
    leap, skipped = century // 4, century % 4
    correction = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * cycle + century - leap - correction + 15) % 30
    weekday = (32 + 2 * skipped + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (cycle + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
