"""In what state an item may be lent, returned and cleaned, and when its return is asked for."""

from datetime import date

import pytest

from clearway.domain.outpatients.loans import NEXT, LoanPolicy, State, Step, after, chase_on
from clearway.domain.shared.errors import NotAllowed

DUE = date(2026, 11, 2)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", Step)
def test_every_step_is_in_the_table_or_refused(state: State, step: Step) -> None:
    if (state, step) in NEXT:
        assert after(state, step) is NEXT[state, step]
    else:
        with pytest.raises(NotAllowed):
            after(state, step)


def test_what_came_back_is_decontaminated_before_it_is_lent() -> None:
    with pytest.raises(NotAllowed, match="decontaminated first"):
        after(State.RETURNED, Step.ISSUE)
    assert after(after(State.RETURNED, Step.CLEAN), Step.ISSUE) is State.OUT


def test_what_is_recalled_is_not_lent_but_comes_back_and_is_cleaned() -> None:
    with pytest.raises(NotAllowed, match="recalled"):
        after(State.READY, Step.ISSUE, is_recalled=True)
    assert after(State.OUT, Step.RETURN, is_recalled=True) is State.RETURNED
    assert after(State.RETURNED, Step.CLEAN, is_recalled=True) is State.READY


def test_a_return_is_asked_for_after_a_week_three_weeks_and_six_then_a_person_decides() -> None:
    days = [chase_on(DUE, asked, LoanPolicy()) for asked in range(4)]

    assert days == [date(2026, 11, 9), date(2026, 11, 23), date(2026, 12, 14), None]
