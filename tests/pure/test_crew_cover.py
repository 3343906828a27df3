"""The cover gap: who can take new work, what new work will hold, and whose shift is over before its job."""

from datetime import UTC, datetime
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.core.layout.times import local
from clearway.engine.ambulance.cover import (
    FOREVER,
    CoverPolicy,
    Crew,
    Demand,
    gaps,
    late_finish,
    left_of_job,
    needed,
    present,
    rates,
    without,
)

POLICY = CoverPolicy(step=30, horizon=120, call_minutes=60, most_busy=1.0, crews=1.0)
JOB = {"going": 10, "on_scene": 40, "conveying": 20, "at_hospital": 30, "wrap_up": 15}
QUIET = Demand(0.0, (0.0,) * 4)
minutes = st.floats(-60, 400, allow_nan=False)
crews = st.builds(
    Crew,
    call_sign=st.just("A1"),
    area=st.sampled_from(["north", "south"]),
    begins=minutes,
    ends=minutes,
    free=st.floats(0, 200),
    away=st.lists(st.tuples(minutes, minutes), max_size=3).map(tuple),
)


def there(crew: Crew) -> list[float]:
    return [round(each, 3) for each in present(crew, POLICY)]


def test_a_crew_counts_from_when_it_is_free_until_its_shift_ends_but_for_its_break() -> None:
    assert there(Crew("A1", "north", 0, FOREVER)) == [1, 1, 1, 1]
    assert there(Crew("A1", "north", 0, 75, free=15)) == [0.5, 1, 0.5, 0]
    assert there(Crew("A1", "north", 45, 300)) == [0, 0.5, 1, 1]
    assert there(Crew("A1", "north", 0, 300, away=((20, 65), (60, 70)))) == [0.667, 0, 0.667, 1]


def test_spans_that_overlap_are_taken_out_once() -> None:
    assert without((0, 100), ((10, 30), (20, 40), (90, 120))) == [(0, 10), (40, 90)]
    assert without((0, 100), ((-10, 200),)) == []
    assert without((50, 40), ()) == []


def test_a_call_that_waits_holds_a_crew_at_once_and_new_ones_build_up_to_rate_times_duration() -> None:
    waiting = needed(Demand(4.0, (0.0,) * 4), POLICY)
    assert waiting[0] == pytest.approx(4 * (1 - exp(-0.5)) / 0.5, rel=0.01)  # mean over half an hour
    assert list(waiting) == sorted(waiting, reverse=True)
    long = CoverPolicy(step=30, horizon=1200, call_minutes=60, most_busy=0.8, crews=1.5)
    held = needed(Demand(0.0, (6.0,) * long.steps), long)
    assert held[0] < held[1] < held[-1] == pytest.approx(6 * 1.5 / 0.8, rel=0.01)


@given(st.lists(crews, max_size=6), crews)
def test_another_crew_never_widens_a_gap(before: list[Crew], more: Crew) -> None:
    demand = {area: Demand(2.0, (3.0,) * 4) for area in ("north", "south")}
    was, now = gaps(before, demand, POLICY), gaps([*before, more], demand, POLICY)
    for area, gap in now.items():
        assert all(a <= b + 1e-9 for a, b in zip(gap.short, was[area].short, strict=True))
        assert all(each >= 0 for each in gap.there)


@given(crews)
def test_no_crew_counts_for_more_than_one(crew: Crew) -> None:
    assert all(-1e-9 <= each <= 1 + 1e-9 for each in present(crew, POLICY))


def test_an_area_with_calls_and_no_crew_is_short_of_all_it_needs() -> None:
    gap = gaps([], {"north": Demand(1.0, (0.0,) * 4), "south": QUIET}, POLICY)
    assert gap["north"].short == gap["north"].needed and gap["south"].worst == 0


@pytest.mark.promise("R9")
def test_rates_follow_the_local_hour_also_when_the_clocks_change() -> None:
    shares = tuple(float(hour) for hour in range(24))
    policy = CoverPolicy(hourly=shares, with_a_crew=1.0)
    for instant, hours in (
        (datetime(2026, 10, 25, 0, tzinfo=UTC), [1, 1, 2]),  # BST, then GMT
        (datetime(2026, 3, 29, 0, tzinfo=UTC), [0, 2, 3]),
    ):
        local_hours = [local(instant.replace(hour=hour)).hour for hour in range(3)]
        assert local_hours == hours
        found = rates(276.0, local_hours, policy)
        assert found == pytest.approx([float(hour) for hour in hours])


def test_what_is_left_of_a_job_is_the_rest_of_its_part_and_the_parts_after_it() -> None:
    assert left_of_job("on_scene", 10, JOB).minutes == 30 + 20 + 30 + 15
    assert left_of_job("on_scene", 90, JOB).minutes == 3 + 20 + 30 + 15
    held = left_of_job("at_hospital", 20, JOB, handover=80)
    assert (held.minutes, held.forecast) == (60 + 15, True)
    assert not left_of_job("wrap_up", 5, JOB, handover=80).forecast


def test_a_finish_is_late_with_the_chance_that_what_is_left_exceeds_what_is_spare() -> None:
    policy = CoverPolicy(home=10)
    even = late_finish("A1", 50, 60, policy)
    assert even.chance == pytest.approx(0.5) and even.minutes == 0
    assert late_finish("A1", 80, 60, policy).minutes == 30
    chances = [late_finish("A1", left, 60, policy).chance for left in (10, 40, 60, 120)]
    assert chances == sorted(chances) and chances[0] < 0.01 and chances[-1] > 0.9
    assert late_finish("A1", 5, 5, policy).chance == 1.0
