"""The job cycle: what a crew does from being sent to being clear, told to the feed step by step."""

from collections.abc import Callable
from dataclasses import dataclass

from clearway.domain.ambulance.words import CallStatus, Category, JobStatus, StatusSource
from clearway.engine.ambulance import travel

from ..shared.agenda import Agenda
from ..shared.chance import Chance
from .control import ControlRoom, Incident, Job
from .crews import Crew, Fleet, Leg, Readiness
from .hospitals import Arrival, Hospital
from .parameters import Parameters
from .stream import Stream

J = JobStatus
CREW, EOC, HALO, HOSPITAL = StatusSource.CREW, StatusSource.EOC, StatusSource.HALO, StatusSource.HOSPITAL
EN_ROUTE = {Category.C1: Readiness.BUSY, Category.C2: Readiness.EN_ROUTE_C2}
ChooseSite = Callable[[Incident, float, float], str]


@dataclass(frozen=True, slots=True)
class Ways:
    """What the job cycle asks of the world around it.

    places       position of every site by code
    choose_site  incident, latitude, longitude -> code of the receiving site
    job_over     called with a crew that is free of its job
    """

    places: dict[str, tuple[float, float]]
    choose_site: ChooseSite
    job_over: Callable[[Crew], None]


class Cycle:
    """Carries out what the control room decides and what hospitals do."""

    def __init__(
        self,
        parameters: Parameters,
        fleet: Fleet,
        control: ControlRoom,
        hospitals: dict[str, Hospital],
        agenda: Agenda,
        stream: Stream,
        chance: Chance,
        ways: Ways,
    ) -> None:
        self._jobs, self._released_share = parameters.jobs, parameters.process.released_share
        self._fleet, self._control, self._hospitals = fleet, control, hospitals
        self._places, self._choose_site, self._job_over = ways.places, ways.choose_site, ways.job_over
        self._agenda, self._stream, self._chance = agenda, stream, chance

    # What the control room asks

    def send(self, crew: Crew, incident: Incident) -> None:
        incident.sent += 1
        job = Job(f"{incident.call.key}/{incident.sent}", incident, crew)
        incident.jobs.append(job)
        category, now = incident.call.category, self._agenda.now
        self._say(job, J.ALLOCATED, EOC, category=category, kind=crew.kind)
        self._fleet.mark(crew, EN_ROUTE.get(category, Readiness.EN_ROUTE_LOWER))
        self._fleet.stand(crew, now, *crew.position(now))
        self._control.underway[crew.call_sign] = job
        crew.busy = True
        if crew.conveys:
            incident.wants_transport = False
        self._after(self._jobs.mobilisation, self._mobile, job)

    def stand_down(self, job: Job) -> None:
        """The crew is free at once, wherever it is; whoever asks says what it does next."""
        now = self._agenda.now
        self._say(job, J.STOOD_DOWN, EOC)
        job.over, job.crew.busy = True, False
        self._control.underway.pop(job.crew.call_sign, None)
        self._fleet.stand(job.crew, now, *job.crew.position(now))

    def send_home(self, crew: Crew) -> None:
        """A free crew makes for its station; it can be sent on the way."""
        self._drive(crew, crew.station.latitude, crew.station.longitude, 1.0)

    # On the way and on scene

    def _mobile(self, job: Job) -> None:
        if job.over:
            return
        self._say(job, J.MOBILE, CREW)
        call = job.incident.call
        arrives = self._drive(job.crew, call.latitude, call.longitude, self._jobs.blue_light[call.category])
        self._agenda.at(arrives, self._at_scene, job)

    def _at_scene(self, job: Job) -> None:
        if job.over:
            return
        self._say(job, J.AT_SCENE, CREW)
        job.on_scene = True
        self._control.underway.pop(job.crew.call_sign, None)
        self._fleet.mark(job.crew, Readiness.BUSY)
        self._after(self._jobs.at_patient, self._at_patient, job)

    def _at_patient(self, job: Job) -> None:
        self._say(job, J.AT_PATIENT, CREW)
        incident, lead = job.incident, job.incident.lead
        finished = lead is not None and lead.over and not incident.call.conveyed
        takes_over = lead is not None and not finished and not lead.crew.conveys and job.crew.conveys
        if lead is not None and not takes_over:
            self._after(self._jobs.hand_to_transport, self._clear_on_scene, job)
            return
        incident.lead = job
        if lead is not None and not lead.leaving:
            lead.leaving = True
            self._after(self._jobs.hand_to_transport, self._clear_on_scene, lead)
        self._work_on_scene(job, begun_by_another=lead is not None)
        self._spare_the_others(job)

    def _work_on_scene(self, job: Job, begun_by_another: bool) -> None:
        call = job.incident.call
        conveys = call.conveyed and job.crew.conveys
        if call.conveyed and not conveys:
            self._after(self._jobs.backup_after, self._ask_for_transport, job)
            return
        minutes = (self._jobs.on_scene_conveyed if conveys else self._jobs.on_scene_treated)[call.category]
        took = self._chance.seconds(minutes) * (0.7 if begun_by_another else 1.0)
        self._agenda.at(self._agenda.now + took, self._choose if conveys else self._clear_on_scene, job)

    def _spare_the_others(self, lead: Job) -> None:
        """Crews still under way are stood down, mostly; a car never spares the crew that must convey."""
        for job in lead.incident.active():
            needless = lead.crew.conveys or not lead.incident.call.conveyed or not job.crew.conveys
            if job.on_scene or not needless or not self._chance.happens(self._jobs.second_stood_down):
                continue
            self.stand_down(job)
            self._job_over(job.crew)

    def _ask_for_transport(self, job: Job) -> None:
        if job.leaving or job.incident.lead is not job:
            return
        on_the_way = any(other.crew.conveys for other in job.incident.active())
        self._say(job, J.BACKUP_REQUESTED, CREW, note="transport")
        if not on_the_way and not job.incident.waits:
            job.incident.waiting_since = self._agenda.now
            self._control.needs_transport(job.incident)

    def _clear_on_scene(self, job: Job) -> None:
        if not job.over:
            self._clear(job)

    # To hospital

    def _choose(self, job: Job) -> None:
        latitude, longitude = job.crew.position(self._agenda.now)
        job.site = self._choose_site(job.incident, latitude, longitude)
        self._say(job, J.DESTINATION_SELECTED, CREW, destination=job.site)
        if job.incident.call.category is Category.C1:
            self._agenda.at(self._agenda.now + 60, self._prealert, job)
        self._agenda.at(self._agenda.now + self._chance.between(90, 300), self._leave_scene, job)

    def _prealert(self, job: Job) -> None:
        self._say(job, J.PREALERT, CREW, destination=job.site)

    def _leave_scene(self, job: Job) -> None:
        self._say(job, J.LEFT_SCENE, CREW)
        assert job.site is not None
        blue = self._jobs.blue_light_to_hospital[job.incident.call.category]
        self._agenda.at(self._drive(job.crew, *self._places[job.site], blue), self._at_hospital, job)

    def _at_hospital(self, job: Job) -> None:
        self._say(job, J.AT_HOSPITAL, CREW, destination=job.site)
        hospital = self._hospitals.get(job.site or "")
        if hospital is not None:
            hospital.arrive(job, resus=job.incident.call.category is Category.C1)
        else:
            self._after(self._jobs.minor_unit_handover, self._handed_over, job)

    # What hospitals tell

    def registered(self, arrival: Arrival) -> None:
        self._say(_job(arrival), J.NOTIFIED, CREW)

    def queuing(self, arrival: Arrival) -> None:
        self._say(_job(arrival), J.QUEUING, CREW)

    def cohorted(self, arrival: Arrival) -> None:
        job = _job(arrival)
        job.cohorted = True
        self._say(job, J.COHORT_STARTED, HALO)
        self._after(self._jobs.wrap_up, self._clear, job)

    def placed(self, arrival: Arrival) -> None:
        job = _job(arrival)
        if job.over:
            return
        self._say(job, J.OFFLOADED, CREW)
        if arrival.place == "corridor" and not job.cohorted and self._chance.happens(self._released_share):
            job.cohorted = True  # the crew leaves before its patient is received
            self._say(job, J.RELEASED, HALO)
            self._after(self._jobs.wrap_up, self._clear, job)

    def handed_over(self, arrival: Arrival) -> None:
        self._handed_over(_job(arrival))

    def _handed_over(self, job: Job) -> None:
        self._say(job, J.HANDOVER, HOSPITAL if job.cohorted else CREW, destination=job.site)
        if not job.cohorted:
            self._after(self._jobs.wrap_up, self._clear, job)

    # The end

    def _clear(self, job: Job) -> None:
        self._say(job, J.CLEAR, CREW)
        job.over, job.crew.busy = True, False
        self._fleet.stand(job.crew, self._agenda.now, *job.crew.position(self._agenda.now))
        self._close(job.incident)
        self._job_over(job.crew)

    def _close(self, incident: Incident) -> None:
        if not incident.active() and not incident.waits:
            self._stream.call(self._agenda.now, incident.call.key, CallStatus.CLOSED)

    # Small helpers

    def _drive(self, crew: Crew, latitude: float, longitude: float, blue_light: float) -> float:
        """Begin to drive; when the crew arrives."""
        now = self._agenda.now
        here = crew.position(now)
        minutes = float(travel.minutes(*here, latitude, longitude, blue_light))
        arrives = now + 60 * minutes * self._chance.factor(self._jobs.travel_deviation)
        self._fleet.move(crew, Leg(now, arrives, *here, latitude, longitude))
        return arrives

    def _after(self, minutes: tuple[float, float], do: Callable[[Job], None], job: Job) -> None:
        self._agenda.at(self._agenda.now + self._chance.seconds(minutes), do, job)

    def _say(self, job: Job, status: JobStatus, source: StatusSource, **known: object) -> None:
        self._stream.job(
            self._agenda.now,
            job.incident.call.key,
            job.crew.call_sign,
            status,
            assignment=job.key,
            source=source,
            **known,
        )


def _job(arrival: Arrival) -> Job:
    assert isinstance(arrival.job, Job)
    return arrival.job
