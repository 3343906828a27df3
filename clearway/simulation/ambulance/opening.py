"""How a world begins in the middle of a day: from a situation, as a desk knows it, and not from nothing.

What a situation says is taken over: who queues where and since when, which crews do what, how full a
department says it is. What nobody says is drawn anew in every future, from what is usual in the region,
with what is known held fast: a crew that has been on scene for an hour stays as long as crews do that stay
for more than an hour. ASSUMED says what that is.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import msgspec
import numpy as np

from clearway.domain.ambulance.situation import (
    AVAILABILITIES,
    CATEGORIES,
    JOB_STATES,
    JOB_STATUSES,
    KINDS,
    UNKNOWN,
    Situation,
)
from clearway.domain.ambulance.words import Availability, Category, HospitalMeasure, JobState, JobStatus
from clearway.domain.ambulance.words import ResourceKind as Kind

from ..shared.agenda import Agenda
from ..shared.chance import Chance, Lognormal, over_after, remaining, seconds
from . import luck
from .control import ControlRoom, Incident, Job
from .crews import Crew, Fleet, Readiness
from .demand import Call
from .hospitals import Found, Hospital, Said
from .jobs import EN_ROUTE, EN_ROUTE_LOWER, Cycle
from .parameters import HospitalSite, Parameters
from .shifts import Seen, Shifts

S, M = JobStatus, HospitalMeasure
Step = Callable[[Job], None]
MINUTE, DAY = 60.0, 86_400.0
STALE = 3 * 3600.0  # a hospital's figures older than this are as good as none
ADULT = 50  # years, of whom no age is known
ASSUMED = (
    "What a hospital has not said for three hours is as usual: places, staff, patients who wait for a bed.",
    "Patients inside have been there for as long as such patients have been on average.",
    "Who calls in the next hours, how ill, and which beds come free is as usual in the region.",
    "A crew whose position is not known stands at a station; a shift without a known end has hours left.",
    "Crews go to the nearest department that is open and right for the patient, unless a divert covers them.",
    "A crew that has chosen its hospital already goes there, divert or not.",
    "On simulated days the ranges of four futures in five held 52% to 68% of what came: too narrow.",
    "On those days, in severe weeks the futures are too hopeful by a fifth.",
)


@dataclass(frozen=True, slots=True)
class Unsent:
    """An incident to which nobody has been sent. since  when its clock began, seconds since 1970."""

    key: str
    category: Category
    latitude: float
    longitude: float
    since: float


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at the start.

    scenes  incident -> latitude, longitude, and the patient's age where somebody said it
    unsent  the incidents that wait for a crew
    """

    situation: Situation
    scenes: Mapping[str, tuple[float, float, int | None]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    unsent: tuple[Unsent, ...] = ()


def parameters_for(known: Known, parameters: Parameters) -> Parameters:
    """The region's parameters with what its departments say of their places and staff."""
    sites = dict(parameters.sites)
    for row, code in enumerate(known.situation.sites.code):
        if code in sites:
            sites[code] = _as_said(sites[code], known.situation, row)
    return msgspec.structs.replace(parameters, sites=sites)


def _as_said(site: HospitalSite, situation: Situation, row: int) -> HospitalSite:
    named = {"bays": M.MAJORS_PLACES, "nurses": M.RECEIVING_STAFF, "cohort_places": M.COHORT_PLACES}
    said = {name: _said(situation, row, measure) for name, measure in named.items()}
    least = {"bays": 1, "nurses": 1, "cohort_places": 0}
    figures = {name: max(least[name], round(value)) for name, value in said.items() if value is not None}
    if "nurses" in figures:  # fewer may be counted while a shift changes
        figures["nurses"] = max(figures["nurses"], site.nurses)
    return msgspec.structs.replace(site, **figures)


def _said(situation: Situation, row: int, measure: HospitalMeasure) -> float | None:
    """What a site said of late, None where it did not."""
    value, at = situation.reports.measure(measure)[row], situation.reports.measured_at(measure)[row]
    return None if np.isnan(value) or at < situation.at - STALE else float(value)


WORDS = {
    M.MAJORS_PLACES: "places",
    M.MAJORS_TAKEN: "places taken",
    M.BOARDING: "patients who wait for a bed",
    M.RECEIVING_STAFF: "receiving staff",
}


def not_said(situation: Situation, code: str) -> tuple[str, ...]:
    """What a department has not said of late and a future takes as usual, in words."""
    row = situation.sites.code.index(code)
    return tuple(words for measure, words in WORDS.items() if _said(situation, row, measure) is None)


def regime_of(situation: Situation, parameters: Parameters) -> str:
    """The regime whose published mean handover is nearest to that of the last day, by its logarithm.

    Without any that is published, or any handover, the one with the middle number of incidents.
    """
    jobs = situation.assignments
    took = (jobs.stamp(S.HANDOVER) - jobs.stamp(S.AT_HOSPITAL)) / MINUTE
    took = took[(took >= 0) & (jobs.stamp(S.HANDOVER) > situation.at - DAY)]
    published = {
        name: each.published.mean for name, each in parameters.regimes.items() if each.published.mean
    }
    if not published or not len(took):
        by_calls = sorted(parameters.regimes, key=lambda name: parameters.regimes[name].incidents_per_day)
        return by_calls[len(by_calls) // 2]
    mean = max(1.0, float(took.mean()))
    return min(published, key=lambda name: abs(np.log(published[name] or 1.0) - np.log(mean)))


@dataclass(frozen=True, slots=True)
class Parts:
    """What a world is made of, for who fills it. where  latitude and longitude of every site, by code."""

    parameters: Parameters
    fleet: Fleet
    control: ControlRoom
    hospitals: Mapping[str, Hospital]
    cycle: Cycle
    shifts: Shifts
    agenda: Agenda
    incidents: list[Incident]
    where: Mapping[str, tuple[float, float]]
    seed: int


class Opening:
    """Fills a world with what is known. One for each world that is made."""

    def __init__(self, known: Known, parts: Parts) -> None:
        self._known, self._seen, self._parts = known, known.situation, parts
        self._jobs = known.situation.assignments
        self._now = known.situation.at
        self._incidents: dict[str, Incident] = {}
        self._inside: dict[str, list[Found]] = defaultdict(list)

    def fill(self) -> None:
        """Departments, crews, jobs, and the incidents that wait."""
        crews = self._crews()
        for incident, rows in self._by_incident().items():
            self._open_incident(incident, rows, crews)
        for code, hospital in self._parts.hospitals.items():
            self._open_department(code, hospital)
        for each in self._known.unsent:
            self._open_unsent(each)
        for crew in crews.values():
            if crew.readiness in (Readiness.FREE, Readiness.RESTRICTED):
                self._parts.control.free(crew)

    # Departments

    def _open_department(self, code: str, hospital: Hospital) -> None:
        row = self._seen.sites.code.index(code) if code in self._seen.sites.code else UNKNOWN

        def said(measure: HospitalMeasure) -> float | None:
            return _said(self._seen, row, measure) if row != UNKNOWN else None

        hospital.begin_with(
            self._inside[code],
            Said(
                boarding=said(M.BOARDING),
                majors=said(M.MAJORS_TAKEN),
                resus=said(M.RESUS_TAKEN),
                present=said(M.IN_DEPARTMENT),
                beds=said(M.BEDS_FREE),
            ),
            self._chance(f"inside {code}"),
        )

    # Crews

    def _crews(self) -> dict[str, Crew]:
        table, found = self._seen.resources, {}
        for row, call_sign in enumerate(table.call_sign):
            held = int(table.assignment[row])
            if table.availability[row] == UNKNOWN and held == UNKNOWN:
                continue
            kind = KINDS[table.kind[row]] if table.kind[row] != UNKNOWN else Kind.DCA
            word = AVAILABILITIES[table.availability[row]] if table.availability[row] != UNKNOWN else None
            found[call_sign] = self._parts.shifts.resume(
                Seen(
                    call_sign=call_sign,
                    kind=kind,
                    availability=Availability.AVAILABLE if word is None else word,
                    since=_or(float(table.since[row]), self._now),
                    shift_end=float(table.shift_end[row]),
                    place=self._place_of(row),
                    holds=held != UNKNOWN,
                ),
                self._chance(f"crew {call_sign}"),
            )
        return found

    def _place_of(self, row: int) -> tuple[float, float] | None:
        table = self._seen.resources
        here = float(table.latitude[row]), float(table.longitude[row])
        if not np.isnan(here[0]):
            return here
        held = int(table.assignment[row])
        if held == UNKNOWN:
            return None
        site = int(self._jobs.site[held])
        arrived = not np.isnan(self._jobs.stamp(S.AT_HOSPITAL)[held])
        if arrived and site != UNKNOWN:
            return float(self._seen.sites.latitude[site]), float(self._seen.sites.longitude[site])
        scene = self._known.scenes.get(self._jobs.incident[held])
        return scene[:2] if scene else None

    # Incidents and their jobs

    def _by_incident(self) -> dict[str, list[int]]:
        """The rows of assignments that are not over, or leave a patient waiting; in the order of sending."""
        waits, found = self._jobs.patient_is_waiting, defaultdict(list)
        for row, key in enumerate(self._jobs.incident):
            if not JOB_STATES[self._jobs.state[row]].is_over or waits[row]:
                found[key].append(row)
        return found

    def _open_incident(self, key: str, rows: Sequence[int], crews: Mapping[str, Crew]) -> None:
        chance = self._chance(f"incident {key}")
        category = next(
            (CATEGORIES[self._jobs.category[row]] for row in rows if self._jobs.category[row] >= 0),
            Category.C2,
        )
        scene = self._known.scenes.get(key) or self._guessed_scene(rows, crews)
        began = min(self._stamp(row, S.ALLOCATED) for row in rows)
        call = self._call(key, category, scene, began, chance)
        incident = Incident(call, waiting_since=began, categorised_at=began)
        self._parts.incidents.append(incident)
        for row in rows:
            crew = crews.get(self._jobs.call_sign[row])
            if crew is not None and crew.busy:
                crew = None  # it holds another job already
            state = JOB_STATES[self._jobs.state[row]]
            self._open_job(row, state, incident, crew, chance)

    def _guessed_scene(
        self, rows: Sequence[int], crews: Mapping[str, Crew]
    ) -> tuple[float, float, int | None]:
        for row in rows:
            if (crew := crews.get(self._jobs.call_sign[row])) is not None:
                return (*crew.position(self._now), None)
        return (*next(iter(self._parts.where.values())), None)

    def _call(
        self,
        key: str,
        category: Category,
        scene: tuple[float, float, int | None],
        since: float,
        chance: Chance,
    ) -> Call:
        demand = self._parts.parameters.demand
        latitude, longitude, age = scene
        child = chance.happens(demand.child_share)
        return Call(
            key=key,
            connected_at=since,
            category=category,
            latitude=latitude,
            longitude=longitude,
            area="",
            nature="not stated",
            age=age if age is not None else 8 if child else ADULT,
            sex="",
            by_phone=False,
            conveyed=chance.happens(demand.conveyed.get(category, 0.0)),
            to_minor_unit=chance.happens(demand.minor_unit_share),
            luck=chance.luck(luck.PLACES),
        )

    def _open_job(
        self, row: int, state: JobState, incident: Incident, crew: Crew | None, chance: Chance
    ) -> None:
        """One crew on one incident; whoever has left its patient at a department is not its crew any more."""
        incident.sent += 1
        gone = crew is None or state.is_over
        job = Job(
            self._jobs.key[row],
            incident,
            crew if crew is not None and not gone else self._parts.shifts.nobody(self._jobs.call_sign[row]),
            luck.of_crew(incident.sent),
        )
        incident.jobs.append(job)
        for place, status in enumerate(JOB_STATUSES):
            if not np.isnan(at := self._jobs.stamps[row, place]):
                job.stamps[status] = float(at)
        if gone:
            job.over = True
        else:
            job.crew.busy = True
            self._parts.fleet.mark(job.crew, Readiness.BUSY)
        site = int(self._jobs.bound[row])
        site = int(self._jobs.site[row]) if site == UNKNOWN or state is not JobState.CONVEYING else site
        job.site = self._seen.sites.code[site] if site != UNKNOWN else None
        if S.AT_HOSPITAL in job.stamps and S.HANDOVER not in job.stamps:
            self._at_hospital(job)
        elif not gone:
            self._resume(job, state, chance)

    def _resume(self, job: Job, state: JobState, chance: Chance) -> None:
        """Where a crew goes on from, with what it still needs as long as those need that took so long."""
        cycle, jobs = self._parts.cycle, self._parts.parameters.jobs
        if state in (JobState.ALLOCATED, JobState.MOBILE, JobState.AT_RVP):
            category = job.incident.call.category
            self._parts.fleet.mark(job.crew, EN_ROUTE.get(category, EN_ROUTE_LOWER))
            self._parts.control.underway[job.crew.call_sign] = job
            started = state is not JobState.ALLOCATED
            self._later(job, jobs.mobilisation, S.ALLOCATED, cycle.go_on_mobile, chance, now=started)
        elif state is JobState.ON_SCENE:
            job.on_scene = True
            self._on_scene(job, chance)
        elif state is JobState.CONVEYING:
            job.incident.lead = job
            self._settle_site(job)
            cycle.go_on_conveying(job)
        elif state is JobState.WRAP_UP or S.HANDOVER in job.stamps:
            self._later(job, jobs.wrap_up, S.HANDOVER, cycle.go_on_clearing, chance)
        else:
            self._later(job, jobs.wrap_up, S.ALLOCATED, cycle.go_on_clearing, chance)

    def _on_scene(self, job: Job, chance: Chance) -> None:
        cycle, jobs, call = self._parts.cycle, self._parts.parameters.jobs, job.incident.call
        lead = job.incident.lead
        if S.DESTINATION_SELECTED in job.stamps and job.crew.conveys:
            job.incident.lead = job
            self._settle_site(job)
            self._agenda(chance.between(0, 240), cycle.go_on_leaving, job)
        elif S.AT_PATIENT not in job.stamps and S.AT_SCENE in job.stamps:
            self._later(job, jobs.at_patient, S.AT_SCENE, cycle.go_on_at_patient, chance)
        elif lead is not None and (lead.crew.conveys or not job.crew.conveys):
            self._agenda(seconds(jobs.hand_to_transport, chance.share()), cycle.go_on_clearing, job)
        else:
            if lead is not None:  # a car, which the crew that conveys takes over from
                self._agenda(seconds(jobs.hand_to_transport, chance.share()), cycle.go_on_clearing, lead)
            job.incident.lead = job
            self._work(job, call, chance)

    def _settle_site(self, job: Job) -> None:
        """Where it goes: a destination that was said and is none of the departments is a minor unit."""
        if job.site is None:
            said = S.DESTINATION_SELECTED in job.stamps
            job.incident.call = replace(job.incident.call, to_minor_unit=said)
            job.site = self._parts.cycle.chosen_site(job)

    def _work(self, job: Job, call: Call, chance: Chance) -> None:
        """The lead works on scene: the longer it has, the likelier it is of the kind that takes longer."""
        cycle, jobs = self._parts.cycle, self._parts.parameters.jobs
        since = job.stamps.get(S.AT_PATIENT, job.stamps.get(S.AT_SCENE, self._now))
        spent = max(0.0, self._now - since)
        leaves, stays = jobs.on_scene_conveyed[call.category], jobs.on_scene_treated[call.category]
        share = self._parts.parameters.demand.conveyed.get(call.category, 0.0)
        still = share * (1 - over_after(leaves, spent)), (1 - share) * (1 - over_after(stays, spent))
        conveyed = chance.share() * (sum(still) or 1.0) < still[0] if sum(still) else call.conveyed
        job.incident.call = call = replace(call, conveyed=conveyed)
        if conveyed and not job.crew.conveys:
            self._agenda(seconds(jobs.backup_after, chance.share()), cycle.go_on_asking, job)
            return
        left = remaining(leaves if conveyed else stays, spent, chance.share())
        self._agenda(left, cycle.go_on_choosing if conveyed else cycle.go_on_clearing, job)

    def _at_hospital(self, job: Job) -> None:
        """Its patient is at a department and not handed over."""
        job.incident.lead = job
        job.cohorted = job.over or (S.COHORT_STARTED in job.stamps and S.COHORT_ENDED not in job.stamps)
        if job.site is None or job.site not in self._parts.hospitals:
            if not job.over:
                minutes = self._parts.parameters.jobs.minor_unit_handover
                self._later(
                    job, minutes, S.AT_HOSPITAL, self._parts.cycle.go_on_handing_over, self._chance(job.key)
                )
            return
        if job.cohorted and not job.over:
            self._later(
                job,
                self._parts.parameters.jobs.wrap_up,
                S.COHORT_STARTED,
                self._parts.cycle.go_on_clearing,
                self._chance(job.key),
            )
        self._inside[job.site].append(
            Found(
                job=job,
                luck=job.incident.call.luck,
                arrived_at=job.stamps[S.AT_HOSPITAL],
                registered=bool({S.NOTIFIED, S.QUEUING, S.OFFLOADED, S.COHORT_STARTED} & job.stamps.keys()),
                placed=S.OFFLOADED in job.stamps,
                cohorted=job.cohorted,
                resus=job.incident.call.category is Category.C1 and S.QUEUING not in job.stamps,
            )
        )

    def _open_unsent(self, each: Unsent) -> None:
        chance = self._chance(f"incident {each.key}")
        scene = each.latitude, each.longitude, None
        incident = Incident(
            self._call(each.key, each.category, scene, each.since, chance), each.since, each.since
        )
        self._parts.incidents.append(incident)
        self._parts.control.new(incident)

    # Small helpers

    def _stamp(self, row: int, status: JobStatus) -> float:
        at = float(self._jobs.stamp(status)[row])
        return _or(at, _or(float(self._jobs.since[row]), self._now))

    def _later(
        self,
        job: Job,
        length: Lognormal,
        since: JobStatus,
        do: Step,
        chance: Chance,
        now: bool = False,
    ) -> None:
        spent = max(0.0, self._now - job.stamps.get(since, self._now))
        self._agenda(0.0 if now else remaining(length, spent, chance.share()), do, job)

    def _agenda(self, after: float, do: Step, job: Job) -> None:
        self._parts.agenda.at(self._now + after, do, job)

    def _chance(self, matter: str) -> Chance:
        return Chance(self._parts.seed, f"opening {matter}")


def _or(value: float, otherwise: float) -> float:
    return otherwise if np.isnan(value) else value
