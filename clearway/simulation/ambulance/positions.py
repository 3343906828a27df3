"""Positions of crews, made from their moves when somebody asks."""

import math
from dataclasses import dataclass

from clearway.domain.ambulance.events import Position

from .crews import Crew, Fleet
from .stream import stamp


@dataclass(slots=True)
class Tracker:
    """Reports each crew on duty every `every` seconds, each at its own second of the interval."""

    every: float
    reported: float

    def take(self, fleet: Fleet, until: float) -> list[Position]:
        """Positions from the last report up to `until`, in order of time and call sign."""
        found = [
            (at, crew.call_sign, position)
            for crew in (*fleet.gone, *fleet.on_duty())
            for at, position in self._of(crew, until)
        ]
        fleet.gone.clear()
        self.reported = max(self.reported, until)
        return [position for _, _, position in sorted(found, key=lambda row: row[:2])]

    def _of(self, crew: Crew, until: float) -> list[tuple[float, Position]]:
        phase = sum(crew.call_sign.encode()) % self.every
        at = math.ceil((self.reported - phase) / self.every) * self.every + phase
        reports, place = [], 0
        while at < min(until, crew.left_at):
            while place + 1 < len(crew.legs) and crew.legs[place + 1].start <= at:
                place += 1
            if crew.legs[place].start <= at:
                reports.append((at, self._report(crew, place, at)))
            at += self.every
        del crew.legs[:-1]
        return reports

    def _report(self, crew: Crew, place: int, at: float) -> Position:
        leg = crew.legs[place]
        latitude, longitude = leg.at(at)
        return Position(
            call_sign=crew.call_sign,
            occurred_at=stamp(at),
            latitude=round(latitude, 5),
            longitude=round(longitude, 5),
            speed_kmh=round(leg.speed_kmh(at), 1),
        )
