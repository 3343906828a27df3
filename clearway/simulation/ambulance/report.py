"""What a rehearsal shows: handovers and responses as the national figures count them, beside the published.

Measured on what truly happened or, where events are asked for, on those that arrived, as a trust would be; a
handover the feed does not know is counted apart.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance import calls
from clearway.domain.ambulance.events import CallEvent, Event, JobEvent
from clearway.domain.ambulance.words import CallStatus, Category, JobStatus
from clearway.domain.shared.region import Region, SiteKind

from . import ledger
from .parameters import Published
from .world import World

STANDARDS = (15, 30, 60)
RESPONDED = (Category.C1, Category.C2, Category.C3, Category.C4)
WARM_UP, RUN_ON = timedelta(days=1), timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Handovers:
    """Handover times of a period; minutes, shares strictly over a limit, hours lost beyond a limit.

    unknown  arrivals that cleared without a handover time, or wait still when the telling ends
    """

    count: int
    unknown: int
    mean: float
    ninetieth: float
    over: Mapping[int, float]
    hours_beyond: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Summary:
    """One rehearsal. Responses are mean and 90th centile in minutes by category."""

    region: str
    regime: str
    seed: int
    days: float
    incidents_per_day: float
    conveyed_share: float
    allocated_per_response: float
    handovers: Handovers
    by_hospital: Mapping[str, Handovers]
    responses: Mapping[Category, tuple[float, float]]
    published: Published


@dataclass(slots=True)
class _Sending:
    incident: str
    stamps: dict[JobStatus, datetime] = field(default_factory=dict)
    site: str | None = None


@dataclass(slots=True)
class _Incident:
    stamps: dict[CallStatus, datetime] = field(default_factory=dict)
    category: Category | None = None
    sendings: list[_Sending] = field(default_factory=list)


class Measure:
    """Listens to a stream and keeps the times that figures are made of."""

    def __init__(self) -> None:
        self._incidents: dict[str, _Incident] = {}
        self._sendings: dict[str, _Sending] = {}

    def hear(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, JobEvent):
                self._hear_job(event)
            elif isinstance(event, CallEvent):
                incident = self._incidents.setdefault(event.incident, _Incident())
                incident.stamps.setdefault(event.status, event.occurred_at)
                incident.category = event.category or incident.category

    def _hear_job(self, event: JobEvent) -> None:
        sending = self._sendings.get(event.assignment_key)
        if sending is None:
            sending = self._sendings[event.assignment_key] = _Sending(event.incident)
            self._incidents.setdefault(event.incident, _Incident()).sendings.append(sending)
        sending.stamps.setdefault(event.status, event.occurred_at)
        sending.site = event.destination or sending.site

    def incidents(self, since: datetime) -> list[_Incident]:
        """Those whose call connected at or after `since`."""
        found = []
        for incident in self._incidents.values():
            connected = incident.stamps.get(CallStatus.CALL_CONNECT)
            if connected is not None and connected >= since:
                found.append(incident)
        return found

    def handovers(self, since: datetime, sites: Sequence[str]) -> Handovers:
        """Handovers at these sites of patients who arrived at or after `since`."""
        minutes, unknown = [], 0
        for sending in self._sendings.values():
            arrived = sending.stamps.get(JobStatus.AT_HOSPITAL)
            if arrived is None or arrived < since or sending.site not in sites:
                continue
            handed_over = sending.stamps.get(JobStatus.HANDOVER)
            if handed_over is not None and handed_over >= arrived:
                minutes.append((handed_over - arrived).total_seconds() / 60)
            elif JobStatus.CLEAR in sending.stamps and JobStatus.COHORT_STARTED not in sending.stamps:
                unknown += 1
        return _handovers(np.array(minutes), unknown)

    def responses(self, since: datetime) -> dict[Category, tuple[float, float]]:
        """Mean and 90th centile of the response by category, as the national standards time it."""
        minutes: dict[Category, list[float]] = {category: [] for category in RESPONDED}
        for incident in self.incidents(since):
            if incident.category in minutes:
                response = _response_minutes(incident)
                if response is not None:
                    minutes[incident.category].append(response)
        return {
            category: (float(np.mean(times)), float(np.quantile(times, 0.9)))
            for category, times in minutes.items()
            if times
        }


def rehearse(
    region: Region,
    regime: str,
    seed: int,
    start: datetime,
    days: int,
    each: Callable[[list[Event]], None] | None = None,
) -> Summary:
    """Let the region live for a day unmeasured, then for `days` days, and sum up the latter.

    start  aware; the first measured day begins here
    each   called with the events of every day, the unmeasured one too. Then the figures are those that the
           feed tells, with its faults; without it, what truly happened is summed up, which is quicker
    """
    if each is None:
        return _true_summary(region, regime, seed, start, days)
    world = World(region, regime, seed, start - WARM_UP)
    measure = Measure()
    at = start - WARM_UP
    while at < start + timedelta(days=days):
        at += timedelta(days=1)
        events = world.advance(at)
        measure.hear(events)
        each(events)
    return summarise(world, measure, regime, seed, start, days)


def _true_summary(region: Region, regime: str, seed: int, start: datetime, days: int) -> Summary:
    world = World(region, regime, seed, start - WARM_UP, speaks=False)
    until = start + timedelta(days=days)
    world.advance(until + RUN_ON)
    departments = region.sites_of(SiteKind.EMERGENCY_DEPARTMENT)
    codes = [site.code for site in departments]
    happened = ledger.read(world.incidents, codes, start.timestamp(), until.timestamp())
    told, responses = happened.conveyances, happened.responses
    minutes = {category: responses.of(category) for category in RESPONDED}
    return Summary(
        region=region.slug,
        regime=regime,
        seed=seed,
        days=days,
        incidents_per_day=happened.incidents / days,
        conveyed_share=happened.conveyed / max(1, happened.incidents),
        allocated_per_response=happened.crews / max(1, happened.sent_to),
        handovers=_handovers(told.wait, happened.still_waiting),
        by_hospital={site.name: _handovers(told.wait[told.at([site.code])], 0) for site in departments},
        responses={
            category: (float(times.mean()), float(np.quantile(times, 0.9)))
            for category, times in minutes.items()
            if len(times)
        },
        published=world.regime.published,
    )


def summarise(
    world: World, measure: Measure, regime: str, seed: int, start: datetime, days: float
) -> Summary:
    """The figures of what was heard since `start`."""
    region = world.region
    departments = region.sites_of(SiteKind.EMERGENCY_DEPARTMENT)
    incidents = measure.incidents(start)
    sent = [incident for incident in incidents if incident.sendings]
    conveyed = sum(
        any(JobStatus.LEFT_SCENE in sending.stamps for sending in incident.sendings) for incident in sent
    )
    return Summary(
        region=region.slug,
        regime=regime,
        seed=seed,
        days=days,
        incidents_per_day=len(incidents) / days,
        conveyed_share=conveyed / max(1, len(incidents)),
        allocated_per_response=sum(len(incident.sendings) for incident in sent) / max(1, len(sent)),
        handovers=measure.handovers(start, [site.code for site in departments]),
        by_hospital={site.name: measure.handovers(start, [site.code]) for site in departments},
        responses=measure.responses(start),
        published=world.regime.published,
    )


def as_text(summary: Summary) -> str:
    """The report for a person: simulated beside published, then the hospitals."""
    published, handovers = summary.published, summary.handovers
    rows: list[tuple[str, float, float | None, str]] = [
        ("Incidents a day", summary.incidents_per_day, published.incidents_per_day, ",.0f"),
        ("Handovers a day", (handovers.count + handovers.unknown) / summary.days, None, ",.0f"),
        ("Mean handover, minutes", handovers.mean, published.mean, ".1f"),
        ("90th centile, minutes", handovers.ninetieth, published.ninetieth, ".1f"),
        ("Over 15 minutes", handovers.over[15], published.over_15, ".1%"),
        ("Over 30 minutes", handovers.over[30], published.over_30, ".1%"),
        ("Over 60 minutes", handovers.over[60], published.over_60, ".1%"),
        ("Hours lost beyond 15, a day", handovers.hours_beyond[15] / summary.days, None, ",.0f"),
        ("Hours lost beyond 30, a day", handovers.hours_beyond[30] / summary.days, None, ",.0f"),
    ]
    for category, (mean, _) in summary.responses.items():
        rows.append((f"{category} mean response, minutes", mean, getattr(published, category), ".1f"))
    lines = [
        f"{summary.region}, regime {summary.regime}, {summary.days:g} days, seed {summary.seed}",
        f"Published: {published.what}; {published.source}",
        f"Published responses: {published.responses}",
        "",
        f"{'':34}{'simulated':>12}{'published':>12}",
        *(f"{name:34}{value:>12{form}}{_known(target, form):>12}" for name, value, target, form in rows),
        f"{'Conveyed share of incidents':34}{summary.conveyed_share:>12.1%}",
        f"{'Crews allocated per response':34}{summary.allocated_per_response:>12.2f}",
        f"{'Handover time unknown to the feed':34}{handovers.unknown:>12,}",
        "",
        f"{'Hospital':40}{'a day':>7}{'mean':>7}{'90th':>7}{'>15':>7}{'>30':>7}{'>60':>7}",
        *(_hospital_line(name, each, summary.days) for name, each in summary.by_hospital.items()),
    ]
    return "\n".join(lines)


def _hospital_line(name: str, each: Handovers, days: float) -> str:
    if not each.count:
        return f"{name:40}{0:>7}"
    shares = "".join(f"{each.over[limit]:>7.0%}" for limit in STANDARDS)
    return f"{name:40}{each.count / days:>7.0f}{each.mean:>7.1f}{each.ninetieth:>7.0f}{shares}"


def _known(value: float | None, form: str) -> str:
    return "not known" if value is None else format(value, form)


def _handovers(minutes: npt.NDArray[np.float64], unknown: int) -> Handovers:
    if not len(minutes):
        return Handovers(0, unknown, 0.0, 0.0, dict.fromkeys(STANDARDS, 0.0), {15: 0.0, 30: 0.0})
    return Handovers(
        count=len(minutes),
        unknown=unknown,
        mean=float(minutes.mean()),
        ninetieth=float(np.quantile(minutes, 0.9)),
        over={limit: float((minutes > limit).mean()) for limit in STANDARDS},
        hours_beyond={limit: float(np.maximum(0, minutes - limit).sum() / 60) for limit in (15, 30)},
    )


def _response_minutes(incident: _Incident) -> float | None:
    """Clock start to clock stop: the first on scene for C1, else the crew that conveyed, else the first."""
    arrivals = [s.stamps[JobStatus.AT_SCENE] for s in incident.sendings if JobStatus.AT_SCENE in s.stamps]
    conveyed = [
        s.stamps[JobStatus.AT_SCENE]
        for s in incident.sendings
        if JobStatus.LEFT_SCENE in s.stamps and JobStatus.AT_SCENE in s.stamps
    ]
    if not arrivals:
        return None
    allocated = [s.stamps[JobStatus.ALLOCATED] for s in incident.sendings if JobStatus.ALLOCATED in s.stamps]
    started = calls.clock_start(
        calls.Incident(key="", category=incident.category, stamps=incident.stamps),
        min(allocated) if allocated else None,
    )
    stopped = min(conveyed) if conveyed and incident.category is not Category.C1 else min(arrivals)
    if started is None:
        return None
    return max(0.0, (stopped - started).total_seconds() / 60)
