from datetime import UTC, datetime

import pytest

from clearway.core.layout import times


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_people_read_a_24_hour_london_clock() -> None:
    assert times.clock(utc(2026, 7, 1, 13, 2)) == "14:02"
    assert times.zone(utc(2026, 7, 1, 13, 2)) == "BST"
    assert times.clock(utc(2026, 11, 22, 2, 15)) == "02:15"


@pytest.mark.promise("R9")
def test_the_hour_that_comes_twice_says_which_one_it_is() -> None:
    # Clocks go back on 25 October 2026 at 01:00 UTC.
    assert times.clock(utc(2026, 10, 25, 0, 30)) == "01:30 BST"
    assert times.clock(utc(2026, 10, 25, 1, 30)) == "01:30 GMT"


def test_dates_are_words_and_never_all_numeric() -> None:
    assert times.day(utc(2026, 11, 2, 12)) == "Mon 2 Nov 2026"


def test_a_time_of_another_day_carries_its_date() -> None:
    now = utc(2026, 11, 22, 2, 15)

    assert times.moment(utc(2026, 11, 22, 1, 50), now) == "01:50"
    assert times.moment(utc(2026, 11, 21, 23, 50), now) == "Sat 21 Nov 2026, 23:50"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 min"), (4.9, "4 min"), (59.99, "59 min"), (72, "1 h 12 min"), (None, "No data"), (-3, "0 min")],
)
def test_durations_are_whole_minutes_that_have_passed(minutes: float | None, words: str) -> None:
    assert times.duration(minutes) == words


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        times.clock(datetime(2026, 11, 22, 2, 15))  # noqa: DTZ001
