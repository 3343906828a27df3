"""When reports are due, and what figures are."""

from datetime import date

import pytest

from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.reports import Cadence, ReportPolicy, Unit, next_due
from clearway.domain.shared.figures import Figures


@pytest.mark.parametrize(
    ("unit", "number", "after", "due"),
    [
        (Unit.WEEKDAY, 1, date(2026, 11, 20), date(2026, 11, 23)),
        (Unit.WEEKDAY, 1, date(2026, 11, 23), date(2026, 11, 30)),  # its own day is not after itself
        (Unit.WEEKDAY, 1, date(2026, 5, 1), date(2026, 5, 5)),  # Monday 4 May is a bank holiday
        (Unit.WEEKDAY, 1, date(2026, 5, 4), date(2026, 5, 5)),  # asked on the holiday itself
        (Unit.WEEKDAY, 5, date(2026, 12, 24), date(2026, 12, 29)),  # 25 is Christmas, 28 its substitute
        (Unit.DAY, 1, date(2026, 10, 31), date(2026, 11, 2)),  # 1 November is a Sunday
        (Unit.DAY, 28, date(2027, 2, 27), date(2027, 3, 1)),  # 28 February is a Sunday: it moves a month on
        (Unit.DAY, 15, date(2026, 12, 15), date(2027, 1, 15)),
        (Unit.WORKING_DAY, 3, date(2026, 12, 31), date(2027, 1, 6)),  # after New Year's Day: 4, 5, 6
        (Unit.WORKING_DAY, 1, date(2026, 11, 1), date(2026, 11, 2)),
    ],
)
def test_a_report_is_due_on_its_next_day_that_is_worked(
    unit: Unit, number: int, after: date, due: date
) -> None:
    assert next_due(Cadence(unit, number), after, BANK_HOLIDAYS) == due


@pytest.mark.parametrize(("unit", "number"), [(Unit.WEEKDAY, 6), (Unit.DAY, 29), (Unit.WORKING_DAY, 0)])
def test_a_day_that_no_week_or_month_has_is_refused(unit: Unit, number: int) -> None:
    with pytest.raises(ValueError, match="Enter a number from 1 to"):
        Cadence(unit, number)


def test_figures_have_as_many_cells_as_columns() -> None:
    with pytest.raises(ValueError, match="Each row has 2 cells"):
        Figures("", ("One", "Two"), (("only",),))


def test_reports_leave_at_an_hour_of_the_day() -> None:
    with pytest.raises(ValueError, match="An hour from 0 to 23"):
        ReportPolicy(from_hour=24)
