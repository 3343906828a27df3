"""A winter night to look at: made-up events around one instant, the same for the same seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.domain.ambulance.events import AvailabilityEvent, Event, JobEvent, Position
from clearway.domain.ambulance.words import Availability, Category, JobStatus, ResourceKind, Standing

J = JobStatus
REASONS = ("vehicle defect", "deep clean", "equipment missing", "crew welfare", "no driver")
TO_HOSPITAL = ((J.ALLOCATED, 62), (J.MOBILE, 61), (J.AT_SCENE, 48), (J.LEFT_SCENE, 16), (J.AT_HOSPITAL, 0))


@dataclass(frozen=True, slots=True)
class Place:
    """A site or station by code."""

    code: str
    latitude: float
    longitude: float


@dataclass
class Night:
    """Events and positions of one night.

    at  the instant that the night leads up to; nothing happens later
    """

    at: datetime
    seed: int
    hospitals: Sequence[Place]
    stations: Sequence[Place]

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.events: list[Event] = []
        self.positions: list[Position] = []
        self._crews = self._call_signs()
        for place, hospital in enumerate(self.hospitals):
            self._hospital(hospital, pressure=(place * 7) % 5)
        self._elsewhere()
        self.events.sort(key=lambda event: event.occurred_at)

    def _call_signs(self) -> Iterator[str]:
        number = 100
        while True:
            number += 1
            yield f"A{number}"

    def _hospital(self, hospital: Place, pressure: int) -> None:
        for _ in range(12):
            arrived = self._ago(90 + self.chance.random() * 1200)
            took = self.chance.lognormvariate(2.9 + pressure / 6, 0.5)
            self._job(hospital, arrived, [(J.HANDOVER, took), (J.CLEAR, took + 11)])
        for wait in self._waits(pressure):
            ways: list[list[tuple[JobStatus, float]]] = [
                [(J.NOTIFIED, 1), (J.QUEUING, 3)],
                [(J.QUEUING, 3), (J.OFFLOADED, 9), (J.COHORT_STARTED, 10)],
                [(J.COHORT_STARTED, 6), (J.CLEAR, 22)],
            ]
            self._job(hospital, self._ago(wait), ways[self.chance.choice((0, 0, 0, 1, 2))], held=True)
        for _ in range(self.chance.randrange(3)):
            self._job(hospital, self._ago(38), [(J.HANDOVER, 30)], held=True)
        for _ in range(1 + self.chance.randrange(4)):
            self._job(hospital, self.at + timedelta(minutes=self.chance.uniform(2, 14)), [], held=True)

    def _waits(self, pressure: int) -> list[float]:
        return [round(self.chance.expovariate(1 / (8 + 9 * pressure)) + 1, 2) for _ in range(pressure + 1)]

    def _job(
        self,
        hospital: Place,
        arrived: datetime,
        then: list[tuple[JobStatus, float]],
        held: bool = False,
    ) -> None:
        crew, incident = next(self._crews), f"N{len(self.events):05d}"
        category = self.chance.choice((Category.C1, Category.C2, Category.C2, Category.C2, Category.C3))
        steps = [(status, -before) for status, before in TO_HOSPITAL] + then
        for status, minutes in steps:
            at = arrived + timedelta(minutes=minutes)
            if at <= self.at:
                self._say(crew, incident, status, at, category, hospital.code)
        if held:
            self._on_shift(crew, Availability.AVAILABLE)
            self._seen(crew, hospital, 0.002 if arrived <= self.at else 0.09)

    def _say(
        self, crew: str, incident: str, status: JobStatus, at: datetime, category: Category, code: str
    ) -> None:
        self.events.append(
            JobEvent(
                message_id=f"{incident}/{crew}/{status}",
                occurred_at=at.replace(microsecond=0),
                incident=incident,
                call_sign=crew,
                status=status,
                destination=code,
                category=category,
                kind=ResourceKind.DCA,
            )
        )

    def _on_shift(
        self,
        crew: str,
        availability: Availability,
        reason: str | None = None,
        standing: Standing | None = None,
        kind: ResourceKind = ResourceKind.DCA,
    ) -> None:
        end = self.at + timedelta(minutes=self.chance.choice((25, 95, 200, 340, 500)))
        self.events.append(
            AvailabilityEvent(
                message_id=f"{crew}/{availability}",
                occurred_at=self._ago(self.chance.uniform(70, 200)),
                call_sign=crew,
                status=availability,
                reason=reason,
                standing=standing,
                kind=kind,
                station=self.chance.choice(self.stations).code,
                shift_start=end - timedelta(hours=12),
                shift_end=end,
            )
        )

    def _elsewhere(self) -> None:
        kinds = (ResourceKind.DCA, ResourceKind.DCA, ResourceKind.DCA, ResourceKind.RRV, ResourceKind.UCS)
        for station in self.stations[::2]:
            crew = next(self._crews)
            what = self.chance.choice(
                ("free", "free", "break", "off the road", "restricted", "scene", "scene")
            )
            kind = self.chance.choice(kinds)
            if what == "break":
                self._on_shift(crew, Availability.ON_BREAK, standing=Standing.PROTECTED, kind=kind)
            elif what == "off the road":
                self._on_shift(crew, Availability.UNAVAILABLE, self.chance.choice(REASONS), kind=kind)
            elif what == "restricted":
                self._on_shift(crew, Availability.RESTRICTED, standing=Standing.SKILL, kind=kind)
            else:
                self._on_shift(crew, Availability.AVAILABLE, kind=kind)
            if what == "scene":
                self._scene(crew)
            self._seen(crew, station, 0.03)
        self._job(Place("XYZ99", 50.8, -3.4), self._ago(52), [(J.QUEUING, 2)], held=True)

    def _scene(self, crew: str) -> None:
        incident, since = f"S{len(self.events):05d}", self.chance.uniform(3, 70)
        for status, minutes in ((J.ALLOCATED, since + 12), (J.MOBILE, since + 11), (J.AT_SCENE, since)):
            self.events.append(
                JobEvent(
                    message_id=f"{incident}/{crew}/{status}",
                    occurred_at=self._ago(minutes),
                    incident=incident,
                    call_sign=crew,
                    status=status,
                    category=Category.C2,
                    kind=ResourceKind.DCA,
                )
            )

    def _seen(self, crew: str, near: Place, degrees: float) -> None:
        self.positions.append(
            Position(
                call_sign=crew,
                occurred_at=self._ago(self.chance.choice((0.2, 0.4, 0.5, 1, 9))),
                latitude=near.latitude + self.chance.uniform(-degrees, degrees),
                longitude=near.longitude + self.chance.uniform(-degrees, degrees),
            )
        )

    def _ago(self, minutes: float) -> datetime:
        return (self.at - timedelta(minutes=minutes)).replace(microsecond=0)
