"""The matrix questions and answers of a Valhalla routing service: values to JSON and back.

Format: https://valhalla.github.io/valhalla/api/matrix/api-reference/ (sources_to_targets). A closure goes
with the question as a polygon that no way may touch, so the service's answer is exact.
"""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.disruptions import Disruption, DisruptionKind
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.geography import Point

CORNERS = 12  # of the polygon that stands for a circle
KM_PER_DEGREE = 111.195
FIX = "Check that the address is that of a Valhalla service, version 3."


def request(origins: Sequence[Point], ends: Sequence[Point], disruptions: Sequence[Disruption] = ()) -> bytes:
    """The body of a question: minutes by car from every origin to every end, past every closure."""
    asked: dict[str, Any] = {
        "sources": [_place(point) for point in origins],
        "targets": [_place(point) for point in ends],
        "costing": "auto",
    }
    closures = [_ring(each) for each in disruptions if each.kind is DisruptionKind.CLOSURE]
    if closures:
        asked["exclude_polygons"] = closures
    return msgspec.json.encode(asked)


def minutes(body: bytes, origins: int, ends: int) -> npt.NDArray[np.float64]:
    """The minutes (origins, ends) of an answer, NaN where the service found no way.

    Both forms are read: a list of cells for each origin, and the short one with `durations`.
    Raises CannotParse.
    """
    try:
        answer = msgspec.json.decode(body)
        cells = answer["sources_to_targets"]
        rows = (
            cells["durations"]
            if isinstance(cells, dict)
            else [[_time(cell) for cell in row] for row in cells]
        )
        found = np.array(
            [[np.nan if each is None else each for each in row] for row in rows], dtype=np.float64
        )
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise CannotParse("the whole answer", "It is not JSON.", FIX) from None
    except (KeyError, TypeError, ValueError):
        why = "It holds no matrix of times."
        raise CannotParse("sources_to_targets", why, FIX) from None
    if found.shape != (origins, ends) or (found < 0).any():
        why = f"{origins} by {ends} times were asked for; {' by '.join(map(str, found.shape))} came."
        raise CannotParse("sources_to_targets", why, FIX)
    return found / 60


def _time(cell: dict[str, Any]) -> Any:
    return cell["time"]


def _place(point: Point) -> dict[str, float]:
    return {"lat": round(point.latitude, 6), "lon": round(point.longitude, 6)}


def _ring(each: Disruption) -> list[list[float]]:
    """A closed ring of longitude and latitude around a circle."""
    north = each.radius_km / KM_PER_DEGREE
    east = north / math.cos(math.radians(each.centre.latitude))
    turns = [2 * math.pi * corner / CORNERS for corner in range(CORNERS + 1)]
    return [
        [
            round(each.centre.longitude + east * math.cos(turn), 6),
            round(each.centre.latitude + north * math.sin(turn), 6),
        ]
        for turn in turns
    ]
