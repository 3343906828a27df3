"""The feed that the simulated service sends: native events with ids and sequence, in order of arrival."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from clearway.domain.ambulance.events import AvailabilityEvent, CallEvent, Event, JobEvent
from clearway.domain.ambulance.words import Availability, CallStatus, JobStatus, StatusSource

from .control import Job
from .faults import Line, Presses


class Stream:
    """Takes what happens, gives what arrives. Times are seconds since 1970, stamped in whole seconds.

    presses, line  the faults, or None for a perfect feed
    heard          called with each event as it arrives and the time of arrival
    """

    def __init__(
        self, prefix: str, presses: Presses | None, line: Line | None, heard: Callable[[Event, float], None]
    ) -> None:
        self._prefix, self._presses, self._line, self._heard = prefix, presses, line, heard
        self._sequence = 0
        self._sent = 0
        self._travelling: list[tuple[float, int, Event]] = []
        self._arrived: list[Event] = []

    def call(self, at: float, incident: str, status: CallStatus, **known: Any) -> None:
        self._say(at, CallEvent("-", stamp(at), incident, status, **known))

    def job(
        self, at: float, job: Job, status: JobStatus, source: StatusSource, known: dict[str, Any]
    ) -> None:
        incident, call_sign = job.incident.call.key, job.crew.call_sign
        event = JobEvent(
            "-", stamp(at), incident, call_sign, status, assignment=job.key, source=source, **known
        )
        self._say(at, event)

    def availability(self, at: float, call_sign: str, status: Availability, **known: Any) -> None:
        self._say(at, AvailabilityEvent("-", stamp(at), call_sign, status, **known))

    def take(self, until: float) -> list[Event]:
        """The events that arrived before `until` and were not taken before."""
        self.deliver(until)
        arrived, self._arrived = self._arrived, []
        return arrived

    def _say(self, at: float, event: Event) -> None:
        for pressed in self._presses.press(at, event) if self._presses else (event,):
            self._send(pressed.occurred_at.timestamp() if self._presses else at, pressed)

    def _send(self, at: float, event: Event) -> None:
        self._sequence += 1
        name = f"{self._prefix}-{self._sequence:08d}"
        event = msgspec.structs.replace(event, message_id=name, sequence=self._sequence)
        if self._line is None:
            self._arrived.append(event)
            self._heard(event, at)
            return
        for arrival in self._line.arrivals(at):
            self._sent += 1
            heapq.heappush(self._travelling, (arrival, self._sent, event))

    def deliver(self, until: float) -> None:
        """Let everything arrive that is due before `until`, to be taken later."""
        for event in self._presses.due(until) if self._presses else ():
            self._send(event.occurred_at.timestamp(), event)
        while self._travelling and self._travelling[0][0] < until:
            at, _, event = heapq.heappop(self._travelling)
            self._arrived.append(event)
            self._heard(event, at)


def stamp(at: float) -> datetime:
    """The whole second of an instant, as a CAD stamps it."""
    return datetime.fromtimestamp(int(at), UTC)
