"""Counting a wait: civil dates only, the start day is day 0.

Dates are days in the calendar of Europe/London, so the days on which the clocks change are days like others.
Source: NHS England, Recording and reporting referral to treatment waiting times, version 5.0, sections 1.1
and 10.1.7.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

STANDARD_DAYS = 126  # 18 weeks: the 126th day is inside, the 127th is the first one over
STANDARD_SHARE = 0.92  # of open pathways within 18 weeks
LONG_WAITS = {52: 364, 65: 455, 78: 546, 104: 728}  # weeks -> last day inside
BANDS = 105  # 0-1, >1-2, ... >103-104, 104+
UNKNOWN_BAND = "unknown"

# National reporting of community therapy waits: the last day of each band and its label.
COMMUNITY_BANDS = (
    (7, "0-1"),
    (14, "1-2"),
    (28, "2-4"),
    (84, "4-12"),
    (126, "12-18"),
    (364, "18-52"),
)


@dataclass(frozen=True, slots=True)
class BandLabels:
    """How week bands are written. {below} and {weeks} are the ends of a band, in weeks."""

    first: str = "0-1"
    middle: str = ">{below}-{weeks}"
    last: str = "104+"

    def of(self, band: int) -> str:
        """The label of one band, 0 to 104."""
        if band == 0:
            return self.first
        if band == BANDS - 1:
            return self.last
        return self.middle.format(below=band, weeks=band + 1)


class BreachDay(StrEnum):
    """Which of the two days around the standard a trust calls its breach date; both are always shown."""

    TREAT_BY = "treat_by"
    FIRST_DAY_OVER = "first_breach_day"


def days_waited(start: date, on: date) -> int:
    """Whole days from the start to a day that is not before it. Raises ValueError otherwise."""
    days = (on - start).days
    if days < 0:
        raise ValueError(f"{on} is before the start {start}.")
    return days


def band_of(days: int) -> int:
    """The week band a wait falls into: 0 holds eight days, 104 everything beyond 728 days."""
    return 0 if days <= 7 else min(-(-days // 7) - 1, BANDS - 1)


def community_band(days: int) -> str:
    """The band of the national community waiting list figures."""
    return next((label for last, label in COMMUNITY_BANDS if days <= last), ">52")


def complete_weeks(days: int) -> int:
    """For display; whether a standard is kept is asked in days."""
    return days // 7


def treat_by(start: date, standard_days: int = STANDARD_DAYS) -> date:
    """The last day inside the standard."""
    return start + timedelta(days=standard_days)


def first_breach_day(start: date, standard_days: int = STANDARD_DAYS) -> date:
    """The first day over the standard."""
    return treat_by(start, standard_days) + timedelta(days=1)


def is_reasonable_offer(made_on: date, offered_for: date) -> bool:
    """Whether a date offered gave at least three weeks' notice (section 13 of the guidance)."""
    return (offered_for - made_on).days >= 21


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def in_words(day: date) -> str:
    """A day as staff read it: Mon 6 Jan 2025."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"
