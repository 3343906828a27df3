"""Distances on the ground."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG


class Point(NamedTuple):
    """WGS84 position in degrees."""

    latitude: float
    longitude: float


Degrees = float | npt.NDArray[np.float64]


def distance_km(
    latitude: Degrees, longitude: Degrees, other_latitude: Degrees, other_longitude: Degrees
) -> npt.NDArray[np.float64]:
    """Great-circle distance in kilometres (haversine). Arguments broadcast; degrees in."""
    phi, other_phi = np.radians(latitude), np.radians(other_latitude)
    half_lat = (other_phi - phi) / 2
    half_lon = np.radians(np.subtract(other_longitude, longitude)) / 2
    chord = np.sin(half_lat) ** 2 + np.cos(phi) * np.cos(other_phi) * np.sin(half_lon) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(chord)), dtype=np.float64)


def nearest(here: npt.NDArray[np.float64], there: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """For each row of `here` the row of `there` nearest to it; both (n, 2) latitude and longitude, degrees.

    The nearest has the smallest angle between the two directions from the centre of the Earth: one product of
    matrices instead of a distance for every pair. `there` is not empty.
    """
    return np.asarray((directions(*here.T) @ directions(*there.T).T).argmax(axis=1))


def direction(latitude: float, longitude: float) -> npt.NDArray[np.float64]:
    """(3,) direction of one position in degrees from the centre of the Earth."""
    phi, theta = math.radians(latitude), math.radians(longitude)
    flat = math.cos(phi)
    return np.array((flat * math.cos(theta), flat * math.sin(theta), math.sin(phi)))


def directions(
    latitude: npt.NDArray[np.float64], longitude: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(n, 3) directions of positions in degrees from the centre of the Earth."""
    phi, theta = latitude * (np.pi / 180), longitude * (np.pi / 180)
    flat = np.cos(phi)
    return np.stack((flat * np.cos(theta), flat * np.sin(theta), np.sin(phi)), axis=1)
