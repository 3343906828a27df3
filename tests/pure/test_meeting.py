"""What a pack for a meeting is about: its week or month, the points of its charts, what they add up to."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from clearway.core.layout.spc_charts import Plotted, chart
from clearway.desks.ambulance.command.policy import made
from clearway.domain.ambulance.meeting import (
    Level,
    PackPolicy,
    Tally,
    Unit,
    first_day,
    gathered,
    hours_at,
    midnight,
    next_day,
    points,
    whole,
)
from clearway.domain.shared.direction import Better

LONDON = ZoneInfo("Europe/London")
POLICY = PackPolicy()


def test_a_week_begins_on_monday_and_a_month_on_its_first_day() -> None:
    assert first_day(Unit.WEEK, date(2026, 11, 22)) == date(2026, 11, 16)
    assert next_day(Unit.WEEK, date(2026, 11, 16)) == date(2026, 11, 23)
    assert first_day(Unit.MONTH, date(2026, 11, 22)) == date(2026, 11, 1)
    assert next_day(Unit.MONTH, date(2026, 12, 1)) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("now", "week", "month"),
    [
        (datetime(2026, 11, 23, 5, 59, tzinfo=UTC), date(2026, 11, 9), date(2026, 10, 1)),
        (datetime(2026, 11, 23, 6, 0, tzinfo=UTC), date(2026, 11, 16), date(2026, 10, 1)),
        (datetime(2026, 6, 1, 4, 59, tzinfo=UTC), date(2026, 5, 18), date(2026, 4, 1)),
        (datetime(2026, 6, 1, 5, 0, tzinfo=UTC), date(2026, 5, 25), date(2026, 5, 1)),  # 06:00 in London
    ],
)
def test_the_newest_whole_one_is_due_on_the_morning_after_it(now: datetime, week: date, month: date) -> None:
    assert whole(Unit.WEEK, POLICY, now, LONDON) == week
    assert whole(Unit.MONTH, POLICY, now, LONDON) == month


def test_charts_hold_whole_days_or_whole_weeks_and_none_that_goes_on() -> None:
    of_week = points(Unit.WEEK, POLICY, date(2026, 11, 19))
    of_month = points(Unit.MONTH, POLICY, date(2026, 11, 19))

    assert len(of_week) == 28 and of_week[-1] == (date(2026, 11, 18), date(2026, 11, 19))
    assert len(of_month) == 16 and of_month[-1] == (date(2026, 11, 9), date(2026, 11, 16))
    for found in (of_week, of_month):
        assert all(end == begin for (_, end), (begin, _) in pairwise(found))


def test_a_day_of_twenty_five_hours_begins_and_ends_at_its_own_midnights() -> None:
    assert midnight(date(2026, 10, 26), LONDON) - midnight(date(2026, 10, 25), LONDON) == timedelta(hours=25)


def test_days_add_up_to_their_week_and_a_week_of_which_nothing_is_known_says_nothing() -> None:
    days = {date(2026, 11, 2): Tally(2, 10), date(2026, 11, 8): Tally(1, 8), date(2026, 11, 16): Tally(9, 9)}
    weeks = [(date(2026, 11, day), date(2026, 11, day + 7)) for day in (2, 9)]

    assert gathered(days, weeks) == (Tally(3, 18), None)


def test_a_level_counts_as_long_as_it_holds_and_what_nobody_said_is_not_known() -> None:
    begin = datetime(2026, 11, 16, tzinfo=UTC)
    said = [
        Level(begin + timedelta(hours=2), 3),
        Level(begin - timedelta(minutes=30), 2),
        Level(begin + timedelta(hours=3), 4),
    ]

    found = hours_at(said, begin, begin + timedelta(hours=10), lambda level: 60 if level < 4 else 120)

    assert found == {2: 0.5, 3: 1.0, 4: 2.0, 0: 6.5}
    assert hours_at([], begin, begin + timedelta(hours=1), lambda _: 60) == {0: 1.0}


def test_the_policy_of_packs_is_read_and_one_that_is_not_whole_is_refused() -> None:
    policy = made({"packs": ["month"], "pack_after": "07:30", "pack_days": 30, "pack_weeks": 12}).packs

    assert policy == PackPolicy((Unit.MONTH,), time(7, 30), 30, 12)
    for wrong in ({"packs": ["year"]}, {"pack_after": "7"}, {"pack_days": 11}, {"pack_weeks": 400}):
        with pytest.raises(ValueError):
            made(wrong)


def shown(value: float) -> str:
    return f"{value:.0f} min"


def test_a_chart_shows_a_special_cause_and_says_it_in_words_and_in_its_table() -> None:
    values = [30.0, 32.0, 29.0, 31.0, 30.0, 33.0, 30.0, 31.0, 29.0, 32.0, 30.0, 31.0, 55.0]
    series = [Plotted(f"Day {place}", str(place), each, "9 of 9") for place, each in enumerate(values)]

    found = chart("Mean handover", series, Better.LOWER, shown, 15)

    assert found is not None
    assert found.dots[-1][2:] == ("concern", "up") and found.dots[0][2:] == ("common", "round")
    assert "the last 55 min" in found.says and "Concern: outside the limits" in found.says
    assert "Standard 15 min" in found.says and "on trial" not in found.says
    assert found.rows[0] == ("Day 12", "55 min", "9 of 9", "H Concern")
    assert {kind for *_, kind, _ in found.rules} == {"mean", "limit", "target", "grid"}
    assert all(0 <= y <= found.height for _, y, _, _ in found.dots)


def test_a_point_without_a_value_is_left_out_and_no_chart_is_drawn_of_nothing() -> None:
    series = [Plotted("Mon", "1", 3.0), Plotted("Tue", "2", None), Plotted("Wed", "3", 4.0)]

    found = chart("Calls", series, Better.NEITHER, shown)

    assert found is not None and len(found.dots) == 2
    assert found.rows[1] == ("Tue", "No data", "", "") and "on trial" in found.says
    assert chart("Calls", series[:2], Better.NEITHER, shown) is None
    assert chart("Calls", [], Better.LOWER, shown) is None
