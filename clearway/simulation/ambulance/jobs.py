"""The job cycle: what a crew does from being sent to being clear, told step by step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from clearway.domain.ambulance.words import CallStatus, Category, JobStatus, ReceivingUnit, StatusSource
from clearway.engine.ambulance.eligibility import share_of

from ..shared.agenda import Agenda
from ..shared.chance import Lognormal, factor, seconds
from . import luck, roads
from .control import ControlRoom, Incident, Job
from .crews import Crew, Fleet, Leg, Readiness
from .hospitals import Arrival, Hospital
from .parameters import Parameters
from .telling import Teller

ALLOCATED, MOBILE, AT_SCENE, AT_PATIENT = (
    JobStatus.ALLOCATED,
    JobStatus.MOBILE,
    JobStatus.AT_SCENE,
    JobStatus.AT_PATIENT,
)
BACKUP_REQUESTED, DESTINATION_SELECTED, PREALERT, LEFT_SCENE = (
    JobStatus.BACKUP_REQUESTED,
    JobStatus.DESTINATION_SELECTED,
    JobStatus.PREALERT,
    JobStatus.LEFT_SCENE,
)
AT_HOSPITAL, NOTIFIED, QUEUING, OFFLOADED, COHORT_STARTED = (
    JobStatus.AT_HOSPITAL,
    JobStatus.NOTIFIED,
    JobStatus.QUEUING,
    JobStatus.OFFLOADED,
    JobStatus.COHORT_STARTED,
)
HANDOVER, RELEASED, STOOD_DOWN, CLEAR = (
    JobStatus.HANDOVER,
    JobStatus.RELEASED,
    JobStatus.STOOD_DOWN,
    JobStatus.CLEAR,
)
CREW, EOC, HALO, HOSPITAL = StatusSource.CREW, StatusSource.EOC, StatusSource.HALO, StatusSource.HOSPITAL
C1 = Category.C1
EN_ROUTE = {Category.C1: Readiness.BUSY, Category.C2: Readiness.EN_ROUTE_C2}
EN_ROUTE_LOWER, BUSY = Readiness.EN_ROUTE_LOWER, Readiness.BUSY
TWO_PATIENTS = 0.01  # share of conveyances with a second patient in the vehicle; an assumption
ChooseSite = Callable[[Job, float, float], str]


@dataclass(frozen=True, slots=True)
class Ways:
    """What the job cycle asks of the world around it.

    places       position of every site by code
    choose_site  job, latitude, longitude -> code of the receiving site
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
        tellers: Sequence[Teller],
        ways: Ways,
    ) -> None:
        self._jobs, self._surge = parameters.jobs, parameters.surge
        self._released_share = parameters.process.released_share
        self._fleet, self._control, self._hospitals = fleet, control, hospitals
        self._places, self._choose_site, self._job_over = ways.places, ways.choose_site, ways.job_over
        self._agenda, self._tellers = agenda, tellers

    # What the control room asks

    def send(self, crew: Crew, incident: Incident) -> None:
        incident.sent += 1
        job = Job(f"{incident.call.key}/{incident.sent}", incident, crew, luck.of_crew(incident.sent))
        incident.jobs.append(job)
        category, now = incident.call.category, self._agenda.now
        self._say(job, ALLOCATED, EOC, category=category, kind=crew.kind)
        self._fleet.mark(crew, EN_ROUTE.get(category, EN_ROUTE_LOWER))
        self._fleet.stand(crew, now, *crew.position(now))
        self._control.underway[crew.call_sign] = job
        crew.busy = True
        if crew.conveys:
            incident.wants_transport = False
        self._after(self._jobs.mobilisation, job.luck + luck.MOBILISATION, self._mobile, job)

    def stand_down(self, job: Job) -> None:
        """The crew is free at once, wherever it is; whoever asks says what it does next."""
        now = self._agenda.now
        self._say(job, STOOD_DOWN, EOC)
        job.over, job.crew.busy = True, False
        self._control.underway.pop(job.crew.call_sign, None)
        self._fleet.stand(job.crew, now, *job.crew.position(now))

    def send_home(self, crew: Crew) -> None:
        """A free crew makes for its station; it can be sent on the way."""
        self._drive(crew, crew.station.latitude, crew.station.longitude, 1.0)

    def stand_by(self, crew: Crew, latitude: float, longitude: float) -> None:
        """A free crew drives to a place and waits there; it can be sent on the way."""
        self._drive(crew, latitude, longitude, 1.0)

    def close(self, incident: Incident) -> None:
        """Nobody is sent any more: the call was closed by telephone."""
        self._close(incident)

    # On the way and on scene

    def _mobile(self, job: Job) -> None:
        if job.over:
            return
        self._say(job, MOBILE, CREW)
        call = job.incident.call
        chance = self._chance_of_road(job.luck_of(luck.TO_SCENE))
        blue = self._jobs.blue_light[call.category]
        arrives = self._drive(job.crew, call.latitude, call.longitude, blue * chance)
        self._agenda.at(arrives, self._at_scene, job)

    def _at_scene(self, job: Job) -> None:
        if job.over:
            return
        self._say(job, AT_SCENE, CREW)
        job.on_scene = True
        self._control.underway.pop(job.crew.call_sign, None)
        self._fleet.mark(job.crew, BUSY)
        self._after(self._jobs.at_patient, job.luck + luck.AT_PATIENT, self._at_patient, job)

    def _at_patient(self, job: Job) -> None:
        self._say(job, AT_PATIENT, CREW)
        incident, lead = job.incident, job.incident.lead
        finished = lead is not None and lead.over and not incident.call.conveyed
        takes_over = lead is not None and not finished and not lead.crew.conveys and job.crew.conveys
        if lead is not None and not takes_over:
            self._after(self._jobs.hand_to_transport, job.luck + luck.ASIDE, self._clear_on_scene, job)
            return
        incident.lead = job
        if lead is not None and not lead.leaving:
            lead.leaving = True
            self._after(self._jobs.hand_to_transport, lead.luck + luck.ASIDE, self._clear_on_scene, lead)
        self._work_on_scene(job, begun_by_another=lead is not None)
        self._spare_the_others(job)

    def _work_on_scene(self, job: Job, begun_by_another: bool) -> None:
        call = job.incident.call
        conveys = call.conveyed and job.crew.conveys
        if call.conveyed and not conveys:
            self._after(self._jobs.backup_after, luck.ASKING_FOR_TRANSPORT, self._ask_for_transport, job)
            return
        minutes = (self._jobs.on_scene_conveyed if conveys else self._jobs.on_scene_treated)[call.category]
        took = seconds(minutes, call.luck[luck.ON_SCENE]) * (0.7 if begun_by_another else 1.0)
        self._agenda.at(self._agenda.now + took, self._choose if conveys else self._clear_on_scene, job)

    def _spare_the_others(self, lead: Job) -> None:
        """Crews still under way are stood down, mostly; a car never spares the crew that must convey."""
        for job in lead.incident.active():
            needless = lead.crew.conveys or not lead.incident.call.conveyed or not job.crew.conveys
            lucky = job.luck_of(luck.STOOD_DOWN) < self._jobs.second_stood_down
            if job.on_scene or not needless or not lucky:
                continue
            self.stand_down(job)
            self._job_over(job.crew)

    def _ask_for_transport(self, job: Job) -> None:
        if job.leaving or job.incident.lead is not job:
            return
        on_the_way = any(other.crew.conveys for other in job.incident.active())
        self._say(job, BACKUP_REQUESTED, CREW, note="transport")
        if not on_the_way and not job.incident.waits:
            job.incident.waiting_since = self._agenda.now
            self._control.needs_transport(job.incident)

    def _clear_on_scene(self, job: Job) -> None:
        if not job.over:
            self._clear(job)

    # To hospital

    def _choose(self, job: Job) -> None:
        latitude, longitude = job.crew.position(self._agenda.now)
        job.site = self._choose_site(job, latitude, longitude)
        self._say(job, DESTINATION_SELECTED, CREW, destination=job.site)
        if job.incident.call.category is C1:
            self._agenda.at(self._agenda.now + 60, self._prealert, job)
        pause = 90 + 210 * job.incident.call.luck[luck.CHOOSING]
        self._agenda.at(self._agenda.now + pause, self._leave_scene, job)

    def _prealert(self, job: Job) -> None:
        self._say(job, PREALERT, CREW, destination=job.site)

    def _leave_scene(self, job: Job) -> None:
        self._say(job, LEFT_SCENE, CREW, **_aboard(job))
        self.go_on_conveying(job)

    def _at_hospital(self, job: Job) -> None:
        hospital = self._hospitals.get(job.site or "")
        unit = ReceivingUnit.URGENT_TREATMENT if hospital is None else ReceivingUnit.EMERGENCY_DEPARTMENT
        told = {"destination": job.site, "unit": unit, "emergency": hospital is not None, **_aboard(job)}
        self._say(job, AT_HOSPITAL, CREW, **told)
        if hospital is not None:
            hospital.arrive(job, job.incident.call.luck, resus=job.incident.call.category is C1)
        else:
            self._after(self._jobs.minor_unit_handover, luck.RECEIVING, self._handed_over, job)

    # What hospitals tell

    def registered(self, arrival: Arrival) -> None:
        self._say(_job(arrival), NOTIFIED, CREW)

    def queuing(self, arrival: Arrival) -> None:
        self._say(_job(arrival), QUEUING, CREW)

    def cohorted(self, arrival: Arrival) -> None:
        job = _job(arrival)
        job.cohorted = True
        self._say(job, COHORT_STARTED, HALO, cared_by=arrival.carer(job.site or ""))
        self._wrap_up(job)

    def placed(self, arrival: Arrival) -> None:
        job = _job(arrival)
        if job.over:
            return
        self._say(job, OFFLOADED, CREW)
        if (
            arrival.place == "corridor"
            and not job.cohorted
            and job.incident.call.luck[luck.LEFT_EARLY] < self._released_share
        ):
            job.cohorted = True  # the crew leaves before its patient is received
            self._say(job, RELEASED, HALO, accepted_by="nurse in charge")
            self._wrap_up(job)

    def handed_over(self, arrival: Arrival) -> None:
        self._handed_over(_job(arrival))

    def _handed_over(self, job: Job) -> None:
        by = HOSPITAL if job.cohorted else CREW
        self._say(job, HANDOVER, by, destination=job.site, **_aboard(job))
        if not job.cohorted:
            self._wrap_up(job)

    # The end

    def _wrap_up(self, job: Job) -> None:
        """Until clear; shorter when many wait, as the crew is sent straight on."""
        hurry = 1 - (1 - self._surge.wrap_up) * self._control.surge()
        took = seconds(self._jobs.wrap_up, job.incident.call.luck[luck.WRAP_UP]) * hurry
        self._agenda.at(self._agenda.now + took, self._clear, job)

    def _clear(self, job: Job) -> None:
        self._say(job, CLEAR, CREW)
        job.over, job.crew.busy = True, False
        self._fleet.stand(job.crew, self._agenda.now, *job.crew.position(self._agenda.now))
        self._close(job.incident)
        self._job_over(job.crew)

    def _close(self, incident: Incident) -> None:
        if not incident.active() and not incident.waits:
            for teller in self._tellers:
                teller.call(self._agenda.now, incident.call.key, CallStatus.CLOSED)

    # Where a world that begins in the middle of a day takes a job up

    go_on_mobile, go_on_at_patient, go_on_asking = _mobile, _at_patient, _ask_for_transport
    go_on_choosing, go_on_leaving, go_on_handing_over = _choose, _leave_scene, _handed_over
    go_on_clearing = _clear_on_scene

    def go_on_conveying(self, job: Job) -> None:
        """On from where the crew is."""
        assert job.site is not None
        call = job.incident.call
        share = self._jobs.blue_light_to_hospital[call.category]
        share *= self._chance_of_road(call.luck[luck.TO_HOSPITAL])
        self._agenda.at(self._drive(job.crew, *self._places[job.site], share), self._at_hospital, job)

    def chosen_site(self, job: Job) -> str:
        """Where a crew would go from where it is."""
        return self._choose_site(job, *job.crew.position(self._agenda.now))

    # Small helpers

    def _drive(self, crew: Crew, latitude: float, longitude: float, share: float) -> float:
        """Begin to drive, in this share of the normal time; when the crew arrives."""
        now = self._agenda.now
        here = crew.leg.at(now)
        arrives = now + 60 * share * roads.minutes(*here, latitude, longitude)
        self._fleet.move(crew, Leg(now, arrives, *here, latitude, longitude))
        return arrives

    def _chance_of_road(self, share: float) -> float:
        return factor(self._jobs.travel_deviation, share)

    def _after(self, minutes: Lognormal, place: int, do: Callable[[Job], None], job: Job) -> None:
        took = seconds(minutes, job.incident.call.luck[place])
        self._agenda.at(self._agenda.now + took, do, job)

    def _say(self, job: Job, status: JobStatus, source: StatusSource, **known: Any) -> None:
        now = job.stamps[status] = self._agenda.now
        for teller in self._tellers:
            teller.job(now, job, status, source, known)


def _aboard(job: Job) -> dict[str, int]:
    """What an event says of the number of patients: nothing of one alone. The same under every policy."""
    return {"patients": 2} if share_of("two patients", job.incident.call.key) < TWO_PATIENTS else {}


def _job(arrival: Arrival) -> Job:
    assert isinstance(arrival.job, Job)
    return arrival.job
