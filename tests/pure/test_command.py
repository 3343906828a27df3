"""When situation reports are due, when a shift has a gap, what a count of times says; figures as text."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from clearway.desks.ambulance.command.policy import made
from clearway.domain.ambulance.command import (
    CommandPolicy,
    Ended,
    Gap,
    Given,
    Line,
    Occasion,
    Point,
    Said,
    call_line,
    ended_as,
    is_same_change,
    last_change,
    report_due,
    shift_gap,
    shift_gaps,
    taken,
)
from clearway.domain.shared.figures import Figures, again, as_text, kept

LONDON = ZoneInfo("Europe/London")
POLICY = CommandPolicy(
    (time(7), time(19)), timedelta(hours=4), give=timedelta(hours=1), accept=timedelta(minutes=20)
)


def at(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "change", "due"),
    [
        (at(7), at(7), at(7)),
        (at(10, 59), at(7), at(7)),
        (at(11), at(7), at(11)),
        (at(18, 59), at(7), at(15)),
        (at(19), at(19), at(19)),
        (at(2), at(19, day=19), at(23, day=19)),
        (at(3), at(19, day=19), at(3)),
        (at(6, 59), at(19, day=19), at(3)),
    ],
)
def test_a_report_is_due_at_each_change_of_shift_and_every_four_hours_after_it(
    now: datetime, change: datetime, due: datetime
) -> None:
    assert last_change(POLICY, now, LONDON) == change
    assert report_due(POLICY, now, LONDON) == due


def test_a_shift_changes_by_the_clock_on_the_wall_also_on_the_day_the_clocks_go_forward() -> None:
    early = datetime(2026, 3, 29, 6, 30, tzinfo=UTC)  # 07:30 in London, after the change

    assert last_change(POLICY, early, LONDON).astimezone(UTC) == datetime(2026, 3, 29, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "now", "gap"),
    [
        ([], at(8), None),  # a trust that does not use the sheet is not asked
        ([Given(1, at(6, 50), False)], at(7, 19), None),
        ([Given(1, at(6, 50), False)], at(7, 20), (Gap.NOT_ACCEPTED, at(7))),
        ([Given(1, at(6, 50), True)], at(9), None),
        ([Given(1, at(5, 50), True)], at(7, 20), (Gap.NOT_GIVEN, at(7))),
        ([Given(1, at(6, 50), True), Given(2, at(9), False)], at(9, 19), None),
        ([Given(2, at(9), False), Given(1, at(6, 50), True)], at(9, 20), (Gap.NOT_ACCEPTED, at(9))),
    ],
)
def test_a_shift_that_nobody_gave_or_accepted_in_time_is_seen(
    given: list[Given], now: datetime, gap: tuple[Gap, datetime] | None
) -> None:
    assert shift_gap(POLICY, given, now, LONDON) == gap


def test_each_role_answers_for_its_own_shift() -> None:
    given = [
        Given(1, at(6, 50), True, "patient_flow_coordinator"),
        Given(2, at(18, 30, day=19), False, "service_delivery_officer"),
    ]

    assert shift_gaps(POLICY, given, at(7, 30), LONDON) == {
        "service_delivery_officer": (Gap.NOT_GIVEN, at(7))
    }
    assert not shift_gaps(POLICY, given[:1], at(7, 30), LONDON)  # a role that gives none is not asked


def test_two_sheets_are_of_one_change_of_shift_or_of_two() -> None:
    assert is_same_change(POLICY, at(6, 50), at(7, 10), LONDON)
    assert not is_same_change(POLICY, at(6, 50), at(18, 30), LONDON)
    assert not is_same_change(POLICY, at(5, 50), at(6, 10), LONDON)


@pytest.mark.promise("R9")
@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (datetime(2026, 10, 24, tzinfo=UTC), (18, 22, 27, 31)),  # 19:00, 23:00, 03:00, 07:00 in London
        (datetime(2026, 3, 28, tzinfo=UTC), (19, 23, 26, 30)),
    ],
)
def test_reports_keep_to_the_clock_on_the_wall_when_the_clocks_change(
    day: datetime, hours: tuple[int, ...]
) -> None:
    """The night is 25 or 23 hours long: no report is an hour early, and none is made twice."""
    every_minute = [day + timedelta(hours=hours[0], minutes=minute) for minute in range(13 * 60 + 30)]
    due = {
        report_due(POLICY, now, LONDON) for now in every_minute if now < day + timedelta(hours=hours[-1] + 1)
    }

    assert sorted(due) == [day + timedelta(hours=hour) for hour in hours]
    assert all(report_due(POLICY, now, LONDON) <= now for now in every_minute)


def test_nothing_is_counted_from_nothing_and_nine_in_ten_is_between_the_values() -> None:
    assert taken([]) is None
    assert taken([4.0]) is not None and taken([4.0]).ninetieth == 4  # type: ignore[union-attr]
    ten = taken([10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
    assert ten is not None and (ten.count, ten.mean) == (10, 55)
    assert ten.ninetieth == pytest.approx(91)


def test_an_incident_ends_with_what_its_crews_did() -> None:
    assert ended_as(crews_at_scene=0, conveyed=False) is Ended.WITHOUT_A_CREW
    assert ended_as(crews_at_scene=2, conveyed=False) is Ended.TREATED
    assert ended_as(crews_at_scene=1, conveyed=True) is Ended.CONVEYED


def test_the_policy_is_read_from_its_values_and_one_that_is_not_whole_is_refused() -> None:
    policy = made(
        {"shift_changes": ["06:30"], "sitrep_on": ["level"], "agenda": [{"code": "a", "says": "A"}]}
    )

    assert (policy.shift_changes, policy.on) == ((time(6, 30),), {Occasion.LEVEL})
    assert policy.agenda == (Point("a", "A"),)
    for wrong in (
        {"shift_changes": []},
        {"shift_changes": ["25:00"]},
        {"sitrep_hours": 0},
        {"sitrep_on": ["weather"]},
        {"agenda": [{"code": "a", "says": "A"}, {"code": "a", "says": "B"}]},
    ):
        with pytest.raises(ValueError):
            made(wrong)


def test_figures_come_back_as_they_were_kept_and_read_as_lines_of_text() -> None:
    found = Figures(
        "Since 07:00.", ("What", "Now", "As of"), (("Free", "12", "08:01, 1 min"),), title="Crews"
    )
    wide = Figures("", ("Hospital", "Queue", "As of"), (("North", "No data", ""),), frozenset({1}), title="H")

    assert again(kept([found, wide])) == (found, wide)
    assert as_text("Report 1", ["A trust"], [found, wide]) == (
        "Report 1\nA trust\n\nCREWS\nSince 07:00.\nFree: 12; as of 08:01, 1 min\n\nH\nNorth: No data\n"
    )


ROLES = {"patient_flow_coordinator": "Patient flow coordinator", "dispatcher": "Dispatcher"}


def line(text: str) -> Line:
    return call_line(text, 12, ROLES, at(8, 30), LONDON)


def test_a_line_of_a_call_is_read_by_its_letter() -> None:
    assert line("p Ann Lee; bronze north") == Line(Said.PRESENT, "Ann Lee", role="bronze north")
    assert line("S 3; up; by ten in a hundred") == Line(Said.POINT, "up; by ten in a hundred", point=3)
    assert line("a Ring Bath; dispatch; 14:30") == Line(
        Said.ACTION, "Ring Bath", role="dispatcher", until=at(14, 30)
    )
    assert line("d Hold C4; calls wait; 07:00").until == at(7, day=21)  # the next time a clock shows it
    assert line("d Hold C4; calls wait").until is None
    assert line("n 10:00") == Line(Said.NEXT, until=at(10))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Begin with a letter"),
        ("x y", "Begin with a letter"),
        ("p", "p name; role"),
        ("p Ann", "Say the role"),
        ("s 13; x", "1 to 12"),
        ("s ²; x", "1 to 12"),
        ("s 2", "what was said"),
        ("a Ring; nobody; 14:30", "one of the roles"),
        ("a Ring; dispatcher; soon", "Type a time"),
        ("a Ring; dispatcher", "by when"),
        ("d Hold C4", "the reason"),
        ("n 25:00", "Type a time"),
        ("n 10:00+05:00", "local time"),
    ],
)
def test_a_line_that_cannot_be_read_says_what_to_type(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        line(text)
