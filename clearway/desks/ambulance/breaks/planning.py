"""From the situation to a plan: when each crew is free, where it would eat, what its area can spare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from clearway.core.layout.times import local
from clearway.core.organisation.models import Site
from clearway.core.organisation.queries import stations
from clearway.domain.ambulance.availability import ResourceStanding
from clearway.domain.ambulance.breaks import Breaks, BreakState
from clearway.domain.ambulance.situation import AVAILABILITIES, JOB_STATES, UNKNOWN, Situation
from clearway.domain.ambulance.words import Availability, JobState
from clearway.engine.ambulance.breaks import BreakPlan, Column, Ground, Hungry, plan, steps
from clearway.engine.ambulance.resources import DOING_OF_JOB, Doing

from .. import situation as situations
from ..travel.network import columns_of, network
from . import queries
from .policy import MealBreaks

DUE = (BreakState.NOT_YET, BreakState.OPEN, BreakState.LATE)
# The parts of a job in their order; what lies ahead of a crew is the rest of its part and those after it.
PARTS = (Doing.GOING, Doing.ON_SCENE, Doing.CONVEYING, Doing.AT_HOSPITAL, Doing.WRAP_UP)
LEAST_LEFT = 3.0  # minutes; a crew that has been longer than typical is not free yet


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan with what it was made from. `places` by call sign; `hungry` every crew that is owed a break.

    away  crews that are owed one and cannot be sent: nobody knows until when
    """

    at: datetime
    plan: BreakPlan
    hungry: Mapping[str, Hungry]
    places: Mapping[str, Site]
    away: tuple[str, ...]


def crews_of(reading: situations.Reading) -> list[ResourceStanding]:
    """The crews on shift, as far as any source says."""
    standings = (each.standing for each in reading.seen.values())
    return [each for each in standings if each.availability not in (None, Availability.OFF)]


def propose(
    organisation_id: int,
    reading: situations.Reading,
    stand: Mapping[str, Breaks],
    policy: MealBreaks,
    at: datetime,
) -> Proposal:
    """The plan for every crew that is owed a break within the horizon and has no plan that stands."""
    areas = reading.home_areas()
    standing = queries.plans(organisation_id)
    wanting = [
        name
        for name, each in sorted(stand.items())
        if each.state in DUE and each.owed is not None and name not in standing
    ]
    away = tuple(name for name in wanting if name in _away(reading))
    wanting = [name for name in wanting if name not in away]
    places = _places(reading.situation, wanting, stations(organisation_id), at)
    missed = queries.owed_of_late(organisation_id, at)
    free = _free(reading.situation, policy, at)
    hungry = [
        _hungry(name, stand[name], areas[name], free[name], places.get(name), missed.get(name, 0), at)
        for name in wanting
        if name in areas and name in free
    ]
    inside = [each for each in hungry if each.start_by < policy.plan.horizon]
    eating = {name: plan.starts_at for name, plan in standing.items()}
    ground = _ground(reading, stand, areas, eating, policy, at)
    return Proposal(
        at,
        plan(inside, ground, policy.plan),
        {each.call_sign: each for each in hungry},
        {name: site for name, (site, _) in places.items()},
        away,
    )


def _away(reading: situations.Reading) -> set[str]:
    """Crews without a job that cannot be sent: unavailable, or not ready yet."""
    table = reading.situation.resources
    ready = {AVAILABILITIES.index(each) for each in (Availability.AVAILABLE, Availability.RESTRICTED)}
    return {
        name
        for name, held, availability in zip(
            table.call_sign, table.assignment.tolist(), table.availability.tolist(), strict=True
        )
        if held == UNKNOWN and availability not in ready
    }


def _hungry(
    name: str,
    breaks: Breaks,
    area: str,
    free: float,
    place: tuple[Site, float] | None,
    owed: int,
    at: datetime,
) -> Hungry:
    assert breaks.owed is not None
    return Hungry(
        call_sign=name,
        area=area,
        minutes=breaks.owed.minutes,
        free=free,
        opens=_ahead(breaks.owed.opens, at),
        start_by=_ahead(breaks.owed.start_by, at),
        closes=_ahead(breaks.owed.closes, at),
        travel=place[1] if place else 0.0,
        owed=owed,
    )


def _ahead(then: datetime, at: datetime) -> float:
    return (then - at).total_seconds() / 60


def _free(situation: Situation, policy: MealBreaks, at: datetime) -> dict[str, float]:
    """Minutes until each crew will be free, by what is typical of what lies ahead of it."""
    table, jobs = situation.resources, situation.assignments
    ahead = {}
    for name, held in zip(table.call_sign, table.assignment.tolist(), strict=True):
        if held == UNKNOWN:
            ahead[name] = 0.0
            continue
        doing = DOING_OF_JOB.get(JobState(JOB_STATES[jobs.state[held]]), Doing.WRAP_UP)
        spent = (situation.at - float(jobs.since[held])) / 60
        ahead[name] = _left(doing, 0.0 if np.isnan(spent) else spent, policy)
    return ahead


def _left(doing: Doing, spent: float, policy: MealBreaks) -> float:
    parts = PARTS[PARTS.index(doing) :]
    now, *later = (policy.job_minutes.get(each.value, 0.0) for each in parts)
    return max(LEAST_LEFT, now - spent) + sum(later)


def _places(
    situation: Situation, names: Sequence[str], sites: Sequence[Site], at: datetime
) -> dict[str, tuple[Site, float]]:
    """The nearest station of each crew from where it is, or from the hospital where its job will end."""
    if not sites or not names:
        return {}
    table, jobs = situation.resources, situation.assignments
    row_of = {name: row for row, name in enumerate(table.call_sign)}
    rows = [row_of[name] for name in names if name in row_of]
    latitude, longitude = table.latitude[rows].copy(), table.longitude[rows].copy()
    for place, row in enumerate(rows):
        held = int(table.assignment[row])
        site = UNKNOWN if held == UNKNOWN else int(jobs.site[held])
        if site != UNKNOWN:
            latitude[place], longitude[place] = (
                situation.sites.latitude[site],
                situation.sites.longitude[site],
            )
    columns = columns_of(sites)
    minutes = network(columns).minutes(latitude, longitude, columns, at=at.timestamp())
    return {
        table.call_sign[row]: (sites[int(nearest.argmin())], float(nearest.min()))
        for row, nearest in zip(rows, minutes, strict=True)
        if not np.isnan(nearest).any()
    }


def _ground(
    reading: situations.Reading,
    stand: Mapping[str, Breaks],
    areas: Mapping[str, str],
    planned: Mapping[str, datetime],
    policy: MealBreaks,
    at: datetime,
) -> Ground:
    """How the areas stand. Who goes home is taken to be relieved: no roster of the next shift is known."""
    times = steps(policy.plan)
    shape = _shape(reading, times, at)
    table = reading.situation.resources
    busy = {
        name for name, held in zip(table.call_sign, table.assignment.tolist(), strict=True) if held != UNKNOWN
    }
    crews, eating, free, demand = {}, {}, {}, {}
    away, hours = _away(reading), sum(policy.job_minutes.values()) / 60
    for area in set(areas.values()):
        here = [name for name in stand if areas.get(name) == area]
        working = [name for name in here if name in busy]
        crews[area] = np.full(len(times), float(len(here)))
        eating[area] = sum(
            (_eats(stand[name], planned.get(name), times, at) for name in here), np.zeros(len(times))
        )
        demand[area] = len(working) / max(hours, 0.5) * shape
        ready = [name for name in here if name not in away]
        free[area] = np.maximum(0.0, len(ready) - len(working) * shape)
    return Ground(crews=crews, eating=eating, free=free, demand=demand)


def _eats(breaks: Breaks, planned: datetime | None, times: Column, at: datetime) -> Column:
    """Where in the horizon a crew is on a break already, or will be by a plan that stands."""
    if planned is not None and breaks.owed is not None:
        begins = _ahead(planned, at)
        return ((times >= begins) & (times < begins + breaks.owed.minutes)).astype(np.float64)
    eats = bool(breaks.had) and breaks.had[-1].ended is None
    if eats or breaks.state is BreakState.TRAVELLING:
        left = breaks.owed.minutes if breaks.owed else 0.0
        return (times < left).astype(np.float64)
    return np.zeros(len(times))


def _shape(reading: situations.Reading, times: Column, at: datetime) -> Column:
    """How busy each step will be beside now, by the policy's arrivals by hour of the week."""
    hours = reading.ground.policy.forecast.forecast.arrivals_by_hour
    instants = [local(at + timedelta(minutes=float(minute))) for minute in (0.0, *times)]
    now, *ahead = (hours[(each.weekday() * 24 + each.hour) % len(hours)] for each in instants)
    return np.array(ahead) / now
