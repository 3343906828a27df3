"""The picture of every resource: what it is doing, since when, where it was, and what limits it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np

from clearway.domain.ambulance.situation import (
    AVAILABILITIES,
    JOB_STATES,
    KINDS,
    UNKNOWN,
    Situation,
    instant,
)
from clearway.domain.ambulance.words import Availability, JobState, ResourceKind
from clearway.domain.shared.geography import Point, distance_km

S, A = JobState, Availability


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """end_of_shift_minutes  how long before the end of a shift a resource counts as limited by it
    (policy allocation)."""

    end_of_shift_minutes: float = 45


class Doing(StrEnum):
    """What a resource is doing, as the board groups it: its job if it has one, else its availability."""

    AVAILABLE = "available"
    GOING = "going"
    ON_SCENE = "on_scene"
    CONVEYING = "conveying"
    AT_HOSPITAL = "at_hospital"
    WRAP_UP = "wrap_up"
    ON_BREAK = "on_break"
    UNAVAILABLE = "unavailable"
    BOOKING_ON = "booking_on"
    NO_STATUS = "no_status"


class Limit(StrEnum):
    """Why a resource cannot be sent as any other could."""

    RESTRICTED = "restricted"
    ON_BREAK = "on_break"
    UNAVAILABLE = "unavailable"
    SHIFT_ENDS_SOON = "shift_ends_soon"
    SHIFT_IS_OVER = "shift_is_over"
    AVAILABILITY_UNKNOWN = "availability_unknown"


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """One resource now.

    since         when it began what it is doing
    site          code of the hospital of its job, if it has one that is known
    nearest_site  code of the receiving site nearest to its last position, if that is known
    """

    call_sign: str
    kind: ResourceKind | None
    doing: Doing
    job: JobState | None
    availability: Availability | None
    since: datetime | None
    incident: str | None
    site: str | None
    shift_end: datetime | None
    position: Point | None
    position_at: datetime | None
    nearest_site: str | None
    limits: tuple[Limit, ...]


DOING_OF_JOB: Mapping[JobState, Doing] = {
    S.ALLOCATED: Doing.GOING,
    S.MOBILE: Doing.GOING,
    S.AT_RVP: Doing.GOING,
    S.ON_SCENE: Doing.ON_SCENE,
    S.CONVEYING: Doing.CONVEYING,
    S.ARRIVED: Doing.AT_HOSPITAL,
    S.QUEUING: Doing.AT_HOSPITAL,
    S.COHORTING: Doing.AT_HOSPITAL,
    S.WRAP_UP: Doing.WRAP_UP,
}
DOING_OF_AVAILABILITY: Mapping[Availability, Doing] = {
    A.AVAILABLE: Doing.AVAILABLE,
    A.RESTRICTED: Doing.AVAILABLE,
    A.BREAK_TRAVEL: Doing.ON_BREAK,
    A.ON_BREAK: Doing.ON_BREAK,
    A.UNAVAILABLE: Doing.UNAVAILABLE,
    A.BOOKING_ON: Doing.BOOKING_ON,
    A.OFF: Doing.UNAVAILABLE,
}
LIMIT_OF_AVAILABILITY: Mapping[Availability, Limit] = {
    A.RESTRICTED: Limit.RESTRICTED,
    A.BREAK_TRAVEL: Limit.ON_BREAK,
    A.ON_BREAK: Limit.ON_BREAK,
    A.UNAVAILABLE: Limit.UNAVAILABLE,
    A.OFF: Limit.UNAVAILABLE,
}


def resource_rows(
    situation: Situation, policy: ResourcePolicy, only: Collection[str] | None = None
) -> tuple[ResourceRow, ...]:
    """Every resource on shift or on a job, by call sign; `only` those of some call signs if it is given."""
    table = situation.resources
    wanted = [row for row, call_sign in enumerate(table.call_sign) if only is None or call_sign in only]
    columns = (
        *(table.kind, table.availability, table.since, table.shift_end),
        *(table.latitude, table.longitude, table.position_at, table.assignment),
    )
    # As plain values: to take numbers out of arrays one by one costs more than all the rest.
    plain = zip(*(column[wanted].tolist() for column in columns), strict=True)
    return tuple(
        _row(situation, policy, (table.call_sign[row], nearest, *values))
        for row, nearest, values in zip(wanted, _nearest_sites(situation, wanted), plain, strict=True)
    )


def _row(situation: Situation, policy: ResourcePolicy, values: Sequence[Any]) -> ResourceRow:
    call_sign, nearest_site, kind, available, since, shift_end, latitude, longitude, position_at, held = (
        values
    )
    jobs = situation.assignments
    job = None if held == UNKNOWN else JOB_STATES[jobs.state[held]]
    availability = None if available == UNKNOWN else AVAILABILITIES[available]
    site = UNKNOWN if held == UNKNOWN else int(jobs.site[held])
    seen_at = instant(position_at)
    return ResourceRow(
        call_sign=call_sign,
        kind=None if kind == UNKNOWN else KINDS[kind],
        doing=_doing(job, availability),
        job=job,
        availability=availability,
        since=instant(since if held == UNKNOWN else float(jobs.since[held])),
        incident=None if held == UNKNOWN else jobs.incident[held],
        site=None if site == UNKNOWN else situation.sites.code[site],
        shift_end=instant(shift_end),
        position=Point(latitude, longitude) if seen_at else None,
        position_at=seen_at,
        nearest_site=nearest_site,
        limits=_limits(availability, (shift_end - situation.at) / 60, policy),
    )


def _doing(job: JobState | None, availability: Availability | None) -> Doing:
    if job is not None:
        return DOING_OF_JOB.get(job, Doing.NO_STATUS)
    return Doing.NO_STATUS if availability is None else DOING_OF_AVAILABILITY[availability]


def _limits(
    availability: Availability | None, minutes_left: float, policy: ResourcePolicy
) -> tuple[Limit, ...]:
    limits = []
    if availability is None:
        limits.append(Limit.AVAILABILITY_UNKNOWN)
    elif availability in LIMIT_OF_AVAILABILITY:
        limits.append(LIMIT_OF_AVAILABILITY[availability])
    if minutes_left <= 0:
        limits.append(Limit.SHIFT_IS_OVER)
    elif minutes_left <= policy.end_of_shift_minutes:
        limits.append(Limit.SHIFT_ENDS_SOON)
    return tuple(limits)


def _nearest_sites(situation: Situation, wanted: Sequence[int]) -> list[str | None]:
    table, sites = situation.resources, situation.sites
    if not sites.code:
        return [None] * len(wanted)
    latitude, longitude = table.latitude[wanted], table.longitude[wanted]
    distances = distance_km(
        latitude[:, None], longitude[:, None], sites.latitude[None, :], sites.longitude[None, :]
    )
    return [
        None if is_nowhere else sites.code[site]
        for is_nowhere, site in zip(
            np.isnan(latitude).tolist(), np.argmin(distances, axis=1).tolist(), strict=True
        )
    ]
