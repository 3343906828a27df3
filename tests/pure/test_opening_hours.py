"""When a place is open: at all hours, by weekday, past midnight and through a change of the clocks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from clearway.engine.ambulance.rulebook import open_at
from tests.advising import rulebook, site

LONDON = ZoneInfo("Europe/London")
AROUND, BY_DAY, BY_NIGHT, WEEKDAYS, FRIDAY_NIGHT = range(5)


def place(code: str, opens: str, closes: str, days: str) -> dict[str, object]:
    told = {"kind": "sdec_medical", "mark": "assumed", "source": "invented", "confirmed": True}
    return {"code": code, "name": code, "opens": opens, "closes": closes, "days": days, **told}


BOOK = rulebook(
    [site("A"), site("B", opens="08:00", closes="22:00"), site("C", opens="20:00", closes="08:00")],
    [place("D", "09:00", "17:00", "1111100"), place("E", "18:00", "02:00", "0000101")],
)


@pytest.mark.parametrize(
    ("row", "when", "is_open"),
    [
        (AROUND, "2026-11-22 03:00", True),
        (BY_DAY, "2026-11-22 07:59:59.9", False),
        (BY_DAY, "2026-11-22 08:00", True),
        (BY_DAY, "2026-11-22 21:59:59.9", True),
        (BY_DAY, "2026-11-22 22:00", False),
        (BY_NIGHT, "2026-11-22 20:00", True),
        (BY_NIGHT, "2026-11-23 07:59", True),
        (BY_NIGHT, "2026-11-23 08:00", False),
        (WEEKDAYS, "2026-11-20 12:00", True),  # a Friday
        (WEEKDAYS, "2026-11-21 12:00", False),
        (FRIDAY_NIGHT, "2026-11-20 17:59", False),
        (FRIDAY_NIGHT, "2026-11-20 23:00", True),
        (FRIDAY_NIGHT, "2026-11-21 01:59", True),
        (FRIDAY_NIGHT, "2026-11-21 23:00", False),
        (FRIDAY_NIGHT, "2026-11-23 01:00", True),  # began on the Sunday, the last day of the week
        (FRIDAY_NIGHT, "2026-11-23 02:00", False),
        (BY_DAY, "2026-10-24 08:00", True),  # the clocks go back in the night that follows
        (BY_DAY, "2026-10-25 08:00", True),
        (BY_DAY, "2026-10-25 07:30", False),
    ],
)
def test_a_place_is_open_in_its_hours_of_civil_time(row: int, when: str, is_open: bool):
    at = datetime.fromisoformat(when).replace(tzinfo=LONDON).timestamp()

    found = open_at(BOOK.places, np.full(len(BOOK.places.code), at), LONDON)

    assert found[row] == is_open
