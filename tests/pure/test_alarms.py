"""The alarm budget's measures: what one person had to look at."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.shared.alarms import Alarm, Rate, most_within, rate

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def alarm(minutes: float, lasted: float | None = 5, *, again: bool = False) -> Alarm:
    at = AT + minutes * MINUTE
    closed = None if lasted is None else at + lasted * MINUTE
    return Alarm("rule", "coordinator", 2, at, closed, again)


def test_the_worst_ten_minutes_are_found_wherever_they_begin() -> None:
    times = [AT + minutes * MINUTE for minutes in (0, 6, 7, 8, 9, 15.9, 16, 40)]

    assert most_within(times) == 5  # 6, 7, 8, 9 and 15.9; at 16 the ten minutes from 6 are over


def test_a_rate_counts_what_was_raised_in_its_time_and_no_other() -> None:
    found = rate([alarm(-1), alarm(0), alarm(5), alarm(70), alarm(120)], AT, AT + 120 * MINUTE)

    assert found == Rate(3, per_hour=1.5, most_in_an_hour=2, most_in_ten_minutes=2, most_standing=0)


def test_what_stands_is_counted_from_its_second_hour_until_it_closes() -> None:
    long, longer, never = alarm(0, 61), alarm(-300, 420), alarm(30, None)

    assert rate([long, longer, never], AT, AT + 180 * MINUTE).most_standing == 2
    assert rate([long], AT, AT + 180 * MINUTE).most_standing == 1
    assert rate([alarm(0, 60)], AT, AT + 180 * MINUTE).most_standing == 0


def test_one_that_is_asked_again_is_an_alarm_but_not_another_that_stands() -> None:
    found = rate([alarm(0, None), alarm(20, None, again=True)], AT, AT + 180 * MINUTE)

    assert (found.alarms, found.most_standing) == (2, 1)


def test_a_time_that_does_not_last_has_no_rate() -> None:
    with pytest.raises(ValueError, match="lasts"):
        rate([], AT, AT)


@given(st.lists(st.floats(0, 600), max_size=60))
def test_no_part_of_a_time_holds_more_than_the_whole(minutes: list[float]) -> None:
    found = rate([alarm(each) for each in minutes], AT, AT + 601 * MINUTE)

    assert found.most_in_ten_minutes <= found.most_in_an_hour <= found.alarms == len(minutes)
    assert found.most_in_ten_minutes >= len(minutes) / 61  # sixty-one windows cover the whole
