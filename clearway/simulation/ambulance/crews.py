"""Crews: who they are, where they are, and which of them can be sent."""

import math
from dataclasses import dataclass, field
from enum import IntEnum
from heapq import nsmallest

import numpy as np

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

    number  in the order of booking on
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
    number: int = 0
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


class Fleet:
    """The crews that are on duty."""

    def __init__(self, tracked: bool) -> None:
        self.tracked = tracked  # whether legs are kept for positions; else only the newest is
        self.gone: list[Crew] = []
        self.by_call_sign: dict[str, Crew] = {}
        self._joined = 0
        self._by_readiness: dict[Readiness, dict[Crew, None]] = {each: {} for each in Readiness}

    def join(self, crew: Crew, at: float) -> None:
        """Put a crew on duty at its station, not to be sent yet."""
        self._joined += 1
        crew.number, crew.on_duty, crew.readiness = self._joined, True, Readiness.BUSY
        self._by_readiness[Readiness.BUSY][crew] = None
        self.by_call_sign[crew.call_sign] = crew
        self.stand(crew, at, crew.station.latitude, crew.station.longitude)

    def leave(self, crew: Crew, at: float) -> None:
        """Take a crew off duty; a tracked one is kept until its last positions are reported."""
        crew.left_at = at
        if self.tracked:
            self.gone.append(crew)
        del self._by_readiness[crew.readiness][crew], self.by_call_sign[crew.call_sign]
        crew.readiness, crew.on_duty = Readiness.OFF, False

    def mark(self, crew: Crew, readiness: Readiness) -> None:
        if crew.readiness is not readiness:
            del self._by_readiness[crew.readiness][crew]
            crew.readiness = readiness
            self._by_readiness[readiness][crew] = None

    def stand(self, crew: Crew, at: float, latitude: float, longitude: float) -> None:
        self.move(crew, Leg(at, at, latitude, longitude, latitude, longitude))

    def move(self, crew: Crew, leg: Leg) -> None:
        """Begin a leg; the one before it ends where the new one begins."""
        crew.leg = leg
        if self.tracked:
            crew.legs.append(leg)

    def reach(
        self, latitude: float, longitude: float, at: float, ready: tuple[Readiness, ...]
    ) -> list[tuple[float, Crew]]:
        """The nearest crews with such readiness, nearest first, with their minutes at normal speed."""
        narrow = math.cos(math.radians(latitude))
        found: list[tuple[float, int, Crew]] = []
        for readiness in ready:
            for crew in self._by_readiness[readiness]:
                leg = crew.leg
                if at >= leg.end:
                    north, east = leg.to_latitude - latitude, (leg.to_longitude - longitude) * narrow
                else:
                    here = leg.at(at)
                    north, east = here[0] - latitude, (here[1] - longitude) * narrow
                found.append((north * north + east * east, crew.number, crew))
        near = nsmallest(NEAREST, found) if len(found) > NEAREST else sorted(found)
        per_degree, minutes_for = roads.KM_PER_DEGREE, roads.minutes_for
        return [(minutes_for(per_degree * math.sqrt(square)), crew) for square, _, crew in near]

    def on_duty(self) -> list[Crew]:
        """In the order of booking on."""
        return list(self.by_call_sign.values())
