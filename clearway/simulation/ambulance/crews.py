"""Crews: who they are, where they are, and which of them can be sent.

The fleet keeps columns beside the crews, so that the nearest one is found in one sweep.
"""

import math
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.words import ResourceKind
from clearway.domain.shared.region import Site
from clearway.engine.ambulance import travel

ROOM = 256


class Readiness(IntEnum):
    """Whether a crew can be sent, from the control room's chair."""

    OFF = 0
    FREE = 1
    RESTRICTED = 2
    EN_ROUTE_C2 = 3
    EN_ROUTE_LOWER = 4
    BUSY = 5


@dataclass(frozen=True, slots=True)
class Leg:
    """A straight move between two positions; standing still is a leg that has ended."""

    start: float
    end: float
    latitude: float
    longitude: float
    to_latitude: float
    to_longitude: float

    def at(self, when: float) -> tuple[float, float]:
        """The position at an instant, at either end outside the leg."""
        done = (
            1.0
            if self.end <= self.start
            else min(1.0, max(0.0, (when - self.start) / (self.end - self.start)))
        )
        return (
            self.latitude + done * (self.to_latitude - self.latitude),
            self.longitude + done * (self.to_longitude - self.longitude),
        )

    def speed_kmh(self, when: float) -> float:
        if not self.start <= when < self.end:
            return 0.0
        km = np.hypot(
            (self.to_latitude - self.latitude) * 111.2,
            (self.to_longitude - self.longitude) * 111.2 * np.cos(np.radians(self.latitude)),
        )
        return float(min(140.0, km / (self.end - self.start) * 3600))


@dataclass(slots=True, eq=False)
class Crew:
    """One crew on one shift. `legs` holds the moves not yet reported as positions, newest last."""

    call_sign: str
    kind: ResourceKind
    station: Site
    shift_start: float
    shift_end: float
    break_from: float
    break_until: float
    row: int = -1
    break_taken: bool = False
    busy: bool = False
    left_at: float = math.inf
    conveys: bool = field(init=False)
    legs: list[Leg] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.conveys = self.kind.conveys

    def position(self, at: float) -> tuple[float, float]:
        return self.legs[-1].at(at)


class Fleet:
    """The crews that are on duty. Rows are reused when a crew goes home."""

    def __init__(self, tracked: bool) -> None:
        self.tracked = tracked  # whether legs are kept for positions; else only the newest is
        self.crews: list[Crew | None] = []
        self.gone: list[Crew] = []
        self.readiness: npt.NDArray[np.int8] = np.zeros(0, dtype=np.int8)
        self.conveys: npt.NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self._legs: npt.NDArray[np.float64] = np.zeros((0, 6))

    def join(self, crew: Crew, at: float) -> None:
        """Put a crew on duty at its station."""
        if None not in self.crews:
            self._make_room()
        crew.row = self.crews.index(None)
        self.crews[crew.row] = crew
        self.conveys[crew.row] = crew.conveys
        self.readiness[crew.row] = Readiness.BUSY
        self.stand(crew, at, crew.station.latitude, crew.station.longitude)

    def leave(self, crew: Crew, at: float) -> None:
        """Take a crew off duty; a tracked one is kept until its last positions are reported."""
        crew.left_at = at
        if self.tracked:
            self.gone.append(crew)
        self.readiness[crew.row] = Readiness.OFF
        self.crews[crew.row] = None

    def mark(self, crew: Crew, readiness: Readiness) -> None:
        self.readiness[crew.row] = readiness

    def stand(self, crew: Crew, at: float, latitude: float, longitude: float) -> None:
        self.move(crew, Leg(at, at, latitude, longitude, latitude, longitude))

    def move(self, crew: Crew, leg: Leg) -> None:
        """Begin a leg; the one before it ends where the new one begins."""
        if not self.tracked:
            crew.legs.clear()
        crew.legs.append(leg)
        self._legs[crew.row] = (
            leg.start,
            leg.end,
            leg.latitude,
            leg.longitude,
            leg.to_latitude,
            leg.to_longitude,
        )

    def reach(
        self, latitude: float, longitude: float, at: float, ready: tuple[Readiness, ...], blue_light: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Rows of the crews with such readiness and their minutes to a place, nearest first."""
        rows = np.flatnonzero(np.isin(self.readiness, ready))
        if not len(rows):
            return rows, np.zeros(0)
        start, end, from_lat, from_lon, to_lat, to_lon = self._legs[rows].T
        done = np.clip((at - start) / np.maximum(end - start, 1e-9), 0, 1)
        done[end <= start] = 1
        minutes = travel.minutes(
            from_lat + done * (to_lat - from_lat),
            from_lon + done * (to_lon - from_lon),
            latitude,
            longitude,
            blue_light,
        )
        order = np.argsort(minutes, kind="stable")
        return rows[order], minutes[order]

    def crew(self, row: int) -> Crew:
        """The crew in a row that is taken."""
        crew = self.crews[row]
        assert crew is not None
        return crew

    def on_duty(self) -> list[Crew]:
        return [crew for crew in self.crews if crew is not None]

    def _make_room(self) -> None:
        self.crews += [None] * ROOM
        self.readiness = np.concatenate([self.readiness, np.zeros(ROOM, dtype=np.int8)])
        self.conveys = np.concatenate([self.conveys, np.zeros(ROOM, dtype=bool)])
        self._legs = np.concatenate([self._legs, np.zeros((ROOM, 6))])
