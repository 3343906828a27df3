"""The cheapest way to give each row one column of its own, with a proof that there is none cheaper.

Shortest augmenting paths over whole rows, as Jonker and Volgenant (1987) describe: the prices that it ends
with are the proof. `is_proved` checks them against the costs and shares no line with the search.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
NEVER = 2**60  # a cost of this or more is no pair


@dataclass(frozen=True, slots=True)
class Assignment:
    """columns  of each row, in order; rows and columns have prices, so that no pair costs less than the sum
    of its two, and each chosen pair costs exactly that."""

    columns: Whole
    row_prices: Whole
    column_prices: Whole
    total: int


def assign(costs: Whole) -> Assignment:
    """The cheapest assignment of rows to columns, for whole costs of 0 or more; NEVER for no pair.

    Raises ValueError where no assignment gives every row a column.
    """
    rows, columns = costs.shape
    cheapest = costs.min(axis=1, initial=NEVER)
    if (barred := np.flatnonzero(cheapest >= NEVER)).size:
        raise ValueError(f"Row {barred[0]} can have no column.")
    state = _Search(costs, cheapest, np.zeros(columns, np.int64), _free(columns))
    waiting = [row for row in range(rows) if not state.take_at_once(row)]
    for row in waiting:
        state.augment(row)
    chosen: Whole = np.full(rows, -1, np.int64)
    taken = np.flatnonzero(state.row_of >= 0)
    chosen[state.row_of[taken]] = taken
    total = int(costs[np.arange(rows), chosen].sum())
    return Assignment(chosen, state.row_prices, state.column_prices, total)


def is_proved(costs: Whole, found: Assignment) -> bool:
    """Whether the prices prove that this assignment is one of the cheapest."""
    rows = np.arange(len(costs))
    own = len(set(found.columns.tolist())) == len(rows)
    slack = costs - found.row_prices[:, None] - found.column_prices
    untaken = np.ones(costs.shape[1], np.bool_)
    untaken[found.columns] = False
    return bool(
        own
        and (costs[rows, found.columns] < NEVER).all()
        and (slack >= 0).all()
        and (slack[rows, found.columns] == 0).all()
        and (found.column_prices <= 0).all()
        and (found.column_prices[untaken] == 0).all()
    )


def _free(columns: int) -> Whole:
    return np.full(columns, -1, np.int64)


@dataclass(slots=True)
class _Search:
    """The prices and who has which column, while rows are added one by one."""

    costs: Whole
    row_prices: Whole
    column_prices: Whole
    row_of: Whole

    def take_at_once(self, row: int) -> bool:
        """Give a row a cheapest column of its own that nobody has; False where there is none."""
        cheapest = self.costs[row] == self.row_prices[row]
        free = np.flatnonzero(cheapest & (self.row_of < 0))
        if len(free):
            self.row_of[free[0]] = row
            return True
        return False

    def augment(self, row: int) -> None:
        """Give a row a column, moving others along the shortest path that ends in a free one."""
        columns = len(self.row_of)
        distance = self.costs[row] - self.row_prices[row] - self.column_prices
        before, done = np.full(columns, -1, np.int64), np.zeros(columns, np.bool_)
        while True:
            open_ = np.where(done, NEVER, distance)
            column = int(open_.argmin())
            length = int(open_[column])
            if length >= NEVER // 2:
                raise ValueError(f"Row {row} can have no column beside the others.")
            if self.row_of[column] < 0:
                break
            done[column] = True
            owner = self.row_of[column]
            reach = length + self.costs[owner] - self.row_prices[owner] - self.column_prices
            shorter = ~done & (reach < distance)
            distance[shorter], before[shorter] = reach[shorter], column
        settled = np.flatnonzero(done)
        gain = length - distance[settled]
        self.row_prices[row] += length
        self.row_prices[self.row_of[settled]] += gain
        self.column_prices[settled] -= gain
        self._shift(row, column, before)

    def _shift(self, row: int, column: int, before: Whole) -> None:
        """Move every row on the path one column on, and give the first to the new row."""
        while before[column] >= 0:
            self.row_of[column] = self.row_of[before[column]]
            column = int(before[column])
        self.row_of[column] = row
