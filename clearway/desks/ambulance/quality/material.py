"""Reading what the rules beside an assignment's own facts look at: positions, other jobs, who pressed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from clearway.core.organisation.models import Site
from clearway.core.organisation.queries import site_by_code
from clearway.domain.ambulance.events import JobEvent
from clearway.domain.ambulance.hospitals import Cohort
from clearway.domain.ambulance.quality import Limits
from clearway.domain.ambulance.quality_many import Drive, Pressed
from clearway.domain.ambulance.quality_tracks import Track
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import Availability, JobStatus, StatusSource
from clearway.domain.shared.geography import Point
from clearway.domain.shared.region import SiteKind
from clearway.engine.ambulance import quality
from clearway.engine.ambulance.quality import Material

from ..facts import queries as facts
from ..incidents import queries as incidents
from ..liaison import queries as liaison
from ..resources import queries as resources
from ..resources.queries import Reported, Seen
from ..travel.network import columns_of, network

J = JobStatus
LONGEST_JOB = timedelta(hours=8)  # of which positions are read; longer ones are judged by their last part
FREE = (Availability.AVAILABLE, Availability.RESTRICTED)


def material(
    organisation_id: int,
    jobs: Sequence[Assignment],
    seen: Mapping[str, Seen],
    until: datetime,
    reported: Mapping[str, Sequence[Reported]],
) -> Material:
    """What is known of these jobs up to an instant. Two queries.

    reported  where their resources were
    seen  what stands of each resource now; of the past nothing is known, and rules that need it say nothing
    """
    codes = site_by_code(organisation_id)
    receiving = {
        site.code: Point(site.latitude, site.longitude)
        for site in codes.values()
        if site.kind in (SiteKind.EMERGENCY_DEPARTMENT, SiteKind.MINOR_UNIT)
    }
    return Material(
        until=until,
        assignments=jobs,
        site_of=_sites_of(jobs, codes),
        sites=receiving,
        bases=_bases(codes.values()),
        tracks={call_sign: _track(rows) for call_sign, rows in reported.items()},
        scenes=incidents.scenes(organisation_id, {each.incident for each in jobs}),
        free_until=_free_until(jobs, seen, until),
        shift_ends=_shift_ends(jobs, seen),
    )


def _bases(sites: Iterable[Site]) -> tuple[Point, ...]:
    return tuple(Point(site.latitude, site.longitude) for site in sites if site.kind == SiteKind.STATION)


def _sites_of(jobs: Iterable[Assignment], codes: Mapping[str, Site]) -> dict[str, str]:
    return {each.key: codes[code].code for each in jobs if (code := each.destination or "") in codes}


def cohorts(organisation_id: int) -> dict[str, Cohort]:
    """The newest cohort list of each site, by its present code. Two queries."""
    codes = site_by_code(organisation_id)
    found: dict[str, Cohort] = {}
    for standing in liaison.standings(organisation_id):
        code = codes[standing.site].code if standing.site in codes else standing.site
        held = found.get(code)
        if standing.cohort is not None and (held is None or held.place < standing.cohort.place):
            found[code] = standing.cohort
    return found


def reported(organisation_id: int, jobs: Iterable[Assignment], until: datetime) -> dict[str, list[Reported]]:
    """Where the resources of these jobs were while they lasted, and a while after. One query."""
    since: dict[str, datetime] = {}
    for each in jobs:
        if each.stamps:
            began = max(min(each.stamps.values()), until - LONGEST_JOB)
            since[each.call_sign] = min(since.get(each.call_sign, began), began)
    return resources.positions(organisation_id, since, until) if since else {}


def _track(rows: Sequence[Reported]) -> Track:
    columns = np.array([(row.at, row.latitude, row.longitude) for row in rows], dtype=np.float64)
    return Track(columns[:, 0], columns[:, 1], columns[:, 2])


def _free_until(jobs: Sequence[Assignment], seen: Mapping[str, Seen], until: datetime) -> dict[str, datetime]:
    """Until when each resource was free after its job: its next job, or since when it is not available."""
    after, found = quality.next_jobs(jobs), {}
    for each in jobs:
        clear, stands = each.stamps.get(J.CLEAR), seen.get(each.call_sign)
        if clear is None:
            continue
        if each.key in after:
            found[each.key] = after[each.key]
        elif stands is not None and stands.standing.availability in FREE:
            found[each.key] = until
        elif stands is not None and stands.standing.since is not None and stands.standing.since > clear:
            found[each.key] = stands.standing.since
    return found


def _shift_ends(jobs: Iterable[Assignment], seen: Mapping[str, Seen]) -> dict[str, datetime]:
    """The end of the shift in which a job began, of jobs of the shift that is known now."""
    found = {}
    for each in jobs:
        began, stands = each.stamps.get(J.ALLOCATED), seen.get(each.call_sign)
        if began is None or stands is None:
            continue
        start, end = stands.standing.shift_start, stands.standing.shift_end
        if start is not None and end is not None and start <= began < end:
            found[each.key] = end
    return found


def pressed(
    organisation_id: int, jobs: Iterable[Assignment], site_of: Mapping[str, str], limits: Limits
) -> list[Pressed]:
    """Who pressed the handovers that lie so close together at one site that it matters. One query at most."""
    streams = {f"assignment:{key}": key for key in _close(jobs, site_of, limits)}
    found = []
    for stream, known in facts.by_stream(organisation_id, list(streams)).items():
        key = streams[stream]
        said = [each.event for each in facts.of_kind(JobEvent, known) if each.event.status is J.HANDOVER]
        found += [Pressed(key, site_of[key], event.occurred_at, _by(event)) for event in said[:1]]
    return found


def _by(event: JobEvent) -> str:
    """The key of who pressed; each crew is somebody, and others are their side where nobody is named."""
    if event.user:
        return f"{event.source}:{event.user}"
    own = event.source in (StatusSource.CREW, StatusSource.CAD, StatusSource.AVL, StatusSource.RULE)
    return f"{event.source}:{event.call_sign if own else ''}"


def _close(jobs: Iterable[Assignment], site_of: Mapping[str, str], limits: Limits) -> list[str]:
    times: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for each in jobs:
        if J.HANDOVER in each.stamps and each.key in site_of:
            times[site_of[each.key]].append((each.stamps[J.HANDOVER], each.key))
    least, within = int(limits.together_count), timedelta(seconds=limits.together_seconds)
    close: set[str] = set()
    for rows in times.values():
        rows.sort()
        for first in range(len(rows) - least + 1):
            if rows[first + least - 1][0] - rows[first][0] <= within:
                close |= {key for at, key in rows[first:] if at - rows[first][0] <= within}
    return sorted(close)


def driver(organisation_id: int, at: datetime) -> Drive:
    """Minutes of free driving between two hospitals, by the roads that are known. One query."""
    sites = [
        site
        for code, site in sorted(site_by_code(organisation_id).items())
        if code == site.code and site.kind == SiteKind.EMERGENCY_DEPARTMENT
    ]
    if not sites:
        return lambda here, there: None
    places = columns_of(sites)
    rows = {site.code: row for row, site in enumerate(sites)}
    minutes = network(places).minutes(places.latitude, places.longitude, places, at=at.timestamp())

    def drive(here: str, there: str) -> float | None:
        return float(minutes[rows[here], rows[there]]) if here in rows and there in rows else None

    return drive


def lags(reported: Mapping[str, Sequence[Reported]], since: float, limits: Limits) -> dict[str, list[float]]:
    """How long each device's positions of late took to become known, in seconds.

    What came in one delivery after the line was down is left out: its positions are of all ages.
    """
    deliveries: dict[int, list[tuple[str, float]]] = defaultdict(list)
    for call_sign, rows in reported.items():
        for row in rows:
            if row.at >= since:
                deliveries[int(row.at + row.lag)].append((call_sign, row.lag))
    found: dict[str, list[float]] = defaultdict(list)
    for told in deliveries.values():
        ages = sorted(lag for _, lag in told)
        if ages[3 * len(ages) // 4] - ages[len(ages) // 4] <= limits.skew_seconds:
            for call_sign, lag in told:
                found[call_sign].append(lag)
    return found
