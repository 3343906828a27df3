"""Rosters: a file read row by row, clock changes, what a later roster changes, and who came."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clearway.desks.ambulance.rosters.queries import day_edges
from clearway.domain.ambulance.rosters import (
    Attendance,
    AttendancePolicy,
    Duty,
    RosterShift,
    attended,
    difference,
    hours_within,
    unplanned,
)
from clearway.domain.ambulance.words import ResourceKind
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import roster_file

LONDON = ZoneInfo("Europe/London")
STATIONS = {"ryf01": "RYF01", "bournemouth": "RYF01", "ryf05": "RYF05"}
HEAD = "call sign,station,kind,skill,start,end"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def read(*rows: str) -> roster_file.RosterFile:
    return roster_file.parse("\n".join((HEAD, *rows)).encode(), STATIONS, LONDON)


def shift(call_sign: str, start: float, hours: float = 12) -> RosterShift:
    begins = NOW + timedelta(hours=start)
    return RosterShift(call_sign, begins, begins + timedelta(hours=hours), "RYF01", ResourceKind.DCA)


def test_a_row_is_a_shift_in_local_time_or_with_an_offset() -> None:
    file = read(
        "A1,ryf01,dca,paramedic,2026-11-23 07:00,2026-11-23 19:00",
        "A2,Bournemouth,DCA,,23/11/2026 19:00,24/11/2026 07:00",
        "A3,RYF05,RRV,,2026-11-23T07:00:00+01:00,2026-11-23T18:00:00Z",
    )

    assert not file.bad and file.lines == (2, 3, 4)
    assert file.shifts[0].starts_at == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert file.shifts[0].skill == "paramedic" and file.shifts[1].station == "RYF01"
    assert file.shifts[2].starts_at == datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "field", "said"),
    [
        (",ryf01,dca,,2026-11-23 07:00,2026-11-23 19:00", "call sign", "empty"),
        ("A1,nowhere,dca,,2026-11-23 07:00,2026-11-23 19:00", "station", "nowhere"),
        ("A1,,dca,,2026-11-23 07:00,2026-11-23 19:00", "station", "It is empty"),
        ("A1,ryf01,tram,,2026-11-23 07:00,2026-11-23 19:00", "kind", "Write one of: DCA"),
        ("A1,ryf01,dca,,07:00,2026-11-23 19:00", "start", "no time"),
        ("A1,ryf01,dca,,2026-11-23,2026-11-23 19:00", "start", "no time"),
        ("A1,ryf01,dca,,2026-11-23 19:00,2026-11-23 07:00", "end", "ends before it starts"),
        ("A1,ryf01,dca,,2026-11-23 07:00,2026-11-24 07:00", "end", "more than 16 hours"),
        ("A1,ryf01,dca,,2026-11-23 07:00,2026-11-23 19:00,x", "the row", "more cells"),
        ("A1,ryf01,dca,,0001-01-01 00:00,2026-11-23 19:00", "start", "year 0001"),
        ("A1,ryf01,dca,,0001-01-01T00:00+01:00,0001-01-01T07:00+01:00", "start", "year 0001"),
        ("A1,ryf01,dca,,2026-11-23 07:00,9999-12-31 23:59", "end", "year 9999"),
        ("A1,ryf01,dca,,9999-12-31T23:00-01:00,9999-12-31T23:59-01:00", "start", "year 9999"),
        ("A1,ryf01,dca,,01/01/1999 07:00,01/01/1999 19:00", "start", "from 2000 to 2199"),
    ],
)
def test_a_bad_row_names_line_field_and_remedy_and_good_rows_are_kept(
    row: str, field: str, said: str
) -> None:
    file = read("A9,ryf05,dca,,2026-11-23 07:00,2026-11-23 19:00", row)

    (bad,) = file.bad
    assert (bad.line, bad.field) == (3, field) and said in str(bad) and bad.fix
    assert [each.call_sign for each in file.shifts] == ["A9"]


@pytest.mark.promise("R9")
def test_the_hour_that_comes_twice_needs_an_offset_and_the_skipped_one_is_refused() -> None:
    twice = read("A1,ryf01,dca,,2026-10-25 01:30,2026-10-25 09:00").bad[0]
    assert twice.field == "start" and "2026-10-25T01:30+01:00 or 2026-10-25T01:30+00:00" in twice.fix
    skipped = read("A1,ryf01,dca,,2026-03-29 01:30,2026-03-29 09:00").bad[0]
    assert "clocks go forward" in skipped.why
    # A night shift over each change lasts as long as it does: an hour more in autumn, one less in spring.
    autumn = read("A1,ryf01,dca,,2026-10-24 19:00,2026-10-25 07:00").shifts[0]
    spring = read("A1,ryf01,dca,,2026-03-28 19:00,2026-03-29 07:00").shifts[0]
    hours = [(each.ends_at - each.starts_at).total_seconds() / 3600 for each in (autumn, spring)]
    assert hours == [13, 11]


def test_a_day_has_as_many_hours_as_its_clock() -> None:
    counted = [len(day_edges(day)) - 1 for day in (date(2026, 3, 29), date(2026, 6, 1), date(2026, 10, 25))]
    assert counted == [23, 24, 25]


def test_the_same_row_twice_is_one_shift_and_an_overlapping_one_is_bad() -> None:
    row = "A1,ryf01,dca,,2026-11-23 07:00,2026-11-23 19:00"
    file = read(row, row, "A1,ryf01,dca,,2026-11-23 18:00,2026-11-24 02:00")
    assert len(file.shifts) == 1
    assert [(bad.line, bad.field) for bad in file.bad] == [(4, "start")] and "line 2" in file.bad[0].why


def test_a_file_without_its_columns_is_refused_whole() -> None:
    with pytest.raises(CannotParse, match="station"):
        roster_file.parse(b"call sign,kind,start,end\nA1,dca,x,y", STATIONS, LONDON)


def test_what_is_written_reads_the_same() -> None:
    shifts = (shift("A1", -2), shift("A2", 10))
    assert roster_file.parse(roster_file.write(shifts), STATIONS, LONDON).shifts == shifts


def test_the_same_roster_again_changes_nothing() -> None:
    shifts = [shift("A1", -2), shift("A2", 10)]
    change = difference(shifts, dict(enumerate(shifts)), NOW, datetime.date)
    assert not change.changes and change.same == 2


def test_a_later_roster_replaces_the_shifts_it_names_that_have_not_begun_and_no_others() -> None:
    standing = {1: shift("A1", -2), 2: shift("A2", 5), 3: shift("A3", 5), 4: shift("A2", 30)}
    new = [shift("A2", 6), shift("A1", -1)]

    change = difference(new, standing, NOW, datetime.date)

    assert change.replaced == {2} and change.added == (0,)
    assert "has begun" in change.refused[1]


def test_a_shift_whose_only_follower_is_refused_stays_as_it_stands() -> None:
    night, day = shift("A1", 13, 8), shift("A1", 22, 12)  # of two civil days
    overlapping = shift("A1", 20, 12)  # on the second day: over the end of the night
    assert night.starts_at.date() < overlapping.starts_at.date() == day.starts_at.date()

    change = difference([overlapping], {1: night, 2: day}, NOW, datetime.date)

    assert not change.changes and set(change.refused) == {0}


def test_who_did_not_book_on_is_late_then_absent_and_who_came_late_is_named_so() -> None:
    shifts = [
        shift("A1", -0.5),
        shift("A2", -2),
        shift("A3", -2),
        shift("A4", -2),
        shift("A5", 1),
        shift("A6", -9),
    ]
    duties = [
        Duty("A3", NOW - timedelta(hours=1.5), None),
        Duty("A4", NOW - timedelta(hours=2), None),
        Duty("A6", NOW - timedelta(hours=9), NOW - timedelta(hours=1)),
        Duty("A7", NOW - timedelta(hours=3), None),
    ]

    found = attended(shifts, duties, frozenset({"A4"}), AttendancePolicy(), NOW)

    assert [each.state for each in found] == [
        *(Attendance.WAITING, Attendance.ABSENT, Attendance.LATE, Attendance.SINGLE),
        *(Attendance.TO_COME, Attendance.LEFT),
    ]
    assert found[2].late_by == 30
    assert [each.call_sign for each in unplanned(shifts, duties, AttendancePolicy())] == ["A7"]


def test_a_crew_that_works_two_shifts_in_a_row_without_booking_off_is_there_in_both() -> None:
    first, second = shift("A1", -14), shift("A1", -2)
    still = [Duty("A1", NOW - timedelta(hours=14), None)]
    policy = AttendancePolicy()

    found = attended([first, second], still, frozenset(), policy, NOW)

    assert [each.state for each in found] == [Attendance.HERE, Attendance.HERE]
    assert found[1].late_by == 0 and unplanned([second], still, policy) == []


def test_a_first_shift_that_runs_over_is_not_the_second_crew() -> None:
    first, second = shift("A1", -14), shift("A1", -2)
    over = [
        Duty("A1", NOW - timedelta(hours=14), NOW - timedelta(minutes=90))
    ]  # half an hour into the second

    found = attended([first, second], over, frozenset(), AttendancePolicy(), NOW)

    assert [each.state for each in found] == [Attendance.HERE, Attendance.ABSENT]


def test_hours_are_divided_at_the_edges_and_none_is_lost() -> None:
    edges = [NOW + timedelta(hours=hour) for hour in range(4)]
    found = hours_within(NOW + timedelta(minutes=30), NOW + timedelta(minutes=150), edges)
    assert found == [0.5, 1.0, 0.5]
    assert sum(hours_within(NOW, None, edges)) == 3
