"""A table of drive times from small areas to hospitals, read at any position by interpolation.

The table does not answer by itself: it corrects the distance curve. At a position the corrections (minutes of
the table less minutes of the curve) of the nearest small areas are weighted by the inverse square of their
distance. That way a crew at the hospital's door is minutes away although no small area is near.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clearway.domain.shared.geography import distance_km

from .curve import ROADS, Curve, Minutes

NEIGHBOURS = 4  # 3 to 8 are as good, measured by leaving areas out
FURTHEST_KM = 10.0  # a position further than that from every small area is not on the table: at sea, abroad
CELL_KM = 1.5
BLOCK = 8  # cells along the side of a block
KM_PER_DEGREE = 111.195  # of a great circle

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int32]
NOBODY: Rows = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class DriveTimes:
    """Minutes by road at normal speed from small areas to hospitals.

    latitude, longitude            (n,) centres of the small areas, degrees
    unit_latitude, unit_longitude  (u,) the hospitals
    minutes                        (n, u)
    as_of                          seconds of the table's publication
    """

    latitude: Floats
    longitude: Floats
    unit_latitude: Floats
    unit_longitude: Floats
    minutes: npt.NDArray[np.float32]
    as_of: float

    def around(self, latitude: Floats, longitude: Floats, km: float = 60.0) -> "DriveTimes":
        """The part for a region: its hospitals within 15 km of the given positions, areas within `km`."""
        units = _near(self.unit_latitude, self.unit_longitude, latitude, longitude, LEND_KM)
        areas = _near(self.latitude, self.longitude, latitude, longitude, km)
        return DriveTimes(
            self.latitude[areas],
            self.longitude[areas],
            self.unit_latitude[units],
            self.unit_longitude[units],
            self.minutes[np.ix_(areas, units)],
            self.as_of,
        )


SAME_KM = 0.75  # a site that near to a hospital of the table is that hospital
LEND_KM = 15.0  # up to there a hospital lends its corrections to a site that the table lacks
LENT = 0.75  # what part of them
LENT_ERROR = 0.6  # what they leave of the curve's error: 2.3 to 2.7 instead of 3.5 to 4.3 minutes in England


@dataclass(frozen=True, slots=True)
class Columns:
    """How the hospitals of a table serve a set of destinations.

    mix   (u, d) weights of the hospitals' corrections; a column of zeros where none is near
    own   (d,) whether the table has the destination itself
    lent  (d,) whether near hospitals lend it their corrections
    """

    mix: Floats
    own: npt.NDArray[np.bool_]
    lent: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Corrections:
    """What a table adds to the curve at some origins.

    minutes     (o, u), 0 where the origin is off the table
    nearest_km  (o,) from the nearest small area, NaN where off the table
    """

    minutes: Floats
    nearest_km: Floats


class Table:
    """Drive times ready to be read at any position: corrections of a curve, found on a grid."""

    def __init__(self, times: DriveTimes, curve: Curve = ROADS) -> None:
        self.times = times
        self.as_of = times.as_of
        self._shrink = float(np.cos(np.radians(times.latitude.mean())))
        self._north = times.latitude * KM_PER_DEGREE
        self._east = times.longitude * KM_PER_DEGREE * self._shrink
        km = distance_km(
            times.latitude[:, None], times.longitude[:, None], times.unit_latitude, times.unit_longitude
        )
        self._corrections = times.minutes - curve.minutes(km)
        self._grid = _Grid(self._east, self._north)

    def corrections(self, latitude: Floats, longitude: Floats) -> Corrections:
        """The corrections of the curve at positions in degrees, (o,) each; NaN is off the table."""
        north, east = latitude * KM_PER_DEGREE, longitude * (KM_PER_DEGREE * self._shrink)
        rows, square = self._grid.nearest(east, north)
        weight = 1 / np.maximum(square, 0.0025)  # nearer than 50 m counts as 50 m
        weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)  # all infinitely far: off the table
        near = np.sqrt(square.min(axis=1))
        minutes = np.matmul(weight[:, None, :], self._corrections[rows])[:, 0, :]
        on = near <= FURTHEST_KM
        if not on.all():
            minutes[~on], near[~on] = 0.0, np.nan
        return Corrections(minutes, near)

    def columns(self, latitude: Floats, longitude: Floats) -> Columns:
        """How this table serves destinations at positions in degrees, (d,) each."""
        times = self.times
        km = distance_km(
            times.unit_latitude[:, None], times.unit_longitude[:, None], latitude, longitude
        )  # (u, d)
        nearest_km = km.min(axis=0, initial=np.inf)
        own, lent = nearest_km <= SAME_KM, (nearest_km > SAME_KM) & (nearest_km <= LEND_KM)
        closest = np.where(km == nearest_km, 1.0, 0.0)
        lenders = np.where(km.argsort(axis=0).argsort(axis=0) < 3, 1 / np.maximum(km, SAME_KM) ** 2, 0.0)
        lenders *= LENT / np.maximum(lenders.sum(axis=0), 1e-12)
        return Columns(np.where(own, closest / np.maximum(closest.sum(axis=0), 1), lenders * lent), own, lent)

    def error(self, nearest_km: Floats) -> Minutes:
        """Mean absolute error against the table itself, minutes, at such a distance from a small area.

        Measured on the South West by leaving each small area out (bench/travel_fit.py); what the modelled
        table differs from real drives is not known and not in it.
        """
        return 0.55 + 0.45 * nearest_km


class _Grid:
    """Square cells over the small areas, each with every area that can be among the nearest of a point in it.

    An area can be if it is no further from the cell's middle than the fourth nearest is, and the cell's
    diagonal more. Cells are worked out in blocks, so that far areas are looked at only where near ones lack.
    """

    def __init__(self, east: Floats, north: Floats) -> None:
        self._east, self._north = np.append(east, np.inf), np.append(north, np.inf)  # the last one is nobody
        self._nobody = len(east)
        self._count = min(NEIGHBOURS, len(east))
        self._west, self._south = east.min() - FURTHEST_KM, north.min() - FURTHEST_KM
        self._across = self._blocks(east.max() - self._west) * BLOCK
        self._up = self._blocks(north.max() - self._south) * BLOCK
        within = np.full((self._up, self._across), None, dtype=object)
        for row in range(0, self._up, BLOCK):
            for column in range(0, self._across, BLOCK):
                for place, rows in enumerate(self._block(row, column)):
                    within[row + place // BLOCK, column + place % BLOCK] = rows
        parts = [*within.ravel(), NOBODY]  # the last cell stands for everywhere outside
        self._sizes = np.array([len(part) for part in parts])
        self._starts = np.append(0, np.cumsum(self._sizes[:-1]))
        self._flat = np.concatenate([*parts, np.zeros(1, dtype=np.int32)])

    @staticmethod
    def _blocks(km: float) -> int:
        return int((km + FURTHEST_KM) / (BLOCK * CELL_KM)) + 1

    def _block(self, row: int, column: int) -> list[Rows]:
        """The candidates of each cell of one block."""
        steps = (np.arange(BLOCK) + 0.5) * CELL_KM
        north, east = np.meshgrid(
            self._south + row * CELL_KM + steps, self._west + column * CELL_KM + steps, indexing="ij"
        )
        candidates = [NOBODY] * BLOCK**2
        reach = FURTHEST_KM + CELL_KM
        for window in (reach, 4 * reach, 16 * reach):
            rows = self._within(window, east, north)
            if not len(rows) and window == reach:  # nothing near: off the table
                break
            if len(rows) < self._count:
                continue
            km = np.hypot(
                self._east[rows] - east.ravel()[:, None], self._north[rows] - north.ravel()[:, None]
            )
            furthest = np.partition(km, self._count - 1, axis=1)[:, self._count - 1] + CELL_KM * 2**0.5
            on = km.min(axis=1) <= reach
            candidates = [rows[each] for each in (km <= furthest[:, None]) & on[:, None]]
            if not on.any() or furthest[on].max() <= window:
                break
        return candidates

    def _within(self, window: float, east: Floats, north: Floats) -> Rows:
        """Areas no further than a window from the middles of a block."""
        near = np.abs(self._east[:-1] - east.mean()) <= window + BLOCK * CELL_KM / 2
        near &= np.abs(self._north[:-1] - north.mean()) <= window + BLOCK * CELL_KM / 2
        return np.flatnonzero(near).astype(np.int32)

    def nearest(self, east: Floats, north: Floats) -> tuple[Rows, Floats]:
        """Rows of the nearest areas and their squared distances in km, (o, NEIGHBOURS) each.

        Off the grid the distances are infinite or NaN and the rows arbitrary.
        """
        if len(east) == 1:
            return self._nearest_to_one(float(east[0]), float(north[0]))
        across = np.floor((east - self._west) / CELL_KM)
        up = np.floor((north - self._south) / CELL_KM)
        known = (across >= 0) & (across < self._across) & (up >= 0) & (up < self._up)
        cell = np.where(known, up * self._across + across, len(self._sizes) - 1).astype(np.int64)
        sizes = self._sizes[cell]
        place = np.arange(max(int(sizes.max(initial=0)), self._count))
        taken = place < sizes[:, None]
        flat = self._flat[np.where(taken, self._starts[cell][:, None] + place, 0)]
        rows = np.where(taken, flat, self._nobody)
        square = (self._east[rows] - east[:, None]) ** 2 + (self._north[rows] - north[:, None]) ** 2
        best = np.argpartition(square, self._count - 1, axis=1)[:, : self._count]
        return (
            np.minimum(np.take_along_axis(rows, best, axis=1), self._nobody - 1),
            np.take_along_axis(square, best, axis=1),
        )

    def _nearest_to_one(self, east: float, north: float) -> tuple[Rows, Floats]:
        """The same for one position, without the care that many at once need: four times as fast."""
        across, up = (east - self._west) / CELL_KM, (north - self._south) / CELL_KM
        if not (0 <= across < self._across and 0 <= up < self._up):
            return self._nowhere
        cell = int(up) * self._across + int(across)
        begin = self._starts[cell]
        rows = self._flat[begin : begin + self._sizes[cell]]
        if not len(rows):
            return self._nowhere
        beside, above = self._east[rows] - east, self._north[rows] - north
        square = beside * beside + above * above
        best = square.argpartition(self._count - 1)[: self._count]
        return rows[best][None], square[best][None]

    @property
    def _nowhere(self) -> tuple[Rows, Floats]:
        return np.zeros((1, self._count), dtype=np.int32), np.full((1, self._count), np.inf)


def _near(
    latitude: Floats, longitude: Floats, to_latitude: Floats, to_longitude: Floats, km: float
) -> npt.NDArray[np.bool_]:
    """Which of the positions lie within some kilometres of any of the others."""
    near = np.zeros(len(latitude), dtype=np.bool_)
    for north, east in zip(to_latitude, to_longitude, strict=True):
        near |= distance_km(latitude, longitude, north, east) <= km
    return near
