"""What a divert does while it runs: arrivals and handovers at both sides, and what it cost on the road."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from clearway.domain.ambulance.situation import Situation, seconds
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance.travel import minutes as drive_minutes

MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class SideEffect:
    """One site before the start and since. Arrivals are an hour's.

    mean_before, mean_since  minutes of handover; None when nobody was handed over
    """

    code: str
    name: str
    arrivals_before: float
    arrivals_since: float
    mean_before: float | None
    mean_since: float | None
    waiting_now: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a divert did.

    redirected     patients taken to a receiving site who were nearer by road to the diverted one
    extra_minutes  what those journeys took longer, by the travel estimate, all together
    """

    sides: tuple[SideEffect, ...]
    redirected: int
    extra_minutes: float


def effect(
    situation: Situation,
    site: str,
    to: tuple[str, ...],
    starts_at: datetime,
    ends_at: datetime | None,
    scenes: Mapping[str, Point],
) -> Effect:
    """Both sides in the hours before the start and from it to the end, or to now.

    scenes  incident key -> where it was, for those that are known
    The time before is as long as the time since, and an hour at least.
    """
    start = seconds(starts_at)
    end = min(situation.at, seconds(ends_at)) if ends_at else situation.at
    length = max(end - start, HOUR)
    sides = tuple(
        _side(situation, code, (start - length, start, end))
        for code in (site, *to)
        if code in situation.sites.code
    )
    redirected, extra = _on_the_road(situation, site, to, (start, end), scenes)
    return Effect(sides, redirected, extra)


def _side(situation: Situation, code: str, spans: tuple[float, float, float]) -> SideEffect:
    before, start, end = spans
    table, row = situation.assignments, situation.sites.code.index(code)
    here = table.site == row
    arrived, handed_over = table.stamp(JobStatus.AT_HOSPITAL)[here], table.stamp(JobStatus.HANDOVER)[here]
    return SideEffect(
        code=code,
        name=situation.sites.name[row],
        arrivals_before=_between(arrived, before, start) / ((start - before) / HOUR),
        arrivals_since=_between(arrived, start, end) / (max(end - start, MINUTE) / HOUR),
        mean_before=_mean(arrived, handed_over, before, start),
        mean_since=_mean(arrived, handed_over, start, end),
        waiting_now=int((table.patient_is_waiting & here).sum()),
    )


def _between(times: np.ndarray, start: float, end: float) -> int:
    return int(((times >= start) & (times < end)).sum())


def _mean(arrived: np.ndarray, handed_over: np.ndarray, start: float, end: float) -> float | None:
    took = (handed_over - arrived)[(handed_over >= start) & (handed_over < end) & (handed_over >= arrived)]
    return float(took.mean() / MINUTE) if len(took) else None


def _on_the_road(
    situation: Situation,
    site: str,
    to: tuple[str, ...],
    span: tuple[float, float],
    scenes: Mapping[str, Point],
) -> tuple[int, float]:
    table, sites = situation.assignments, situation.sites
    receivers = [sites.code.index(code) for code in to if code in sites.code]
    arrived = table.stamp(JobStatus.AT_HOSPITAL)
    came = np.isin(table.site, receivers) & (arrived >= span[0]) & (arrived < span[1])
    rows = [row for row in np.flatnonzero(came) if table.incident[row] in scenes]
    if not rows or site not in sites.code:
        return 0, 0.0
    latitude = np.array([scenes[table.incident[row]].latitude for row in rows])
    longitude = np.array([scenes[table.incident[row]].longitude for row in rows])
    taken, passed = table.site[rows], sites.code.index(site)
    extra = drive_minutes(latitude, longitude, sites.latitude[taken], sites.longitude[taken]) - drive_minutes(
        latitude, longitude, sites.latitude[passed], sites.longitude[passed]
    )
    return int((extra > 0).sum()), float(extra[extra > 0].sum())
