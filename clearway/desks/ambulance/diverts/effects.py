"""What a divert does while it runs: arrivals and handovers at both sides, and what it cost on the road."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from clearway.domain.ambulance.situation import Situation, seconds
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance.travel import SOURCES, Network

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
    error_minutes  how far that is off where every journey errs the same way, as measured for its source
    sources        what the journeys were worked out from, of travel.SOURCES, each with its journeys
    unreachable    patients from whose scene no open road is known to one of the two: not counted
    """

    sides: tuple[SideEffect, ...]
    redirected: int = 0
    extra_minutes: float = 0.0
    error_minutes: float = 0.0
    sources: tuple[tuple[str, int], ...] = ()
    unreachable: int = 0


def effect(
    situation: Situation,
    site: str,
    to: tuple[str, ...],
    starts_at: datetime,
    ends_at: datetime | None,
    scenes: Mapping[str, Point],
    network: Network,
) -> Effect:
    """Both sides in the hours before the start and from it to the end, or to now.

    scenes   incident key -> where it was, for those that are known
    network  of the situation's sites; disruptions that were in force as a crew left are in its journey
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
    return _on_the_road(Effect(sides), situation, (site, to), (start, end), scenes, network)


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
    beside: Effect,
    situation: Situation,
    codes: tuple[str, tuple[str, ...]],
    span: tuple[float, float],
    scenes: Mapping[str, Point],
    network: Network,
) -> Effect:
    """The effect with its cost on the road, journey by journey: each under the closures of its own time."""
    table, sites = situation.assignments, situation.sites
    site, to = codes
    receivers = [sites.code.index(code) for code in to if code in sites.code]
    arrived, left = table.stamp(JobStatus.AT_HOSPITAL), table.stamp(JobStatus.LEFT_SCENE)
    came = np.isin(table.site, receivers) & (arrived >= span[0]) & (arrived < span[1])
    rows = [row for row in np.flatnonzero(came) if table.incident[row] in scenes]
    if not rows or site not in sites.code:
        return beside
    passed, extra, error, sources, unreachable = sites.code.index(site), 0.0, 0.0, Counter[str](), 0
    for row in rows:
        at = arrived[row] if np.isnan(left[row]) else left[row]
        scene, both = scenes[table.incident[row]], [int(table.site[row]), passed]
        found = network.journeys(*scene, sites, at=float(at), disruptions=situation.disruptions)
        minutes = found.minutes[0, both]
        if not np.isfinite(minutes).all():
            unreachable += 1
        elif minutes[0] > minutes[1]:
            extra += float(minutes[0] - minutes[1])
            error += float(np.hypot(*found.error[0, both]))
            sources[SOURCES[max(found.source[0, both])]] += 1
    return replace(
        beside,
        redirected=sources.total(),
        extra_minutes=extra,
        error_minutes=error,
        sources=tuple(sources.most_common()),
        unreachable=unreachable,
    )
