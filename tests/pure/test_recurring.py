"""When a duty that comes back is next due."""

from datetime import date

import pytest

from clearway.domain.shared.recurring import Every, Unit, next_due


@pytest.mark.parametrize(
    ("every", "due"),
    [
        (Every(10, Unit.DAYS), date(2026, 2, 10)),
        (Every(2, Unit.WEEKS), date(2026, 2, 14)),
        (Every(1, Unit.MONTHS), date(2026, 2, 28)),
        (Every(12, Unit.MONTHS), date(2027, 1, 31)),
    ],
)
def test_a_duty_is_due_again_after_its_days_weeks_or_months(every: Every, due: date) -> None:
    assert next_due(every, date(2026, 1, 31)) == due


@pytest.mark.parametrize("count", [0, 121])
def test_an_interval_that_cannot_be_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="comes back every"):
        Every(count, Unit.DAYS)
