"""From the situation to the gap: who will be there, what will be needed, and what each of both rests on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import isnan
from typing import Any
from zlib import crc32

import numpy as np

from clearway.core.layout.times import local
from clearway.core.organisation.models import Site
from clearway.core.organisation.queries import area_names, stations
from clearway.core.organisation.queries import areas as area_codes
from clearway.domain.ambulance.breaks import BreakState
from clearway.domain.ambulance.situation import JOB_STATES, UNKNOWN
from clearway.domain.ambulance.words import Availability, JobState
from clearway.domain.shared.geography import distance_km
from clearway.engine.ambulance.cover import (
    FOREVER,
    CoverPolicy,
    Crew,
    Demand,
    Gap,
    LateFinish,
    Left,
    Span,
    gaps,
    late_finish,
    left_of_job,
    rates,
)
from clearway.engine.ambulance.demand import TooShort, forecast_daily
from clearway.engine.ambulance.feeds import FeedState, basis
from clearway.engine.ambulance.resources import DOING_OF_JOB, Doing

from .. import situation as situations
from ..breaks import queries as breaks
from ..forecast import queries as forecast
from ..incidents import queries as incidents
from ..rosters import queries as rosters
from ..unavailability import queries as out
from ..unavailability.policy import unavailability

HISTORY_SECONDS = 900.0  # for which the forecast of a day's calls is kept
UNAVAILABLE_AGAIN = 15.0  # minutes that one who is over its time is still taken to be away
NO_AREA = ""
OWED = (BreakState.NOT_YET, BreakState.OPEN, BreakState.LATE)


@dataclass(frozen=True, slots=True)
class OnJob:
    """A crew on a job: when it will probably be free. until_end  minutes to the end of its shift."""

    call_sign: str
    area: str
    doing: Doing
    left: Left
    until_end: float | None


@dataclass(frozen=True, slots=True)
class Cover:
    """The gap of every area, by its name, with what it rests on.

    feed        the control room's source; where it is not fresh, nothing is said
    loaded_at   when the newest roster was taken, None where there is none
    from_days   of history that the day's calls come from, None where they are the policy's
    counted     how many crews of each kind of knowledge are in it
    """

    at: datetime
    gaps: Mapping[str, Gap]
    feed: FeedState
    loaded_at: datetime | None
    from_days: int | None
    calls_today: float
    waiting: int
    counted: Counter[str]
    jobs: tuple[OnJob, ...]
    policy: CoverPolicy

    @property
    def can_say(self) -> bool:
        return self.feed.freshness.may_be_relied_on


def look(organisation_id: int, reading: situations.Reading, policy: CoverPolicy, at: datetime) -> Cover:
    """The gap as it looks now. A fixed number of queries."""
    home = reading.home_areas()
    jobs = _jobs(reading, home, policy)
    counted: Counter[str] = Counter()
    crews = [
        *_on_duty(organisation_id, reading, home, jobs, counted, at),
        *_to_come(organisation_id, reading, policy, counted, at),
    ]
    names, codes = area_codes(organisation_id), policy.calls_a_day
    calls, days = calls_today(organisation_id, sum(codes.values()), at)
    waiting = _waiting(organisation_id, names, at)
    hours = [local(at + timedelta(minutes=policy.step * (k + 0.5))).hour for k in range(policy.steps)]
    share = calls / sum(codes.values()) if codes else 0.0
    demand = {
        name: Demand(waiting[name], rates(codes.get(code, 0.0) * share, hours, policy))
        for code, name in names.items()
    }
    return Cover(
        at=at,
        gaps=gaps(crews, demand, policy),
        feed=basis(reading.situation, reading.ground.policy.freshness).cad,
        loaded_at=rosters.newest_taken(organisation_id),
        from_days=days,
        calls_today=calls,
        waiting=sum(waiting.values()),
        counted=counted,
        jobs=tuple(jobs.values()),
        policy=policy,
    )


def late_finishes(jobs: Sequence[OnJob], policy: CoverPolicy) -> list[tuple[OnJob, LateFinish]]:
    """The crews on a job that may finish late, the most certain first."""
    found = [
        (each, late_finish(each.call_sign, each.left.minutes, each.until_end, policy))
        for each in jobs
        if each.until_end is not None
    ]
    told = [pair for pair in found if pair[1].chance >= policy.late_from]
    return sorted(told, key=lambda pair: (-pair[1].minutes, -pair[1].chance, pair[0].call_sign))


def jobs_of(reading: situations.Reading, policy: CoverPolicy) -> list[OnJob]:
    """The crews on a job with what is left of it."""
    return list(_jobs(reading, reading.home_areas(), policy).values())


def _jobs(reading: situations.Reading, home: Mapping[str, str], policy: CoverPolicy) -> dict[str, OnJob]:
    seen, ground = reading.situation, reading.ground
    table, jobs = seen.resources, seen.assignments
    ahead = forecast.made(seen, ground.policy.forecast, ground.records).forecast if seen.sites.code else None
    found = {}
    for row, (name, held) in enumerate(zip(table.call_sign, table.assignment.tolist(), strict=True)):
        if held == UNKNOWN:
            continue
        doing = DOING_OF_JOB.get(JobState(JOB_STATES[jobs.state[held]]), Doing.WRAP_UP)
        spent = (seen.at - float(jobs.since[held])) / 60
        site, wait = int(jobs.site[held]), None
        if ahead is not None and site != UNKNOWN and ahead.method[site] != "none":
            grid = ahead.p50[site]
            wait = None if np.isnan(grid[0]) else float(grid[0])
        left = left_of_job(doing.value, 0.0 if np.isnan(spent) else spent, policy.job, wait)
        end = float(table.shift_end[row])
        until_end = None if np.isnan(end) else (end - seen.at) / 60
        found[name] = OnJob(name, home.get(name, NO_AREA), doing, left, until_end)
    return found


def _on_duty(
    organisation_id: int,
    reading: situations.Reading,
    home: Mapping[str, str],
    jobs: Mapping[str, OnJob],
    counted: Counter[str],
    at: datetime,
) -> list[Crew]:
    table, seen_at = reading.situation.resources, reading.situation.at
    shifts = {row.call_sign: row for row in breaks.on_shift(organisation_id, at)}
    plans = breaks.plans(organisation_id)
    gone = _unavailable(organisation_id, at)
    found = []
    for row, name in enumerate(table.call_sign):
        standing = reading.seen[name].standing if name in reading.seen else None
        if standing is None or standing.availability in (None, Availability.OFF):
            continue
        end = float(table.shift_end[row])
        job = jobs.get(name)
        away = [*_breaks(shifts.get(name), plans.get(name), at)]
        if name in gone:
            away.append((0.0, gone[name]))
            counted["unavailable"] += 1
        if job is not None:
            counted["forecast" if job.left.forecast else "typical"] += 1
        counted["on_duty"] += 1
        counted["no_end"] += np.isnan(end)
        found.append(
            Crew(
                name,
                home.get(name, NO_AREA),
                0.0,
                FOREVER if np.isnan(end) else (end - seen_at) / 60,
                job.left.minutes if job else 0.0,
                tuple(away),
            )
        )
    return found


def _breaks(shift: Any, plan: Any, at: datetime) -> list[Span]:
    """When a crew eats: now, as planned, or, where nobody planned it, somewhere in its window.

    Crews are spread over their windows by their call signs: all at the latest minute would be a cliff that
    no control room lets happen, and the same crew is always put at the same place.

    shift, plan  rows of breaks.queries, None where there is none
    """
    if shift is None or shift.owed_minutes is None:
        return []
    minutes = shift.owed_minutes
    if shift.state == BreakState.ON_BREAK and shift.began_at is not None:
        spent = (at - shift.began_at).total_seconds() / 60
        return [(0.0, max(0.0, minutes - spent))]
    if shift.state == BreakState.TRAVELLING:
        return [(0.0, minutes)]
    if shift.state not in OWED or shift.opens_at is None or shift.start_by is None:
        return []
    opens = max(at, shift.opens_at)
    share = crc32(shift.call_sign.encode()) % 1000 / 1000
    begins = plan.starts_at if plan else opens + share * max(timedelta(0), shift.start_by - opens)
    from_now = max(0.0, (begins - at).total_seconds() / 60)
    return [(from_now, from_now + minutes)]


def _unavailable(organisation_id: int, at: datetime) -> dict[str, float]:
    """Minutes until those who are unavailable are taken to be back."""
    found = {}
    for each in out.lasting(organisation_id, unavailability(organisation_id, at), at):
        left = FOREVER if each.until is None else (each.until - at).total_seconds() / 60
        found[each.row.call_sign] = max(UNAVAILABLE_AGAIN, left)
    return found


def _to_come(
    organisation_id: int,
    reading: situations.Reading,
    policy: CoverPolicy,
    counted: Counter[str],
    at: datetime,
) -> list[Crew]:
    """Planned shifts that have not begun. One that should have and has not is nobody until it books on."""
    coming = rosters.between(organisation_id, at, at + timedelta(minutes=policy.horizon))
    until = {
        name: each.standing.shift_end
        for name, each in reading.seen.items()
        if each.standing.availability not in (None, Availability.OFF)
    }
    found = [
        Crew(
            f"{row.call_sign}/{row.starts_at.isoformat()}",
            row.area,
            (row.starts_at - at).total_seconds() / 60,
            (row.ends_at - at).total_seconds() / 60,
        )
        for row in coming
        # Who booked on early for it is there already; the same call sign by night is another crew.
        if row.starts_at > at and not _lasts_into(until.get(row.call_sign), row.starts_at)
    ]
    counted["to_come"] += len(found)
    return found


def _lasts_into(ends_at: datetime | None, starts_at: datetime) -> bool:
    return ends_at is not None and ends_at > starts_at


def calls_today(organisation_id: int, usual: float, at: datetime) -> tuple[float, int | None]:
    """The calls of the day and the days of history behind them; the policy's, and None, where it is short."""
    known = int(at.timestamp() // HISTORY_SECONDS)
    total, days = _forecast_total(organisation_id, local(at).date(), known)
    return (usual, None) if total is None else (total, days)


@lru_cache(maxsize=16)
def _forecast_total(organisation_id: int, day: date, _known: int) -> tuple[float | None, int]:
    """The day's calls forecast from the history that is known, and its days; None where it is too short.

    _known  which quarter of an hour it is: history grows while a desk runs, so nothing is kept for longer
    """
    begin = rosters.day_edges(day)[0]
    history = forecast.daily(organisation_id, "incidents", begin)
    if history is None:
        return None, 0
    first, values = history
    while values and isnan(values[-1]):  # a forecast begins after a day that is known
        values.pop()
    ahead_by = (day - first).days - len(values) + 1
    try:
        ahead = forecast_daily(first, values, max(1, ahead_by))
    except TooShort:
        return None, 0
    row = ahead.dates.index(day)
    return float(ahead.middle[row]), ahead.days_used


def _waiting(organisation_id: int, names: Mapping[str, str], at: datetime) -> Counter[str]:
    """Calls to which nobody is sent, by the area of the nearest station."""
    found: Counter[str] = Counter(dict.fromkeys(names.values(), 0))
    places = with_area(organisation_id)
    waiting = incidents.without_a_crew(organisation_id, at)
    if places and waiting:
        here = np.array([(point.latitude, point.longitude) for _, _, point, _ in waiting])
        there = np.array([(site.latitude, site.longitude) for site, _ in places])
        far = distance_km(here[:, :1], here[:, 1:], there[None, :, 0], there[None, :, 1])
        found.update(places[int(each)][1] for each in far.argmin(axis=1))
    return found


def with_area(organisation_id: int) -> list[tuple[Site, str]]:
    """The stations that belong to an area, with its name. Two queries."""
    names = area_names(organisation_id)
    return [(site, names[site.code]) for site in stations(organisation_id) if names.get(site.code)]
