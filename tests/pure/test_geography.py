"""The nearest place is the one with the smallest distance."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.shared.geography import distance_km, nearest

POINTS = st.lists(st.tuples(st.floats(-89, 89), st.floats(-180, 180)), min_size=1, max_size=8)


@given(here=POINTS, there=POINTS)
def test_no_place_is_nearer_than_the_nearest(
    here: list[tuple[float, float]], there: list[tuple[float, float]]
) -> None:
    mine, places = np.array(here), np.array(there)

    chosen = nearest(mine, places)

    apart = distance_km(mine[:, :1], mine[:, 1:], places[:, 0], places[:, 1])
    # A metre: what a cosine near 1 can tell apart.
    assert (apart[np.arange(len(mine)), chosen] <= apart.min(axis=1) + 0.001).all()
