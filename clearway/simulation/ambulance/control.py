"""The control room: which crew goes to which incident.

A new incident gets the nearest crew that may be sent, if need be one on its way to something less urgent;
what finds none waits. A crew that comes free takes the incident that is most overdue for its category,
less what the way there costs. No foresight: this is the plain practice that better policies are measured by.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from clearway.domain.ambulance.words import Category
from clearway.engine.ambulance import travel

from ..shared.agenda import Agenda
from ..shared.chance import Chance
from .crews import Crew, Fleet, Readiness
from .demand import Call
from .parameters import Parameters

URGENT = (Category.C1, Category.C2)
FREE = (Readiness.FREE,)
FREE_OR_RESTRICTED = (Readiness.FREE, Readiness.RESTRICTED)
FOR_C2 = (Readiness.FREE, Readiness.RESTRICTED, Readiness.EN_ROUTE_LOWER)
FOR_C1 = (Readiness.FREE, Readiness.RESTRICTED, Readiness.EN_ROUTE_LOWER, Readiness.EN_ROUTE_C2)


@dataclass(slots=True, eq=False)
class Job:
    """One crew sent to one incident. `over` once the crew is free of it, however it ended."""

    key: str
    incident: "Incident"
    crew: Crew
    on_scene: bool = False
    leaving: bool = False
    over: bool = False
    cohorted: bool = False
    site: str | None = None


@dataclass(slots=True, eq=False)
class Incident:
    """One incident as the control room runs it."""

    call: Call
    waiting_since: float = 0.0
    sent: int = 0
    jobs: list[Job] = field(default_factory=list)
    lead: Job | None = None
    waits: bool = False
    wants_transport: bool = False

    def active(self) -> list[Job]:
        return [job for job in self.jobs if not job.over]


class Sender(Protocol):
    """Who carries out what the control room decides."""

    def send(self, crew: Crew, incident: Incident) -> None: ...
    def stand_down(self, job: Job) -> None: ...
    def send_home(self, crew: Crew) -> None: ...


class ControlRoom:
    """Decides; `sender` carries out."""

    def __init__(
        self,
        parameters: Parameters,
        restricted: frozenset[Category],
        fleet: Fleet,
        agenda: Agenda,
        chance: Chance,
    ) -> None:
        self._jobs, self._dispatch = parameters.jobs, parameters.dispatch
        self._restricted, self._fleet, self._agenda, self._chance = restricted, fleet, agenda, chance
        self.waiting: list[Incident] = []
        self.underway: dict[str, Job] = {}  # by call sign, while the crew may still be diverted
        self.sender: Sender

    def new(self, incident: Incident) -> None:
        """An incident has its category: send to it or let it wait."""
        if incident.call.category is Category.C1:
            self._send_to_c1(incident)
        elif not self._send_one(incident):
            self._wait(incident)

    def needs_transport(self, incident: Incident) -> None:
        """A car on scene asks for a crew that can convey."""
        incident.wants_transport = True
        if not self._send_one(incident):
            self._wait(incident)

    def free(self, crew: Crew) -> None:
        """A crew can be sent: to what waits, or home."""
        restricted = self._fleet.readiness[crew.row] == Readiness.RESTRICTED
        incident = self._most_overdue(crew, restricted)
        if incident is None:
            self.sender.send_home(crew)
            return
        self._unwait(incident)
        self.sender.send(crew, incident)

    def again(self, incident: Incident) -> None:
        """A crew was taken away from it: if it now lacks one, it waits, as long as it has waited."""
        active, lead = incident.active(), incident.lead
        if lead is None and not active:
            self._wait(incident)
        elif lead is not None and incident.call.conveyed and not any(job.crew.conveys for job in active):
            incident.wants_transport = True
            self._wait(incident)

    def _wait(self, incident: Incident) -> None:
        if not incident.waits:
            incident.waits = True
            self.waiting.append(incident)

    def _unwait(self, incident: Incident) -> None:
        if incident.waits:
            incident.waits = False
            self.waiting.remove(incident)

    # Sending to an incident

    def _send_to_c1(self, incident: Incident) -> None:
        candidates = self._candidates(incident, FOR_C1)
        wanted = 3 if self._chance.happens(self._jobs.third_sent) else 2
        chosen = candidates[:1]
        for crew, _ in candidates[1:]:
            if len(chosen) >= wanted:
                break
            conveys_already = any(sent.conveys for sent, _ in chosen)
            if conveys_already or crew.conveys or len(chosen) + 1 < wanted:
                chosen.append((crew, 0.0))
        for crew, _ in chosen:
            self._take(crew, incident)
        if not any(crew.conveys for crew, _ in chosen):
            incident.wants_transport = bool(chosen)
            self._wait(incident)

    def _send_one(self, incident: Incident) -> bool:
        """Send the nearest; a car as well where it gains enough. False when nobody can convey it now."""
        category = incident.call.category
        ready: tuple[Readiness, ...] = FREE_OR_RESTRICTED if category in self._restricted else FREE
        ready = FOR_C2 if category is Category.C2 and not incident.wants_transport else ready
        candidates = self._candidates(incident, ready)
        conveying = [(crew, minutes) for crew, minutes in candidates if crew.conveys]
        cars = [(crew, minutes) for crew, minutes in candidates if not crew.conveys]
        chosen = self._worth_diverting(conveying)
        if cars and not incident.wants_transport and category in URGENT:
            gain = self._dispatch.car_gain_minutes
            if chosen is None or cars[0][1] + gain < chosen[1]:
                self._take(cars[0][0], incident)
                incident.wants_transport = chosen is None
        if chosen is None:
            return bool(incident.active()) and not incident.wants_transport
        self._take(chosen[0], incident)
        return True

    def _worth_diverting(self, candidates: list[tuple[Crew, float]]) -> tuple[Crew, float] | None:
        """The nearest free crew, unless one to be diverted gains enough minutes."""
        free = [pair for pair in candidates if self._fleet.readiness[pair[0].row] <= Readiness.RESTRICTED]
        if not candidates:
            return None
        if not free or candidates[0][1] + self._dispatch.divert_gain_minutes < free[0][1]:
            return candidates[0]
        return free[0]

    def _candidates(self, incident: Incident, ready: tuple[Readiness, ...]) -> list[tuple[Crew, float]]:
        call, fleet = incident.call, self._fleet
        blue = self._jobs.blue_light[call.category]
        rows, minutes = fleet.reach(call.latitude, call.longitude, self._agenda.now, ready, blue)
        furthest = self._dispatch.furthest_minutes[call.category]
        near = int(minutes.searchsorted(furthest, side="right"))
        return [(fleet.crew(int(rows[i])), float(minutes[i])) for i in range(min(near, 12))]

    def _take(self, crew: Crew, incident: Incident) -> None:
        """Send a crew that is free, or on its way to something less urgent."""
        if self._fleet.readiness[crew.row] in (Readiness.EN_ROUTE_C2, Readiness.EN_ROUTE_LOWER):
            job = self.underway.pop(crew.call_sign)
            self.sender.stand_down(job)
            self.again(job.incident)
        self.sender.send(crew, incident)

    # Choosing for a crew

    def _most_overdue(self, crew: Crew, restricted: bool) -> Incident | None:
        conveys = crew.conveys
        open_to_it = [
            incident
            for incident in self.waiting
            if (conveys or not incident.wants_transport)
            and (not restricted or incident.call.category in self._restricted)
        ]
        if not open_to_it:
            return None
        now, dispatch = self._agenda.now, self._dispatch
        latitude, longitude = crew.position(now)
        minutes = travel.minutes(
            latitude,
            longitude,
            np.array([incident.call.latitude for incident in open_to_it]),
            np.array([incident.call.longitude for incident in open_to_it]),
        )
        best, best_score = None, -1e9
        for incident, normal in zip(open_to_it, minutes.tolist(), strict=True):
            category = incident.call.category
            took = normal * self._jobs.blue_light[category]
            if took > dispatch.furthest_minutes[category] and now - incident.waiting_since < 3 * 3600:
                continue
            score = (now - incident.waiting_since) / 60 / dispatch.patience_minutes[category]
            score -= took / dispatch.travel_weight_minutes
            score += 100 if category is Category.C1 else 0
            if score > best_score:
                best, best_score = incident, score
        return best
