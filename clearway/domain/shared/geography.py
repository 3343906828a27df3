"""Distances on the ground."""

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
