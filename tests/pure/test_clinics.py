"""Weekly clinics: which days they meet, and when their slots really begin."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients import clinics
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS, KNOWN_UNTIL
from clearway.domain.outpatients.clinics import SlotPlan, Weeks
from clearway.domain.shared.errors import CannotParse

NINE = SlotPlan(time(9), 45, "new")
DAYS = st.dates(date(2025, 1, 1), date(2028, 6, 30))


def easter(year: int) -> date:
    """Gregorian computus (Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    left = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * left) // 451
    month, day = divmod(h + left - 7 * m + 114, 31)
    return date(year, month, day + 1)


def test_every_year_that_is_known_has_its_eight_bank_holidays_easter_among_them() -> None:
    for year in range(2025, KNOWN_UNTIL.year + 1):
        of_year = [on for on in BANK_HOLIDAYS if on.year == year]

        assert len(of_year) == 8
        assert {easter(year) - timedelta(days=2), easter(year) + timedelta(days=1)} <= set(of_year)
        assert all(on.isoweekday() <= 5 for on in of_year)


@given(DAYS, st.integers(1, 7), st.sampled_from([1, 2]), DAYS, st.integers(0, 120))
def test_a_clinic_meets_on_its_weekday_in_its_weeks_and_never_on_a_bank_holiday(
    valid_from: date, weekday: int, every: int, first: date, length: int
) -> None:
    weeks = Weeks(weekday, every, valid_from)
    last = first + timedelta(days=length)

    days = clinics.meets(weeks, first, last)
    shut = [on for on, _ in clinics.closed(weeks, first, last)]

    # By hand: walk every day and count the weekdays since valid_from.
    place, wanted = 0, []
    on = valid_from
    while on <= last:
        if on.isoweekday() == weekday:
            if place % every == 0 and on >= first:
                wanted.append(on)
            place += 1
        on += timedelta(days=1)
    assert sorted(days + shut) == wanted
    assert not set(days) & set(BANK_HOLIDAYS)


def test_a_clinic_ends_on_its_last_day() -> None:
    weeks = Weeks(1, 1, date(2026, 11, 2), date(2026, 11, 16))

    assert clinics.meets(weeks, date(2026, 1, 1), date(2027, 1, 1)) == [
        date(2026, 11, 2),
        date(2026, 11, 9),
        date(2026, 11, 16),
    ]


def test_no_clinic_meets_on_boxing_day_s_substitute() -> None:
    weeks = Weeks(1, 1, date(2026, 12, 21))

    assert clinics.closed(weeks, date(2026, 12, 21), date(2027, 1, 4)) == [
        (date(2026, 12, 28), "Boxing Day, substitute day")
    ]


def test_nine_in_the_morning_is_nine_on_both_sides_of_a_clock_change() -> None:
    winter = clinics.on_day([NINE], date(2027, 3, 27)).slots[0]
    summer = clinics.on_day([NINE], date(2027, 3, 28)).slots[0]

    assert winter.starts_at == datetime(2027, 3, 27, 9, tzinfo=UTC)
    assert summer.starts_at == datetime(2027, 3, 28, 8, tzinfo=UTC)
    assert summer.ends_at - summer.starts_at == timedelta(minutes=45)


def test_a_time_that_the_clocks_skip_is_left_out_and_said() -> None:
    night = SlotPlan(time(1, 30), 30, "new")

    day = clinics.on_day([night, NINE], date(2027, 3, 28))

    assert [slot.plan for slot in day.slots] == [NINE]
    assert day.skipped == (night,)


@given(
    st.dates(date(2025, 1, 1), date(2028, 12, 31)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
)
def test_a_slot_begins_at_its_time_of_day_or_not_at_all(on: date, start: time) -> None:
    at = clinics.instant(on, start)

    if at is None:
        assert start.hour == 1
    else:
        assert at.astimezone(clinics.LONDON).replace(tzinfo=None) == datetime.combine(on, start)


@given(DAYS)
def test_a_held_slot_is_released_its_days_before(on: date) -> None:
    plan = SlotPlan(time(10), 30, "new", held="urgent", release_days=2)

    (slot,) = clinics.on_day([plan], on).slots

    assert slot.released_at == slot.starts_at - timedelta(days=2)


def test_the_rows_of_a_template_come_back_as_they_were_in_order_of_time() -> None:
    plans = (SlotPlan(time(9), 60, "group", seats=8), SlotPlan(time(10), 30, "follow_up", medium="03"))

    assert clinics.plans_of(list(reversed(clinics.rows_of(plans)))) == plans


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ({"start": "9 o'clock", "minutes": 30, "kind": "new"}, "slot 1, start"),
        ({"start": "25:00", "minutes": 30, "kind": "new"}, "slot 1, start"),
        ({"start": "09:00", "minutes": 0, "kind": "new"}, "slot 1, minutes"),
        ({"start": "09:00", "minutes": "half", "kind": "new"}, "slot 1, minutes"),
        ({"start": "09:00", "minutes": 30, "kind": "lunch"}, "slot 1, kind"),
        ({"start": "09:00", "minutes": 30, "kind": "new", "seats": 2}, "slot 1, seats"),
        ({"start": "09:00", "minutes": 30, "kind": "group", "seats": 0}, "slot 1, seats"),
        ({"start": "09:00", "minutes": 30, "kind": "new", "medium": "99"}, "slot 1, medium"),
        ({"start": "23:30", "minutes": 60, "kind": "new"}, "slot 1, minutes"),
        ({"start": "09:00", "minutes": 30, "kind": "new", "colour": "red"}, "slot 1"),
    ],
)
def test_a_slot_that_cannot_be_is_refused_with_its_place(row: dict[str, object], where: str) -> None:
    with pytest.raises(CannotParse) as refused:
        clinics.plans_of([row])

    assert refused.value.where == where


def test_slots_of_one_clinic_never_overlap() -> None:
    with pytest.raises(CannotParse, match="before the slot at 09:00 ends"):
        clinics.plans_of(clinics.rows_of([NINE, SlotPlan(time(9, 30), 30, "new")]))


def test_a_clinic_without_slots_is_refused() -> None:
    with pytest.raises(CannotParse, match="sees nobody"):
        clinics.plans_of([])


@given(
    st.lists(
        st.tuples(
            st.sampled_from([30, 45]),
            st.sampled_from(["new", "follow_up", "group"]),
            st.sampled_from(["01", "02", "03"]),
            st.sampled_from(["", "urgent"]),
            st.integers(0, 9),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_what_is_typed_for_a_clinic_comes_back_as_it_was(
    rows: list[tuple[int, str, str, str, int]],
) -> None:
    plans = tuple(
        SlotPlan(time(8 + place), minutes, kind, 6 if kind == "group" else 1, medium, held, release)
        for place, (minutes, kind, medium, held, release) in enumerate(rows)
    )

    assert clinics.plans_in(clinics.typed(plans)) == plans


@pytest.mark.parametrize(
    ("weeks", "plan", "why"),
    [
        (Weeks(1, 1, date(2026, 12, 1)), NINE, ""),  # before it begins
        (Weeks(1, 1, date(2026, 11, 1)), NINE, ""),
        (Weeks(2, 1, date(2026, 11, 1)), NINE, "The clinic no longer meets on that day."),
        (
            Weeks(1, 1, date(2026, 11, 1)),
            SlotPlan(time(9, 15), 45, "new"),
            "No slot begins at 09:00 any more.",
        ),
        (Weeks(1, 1, date(2026, 11, 1)), SlotPlan(time(9), 30, "new"), "The slot becomes 30 minutes long."),
        (
            Weeks(1, 1, date(2026, 11, 1)),
            SlotPlan(time(9), 45, "follow_up"),
            "The slot becomes one of another kind.",
        ),
        (
            Weeks(1, 1, date(2026, 11, 1)),
            SlotPlan(time(9), 45, "new", medium="03"),
            "The slot becomes video.",
        ),
    ],
)
def test_a_booking_that_a_new_version_has_no_place_for_is_named_with_the_reason(
    weeks: Weeks, plan: SlotPlan, why: str
) -> None:
    booked = clinics.Booked(datetime(2026, 11, 23, 9, tzinfo=UTC), 45, "new", "01", 1)

    assert clinics.no_longer_fits(booked, weeks, [plan]) == why
