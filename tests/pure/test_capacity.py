"""When a place in a queue is reached, and whether a service keeps up."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.engine.outpatients.capacity import CapacityPolicy, Expected, expected, load, seats

TODAY = date(2026, 11, 20)
days = st.lists(st.tuples(st.integers(0, 41), st.integers(0, 30)), max_size=20)


@given(days, st.integers(0, 400), st.integers(1, 500))
def test_a_later_place_is_never_reached_earlier(free: list[tuple[int, int]], more: int, place: int) -> None:
    laid_out = [(TODAY + timedelta(days=day), count) for day, count in free]
    ahead = seats(laid_out, sum(count for _, count in free) + more, today=TODAY)

    this, following = expected(ahead, place), expected(ahead, place + 1)

    assert following.on is None or (this.on is not None and this.on <= following.on)


@given(days)
def test_every_free_seat_is_given_to_exactly_one_place(free: list[tuple[int, int]]) -> None:
    total = sum(count for _, count in free)
    ahead = seats([(TODAY + timedelta(days=day), count) for day, count in free], total, today=TODAY)

    given_on = [expected(ahead, place).on for place in range(1, total + 1)]

    for day in {day for day, _ in free}:
        on = TODAY + timedelta(days=day)
        assert given_on.count(on) == sum(count for other, count in free if other == day)


def test_without_capacity_nobody_is_seen_and_a_standard_is_breached() -> None:
    assert expected(None, 1) == Expected(None)
    assert expected(seats([], 0, today=TODAY), 1) == Expected(None)
    assert Expected(None).breaches(TODAY)
    assert not Expected(None).breaches(None)


def test_the_arithmetic_of_a_queue() -> None:
    # 30 a week come, 25 are seen; 400 wait 10 weeks on average; the target is 8 weeks, in half a year.
    found = load(30, 25, 400, 10, CapacityPolicy(target_weeks=8, relief_weeks=26))

    assert found.load == pytest.approx(1.2)
    assert found.target_list == 60  # 30 * 8 / 4
    assert found.relief == pytest.approx(30 + 340 / 26)
    assert found.pressure == pytest.approx(2.5)  # 2 * 10 / 8


def test_a_queue_below_its_target_needs_no_relief_and_no_capacity_has_no_load() -> None:
    found = load(30, 0, 10, None, CapacityPolicy(target_weeks=8, relief_weeks=26))

    assert (found.load, found.relief, found.pressure) == (None, 30, None)
    with pytest.raises(ValueError, match="more than 0 weeks"):
        CapacityPolicy(target_weeks=0)
