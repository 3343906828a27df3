"""What goes wrong between what happened and what the feed says.

Crews press late or not at all, stamp handover and clear together, and lines repeat and delay messages. The
world itself is untouched: two runs with and without faults live through the same days.
"""

import heapq
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from clearway.domain.ambulance.events import Event, JobEvent
from clearway.domain.ambulance.words import JobStatus, StatusSource

from ..shared.chance import Chance
from .parameters import FaultRates

J = JobStatus
PRESSED = frozenset({J.MOBILE, J.AT_SCENE, J.AT_PATIENT, J.LEFT_SCENE, J.AT_HOSPITAL, J.HANDOVER})


@dataclass(slots=True)
class Presses:
    """The crew's side: which events are pressed at all, and when. Late ones wait here for their turn."""

    rates: FaultRates
    chance: Chance
    late: list[tuple[float, int, Event]] = field(default_factory=list)
    held: dict[str, JobEvent] = field(default_factory=dict)
    made: int = 0

    def press(self, at: float, event: Event) -> list[Event]:
        """The events pressed by `at`, in order, when this one happens."""
        pressed = self.due(at)
        if isinstance(event, JobEvent) and event.source is StatusSource.CREW:
            pressed += self._by_crew(at, event)
        else:
            pressed.append(event)
        return pressed

    def due(self, at: float) -> list[Event]:
        """The late presses whose time has come."""
        pressed = []
        while self.late and self.late[0][0] <= at:
            pressed.append(heapq.heappop(self.late)[2])
        return pressed

    def _by_crew(self, at: float, event: JobEvent) -> list[Event]:
        if event.status is J.CLEAR and event.assignment_key in self.held:
            handover = self.held.pop(event.assignment_key)
            return [msgspec.structs.replace(handover, occurred_at=event.occurred_at), event]
        if event.status not in PRESSED:
            return [event]
        if self.chance.happens(self.rates.missed_press):
            return []
        if event.status is J.HANDOVER and self.chance.happens(self.rates.handover_with_clear):
            self.held[event.assignment_key] = event
            return []
        if self.chance.happens(self.rates.late_press):
            self._later(at, event)
            return []
        return [event]

    def _later(self, at: float, event: JobEvent) -> None:
        after = int(self.chance.seconds(self.rates.late_press_minutes))
        self.made += 1
        pressed = msgspec.structs.replace(event, occurred_at=event.occurred_at + timedelta(seconds=after))
        heapq.heappush(self.late, (at + after, self.made, pressed))


@dataclass(slots=True)
class Line:
    """The line's side: when each message arrives, and how often."""

    rates: FaultRates
    chance: Chance

    def arrivals(self, at: float) -> list[float]:
        """When a message sent at `at` arrives: once as a rule, twice when repeated."""
        delay = self.chance.seconds(self.rates.delayed_minutes) if self._delays() else 0.0
        times = [at + delay]
        if self.chance.happens(self.rates.duplicated):
            times.append(at + delay + self.chance.between(0, 120))
        return times

    def _delays(self) -> bool:
        return self.chance.happens(self.rates.delayed)
