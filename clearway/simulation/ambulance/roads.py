"""How long simulated journeys take before chance: the curve of the engine's travel estimate, one at a time.

The same figures as `engine.ambulance.travel.minutes` within a thousandth, without the price of an array.
"""

import math

from clearway.engine.ambulance.curve import ROADS

KM_PER_DEGREE = 111.195  # of latitude, on the sphere the estimate uses
HALF_A_DEGREE = math.pi / 360
_START, _PER_ROOT, _PER_KM = ROADS.start, ROADS.per_root, ROADS.per_km


def kilometres(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Straight-line kilometres as on a map; within a region the curve of the Earth adds next to nothing."""
    north = to_latitude - latitude
    east = (to_longitude - longitude) * math.cos((latitude + to_latitude) * HALF_A_DEGREE)
    return KM_PER_DEGREE * math.sqrt(north * north + east * east)


def minutes_for(km: float) -> float:
    """Minutes at normal road speed for straight-line kilometres."""
    return _START + _PER_ROOT * math.sqrt(km) + _PER_KM * km


def minutes(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Minutes at normal road speed between positions in degrees."""
    return minutes_for(kilometres(latitude, longitude, to_latitude, to_longitude))
