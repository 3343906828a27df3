"""Crews: who they are, where they are, and which of them can be sent."""

import math
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.words import ResourceKind
from clearway.domain.shared.region import Site

from ..shared.chance import Chance
from . import roads

NEAREST = 12  # candidates looked at for one incident


class Readiness(IntEnum):
    """Whether a crew can be sent, from the control room's chair."""

    OFF = 0
    FREE = 1
    RESTRICTED = 2
    EN_ROUTE_C2 = 3
    EN_ROUTE_LOWER = 4
    BUSY = 5


class Leg(NamedTuple):
    """A straight move between two positions; standing still is a leg that has ended."""

    start: float
    end: float
    latitude: float
    longitude: float
    to_latitude: float
    to_longitude: float

    def at(self, when: float) -> tuple[float, float]:
        """The position at an instant, at either end outside the leg."""
        if when >= self.end:
            return self.to_latitude, self.to_longitude
        if when <= self.start:
            return self.latitude, self.longitude
        done = (when - self.start) / (self.end - self.start)
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
    """One crew on one shift. `legs` holds the moves not yet reported as positions, newest last.

    row     in the columns of the fleet, while on duty
    chance  what befalls this crew apart from its patients
    """

    call_sign: str
    kind: ResourceKind
    station: Site
    shift_start: float
    shift_end: float
    break_from: float
    break_until: float
    chance: Chance
    row: int = -1
    readiness: Readiness = Readiness.OFF
    on_duty: bool = False
    break_taken: bool = False
    busy: bool = False
    left_at: float = math.inf
    conveys: bool = field(init=False)
    leg: Leg = field(init=False)
    legs: list[Leg] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.conveys = self.kind.conveys

    def position(self, at: float) -> tuple[float, float]:
        return self.leg.at(at)


START, END, HERE, THERE = 0, 1, slice(2, 4), slice(4, 6)  # columns of a leg
ROOM = 512


class Fleet:
    """The crews that are on duty; their legs and readiness in columns, by row in the order of booking on.

    Which of them are near is the most frequent question of the simulator: here it takes one sweep.
    """

    def __init__(self, tracked: bool) -> None:
        self.tracked = tracked  # whether legs are kept for positions; else only the newest is
        self.gone: list[Crew] = []
        self.by_call_sign: dict[str, Crew] = {}
        self._crews: list[Crew] = []  # by row; those who went home too, until room is needed
        self._legs: npt.NDArray[np.float64] = np.zeros((ROOM, 6))
        self._readiness: npt.NDArray[np.int8] = np.zeros(ROOM, dtype=np.int8)

    def join(self, crew: Crew, at: float) -> None:
        """Put a crew on duty at its station, not to be sent yet."""
        if len(self._crews) == len(self._legs):
            self._close_gaps()
        crew.row, crew.on_duty, crew.readiness = len(self._crews), True, Readiness.BUSY
        self._crews.append(crew)
        self._readiness[crew.row] = Readiness.BUSY
        self.by_call_sign[crew.call_sign] = crew
        self.stand(crew, at, crew.station.latitude, crew.station.longitude)

    def leave(self, crew: Crew, at: float) -> None:
        """Take a crew off duty; a tracked one is kept until its last positions are reported."""
        crew.left_at = at
        if self.tracked:
            self.gone.append(crew)
        del self.by_call_sign[crew.call_sign]
        self.mark(crew, Readiness.OFF)
        crew.row, crew.on_duty = -1, False

    def mark(self, crew: Crew, readiness: Readiness) -> None:
        crew.readiness = readiness
        self._readiness[crew.row] = readiness

    def stand(self, crew: Crew, at: float, latitude: float, longitude: float) -> None:
        self.move(crew, Leg(at, at, latitude, longitude, latitude, longitude))

    def move(self, crew: Crew, leg: Leg) -> None:
        """Begin a leg; the one before it ends where the new one begins."""
        crew.leg = leg
        self._legs[crew.row] = leg
        if self.tracked:
            crew.legs.append(leg)

    def reach(
        self, latitude: float, longitude: float, at: float, ready: tuple[Readiness, ...]
    ) -> list[tuple[float, Crew]]:
        """The nearest crews with such readiness, nearest first, with their minutes at normal speed.

        Of crews at one distance the one who booked on first is the nearer.
        """
        rows = _ANY_OF[ready][self._readiness[: len(self._crews)]].nonzero()[0]
        if not len(rows):
            return []
        apart = self.positions(rows, at) - (latitude, longitude)
        apart[:, 1] *= math.cos(math.radians(latitude))
        apart *= apart
        squares = apart[:, 0] + apart[:, 1]
        near = squares.argsort(kind="stable")[:NEAREST]
        degrees, minutes_for = np.sqrt(squares[near]).tolist(), roads.minutes_for
        return [
            (minutes_for(roads.KM_PER_DEGREE * degree), self._crews[row])
            for degree, row in zip(degrees, rows[near].tolist(), strict=True)
        ]

    def positions(self, rows: npt.NDArray[np.int64], at: float) -> npt.NDArray[np.float64]:
        """Latitudes and longitudes at an instant, (n, 2), as Leg.at has them one by one."""
        legs = self._legs[rows]
        places = legs[:, THERE]  # of a copy: it may be written
        moving = (at < legs[:, END]).nonzero()[0]
        if len(moving):
            leg = legs[moving]
            start, here = leg[:, START], leg[:, HERE]
            done = np.maximum((at - start) / (leg[:, END] - start), 0.0)
            places[moving] = here + done[:, None] * (leg[:, THERE] - here)
        return places

    def on_duty(self) -> list[Crew]:
        """In the order of booking on."""
        return list(self.by_call_sign.values())

    def _close_gaps(self) -> None:
        """Give up the rows of those who went home, the order kept; more room if that is not enough."""
        rows = np.flatnonzero(self._readiness[: len(self._crews)]).tolist()  # Readiness.OFF is 0
        room = max(ROOM, 2 * len(rows))
        legs, readiness = np.zeros((room, 6)), np.zeros(room, dtype=np.int8)
        legs[: len(rows)], readiness[: len(rows)] = self._legs[rows], self._readiness[rows]
        self._legs, self._readiness = legs, readiness
        self._crews = [self._crews[row] for row in rows]
        for row, crew in enumerate(self._crews):
            crew.row = row


class _AnyOf(dict[tuple[Readiness, ...], npt.NDArray[np.bool_]]):
    """Some readinesses -> whether each readiness is among them, made when first asked for."""

    def __missing__(self, ready: tuple[Readiness, ...]) -> npt.NDArray[np.bool_]:
        self[ready] = np.array([each in ready for each in Readiness])
        return self[ready]


_ANY_OF = _AnyOf()
