"""Minutes on a road graph: for each destination the shortest way from everywhere, kept ready.

Destinations are few and stay; so one search backwards from each (a reverse shortest-path tree) answers every
later question by looking it up. Disruptions only make roads slower or shut them. What they change is the part
of a tree that hung on the changed roads: that part alone is searched again, and the answer is exact.

Needs scipy (the extra `road-graph`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.disruptions import Disruption, DisruptionKind
from clearway.domain.shared.geography import distance_km

from .curve import Minutes

OFF_ROAD_KM = 2.0  # a position further than that from every node is not on the graph
ACCESS_KMH = 25.0  # assumed: along the straight line to the nearest node
ERROR_SHARE = 0.15  # assumed mean absolute error of a graph's minutes, until a trust has measured its own
REMEMBERED = 8  # sets of destinations and disruptions whose answers are kept
KM_PER_DEGREE = 111.195

Floats = npt.NDArray[np.float64]
Nodes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Roads:
    """A road graph as it is read: nodes with their places, arcs that are driven one way.

    latitude, longitude  (n,) degrees
    tail, head           (m,) rows of nodes: an arc leads from its tail to its head
    minutes              (m,) at normal speed, above 0
    as_of                seconds of the map's date
    """

    latitude: Floats
    longitude: Floats
    tail: npt.NDArray[np.int32]
    head: npt.NDArray[np.int32]
    minutes: Floats
    as_of: float


@dataclass(frozen=True, slots=True)
class _Tree:
    """The shortest ways to one node: minutes from every node, and the arc each leaves by (-1 for none).

    order, place, size  nodes so ordered that whoever drives through a node follows it: those are the `size`
                        nodes from its `place` on
    """

    minutes: Floats
    leaves_by: npt.NDArray[np.int64]
    order: Nodes
    place: Nodes
    size: Nodes


class RoadGraph:
    """Roads ready to be asked. What was worked out once is remembered."""

    def __init__(self, roads: Roads) -> None:
        from scipy.sparse import csr_array
        from scipy.spatial import cKDTree

        self.as_of = roads.as_of
        self.latitude, self.longitude = roads.latitude, roads.longitude
        self.count = len(roads.latitude)
        self.tail, self.head, self.minutes = _one_arc_a_pair(roads)
        self._shrink = float(np.cos(np.radians(roads.latitude.mean())))
        places = self._plane(roads.latitude, roads.longitude)
        self._near = cKDTree(places)
        self._begins, self._along = places[self.tail], places[self.head] - places[self.tail]
        self._longest = float(np.hypot(*self._along.T).max(initial=0.0))
        # Arcs are sorted by head, then tail: row h of the matrix holds the arcs that lead to h.
        starts = np.searchsorted(self.head, np.arange(self.count + 1))
        self._backwards = csr_array((self.minutes, self.tail, starts), shape=(self.count, self.count))
        self._km = distance_km(
            self.latitude[self.tail],
            self.longitude[self.tail],
            self.latitude[self.head],
            self.longitude[self.head],
        )
        self._trees: dict[int, _Tree] = {}
        self._answers: dict[tuple[bytes, tuple[Disruption, ...]], Floats] = {}

    def nearest(self, latitude: Floats, longitude: Floats) -> tuple[Nodes, Floats]:
        """The nearest node of each position and the minutes to it, inf where it is off the graph."""
        known = ~(np.isnan(latitude) | np.isnan(longitude))
        places = self._plane(np.where(known, latitude, 0.0), np.where(known, longitude, 0.0))
        km, nodes = self._near.query(places)
        near = known & (km <= OFF_ROAD_KM)
        return np.asarray(nodes, dtype=np.int64), np.where(near, km * 60 / ACCESS_KMH, np.inf)

    def minutes_to(self, nodes: Nodes, disruptions: Sequence[Disruption] = ()) -> Minutes:
        """Minutes from every node to each of some nodes (d, n), inf where no open road leads there.

        disruptions  all of them count; see `changed`
        """
        key = (nodes.tobytes(), tuple(disruptions))
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answer(nodes, disruptions)
            if len(self._answers) >= REMEMBERED:
                self._answers.pop(next(iter(self._answers)))
            self._answers[key] = answer
        return answer

    def changed(self, disruptions: Sequence[Disruption]) -> Floats:
        """The minutes of every arc under some disruptions.

        A closure shuts the arcs that touch its circle. Anything else spreads its extra minutes over the
        diameter: an arc in the circle takes `extra_minutes` times its share of the diameter longer.
        """
        minutes = self.minutes.copy()
        for each in disruptions:
            within = self._within(each)
            if each.kind is DisruptionKind.CLOSURE:
                minutes[within] = np.inf
            else:
                minutes[within] += each.extra_minutes * self._km[within] / (2 * each.radius_km)
        return minutes

    def _within(self, each: Disruption) -> Nodes:
        """Arcs of which any part lies within the radius."""
        here = self._plane(np.array([each.centre.latitude]), np.array([each.centre.longitude]))[0]
        reach = each.radius_km + self._longest
        near = np.abs(self._begins[:, 0] - here[0]) <= reach
        near &= np.abs(self._begins[:, 1] - here[1]) <= reach
        arcs = np.flatnonzero(near)
        begin, along = self._begins[arcs] - here, self._along[arcs]
        length = np.maximum((along**2).sum(axis=1), 1e-12)
        share = np.clip(-(begin * along).sum(axis=1) / length, 0, 1)
        nearest = begin + share[:, None] * along
        return np.asarray(arcs[(nearest**2).sum(axis=1) <= each.radius_km**2], dtype=np.int64)

    def _answer(self, nodes: Nodes, disruptions: Sequence[Disruption]) -> Floats:
        trees = [self._tree(int(node)) for node in nodes]
        now = self.changed(disruptions)
        slower = now != self.minutes
        if not (trees and slower.any()):
            return np.array([tree.minutes for tree in trees]).reshape(len(trees), self.count)
        return np.stack([self._repaired(tree, now, slower) for tree in trees])

    def _tree(self, node: int) -> _Tree:
        if node not in self._trees:
            self._trees[node] = self._grown(node)
        return self._trees[node]

    def _grown(self, node: int) -> _Tree:
        from scipy.sparse import csgraph, csr_array

        minutes, follows = csgraph.dijkstra(self._backwards, indices=node, return_predecessors=True)
        goes = follows >= 0
        leaves_by = np.full(self.count, -1, dtype=np.int64)
        rows = np.flatnonzero(goes)
        # The arc from a node to the next one: arcs are sorted by (head, tail).
        leaves_by[rows] = np.searchsorted(
            self.head.astype(np.int64) * self.count + self.tail,
            follows[rows].astype(np.int64) * self.count + rows,
        )
        hangs = csr_array((np.ones(len(rows)), (follows[rows], rows)), shape=(self.count, self.count))
        order, _ = csgraph.depth_first_order(hangs, node, return_predecessors=True)
        place = np.full(self.count, -1, dtype=np.int64)
        place[order] = np.arange(len(order))
        return _Tree(minutes, leaves_by, order.astype(np.int64), place, self._sizes(order, follows))

    def _sizes(self, order: npt.NDArray[np.int32], follows: npt.NDArray[np.int32]) -> Nodes:
        """How many nodes each has under it, itself counted: from the leaves towards the root."""
        size = [1] * self.count
        next_one = follows.tolist()
        for node in reversed(order.tolist()[1:]):
            size[next_one[node]] += size[node]
        return np.array(size, dtype=np.int64)

    def _repaired(self, tree: _Tree, now: Floats, slower: npt.NDArray[np.bool_]) -> Floats:
        """The minutes of a tree after arcs have become slower or shut.

        Ramalingam and Reps (1996) for increases: only nodes whose way used a changed arc are searched again,
        from the nodes around them, whose minutes stand.
        """
        from scipy.sparse import csgraph

        touched = self._touched(tree, slower)
        if touched is None:
            return tree.minutes
        arcs = np.flatnonzero(touched[self.tail] & np.isfinite(now))
        inner = touched[self.head[arcs]]
        minutes = np.where(touched, np.inf, tree.minutes)
        border, within = arcs[~inner], arcs[inner]
        best = np.full(self.count, np.inf)
        np.minimum.at(best, self.tail[border], now[border] + minutes[self.head[border]])
        number = np.cumsum(touched)  # touched nodes become 1, 2, ...; 0 stands for all that lies around
        reached = np.flatnonzero(touched & np.isfinite(best))
        start = np.zeros(len(reached), dtype=np.int64)
        matrix = self._matrix(
            np.concatenate([start, number[self.head[within]]]),
            np.concatenate([number[reached], number[self.tail[within]]]),
            np.concatenate([best[reached], now[within]]),
            int(number[-1]) + 1,
        )
        minutes[touched] = csgraph.dijkstra(matrix, indices=0)[1:]
        return minutes

    @staticmethod
    def _touched(tree: _Tree, slower: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_] | None:
        """The nodes whose shortest way uses one of the arcs: the subtrees that hang on them."""
        roots = np.flatnonzero((tree.leaves_by >= 0) & slower[tree.leaves_by])
        if not len(roots):
            return None
        marks = np.zeros(len(tree.order) + 1, dtype=np.int64)
        np.add.at(marks, tree.place[roots], 1)
        np.add.at(marks, tree.place[roots] + tree.size[roots], -1)
        touched = np.zeros(len(tree.minutes), dtype=np.bool_)
        touched[tree.order] = np.cumsum(marks[:-1]) > 0
        return touched

    @staticmethod
    def _matrix(row: Nodes, column: Nodes, minutes: Floats, count: int) -> Any:
        from scipy.sparse import csr_array

        return csr_array((minutes, (row, column)), shape=(count, count))

    def _plane(self, latitude: Floats, longitude: Floats) -> Floats:
        """Kilometres to the east and north, true enough over one region."""
        return np.column_stack((longitude * KM_PER_DEGREE * self._shrink, latitude * KM_PER_DEGREE))


def _one_arc_a_pair(roads: Roads) -> tuple[Nodes, Nodes, Floats]:
    """Arcs sorted by head and tail, the fastest of parallel ones, without those from a node to itself."""
    real = roads.tail != roads.head
    tail, head, minutes = roads.tail[real], roads.head[real], roads.minutes[real]
    order = np.lexsort((minutes, tail, head))
    tail, head, minutes = tail[order], head[order], minutes[order]
    first = np.ones(len(tail), dtype=np.bool_)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    return (
        tail[first].astype(np.int64),
        head[first].astype(np.int64),
        np.maximum(minutes[first], 1e-6),  # an arc of no minutes would be none to scipy
    )
