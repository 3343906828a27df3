"""Minutes by road from where crews are to where they may go, with source, age and error.

One function answers for everybody: Network.journeys. A network holds what a region knows of its roads; the
best source wins pair by pair, and where nothing better is known the straight-line distance answers. The
distance knows no traffic and no estuaries, and its error says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.disruptions import Disruption
from clearway.domain.shared.geography import EARTH_RADIUS_KM, Degrees, direction, directions, distance_km

from .curve import ROADS, Curve, Minutes
from .drive_times import LENT_ERROR, Columns, Table
from .road_graph import ERROR_SHARE, Nodes, RoadGraph

SOURCES = ("table", "graph", "distance", "service")
TABLE, GRAPH, DISTANCE, SERVICE = range(4)


class Places(Protocol):
    """Where journeys end: a situation's sites, or alternatives; columns of one length, degrees."""

    @property
    def code(self) -> tuple[str, ...]: ...
    @property
    def latitude(self) -> npt.NDArray[np.float64]: ...
    @property
    def longitude(self) -> npt.NDArray[np.float64]: ...


def minutes(
    latitude: Degrees,
    longitude: Degrees,
    other_latitude: Degrees,
    other_longitude: Degrees,
    blue_light: float = 1.0,
    curve: Curve = ROADS,
) -> Minutes:
    """Estimated driving minutes between any two positions in degrees, by distance; arguments broadcast.

    blue_light  share of the normal time that a journey under emergency conditions takes, 0 < share <= 1;
                a policy of the trust, not a constant of nature
    Raises ValueError for a share outside that range.
    """
    check_blue_light(blue_light)
    return blue_light * curve.minutes(distance_km(latitude, longitude, other_latitude, other_longitude))


def check_blue_light(blue_light: float) -> None:
    """Raises ValueError for what is not a share of the normal time."""
    if not 0 < blue_light <= 1:
        raise ValueError(f"blue_light is a share of the normal time, in (0, 1]; found {blue_light}")


@dataclass(frozen=True, slots=True)
class Journeys:
    """Every journey from origins (rows) to destinations (columns).

    minutes            with the disruptions in it; inf where no open road leads there
    error              mean absolute error of `minutes`, in minutes, as measured for the source
    source             index into SOURCES
    as_of              seconds of the oldest data that any of the figures rests on
    estimated_penalty  the part of `minutes` that is an estimated penalty for disruptions; 0 where they were
                       taken exactly, on a graph
    """

    minutes: npt.NDArray[np.float64]
    error: npt.NDArray[np.float64]
    source: npt.NDArray[np.int8]
    as_of: float
    estimated_penalty: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Network:
    """What one region knows of its roads. Built once, used for every question.

    table  drive times that correct the curve where they reach
    graph  roads, which answer before the table wherever both ends are on them
    """

    curve: Curve = ROADS
    table: Table | None = None
    graph: RoadGraph | None = None
    _ends: "dict[_Key, _Ends]" = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def plain(cls) -> "Network":
        """The distance curve alone."""
        return PLAIN

    def journeys(
        self,
        latitude: Degrees,
        longitude: Degrees,
        sites: Places,
        *,
        at: float,
        disruptions: Sequence[Disruption] = (),
        blue_light: float = 1.0,
    ) -> Journeys:
        """Minutes from every origin to every site for a crew that leaves at `at`.

        latitude, longitude  of the origins in degrees, one number or a column each; NaN gives NaN
        disruptions          those of them that are in force at `at` count
        blue_light           share of the normal time, see minutes(); penalties and errors shrink with it
        """
        check_blue_light(blue_light)
        north, east = np.atleast_1d(latitude), np.atleast_1d(longitude)
        ends = self._prepared(sites)
        # One crew: plain numbers are four times as fast as arrays of one.
        origins = direction(north[0], east[0])[None] if len(north) == 1 else directions(north, east)
        km = _kilometres_between(origins, ends.directions)
        took, error = self.curve.minutes(km), self.curve.error(km)
        source, as_of = np.full(km.shape, DISTANCE, dtype=np.int8), self.curve.fitted_at
        if self.table is not None and ends.columns is not None:
            as_of = min(as_of, self._correct(self.table, ends.columns, (north, east), took, error, source))
        penalty = np.zeros_like(took)
        now = in_force(disruptions, at) if disruptions else ()
        for disruption in now:
            penalty += area_penalty(disruption, north, east, sites.latitude, sites.longitude)
        if self.graph is not None and ends.nodes is not None:
            exact = self._drive(self.graph, ends.nodes, (north, east), now)
            on = ~np.isnan(exact)
            took, penalty = np.where(on, exact, took), np.where(on, 0.0, penalty)
            error, source = np.where(on, ERROR_SHARE * exact, error), np.where(on, np.int8(GRAPH), source)
            as_of = min(as_of, self.graph.as_of)
        return Journeys(
            minutes=blue_light * (took + penalty),
            error=blue_light * error,
            source=source,
            as_of=as_of,
            estimated_penalty=blue_light * penalty,
        )

    def minutes(
        self,
        latitude: Degrees,
        longitude: Degrees,
        sites: Places,
        *,
        at: float,
        disruptions: Sequence[Disruption] = (),
        blue_light: float = 1.0,
    ) -> Minutes:
        """The minutes of journeys() alone, (o, d); (d,) from one origin that is two numbers.

        Quickest where distance alone answers.
        """
        if self.table is None and self.graph is None and not disruptions:
            check_blue_light(blue_light)
            return np.multiply(blue_light, self.by_distance(latitude, longitude, sites))
        made = self.journeys(
            latitude, longitude, sites, at=at, disruptions=disruptions, blue_light=blue_light
        )
        return made.minutes[0] if isinstance(latitude, float) else made.minutes

    def by_distance(self, latitude: Degrees, longitude: Degrees, sites: Places) -> Minutes:
        """Minutes by distance alone, whatever is known of the roads; shapes as in minutes()."""
        if isinstance(latitude, float) and isinstance(longitude, float):
            origins = direction(latitude, longitude)
        else:
            origins = directions(np.asarray(latitude), np.asarray(longitude))
        return self.curve.minutes(_kilometres_between(origins, self._prepared(sites).directions))

    def _correct(
        self,
        table: Table,
        columns: Columns,
        origins: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
        took: Minutes,
        error: Minutes,
        source: npt.NDArray[np.int8],
    ) -> float:
        """Put the table's corrections into the three arrays; seconds of its publication."""
        found = table.corrections(*origins)
        took += found.minutes @ columns.mix
        np.maximum(took, self.curve.start, out=took)
        on = (found.nearest_km == found.nearest_km)[:, None]  # not NaN
        own = on & columns.own
        error *= np.where(on & columns.lent, LENT_ERROR, 1.0)
        np.copyto(error, table.error(found.nearest_km)[:, None], where=own)
        np.copyto(source, TABLE, where=own)
        return table.as_of

    @staticmethod
    def _drive(
        graph: RoadGraph,
        ends: "tuple[Nodes, Minutes]",
        origins: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
        disruptions: tuple[Disruption, ...],
    ) -> Minutes:
        """Minutes (o, d) on the graph, inf where every road is shut, NaN where an end is off the graph."""
        nodes, access = graph.nearest(*origins)
        open_roads = graph.minutes_to(ends[0])[:, nodes].T + access[:, None] + ends[1]
        if not disruptions:
            return np.where(np.isfinite(open_roads), open_roads, np.nan)
        now = graph.minutes_to(ends[0], disruptions)[:, nodes].T + access[:, None] + ends[1]
        return np.where(np.isfinite(open_roads), now, np.nan)

    def _prepared(self, sites: Places) -> "_Ends":
        """What is worked out once for a set of destinations."""
        key = (sites.latitude.tobytes(), sites.longitude.tobytes())
        ends = self._ends.get(key)
        if ends is None:
            columns = self.table.columns(sites.latitude, sites.longitude) if self.table else None
            nodes = self.graph.nearest(sites.latitude, sites.longitude) if self.graph else None
            ends = _Ends(directions(sites.latitude, sites.longitude).T.copy(), columns, nodes)
            if len(self._ends) >= MEMORY:  # a page that asks for one odd place after another
                self._ends.clear()
            self._ends[key] = ends
        return ends


@dataclass(frozen=True, slots=True)
class _Ends:
    directions: npt.NDArray[np.float64]
    columns: Columns | None
    nodes: tuple[Nodes, Minutes] | None


_Key = tuple[bytes, bytes]
MEMORY = 256  # sets of destinations remembered
PLAIN = Network()


def _kilometres_between(directions: Minutes, others: Minutes) -> Minutes:
    """Great-circle kilometres between (o, 3) and (3, d) directions, right to a metre."""
    apart = np.maximum(1 - directions @ others, 0.0)
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(apart / 2)))


def in_force(disruptions: Sequence[Disruption], at: float) -> tuple[Disruption, ...]:
    """Those that hinder travel at an instant in seconds: from their start, and no longer at their end."""
    return tuple(
        disruption
        for disruption in disruptions
        if disruption.starts_at.timestamp() <= at < disruption.ends_at.timestamp()
    )


def area_penalty(
    disruption: Disruption,
    latitude: npt.NDArray[np.float64],
    longitude: npt.NDArray[np.float64],
    to_latitude: npt.NDArray[np.float64],
    to_longitude: npt.NDArray[np.float64],
) -> Minutes:
    """Minutes (origins, destinations) that crossing the disrupted area is estimated to cost.

    The straight line stands in for the road: the penalty is `extra_minutes` times the share of the area's
    diameter that the line runs inside it. Kilometres on a plane around the area: right to a few metres there.
    """
    east, north = _kilometres(disruption, latitude, longitude)
    to_east, to_north = _kilometres(disruption, to_latitude, to_longitude)
    along_east, along_north = to_east - east[:, None], to_north - north[:, None]
    length = np.hypot(along_east, along_north)
    stretch = np.maximum(length, 1e-9)
    # From the origin along the line: where it passes nearest to the centre, and how far from it that is.
    middle = -(east[:, None] * along_east + north[:, None] * along_north) / stretch
    aside = np.abs(east[:, None] * along_north - north[:, None] * along_east) / stretch
    half = np.sqrt(np.maximum(disruption.radius_km**2 - aside**2, 0))
    inside = np.clip(middle + half, 0, length) - np.clip(middle - half, 0, length)
    return np.asarray(disruption.extra_minutes * inside / (2 * disruption.radius_km))


def _kilometres(
    disruption: Disruption, latitude: npt.NDArray[np.float64], longitude: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """East and north of the centre of the disruption."""
    centre = disruption.centre
    per_degree = 111.195  # kilometres in a degree of a great circle
    shrink = np.cos(np.radians(centre.latitude))
    return (longitude - centre.longitude) * per_degree * shrink, (latitude - centre.latitude) * per_degree
