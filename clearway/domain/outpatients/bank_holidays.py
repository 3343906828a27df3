"""The bank holidays up to the last day for which clinics are laid out.

Past KNOWN_UNTIL the Government has published none, and nothing is made.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from clearway.domain.shared.bank_holidays import holidays

FIRST_YEAR = 2025
KNOWN_UNTIL = date(2028, 12, 31)

BANK_HOLIDAYS: Mapping[date, str] = MappingProxyType(
    {day: name for year in range(FIRST_YEAR, KNOWN_UNTIL.year + 1) for day, name in holidays(year).items()}
)
