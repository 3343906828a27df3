"""A region that lives by itself: the simulated carrier of everything the desk may meet.

    world = World(region, "pressured", seed=1, start=datetime(2026, 1, 5, tzinfo=UTC))
    events = world.advance(start + timedelta(hours=1))

The world knows no clock and no network: it moves when asked, by the asker's time. Same region, regime, seed
and start give the same events, byte for byte, however the way is cut into calls of `advance`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import cast

import numpy as np

from clearway.domain.ambulance.events import Event, HospitalEvent, Position
from clearway.domain.ambulance.situation import Situation
from clearway.domain.ambulance.words import CallStatus, Category
from clearway.domain.shared.geography import Point
from clearway.domain.shared.region import Region, SiteKind
from clearway.engine.ambulance.conveyance import Destinations, nearest_hospital

from ..shared.agenda import Agenda, Entry
from ..shared.chance import Chance, Luck, factor, seconds
from ..shared.civil import Civil
from . import luck, patients, roads
from . import parameters as packs
from .board import Board, bare
from .control import ControlRoom, Incident, Job
from .crews import Crew, Fleet, Readiness
from .demand import Call, Callers
from .faults import Line, Presses
from .hospitals import Hospital, Streams
from .jobs import Cycle, Ways
from .opening import Known, Opening, Parts
from .picture import Picture
from .policies import ADULT_AGE, Policy, Question, nearest
from .positions import Tracker
from .reports import Reporter
from .shifts import Shifts
from .stream import Stream
from .telling import Teller

HOUR = 3600.0
WARM_UP_HOURS = 36  # departments fill up before the first crew arrives
CREWS_ARRIVE_AFTER = 1.5 * HOUR


@dataclass(frozen=True, slots=True)
class Ahead:
    """What lies ahead of one department, in no order.

    coming  those a crew has decided to bring: when they arrive, their luck, whether to resuscitation at once
    due     what is on its agenda
    """

    coming: list[tuple[float, Luck, bool]]
    due: list[Entry]


class _Doors:
    """Sites that may be chosen, for measuring how far the nearest would have been."""

    def __init__(self, places: Sequence[tuple[float, float]]) -> None:
        self.places = tuple(places)
        self._north, self._east = np.array(self.places).reshape(-1, 2).T

    def nearest_first(self, latitude: float, longitude: float) -> list[int]:
        """Their rows."""
        narrow = np.cos((self._north + latitude) * roads.HALF_A_DEGREE)
        squares = (self._north - latitude) ** 2 + ((self._east - longitude) * narrow) ** 2
        return cast(list[int], squares.argsort(kind="stable").tolist())


class World:
    """One region under one regime from `start` on.

    regime      a name in the pack's simulation.toml
    start       aware; the first event happens at or after it
    faults      whether crews and lines err at the pack's rates; the truth is the same either way
    positions   seconds between the positions of a crew, None to keep no track of them
    policy      where to convey: picture, question -> ranked choices
    refresh     None when the policy needs only sites and time; else the seconds after which it is shown a new
                picture, as a live planner re-reads its board
    speaks      whether it makes events. A silent world lives through the same days several times as fast;
                what happened is in `incidents`, and its picture is what a feed without faults would give
    parameters  instead of the pack's own, for whoever searches for better ones
    known       begin with what is known now, `start` being the situation's instant (see opening.py); else
                departments fill up over a day and a half, and crews come on duty at the start. Only for a
                silent world that is shown no picture
    Raises CannotParse for a pack that cannot be simulated, LookupError for an unknown regime.
    """

    def __init__(  # noqa: PLR0913 - how a world is made is its one wide door
        self,
        region: Region,
        regime: str,
        seed: int,
        start: datetime,
        *,
        faults: bool = True,
        positions: float | None = None,
        policy: Policy = nearest,
        refresh: float | None = None,
        speaks: bool = True,
        parameters: packs.Parameters | None = None,
        known: Known | None = None,
    ) -> None:
        if known is not None and (speaks or refresh is not None):
            raise ValueError("A world that begins in the middle of a day has no feed and no picture of it.")
        self.region, self.parameters = region, parameters or packs.read(region)
        self.regime = self.parameters.regime(regime)
        self.incidents: list[Incident] = []
        self._start, self._civil = start.timestamp(), Civil(region.timezone)
        self._policy, self._refresh = policy, refresh
        self._seen_last: Situation | None = None
        self._tracker = Tracker(positions, self._start) if positions else None
        self._known = known
        agenda = self._agenda = Agenda(self._start - (0 if known else WARM_UP_HOURS * HOUR))
        fleet = self._fleet = Fleet(tracked=self._tracker is not None)
        self._board = Board(region, self._whereabouts)
        self._bare_picture = bare(
            region.sites_of(SiteKind.EMERGENCY_DEPARTMENT) + region.sites_of(SiteKind.MINOR_UNIT), self._start
        )
        self._stream = self._new_stream(seed, faults) if speaks else None
        self._picture = None if speaks or refresh is None else Picture(region, fleet)
        hearing = (self._stream, self._picture)
        tellers: tuple[Teller, ...] = tuple(each for each in hearing if each is not None)
        restricted = frozenset(Category(word) for word in region.policy("allocation").values["restricted"])
        self._seed = seed
        self._control = ControlRoom(self.parameters, restricted, fleet, agenda)
        self.hospitals: dict[str, Hospital] = {}
        self._shifts = Shifts(
            region, self.parameters, self.regime, fleet, self._control, agenda, tellers, seed
        )
        places = self._places = {site.code: (site.latitude, site.longitude) for site in region.sites}
        self._cycle = Cycle(
            self.parameters,
            fleet,
            self._control,
            self.hospitals,
            agenda,
            tellers,
            Ways(places, self._choose_site, self._shifts.after_job),
        )
        self._control.sender = self._cycle
        self._callers = Callers(region, self.parameters.demand, self.regime, seed)
        self._destinations = _destinations(region, self.parameters)
        self._doors = {
            kind: _Doors([places[code] for code in among.codes]) for kind, among in self._destinations.items()
        }
        self._open_hospitals(seed)
        self._reporter = Reporter(
            self._prefix(seed),
            self.hospitals,
            self.parameters.reports,
            agenda,
            seed,
            (self._picture or self._board).hear_hospital,
            faulty=faults and speaks,
        )
        self._begin()

    def advance(self, until: datetime) -> list[Event]:
        """Let the region live up to `until` (exclusive); the events that arrive by then, in order of arrival.

        Without faults that is the order of time and of sequence. Raises ValueError for a time before the
        last one.
        """
        self._live(until.timestamp())
        return self._stream.take(until.timestamp()) if self._stream else []

    def reports(self, until: datetime) -> list[HospitalEvent]:
        """What hospitals said of themselves since the last call, up to `until`, in order of arrival."""
        self._live(until.timestamp())
        return self._reporter.take(until.timestamp())

    def positions(self, until: datetime) -> list[Position]:
        """The positions since the last call, up to `until`, in order of time; needs `positions` when made."""
        if self._tracker is None:
            raise ValueError(
                "This world keeps no positions; make it with positions=30 for one every 30 seconds."
            )
        self._live(until.timestamp())
        return self._tracker.take(self._fleet, until.timestamp())

    @property
    def now(self) -> float:
        """How far it has lived, seconds since 1970."""
        return self._agenda.now

    @property
    def crews(self) -> tuple[str, ...]:
        """The call signs on duty."""
        return tuple(self._fleet.by_call_sign)

    @property
    def free(self) -> list[Crew]:
        """The crews that can be sent to anything now, in the order of booking on."""
        return [each for each in self._fleet.on_duty() if each.readiness is Readiness.FREE]

    def in_use(self) -> tuple[int, int]:
        """How many crews are able to work, and how many of those are held by a job."""
        crews = self._fleet.on_duty()
        free = sum(each.readiness in (Readiness.FREE, Readiness.RESTRICTED) for each in crews)
        held = sum(each.busy for each in crews)
        return free + held, held

    def stand_by(self, crew: Crew, latitude: float, longitude: float) -> None:
        """Have a crew that is free stand somewhere else until its next job. Raises ValueError where it is
        not free."""
        if crew.readiness is not Readiness.FREE:
            raise ValueError(f"{crew.call_sign} is not free.")
        self._cycle.stand_by(crew, latitude, longitude)

    @property
    def waiting(self) -> list[Incident]:
        """The incidents to which no crew is on its way."""
        return [each for each in self._control.waiting if not each.active()]

    def ahead(self, before: float) -> dict[str, "Ahead"]:
        """What lies ahead of each department before an instant, by code."""
        found = {code: Ahead([], []) for code in self.hospitals}
        of = {id(hospital): found[code] for code, hospital in self.hospitals.items()}
        for entry in self._agenda.pending(before):
            when, _, do, what = entry
            if (theirs := of.get(id(getattr(do, "__self__", None)))) is not None:
                theirs.due.append(entry)
            elif do.__name__ in ("_at_hospital", "_leave_scene") and what[0].site in found:
                job = what[0]
                arrives = when if do.__name__ == "_at_hospital" else when + 60 * job.drive
                urgent = job.incident.call.category is Category.C1
                found[job.site].coming.append((arrives, job.incident.call.luck, urgent))
        return found

    def situation(self, at: datetime) -> Situation:
        """What a desk would know at `at` from the feed alone; lives up to `at` if that is ahead.

        The same frozen value that a live desk reads from its tables: the events that arrived before `at`, in
        the same fold, with late, lost and doubled ones as they are. Assignments are sorted by key, resources
        by call sign, departments as on the board, so equal facts give equal columns.
        Raises ValueError for a time before the last one.
        """
        self._live(at.timestamp())
        return self._situation()

    def _situation(self) -> Situation:
        now = self._agenda.now
        if self._picture is not None:
            self._reporter.take(now)
            return self._picture.situation(now)
        if self._stream is None:
            raise ValueError("A silent world without `refresh` keeps no picture of itself.")
        self._stream.deliver(now)
        self._reporter.deliver(now)
        return self._board.situation(now)

    def _live(self, until: float) -> None:
        if until < self._agenda.now:
            raise ValueError("The world does not run backwards: it has lived past that time.")
        self._agenda.run(until)

    def _new_stream(self, seed: int, faults: bool) -> Stream:
        rates = self.parameters.faults
        return Stream(
            self._prefix(seed),
            Presses(rates, Chance(seed, "presses")) if faults else None,
            Line(rates, Chance(seed, "line")) if faults else None,
            self._board.hear,
        )

    def _prefix(self, seed: int) -> str:
        return f"{self.region.slug}-{self._civil.day(self._start):%Y%m%d}-{seed}"

    def _open_hospitals(self, seed: int) -> None:
        process = self.parameters.process
        for code, site in self.parameters.sites.items():
            streams = Streams(seed, code, process)
            self.hospitals[code] = Hospital(
                site, process, self.regime, streams, self._agenda, self._civil, self._cycle
            )

    def _begin(self) -> None:
        """Fill the departments, put on duty the crews of the day, and live up to the start."""
        today = self._civil.day(self._start)
        if self._known is not None:
            self._open(self._known)
        else:
            for hospital in self.hospitals.values():
                hospital.begin()
        self._hospital_hour()
        for day in (today - timedelta(days=1), today):
            self._agenda.at(self._start, self._shift_day, day, self._known is None)
        self._agenda.at(self._start, self._call_hour)
        self._agenda.at(self._start + HOUR, self._shifts.surge)
        if self._stream is not None or self._picture is not None:  # else nobody listens
            self._reporter.begin(self._start)
        self._agenda.at(self._civil.instant(today + timedelta(days=1), 0), self._new_day)
        self._agenda.run(self._start)

    def _open(self, known: Known) -> None:
        parts = Parts(
            self.parameters,
            self._fleet,
            self._control,
            self.hospitals,
            self._cycle,
            self._shifts,
            self._agenda,
            self.incidents,
            self._places,
            self._seed,
        )
        Opening(known, parts).fill()

    # Every hour and every day

    def _hospital_hour(self) -> None:
        now = self._agenda.now
        crewless = self._known is None and now < self._start + CREWS_ARRIVE_AFTER - HOUR
        for hospital in self.hospitals.values():
            hospital.hour(ambulances_too=crewless)
        self._agenda.at(now + HOUR, self._hospital_hour)

    def _new_day(self) -> None:
        day = self._civil.day(self._agenda.now)
        self._shift_day(day, True)
        self._board.forget(self._agenda.now - 36 * HOUR)
        self._agenda.at(self._civil.instant(day + timedelta(days=1), 0), self._new_day)

    def _shift_day(self, day: date, started_too: bool) -> None:
        self._shifts.day(day, self._start, started_too=started_too)

    def _call_hour(self) -> None:
        """Draw the calls up to the next full hour."""
        now = self._agenda.now
        end = (now // HOUR + 1) * HOUR
        for call in self._callers.between(now, end):
            self._agenda.at(call.connected_at, self._connect, call)
        self._agenda.at(end, self._call_hour)

    # One call

    def _connect(self, call: Call) -> None:
        now, later, lucky = self._agenda.now, self._agenda.at, call.luck
        coded = self.parameters.jobs.category_seconds[call.category] * factor(0.3, lucky[luck.CODING])
        later(now + coded, self._categorise, call)
        if self._stream is None:
            return
        self._stream.call(now, call.key, CallStatus.CALL_CONNECT)
        answered = now + min(2 + 10 * lucky[luck.ANSWER], coded / 4)
        later(answered, self._say, call, CallStatus.CALL_ANSWER)
        later(now + coded * 0.4, self._locate, call)
        later(now + coded * 0.7, self._say, call, CallStatus.NATURE_OF_CALL)

    def _say(self, call: Call, status: CallStatus) -> None:
        nature = call.nature if status is CallStatus.NATURE_OF_CALL else None
        if self._stream is not None:
            self._stream.call(self._agenda.now, call.key, status, nature=nature)

    def _locate(self, call: Call) -> None:
        if self._stream is not None:
            self._stream.call(
                self._agenda.now,
                call.key,
                CallStatus.LOCATED,
                latitude=call.latitude,
                longitude=call.longitude,
                area=call.area,
            )

    def _categorise(self, call: Call) -> None:
        now = self._agenda.now
        incident = Incident(call, waiting_since=now, categorised_at=now)
        if self._stream is None:
            self.incidents.append(incident)
        else:
            day = self._civil.day(now)
            patient = patients.patient(call.key, call.age, call.sex, day, self._seed)
            self._stream.call(now, call.key, CallStatus.CATEGORY_SET, category=call.category, patient=patient)
        if not call.by_phone:
            self._control.new(incident)
        elif self._stream is not None:
            closed = now + seconds(self.parameters.jobs.hear_and_treat, call.luck[luck.BY_PHONE])
            self._agenda.at(closed, self._say, call, CallStatus.CLOSED)

    # Where to

    def _choose_site(self, job: Job, latitude: float, longitude: float) -> str:
        """The first choice of the policy among departments, or of the road among minor units."""
        call = job.incident.call
        kind = "minor" if call.to_minor_unit else "child" if call.age < ADULT_AGE else "adult"
        if kind == "minor":
            nearby = nearest_hospital(self._bare(), self._destinations["minor"], latitude, longitude)
            if nearby and nearby[0].minutes <= 30:
                return nearby[0].code
            kind = "adult"
        question = Question(
            *(job.key, call, self._destinations[kind], latitude, longitude, self._agenda.now),
            news2=patients.news2(call.key, self.parameters.demand.news2.get(call.category, (0.0, 0.0))),
            home=Point(job.crew.station.latitude, job.crew.station.longitude),
        )
        choice = self._policy(self._seen(), question)[0]
        if self._stream is None:
            self._measure_drive(job, choice.code, kind, latitude, longitude)
        return choice.code

    def _measure_drive(self, job: Job, code: str, kind: str, latitude: float, longitude: float) -> None:
        among, doors, now = self._destinations[kind], self._doors[kind], self._agenda.now
        job.drive = roads.minutes(latitude, longitude, *doors.places[among.codes.index(code)])
        job.drive_to_nearest = job.drive
        for row in doors.nearest_first(latitude, longitude):
            minutes = roads.minutes(latitude, longitude, *doors.places[row])
            if among.is_open(row, now + 60 * minutes):
                job.drive_to_nearest = minutes
                return

    def _seen(self) -> Situation:
        now = self._agenda.now
        if self._refresh is None:
            return self._bare()
        if self._seen_last is None or now - self._seen_last.at >= self._refresh:
            self._seen_last = self._situation()
        return self._seen_last

    def _bare(self) -> Situation:
        return replace(self._bare_picture, at=self._agenda.now)

    def _whereabouts(self) -> dict[str, tuple[float, float]]:
        return {crew.call_sign: crew.position(self._agenda.now) for crew in self._fleet.on_duty()}


def _destinations(region: Region, parameters: packs.Parameters) -> dict[str, Destinations]:
    """Eligible sites for adults, children and minor cases."""
    departments = [
        site for site in region.sites_of(SiteKind.EMERGENCY_DEPARTMENT) if site.code in parameters.sites
    ]
    adult = [site for site in departments if "children_only" not in site.roles]
    return {
        "adult": Destinations.among(adult, region.timezone),
        "child": Destinations.among(departments, region.timezone),
        "minor": Destinations.among(region.sites_of(SiteKind.MINOR_UNIT), region.timezone),
    }
