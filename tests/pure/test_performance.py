"""Indicators as data, periods, small groups, and what figures ask for."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients.performance import (
    INDICATORS,
    OF_PATIENTS,
    SMALL,
    Count,
    Unit,
    periods,
    reading,
    suppressed,
)
from clearway.engine.outpatients.insight import Insight, Line, Service, binding, changed, in_order
from clearway.engine.shared.spc import xmr

days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
ENOUGH, FEW = Line(40.0, 40.0, 45.0, 60), Line(40.0, 30.0, 45.0, 200)
SPARE, BUSY = Line(50.0, 62.0, 30.0, 80), Line(80.0, 62.0, 30.0, 80)


def test_a_share_whose_numerator_is_in_its_denominator_is_between_nought_and_one() -> None:
    kept = {each: float(place) for place, each in enumerate(Count)}
    shares = [each for each in INDICATORS.values() if set(each.top) <= set(each.bottom) and each.top]

    assert len(shares) == 3  # missed, and cancelled by patient or service
    assert all(0 <= (reading(each, kept).value or 0) <= 1 for each in shares)


def test_without_a_denominator_there_is_no_value() -> None:
    assert reading(INDICATORS["missed"], {}).value is None
    assert reading(INDICATORS["missed"], {Count.MISSED: 1, Count.ATTENDED: 3}).value == 0.25


@given(st.sampled_from(Unit), days, st.integers(1, 40))
def test_periods_follow_one_another_and_the_last_holds_today(unit: Unit, today: date, count: int) -> None:
    starts = periods(unit, today, count)

    assert len(starts) == count + 1
    assert starts[-1] <= today < starts[-1] + timedelta(days=32)
    assert starts == sorted(set(starts))
    assert all(start.weekday() == 0 if unit is Unit.WEEK else start.day == 1 for start in starts)


@given(st.lists(st.integers(0, 30), max_size=12))
def test_no_small_group_is_shown_and_none_can_be_worked_out_from_the_total(sizes: list[int]) -> None:
    hidden = suppressed(sizes)

    assert all(place in hidden for place, size in enumerate(sizes) if 0 < size < SMALL)
    if hidden and any(size >= SMALL for size in sizes):
        assert len(hidden) >= 2


def test_what_is_of_patients_is_never_cut_by_what_is_of_slots_alone() -> None:
    for each in INDICATORS.values():
        if Count.AVAILABLE in each.bottom or Count.FREED in each.bottom:
            assert not each.cuts & OF_PATIENTS


def test_a_rise_of_misses_is_a_concern_with_its_cost_in_slots() -> None:
    chart = xmr([0.10, 0.11] * 8 + [0.25])
    said = changed(INDICATORS["missed"], chart, 200, 1.0)

    assert said is not None
    assert said.is_concern
    assert said.slots is not None
    assert 27 < said.slots < 30  # 25% of 200 against a mean of some 11%
    assert "outside its limits" in said.words


def test_usual_variation_says_nothing() -> None:
    assert changed(INDICATORS["missed"], xmr([0.10, 0.11] * 8), 200, 1.0) is None


def test_a_service_that_keeps_up_is_bound_by_nothing() -> None:
    assert list(binding(Service("Hands", ENOUGH, SPARE, 0, [("fault", 9.0)], 12.0))) == []


def test_what_would_give_the_most_is_said_first_in_first_appointments() -> None:
    (said,) = binding(Service("Hands", FEW, SPARE, 0, [("the gym is shut", 9.0), ("little", 0.5)], 5.0))

    assert said.slots == 9.0
    assert said.words == (
        "Hands: first appointments fall short by 10.0 a week. The 9.0 slots a week that were blocked (the "
        "gym is shut) would give 9.0; the 12.0 follow-up slots a week that nobody asks for would give 8.0; "
        "half of the 5.0 first appointments that patients miss would give 2.5."
    )


def test_triage_that_is_late_is_said_even_where_clinics_keep_up() -> None:
    (said,) = binding(Service("Hands", ENOUGH, SPARE, 3, [], 0.0))

    assert "3 referrals are past the time for triage" in said.words


def test_where_nothing_else_is_known_clinics_are_the_limit() -> None:
    (said,) = binding(Service("Hands", FEW, BUSY, 0, [], 0.0))

    assert "Clinics are the limit" in said.words


def test_concerns_come_first_and_the_dearest_of_them_at_the_top() -> None:
    good, dear, cheap, unknown = (
        Insight(False, "good", 99.0),
        Insight(True, "dear", 9.0),
        Insight(True, "cheap", 1.0),
        Insight(True, "unknown"),
    )

    assert in_order([good, unknown, cheap, dear]) == [dear, cheap, unknown, good]
