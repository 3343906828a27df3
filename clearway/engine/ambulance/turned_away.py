"""What diverts in force move: who was expected at one hospital is expected where it was agreed to receive."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.diverts import Cover, Divert
from clearway.domain.ambulance.situation import Situation, seconds

Grid = npt.NDArray[np.float64]  # sites x steps


def share_turned(divert: Divert, covered_share: Mapping[str, float]) -> float:
    """The share of those who come by ambulance that a divert turns away, 0 to 1."""
    return min(1.0, _covered(divert.covers, covered_share)) * divert.share


def _covered(covers: Iterable[Cover], covered_share: Mapping[str, float]) -> float:
    return sum(covered_share.get(cover.value, 0.0) for cover in covers)


def moved(
    expected: Grid, times: npt.NDArray[np.float64], situation: Situation, shares: Mapping[str, float]
) -> Grid:
    """What to add to `expected` at each site and step, negative where patients are turned away.

    expected  arrivals that still may go anywhere; times  of the steps, seconds since 1970
    shares    of those who come by ambulance, whom each cover takes in
    Receivers share alike. What goes to one that the situation does not have leaves the picture. The journey
    past the hospital is not added: a receiver is expected to see the patient at the same minute.
    """
    change = np.zeros_like(expected)
    row_of = {code: row for row, code in enumerate(situation.sites.code)}
    for divert in situation.diverts:
        row = row_of.get(divert.site)
        if row is None:
            continue
        ends = np.inf if divert.ends_at is None else seconds(divert.ends_at)
        runs = (times >= seconds(divert.starts_at)) & (times < ends)
        turned = expected[row] * runs * share_turned(divert, shares)
        change[row] -= turned
        for code in divert.to:
            if (receiver := row_of.get(code)) is not None:
                change[receiver] += turned / len(divert.to)
    return change
