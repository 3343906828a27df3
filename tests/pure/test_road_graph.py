"""Minutes on a road graph: exact against a plain search, whatever is shut."""

import heapq
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.domain.ambulance.disruptions import Disruption, DisruptionKind
from clearway.domain.ambulance.situation import Sites
from clearway.domain.shared.geography import Point, distance_km
from clearway.engine.ambulance.travel import SOURCES, Network

pytest.importorskip("scipy", reason="the road graph needs scipy, the extra road-graph")
from clearway.engine.ambulance.road_graph import RoadGraph, Roads

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def random_roads(seed: int, nodes: int, arcs: int) -> Roads:
    """Nodes within 20 km, arcs between any of them: parallel ones, loops and dead ends too."""
    chance = np.random.default_rng(seed)
    return Roads(
        chance.uniform(51.0, 51.2, nodes),
        chance.uniform(-3.2, -3.0, nodes),
        chance.integers(0, nodes, arcs).astype(np.int32),
        chance.integers(0, nodes, arcs).astype(np.int32),
        chance.integers(1, 20, arcs).astype(np.float64),  # whole minutes: many ways are equally short
        as_of=1e9,
    )


def disruption(kind: DisruptionKind, latitude: float, longitude: float, radius_km: float) -> Disruption:
    end = NOON + timedelta(hours=1)
    return Disruption("d", kind, Point(latitude, longitude), radius_km, 12.0, NOON, end)


disruptions = st.lists(
    st.builds(
        disruption,
        st.sampled_from([DisruptionKind.CLOSURE, DisruptionKind.FLOODING]),
        st.floats(51.0, 51.2),
        st.floats(-3.2, -3.0),
        st.floats(0.1, 5),
    ),
    max_size=3,
)


def plain_search(graph: RoadGraph, minutes: np.ndarray, to: int) -> list[float]:
    """Dijkstra's algorithm with a heap, backwards from `to`."""
    leading: dict[int, list[tuple[int, float]]] = {}
    for tail, head, took in zip(graph.tail.tolist(), graph.head.tolist(), minutes.tolist(), strict=True):
        leading.setdefault(head, []).append((tail, took))
    best = [np.inf] * graph.count
    best[to], heap = 0.0, [(0.0, to)]
    while heap:
        so_far, node = heapq.heappop(heap)
        for other, took in leading.get(node, ()) if so_far == best[node] else ():
            if so_far + took < best[other]:
                best[other] = so_far + took
                heapq.heappush(heap, (best[other], other))
    return best


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 160), disruptions)
def test_every_way_is_as_long_as_a_plain_search_says_whatever_is_shut(
    seed: int, nodes: int, arcs: int, shut: list[Disruption]
) -> None:
    graph = RoadGraph(random_roads(seed, nodes, arcs))
    found = graph.minutes_to(np.arange(nodes), shut)

    minutes = graph.changed(shut)
    for to in range(nodes):
        assert found[to].tolist() == pytest.approx(plain_search(graph, minutes, to))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), disruptions, disruptions)
def test_the_order_in_which_roads_are_shut_and_opened_changes_nothing(
    seed: int, first: list[Disruption], second: list[Disruption]
) -> None:
    roads = random_roads(seed, 25, 90)
    to = np.array([0, 1])
    graph = RoadGraph(roads)
    graph.minutes_to(to, first)
    graph.minutes_to(to, first + second)

    assert graph.minutes_to(to, second) == pytest.approx(RoadGraph(roads).minutes_to(to, second))
    assert graph.minutes_to(to) == pytest.approx(RoadGraph(roads).minutes_to(to))


# A square: B lies north of A by a short road of 10 minutes, and by a way round over C of 30.
SQUARE = Roads(
    np.array([51.0, 51.1, 51.05]),
    np.array([-3.0, -3.0, -2.9]),
    np.array([0, 0, 2], dtype=np.int32),
    np.array([1, 2, 1], dtype=np.int32),
    np.array([10.0, 15.0, 15.0]),
    as_of=1e9,
)
B = Sites(("B",), ("Beta",), np.array([51.1]), np.array([-3.0]))


def from_a(*shut: Disruption) -> tuple[float, float, str]:
    """Minutes, estimated penalty and source from A to B while these are in force."""
    answer = Network(graph=RoadGraph(SQUARE)).journeys(
        51.0, -3.0, B, at=NOON.timestamp() + 60, disruptions=shut
    )
    return float(answer.minutes[0, 0]), float(answer.estimated_penalty[0, 0]), SOURCES[answer.source[0, 0]]


def test_a_closure_sends_a_crew_round_exactly_and_nothing_is_estimated() -> None:
    shut = disruption(DisruptionKind.CLOSURE, 51.05, -3.0, 1.0)  # between the nodes: the arc crosses it

    assert from_a() == (pytest.approx(10), 0, "graph")
    assert from_a(shut) == (pytest.approx(30), 0, "graph")


def test_a_flooded_stretch_costs_its_share_of_the_diameter() -> None:
    # The arc of 11.1 km crosses a circle of 12 km across: 12 minutes times 11.1 / 12.
    slow = disruption(DisruptionKind.FLOODING, 51.05, -3.0, 6.0)

    km = float(distance_km(51.0, -3.0, 51.1, -3.0))
    assert from_a(slow)[0] == pytest.approx(10 + 12 * km / 12)


def test_where_every_road_is_shut_no_minutes_are_invented() -> None:
    assert from_a(disruption(DisruptionKind.CLOSURE, 51.1, -3.0, 1.0))[0] == np.inf


def test_off_the_graph_the_next_best_source_answers() -> None:
    answer = Network(graph=RoadGraph(SQUARE)).journeys(
        np.array([50.5, np.nan]), np.array([-3.0, np.nan]), B, at=NOON.timestamp()
    )

    assert [SOURCES[code] for code in answer.source[:, 0]] == ["distance", "distance"]
    assert np.isfinite(answer.minutes[0, 0])
    assert np.isnan(answer.minutes[1, 0])
