"""The rules of bank holidays, held against the days that are published."""

from datetime import date

from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.shared.bank_holidays import (
    BOXING,
    CHRISTMAS,
    EARLY_MAY,
    EASTER_MONDAY,
    GOOD_FRIDAY,
    NEW_YEAR,
    SPRING,
    SUMMER,
    holidays,
    on_mondays_and_easter,
)

# GOV.UK, UK bank holidays, England and Wales, as published up to 2028.
PUBLISHED = {
    date(2025, 1, 1): NEW_YEAR,
    date(2025, 4, 18): GOOD_FRIDAY,
    date(2025, 4, 21): EASTER_MONDAY,
    date(2025, 5, 5): EARLY_MAY,
    date(2025, 5, 26): SPRING,
    date(2025, 8, 25): SUMMER,
    date(2025, 12, 25): CHRISTMAS,
    date(2025, 12, 26): BOXING,
    date(2026, 1, 1): NEW_YEAR,
    date(2026, 4, 3): GOOD_FRIDAY,
    date(2026, 4, 6): EASTER_MONDAY,
    date(2026, 5, 4): EARLY_MAY,
    date(2026, 5, 25): SPRING,
    date(2026, 8, 31): SUMMER,
    date(2026, 12, 25): CHRISTMAS,
    date(2026, 12, 28): f"{BOXING}, substitute day",
    date(2027, 1, 1): NEW_YEAR,
    date(2027, 3, 26): GOOD_FRIDAY,
    date(2027, 3, 29): EASTER_MONDAY,
    date(2027, 5, 3): EARLY_MAY,
    date(2027, 5, 31): SPRING,
    date(2027, 8, 30): SUMMER,
    date(2027, 12, 27): f"{CHRISTMAS}, substitute day",
    date(2027, 12, 28): f"{BOXING}, substitute day",
    date(2028, 1, 3): f"{NEW_YEAR}, substitute day",
    date(2028, 4, 14): GOOD_FRIDAY,
    date(2028, 4, 17): EASTER_MONDAY,
    date(2028, 5, 1): EARLY_MAY,
    date(2028, 5, 29): SPRING,
    date(2028, 8, 28): SUMMER,
    date(2028, 12, 25): CHRISTMAS,
    date(2028, 12, 26): BOXING,
}


def test_the_rules_make_the_days_that_are_published() -> None:
    assert dict(BANK_HOLIDAYS) == PUBLISHED


def test_a_christmas_on_a_sunday_is_made_up_after_boxing_day() -> None:
    """2022: 25 December was a Sunday, 26 Boxing Day, 27 the substitute; 1 January 2022 was a Saturday."""
    made = holidays(2022)

    assert made[date(2022, 12, 26)] == BOXING
    assert made[date(2022, 12, 27)] == f"{CHRISTMAS}, substitute day"
    assert made[date(2022, 1, 3)] == f"{NEW_YEAR}, substitute day"
    assert len(made) == 8


def test_the_holidays_of_spring_and_summer_are_told_from_those_of_winter() -> None:
    days = ((4, 3), (4, 6), (5, 4), (5, 25), (8, 31))
    assert on_mondays_and_easter(2026) == tuple(date(2026, *day) for day in days)
