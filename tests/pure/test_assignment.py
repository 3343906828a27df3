"""The cheapest assignment, and its proof."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from clearway.engine.outpatients.assignment import NEVER, assign, is_proved

SIZES = st.tuples(st.integers(1, 7), st.integers(0, 4)).map(lambda size: (size[0], size[0] + size[1]))
COSTS = SIZES.flatmap(lambda size: arrays(np.int64, size, elements=st.integers(0, 30)))


@settings(deadline=None)
@given(COSTS)
def test_it_costs_what_the_peer_finds_and_proves_it(costs: np.ndarray) -> None:
    found = assign(costs)

    rows, columns = linear_sum_assignment(costs)
    assert found.total == costs[rows, columns].sum()
    assert len(set(found.columns.tolist())) == len(costs)
    assert is_proved(costs, found)
    assert found.total == found.row_prices.sum() + found.column_prices.sum()


@settings(deadline=None)
@given(COSTS, st.data())
def test_pairs_that_cannot_be_are_not_chosen(costs: np.ndarray, data: st.DataObject) -> None:
    never = data.draw(arrays(np.bool_, costs.shape))
    never[:, : len(costs)] &= ~np.eye(len(costs), dtype=bool)  # so that everybody can have one
    barred = np.where(never, NEVER, costs)

    found = assign(barred)

    assert (barred[np.arange(len(barred)), found.columns] < NEVER).all()
    assert is_proved(barred, found)


def test_who_can_have_none_is_named() -> None:
    with pytest.raises(ValueError, match="Row 1"):
        assign(np.array([[1, NEVER], [2, NEVER]]))
    with pytest.raises(ValueError, match="Row 0"):
        assign(np.array([[NEVER, NEVER]]))


def test_a_dearer_assignment_or_other_prices_prove_nothing() -> None:
    costs = np.array([[1, 5], [5, 1]])
    found = assign(costs)

    assert is_proved(costs, found)
    assert not is_proved(costs, replace(found, columns=np.array([1, 0])))
    assert not is_proved(costs, replace(found, columns=np.array([0, 0])))
    assert not is_proved(costs, replace(found, row_prices=found.row_prices + 1))
