"""The cheapest choice of at most one option for each of many, under shared limits, with a proof of its cost.

A mixed-integer programme for HiGHS (Huangfu and Hall 2018), which bounds every answer from below: where the
bound meets the cost, no cheaper choice exists. One thread and a fixed seed, so the same question has the same
answer; the search is limited by nodes and not by time.
"""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
Costs = npt.NDArray[np.float64]
MOST_NODES = 400
PROVED = 1e-6


@dataclass(frozen=True, slots=True)
class Options:
    """Every option there is, as columns of equal length.

    of          (n) whom the option is for, 0 to `many` - 1
    cost        (n) what it costs to choose it
    first, last (n) the limits that it counts against, each once: `first` to `last`, one more than the last
    """

    of: Rows
    cost: Costs
    first: Rows
    last: Rows


@dataclass(frozen=True, slots=True)
class Choice:
    """chosen  (many) the row of the option of each, -1 for none; bound  no choice costs less than this."""

    chosen: Rows
    cost: float
    bound: float

    @property
    def is_proved(self) -> bool:
        """Whether no cheaper choice exists."""
        return self.cost - self.bound <= PROVED * max(1.0, abs(self.cost))


def choose(options: Options, without: Costs, limits: Rows) -> Choice:
    """The cheapest choice.

    without  (many) what it costs to choose nothing for each
    limits   (l) how many chosen options may count against each limit
    Raises ValueError where a limit is below 0.
    """
    if (limits < 0).any():
        raise ValueError(f"Limit {int(np.argmax(limits < 0))} is below 0: not even nothing keeps to it.")
    many, count = len(without), len(options.of)
    solver = _solver()
    solver.passModel(_programme(options, without, limits))
    solver.run()
    taken = np.array(solver.getSolution().col_value[:count]) > 0.5
    chosen: Rows = np.full(many, -1, np.int64)
    rows = np.flatnonzero(taken)
    chosen[options.of[rows]] = rows
    cost = float(options.cost[rows].sum() + without[chosen < 0].sum())
    return Choice(chosen, cost, float(solver.getInfo().mip_dual_bound))


def _solver() -> Any:
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("mip_rel_gap", 0.0),
        ("mip_max_nodes", MOST_NODES),
    ):
        solver.setOptionValue(name, value)
    return solver


def _programme(options: Options, without: Costs, limits: Rows) -> Any:
    """One column an option and one for nothing; one row for each of the many and one a limit."""
    many, count = len(without), len(options.of)
    counts = options.last - options.first
    starts = np.concatenate([[0], np.cumsum(counts + 1), np.arange(1, many + 1) + int((counts + 1).sum())])
    index = np.empty(starts[-1], np.int32)
    for row, (of, first, last) in enumerate(
        zip(options.of.tolist(), options.first.tolist(), options.last.tolist(), strict=True)
    ):
        begin = starts[row]
        index[begin] = of
        index[begin + 1 : starts[row + 1]] = np.arange(many + first, many + last)
    index[starts[count] :] = np.arange(many)
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = count + many, many + len(limits)
    programme.col_cost_ = np.concatenate([options.cost, without])
    programme.col_lower_, programme.col_upper_ = np.zeros(count + many), np.ones(count + many)
    programme.row_lower_ = np.concatenate([np.ones(many), np.full(len(limits), -highspy.kHighsInf)])
    programme.row_upper_ = np.concatenate([np.ones(many), limits.astype(np.float64)])
    matrix = programme.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kColwise
    matrix.start_, matrix.index_, matrix.value_ = starts.astype(np.int32), index, np.ones(len(index))
    programme.integrality_ = [highspy.HighsVarType.kInteger] * (count + many)
    return programme
