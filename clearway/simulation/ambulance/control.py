"""The control room: which crew goes to which incident.

A new incident gets the nearest crew that may be sent, if need be one on its way to something less urgent;
what finds none waits. A crew that comes free takes the incident that is most overdue for its category,
less what the way there costs. No foresight: this is the plain practice that better policies are measured by.
When many wait it surges: clinicians call back and close some calls, and crews are sent on sooner.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.words import Category, JobStatus
from clearway.engine.ambulance.curve import ROADS

from ..shared.agenda import Agenda
from ..shared.chance import seconds
from . import luck, roads
from .crews import Crew, Fleet, Readiness
from .demand import Call
from .parameters import Parameters

C1, C2 = Category.C1, Category.C2
URGENT = (C1, C2)
R = Readiness
FREE: tuple[Readiness, ...] = (R.FREE,)
FREE_OR_RESTRICTED: tuple[Readiness, ...] = (R.FREE, R.RESTRICTED)
FOR_C2: tuple[Readiness, ...] = (R.FREE, R.RESTRICTED, R.EN_ROUTE_LOWER)
FOR_C1: tuple[Readiness, ...] = (R.FREE, R.RESTRICTED, R.EN_ROUTE_LOWER, R.EN_ROUTE_C2)
DIVERTED = (R.EN_ROUTE_C2, R.EN_ROUTE_LOWER)
PATIENCE_AT_MOST = 3 * 3600.0  # after which distance no longer keeps a crew from an incident


@dataclass(slots=True, eq=False)
class Job:
    """One crew sent to one incident. `over` once the crew is free of it, however it ended.

    luck              first place of this crew's luck within its patient's
    drive             minutes expected from scene to `site` at normal speed
    drive_to_nearest  the same to the nearest site that would have been open
    stamps            when each status truly was, whatever the feed says
    """

    key: str
    incident: "Incident"
    crew: Crew
    luck: int
    on_scene: bool = False
    leaving: bool = False
    over: bool = False
    cohorted: bool = False
    site: str | None = None
    drive: float = 0.0
    drive_to_nearest: float = 0.0
    stamps: dict[JobStatus, float] = field(default_factory=dict)

    def luck_of(self, place: int) -> float:
        """The luck of this crew in one matter."""
        return self.incident.call.luck[self.luck + place]


@dataclass(slots=True, eq=False)
class Incident:
    """One incident as the control room runs it."""

    call: Call
    waiting_since: float = 0.0
    categorised_at: float = 0.0
    sent: int = 0
    jobs: list[Job] = field(default_factory=list)
    lead: Job | None = None
    row: int = -1
    wants_transport: bool = False

    @property
    def waits(self) -> bool:
        return self.row >= 0

    def active(self) -> list[Job]:
        return [job for job in self.jobs if not job.over]


class Sender(Protocol):
    """Who carries out what the control room decides."""

    def send(self, crew: Crew, incident: Incident) -> None: ...
    def stand_down(self, job: Job) -> None: ...
    def close(self, incident: Incident) -> None: ...
    def send_home(self, crew: Crew) -> None: ...


class ControlRoom:
    """Decides; `sender` carries out."""

    def __init__(
        self, parameters: Parameters, restricted: frozenset[Category], fleet: Fleet, agenda: Agenda
    ) -> None:
        self._jobs, self._dispatch, self._surge = parameters.jobs, parameters.dispatch, parameters.surge
        self._restricted, self._fleet, self._agenda = restricted, fleet, agenda
        self._waiting = Waiting(parameters, restricted)
        self.underway: dict[str, Job] = {}  # by call sign, while the crew may still be diverted
        self.sender: Sender

    @property
    def waiting(self) -> list[Incident]:
        """The incidents that wait for a crew, in no order."""
        return self._waiting.incidents

    def new(self, incident: Incident) -> None:
        """An incident has its category: send to it or let it wait."""
        if incident.call.category is C1:
            self._send_to_c1(incident)
        elif not self._send_one(incident):
            self._waiting.add(incident)
            if incident.call.luck[luck.BY_PHONE] < self._surge.closed.get(incident.call.category, 0.0):
                took = seconds(self._surge.call_back, incident.call.luck[luck.CHOOSING])
                self._agenda.at(self._agenda.now + took, self._call_back, incident)

    def surge(self) -> float:
        """How far the control room has gone in what it does when many wait, 0 to 1."""
        waiting = len(self._waiting.incidents) / max(1, len(self._fleet.by_call_sign))
        return min(1.0, max(0.0, (waiting - self._surge.begins) / (self._surge.full - self._surge.begins)))

    def needs_transport(self, incident: Incident) -> None:
        """A car on scene asks for a crew that can convey."""
        incident.wants_transport = True
        if not self._send_one(incident):
            self._waiting.add(incident)

    def free(self, crew: Crew) -> None:
        """A crew can be sent: to what waits, or home."""
        incident = self._waiting.most_overdue(crew, self._agenda.now)
        if incident is None:
            self.sender.send_home(crew)
            return
        self._waiting.remove(incident)
        self.sender.send(crew, incident)

    def again(self, incident: Incident) -> None:
        """A crew was taken away from it: if it now lacks one, it waits, as long as it has waited."""
        active, lead = incident.active(), incident.lead
        if lead is None and not active:
            self._waiting.add(incident)
        elif lead is not None and incident.call.conveyed and not any(job.crew.conveys for job in active):
            incident.wants_transport = True
            self._waiting.add(incident)

    def _call_back(self, incident: Incident) -> None:
        """A clinician calls; the further the surge has gone, the likelier the call is closed by telephone."""
        closed = self._surge.closed[incident.call.category] * self.surge()
        if incident.waits and not incident.active() and incident.call.luck[luck.BY_PHONE] < closed:
            self._waiting.remove(incident)
            self.sender.close(incident)

    # Sending to an incident

    def _send_to_c1(self, incident: Incident) -> None:
        candidates = self._candidates(incident, FOR_C1)
        third = incident.call.luck[luck.THIRD_CREW] < self._jobs.third_sent
        wanted = 3 if third else 2
        chosen = candidates[:1]
        for minutes, crew in candidates[1:]:
            if len(chosen) >= wanted:
                break
            conveys_already = any(sent.conveys for _, sent in chosen)
            if conveys_already or crew.conveys or len(chosen) + 1 < wanted:
                chosen.append((minutes, crew))
        for _, crew in chosen:
            self._take(crew, incident)
        if not any(crew.conveys for _, crew in chosen):
            incident.wants_transport = bool(chosen)
            self._waiting.add(incident)

    def _send_one(self, incident: Incident) -> bool:
        """Send the nearest; a car as well where it gains enough. False when nobody can convey it now."""
        category = incident.call.category
        ready = FREE_OR_RESTRICTED if category in self._restricted else FREE
        ready = FOR_C2 if category is C2 and not incident.wants_transport else ready
        candidates = self._candidates(incident, ready)
        chosen = self._worth_diverting([pair for pair in candidates if pair[1].conveys])
        if not incident.wants_transport and category in URGENT:
            car = next((pair for pair in candidates if not pair[1].conveys), None)
            if car and (chosen is None or car[0] + self._dispatch.car_gain_minutes < chosen[0]):
                self._take(car[1], incident)
                incident.wants_transport = chosen is None
        if chosen is None:
            return bool(incident.active()) and not incident.wants_transport
        self._take(chosen[1], incident)
        return True

    def _worth_diverting(self, candidates: list[tuple[float, Crew]]) -> tuple[float, Crew] | None:
        """The nearest free crew, unless one to be diverted gains enough minutes."""
        if not candidates:
            return None
        free = next((pair for pair in candidates if pair[1].readiness not in DIVERTED), None)
        if free is None or candidates[0][0] + self._dispatch.divert_gain_minutes < free[0]:
            return candidates[0]
        return free

    def _candidates(self, incident: Incident, ready: tuple[Readiness, ...]) -> list[tuple[float, Crew]]:
        """The nearest crews that may be sent, with the minutes they would take."""
        call = incident.call
        blue = self._jobs.blue_light[call.category]
        furthest = self._dispatch.furthest_minutes[call.category]
        near = self._fleet.reach(call.latitude, call.longitude, self._agenda.now, ready)
        return [(minutes * blue, crew) for minutes, crew in near if minutes * blue <= furthest]

    def _take(self, crew: Crew, incident: Incident) -> None:
        """Send a crew that is free, or on its way to something less urgent."""
        if crew.readiness in DIVERTED:
            job = self.underway.pop(crew.call_sign)
            self.sender.stand_down(job)
            self.again(job.incident)
        self.sender.send(crew, incident)


LATITUDE, LONGITUDE, SINCE, PER_SECOND, BLUE_LIGHT, FURTHEST, BONUS, TRANSPORT, UNRESTRICTED = range(9)
COLUMNS = 9


class Waiting:
    """The incidents that wait for a crew, in columns: a free crew looks at all of them in one sweep."""

    def __init__(self, parameters: Parameters, restricted: frozenset[Category]) -> None:
        self.incidents: list[Incident] = []
        self._per_minute = 1 / parameters.dispatch.travel_weight_minutes
        self._columns: npt.NDArray[np.float64] = np.zeros((COLUMNS, 256))
        jobs, dispatch = parameters.jobs, parameters.dispatch
        self._of = {
            category: (
                1 / (60 * dispatch.patience_minutes[category]),
                jobs.blue_light[category],
                dispatch.furthest_minutes[category],
                100.0 if category is C1 else 0.0,
                float(category not in restricted),
            )
            for category in Category
        }

    def add(self, incident: Incident) -> None:
        """Let it wait, unless it does already; it may have come to need a crew that conveys."""
        call = incident.call
        if incident.row < 0:
            incident.row = len(self.incidents)
            self.incidents.append(incident)
            if incident.row >= self._columns.shape[1]:
                self._columns = np.concatenate([self._columns, np.zeros_like(self._columns)], axis=1)
        per_second, blue, furthest, bonus, unrestricted = self._of[call.category]
        self._columns[:, incident.row] = (
            call.latitude,
            call.longitude,
            incident.waiting_since,
            per_second,
            blue,
            furthest,
            bonus,
            incident.wants_transport,
            unrestricted,
        )

    def remove(self, incident: Incident) -> None:
        """It waits no more; the last one takes its row."""
        row, last = incident.row, self.incidents.pop()
        if last is not incident:
            self.incidents[row], last.row = last, row
            self._columns[:, row] = self._columns[:, len(self.incidents)]
        incident.row = -1

    def most_overdue(self, crew: Crew, now: float) -> Incident | None:
        """Where this crew should go: the most overdue for its category, less the way there."""
        count = len(self.incidents)
        if not count:
            return None
        table = self._columns[:, :count]
        latitude, longitude = crew.position(now)
        north = table[LATITUDE] - latitude
        east = (table[LONGITUDE] - longitude) * np.cos((table[LATITUDE] + latitude) * roads.HALF_A_DEGREE)
        km = roads.KM_PER_DEGREE * np.sqrt(north * north + east * east)
        took = (ROADS.start + ROADS.per_root * np.sqrt(km) + ROADS.per_km * km) * table[BLUE_LIGHT]
        waited = now - table[SINCE]
        score = waited * table[PER_SECOND] - took * self._per_minute + table[BONUS]
        score[(took > table[FURTHEST]) & (waited < PATIENCE_AT_MOST)] = -np.inf
        if not crew.conveys:
            score[table[TRANSPORT] > 0] = -np.inf
        if crew.readiness is R.RESTRICTED:
            score[table[UNRESTRICTED] > 0] = -np.inf
        best = int(score.argmax())
        return self.incidents[best] if score[best] > -np.inf else None
