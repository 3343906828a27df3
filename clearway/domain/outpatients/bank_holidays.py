"""Bank holidays of England, as dated data. No clinic is made on one.

Source: GOV.UK, UK bank holidays, England and Wales (Banking and Financial Dealings Act 1971), as published up
to 2028. Past KNOWN_UNTIL nothing is known, and nothing is made.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

KNOWN_UNTIL = date(2028, 12, 31)
NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY = "New Year's Day", "Good Friday", "Easter Monday"
EARLY_MAY, SPRING, SUMMER = "Early May bank holiday", "Spring bank holiday", "Summer bank holiday"
CHRISTMAS, BOXING = "Christmas Day", "Boxing Day"

BANK_HOLIDAYS: Mapping[date, str] = MappingProxyType(
    {
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
)
