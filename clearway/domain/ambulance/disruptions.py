"""What hinders travel for a time: a closed road, flooding, an event, weather."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ..shared.geography import Point


class DisruptionKind(StrEnum):
    """Why travel is hindered."""

    CLOSURE = "closure"
    FLOODING = "flooding"
    EVENT = "event"
    WEATHER = "weather"
    CONGESTION = "congestion"


@dataclass(frozen=True, slots=True)
class Disruption:
    """One hindrance to travel, from its start until it expires.

    centre, radius_km  where; on a road graph a closure shuts the roads within, on a table or a distance it is
                       an area whose crossing costs `extra_minutes`, an estimate and marked as one
    extra_minutes      what crossing the whole area costs at normal speed
    """

    key: str
    kind: DisruptionKind
    centre: Point
    radius_km: float
    extra_minutes: float
    starts_at: datetime
    ends_at: datetime
    words: str = ""
