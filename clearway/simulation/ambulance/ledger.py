"""What truly happened in a simulated period, in columns: the ground of figures and comparisons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.calls import CLOCK_START_SECONDS
from clearway.domain.ambulance.words import Category, JobStatus

from .control import Incident, Job

AT_SCENE, AT_HOSPITAL, HANDOVER = JobStatus.AT_SCENE, JobStatus.AT_HOSPITAL, JobStatus.HANDOVER
LEFT_SCENE, ALLOCATED = JobStatus.LEFT_SCENE, JobStatus.ALLOCATED
Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Conveyances:
    """Patients brought to a department and handed over; minutes, seconds since 1970.

    key, site, area   of the incident, the department, the area of the call
    wait              arrival to handover
    from_scene        leaving scene to handover: what the patient feels of a detour and of a queue
    drive, nearest    expected drive at normal speed to the site, and to the nearest that would be open
    """

    key: tuple[str, ...]
    site: tuple[str, ...]
    area: tuple[str, ...]
    arrived: Column
    wait: Column
    from_scene: Column
    drive: Column
    nearest: Column

    def at(self, sites: Iterable[str]) -> npt.NDArray[np.bool_]:
        wanted = frozenset(sites)
        return np.array([site in wanted for site in self.site], dtype=bool)


@dataclass(frozen=True, slots=True)
class Responses:
    """Incidents that got a response: minutes from clock start to clock stop, as the standards time it."""

    key: tuple[str, ...]
    category: tuple[Category, ...]
    area: tuple[str, ...]
    minutes: Column

    def of(self, category: Category) -> Column:
        return self.minutes[[each is category for each in self.category]]


@dataclass(frozen=True, slots=True)
class Ledger:
    """incidents    that called in the period; conveyed of them were taken somewhere
    still_waiting  patients who were not handed over when the telling ended
    crews          allocated to incidents that got any
    """

    days: float
    incidents: int
    conveyed: int
    sent_to: int
    crews: int
    still_waiting: int
    conveyances: Conveyances
    responses: Responses


def read(incidents: Sequence[Incident], departments: Iterable[str], since: float, until: float) -> Ledger:
    """What became of those who called in a period; seconds since 1970."""
    sites = frozenset(departments)
    of_period = [each for each in incidents if since <= each.call.connected_at < until]
    brought = [
        job for each in of_period for job in each.jobs if AT_HOSPITAL in job.stamps and job.site in sites
    ]
    done = [job for job in brought if HANDOVER in job.stamps]
    return Ledger(
        days=(until - since) / 86_400,
        incidents=len(of_period),
        conveyed=sum(any(LEFT_SCENE in job.stamps for job in each.jobs) for each in of_period),
        sent_to=sum(bool(each.jobs) for each in of_period),
        crews=sum(len(each.jobs) for each in of_period),
        still_waiting=len(brought) - len(done),
        conveyances=_conveyances(done),
        responses=_responses(of_period),
    )


def _conveyances(jobs: Sequence[Job]) -> Conveyances:
    times = np.array(
        [
            (
                job.stamps[LEFT_SCENE],
                job.stamps[AT_HOSPITAL],
                job.stamps[HANDOVER],
                job.drive,
                job.drive_to_nearest,
            )
            for job in jobs
        ]
    ).reshape(-1, 5)
    return Conveyances(
        key=tuple(job.incident.call.key for job in jobs),
        site=tuple(job.site or "" for job in jobs),
        area=tuple(job.incident.call.area for job in jobs),
        arrived=times[:, 1],
        wait=(times[:, 2] - times[:, 1]) / 60,
        from_scene=(times[:, 2] - times[:, 0]) / 60,
        drive=times[:, 3],
        nearest=times[:, 4],
    )


def _responses(incidents: Iterable[Incident]) -> Responses:
    found = [(each, minutes) for each in incidents if (minutes := response_minutes(each)) is not None]
    return Responses(
        key=tuple(each.call.key for each, _ in found),
        category=tuple(each.call.category for each, _ in found),
        area=tuple(each.call.area for each, _ in found),
        minutes=np.array([minutes for _, minutes in found], dtype=np.float64),
    )


def response_minutes(incident: Incident) -> float | None:
    """The first on scene for C1, else the crew that conveyed, else the first; None where no clock runs."""
    limit = CLOCK_START_SECONDS.get(incident.call.category)
    there = [job.stamps[AT_SCENE] for job in incident.jobs if AT_SCENE in job.stamps]
    if limit is None or not there:
        return None
    conveying = [job.stamps[AT_SCENE] for job in incident.jobs if LEFT_SCENE in job.stamps]
    stopped = min(conveying) if conveying and incident.call.category is not Category.C1 else min(there)
    allocated = min(job.stamps[ALLOCATED] for job in incident.jobs)
    started = min(incident.categorised_at, allocated, incident.call.connected_at + limit)
    return max(0.0, (stopped - started) / 60)
