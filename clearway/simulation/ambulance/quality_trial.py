"""How well the rules of data quality find what is wrong: simulated days with faults put in by seed.

The world lives without faults; then every rule's own fault is put into some jobs, and every rule is asked
about all of them, by the functions that the desk uses. A rule is right where its fault was put in. Where
another fault was put in, what it says is not counted either way, since one wrong time often breaks several
rules truly; on a job that nobody spoiled, whatever it says is a false alarm.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import msgspec

from clearway.domain.ambulance import hospitals, transitions
from clearway.domain.ambulance.events import (
    AvailabilityEvent,
    CallEvent,
    Event,
    HospitalEvent,
    JobEvent,
    Position,
)
from clearway.domain.ambulance.hospitals import Cohort
from clearway.domain.ambulance.quality import KnownSite, Limits, inspect, inspect_destination
from clearway.domain.ambulance.quality_cohort import inspect_cohorts
from clearway.domain.ambulance.quality_many import Drive
from clearway.domain.ambulance.quality_said import inspect_said, inspect_unit
from clearway.domain.ambulance.quality_tracks import NOWHERE, Track, track
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import Availability, CallStatus, JobStatus
from clearway.domain.shared.facts import Fact, in_fixed_order
from clearway.domain.shared.findings import Finding
from clearway.domain.shared.geography import Point, distance_km
from clearway.domain.shared.region import Region, Site, SiteKind
from clearway.engine.ambulance import quality

from . import roads
from .spoiling import FAULTS, Said, Streams, leap, list_wrongly, spoil, stop_on_the_way
from .world import World

J = JobStatus
KNOWS = frozenset({"destination", "handover", "queue", "wrap_up_reason"})
LONG_WRAP_UP = timedelta(minutes=15)
FREE = (Availability.AVAILABLE, Availability.RESTRICTED)
STOOD, STOOD_KM = 300.0, 0.15  # seconds and kilometres in which a vehicle has not set off
HOME = timedelta(minutes=90)  # so near to the end of its shift a crew's last job is its last
ON_LISTS = "HQ18"  # put in beside the facts: into the lists of the cohorts
Lists = dict[str, list[Cohort]]  # code of the site -> its lists, in order of time
ON_TRACKS = ("ST06", "ST07", "ST08")  # put in beside the facts: into positions and shifts


@dataclass(frozen=True, slots=True)
class Score:
    """Of one rule: faults put in, those it found, and findings on jobs that nobody spoiled."""

    code: str
    put_in: int
    found: int
    false: int

    @property
    def recall(self) -> float:
        return self.found / self.put_in if self.put_in else float("nan")

    @property
    def precision(self) -> float:
        every = self.found + self.false
        return self.found / every if every else float("nan")


@dataclass(frozen=True, slots=True)
class Trial:
    """The scores of all rules, and over how many jobs and days."""

    jobs: int
    arrivals: int
    scores: tuple[Score, ...]


def added(trials: Iterable[Trial]) -> Trial:
    """Several trials as one. Raises ValueError for none."""
    listed = list(trials)
    if not listed:
        raise ValueError("There is no trial to add up.")
    rows = zip(*(each.scores for each in listed), strict=True)
    return Trial(
        jobs=sum(each.jobs for each in listed),
        arrivals=sum(each.arrivals for each in listed),
        scores=tuple(
            Score(
                same[0].code,
                sum(each.put_in for each in same),
                sum(each.found for each in same),
                sum(each.false for each in same),
            )
            for same in rows
        ),
    )


def trial(region: Region, regime: str, seed: int, start: datetime, days: int, each: int) -> Trial:
    """Live some days, put `each` faults of every kind into them, and ask every rule."""
    world = World(region, regime, seed, start, faults=False, positions=30)
    end = start + timedelta(days=days)
    events, positions, reports = world.advance(end), world.positions(end), world.reports(end)
    clean = _with_reasons(_streams(events))
    sites = {site.code: site for site in region.sites if site.kind is not SiteKind.STATION}
    departments = [site.code for site in region.sites_of(SiteKind.EMERGENCY_DEPARTMENT)]
    spoilt, truth = spoil(clean, each, departments, seed)
    limits = Limits()
    folded = {key: transitions.fold(said) for key, said in spoilt.items()}
    material = _material(region, events, positions, [state for state, _ in folded.values()], end)
    whole = spoilt.keys() & clean.keys() - set().union(*truth.values())
    material = _beside(material, whole, truth, each)
    truth["ST02"] = {key for key in truth.get("ST02", ()) if _stood(material, folded[key][0])}
    lists = _listed_wrongly(_lists(reports), material, whole - set().union(*truth.values()), truth, each)
    found: dict[str, set[str]] = defaultdict(set)
    for key, (state, told) in folded.items():
        codes = {finding.code for finding in told}
        codes |= {finding.code for finding in _by_facts(state, spoilt[key], sites, limits)}
        found[key] |= codes
    beside: list[Mapping[str, Sequence[Finding]]] = [
        quality.by_positions(material, limits),
        quality.by_others(material, (), _driver(sites), limits),
        *(
            inspect_cohorts({site: listed}, material.assignments, material.site_of, limits)
            for site, told in lists.items()
            for listed in told
        ),
    ]
    for shown in beside:
        for key, findings in shown.items():
            found[key] |= {finding.code for finding in findings}
    return Trial(
        jobs=len(spoilt),
        arrivals=sum(J.AT_HOSPITAL in state.stamps for state, _ in folded.values()),
        scores=tuple(_scores(found, truth, spoilt.keys(), clean)),
    )


def _by_facts(state: Assignment, said: Said, sites: Mapping[str, Site], limits: Limits) -> Iterable[Finding]:
    known_at = max(fact.known_at for fact in said)
    site = KnownSite(state.destination) if state.destination in sites and state.destination else None
    yield from inspect(state, known_at, limits, knows_handover=True)
    there = sites.get(state.destination or "")
    queues = there is not None and there.kind is SiteKind.EMERGENCY_DEPARTMENT
    knows = KNOWS if queues else KNOWS - {"queue"}
    yield from inspect_said(in_fixed_order(said, transitions.rank), state, knows, limits)
    yield from inspect_destination(state, site, "12:00", KNOWS)
    yield from inspect_unit(in_fixed_order(said, transitions.rank), queues)


def _scores(
    found: Mapping[str, set[str]],
    truth: Mapping[str, set[str]],
    keys: Iterable[str],
    clean: Mapping[str, Said],
) -> Iterable[Score]:
    spoiled = set().union(*truth.values())
    # A job beside a spoiled one, of the same resource, is touched by it.
    touched = {key.partition("+")[0] for key in spoiled} | spoiled
    crews = {clean[key][0].event.call_sign for key in touched if key in clean}
    apart = [key for key in keys if key in clean and key not in touched]
    apart = [key for key in apart if clean[key][0].event.call_sign not in crews] or apart
    false = Counter(code for key in apart for code in found[key])
    for code in sorted((*FAULTS, *ON_TRACKS, ON_LISTS)):
        right = truth.get(code, set())
        yield Score(code, len(right), sum(code in found[key] for key in right), false[code])


def _streams(events: Iterable[Event]) -> Streams:
    found: Streams = defaultdict(list)
    for event in events:
        if isinstance(event, JobEvent):
            found[event.assignment_key].append(Fact(event, "cad", event.occurred_at))
    return dict(found)


def _with_reasons(streams: Streams) -> Streams:
    """Crews that take long from handover to clear say why, as those do who are asked to."""
    told = {}
    for key, said in streams.items():
        stamps = {fact.event.status: fact.event.occurred_at for fact in said}
        over, clear = stamps.get(J.HANDOVER), stamps.get(J.CLEAR)
        long = over is not None and clear is not None and clear - over > LONG_WRAP_UP
        told[key] = [_noted(fact) if long and fact.event.status is J.CLEAR else fact for fact in said]
    return told


def _noted(fact: Fact[JobEvent]) -> Fact[JobEvent]:
    return replace(fact, event=msgspec.structs.replace(fact.event, note="cleaning"))


def _material(
    region: Region,
    events: Iterable[Event],
    positions: Iterable[Position],
    assignments: list[Assignment],
    end: datetime,
) -> quality.Material:
    points: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for each in positions:
        points[each.call_sign].append((each.occurred_at.timestamp(), each.latitude, each.longitude))
    receiving = {
        site.code: Point(site.latitude, site.longitude)
        for site in region.sites
        if site.kind in (SiteKind.EMERGENCY_DEPARTMENT, SiteKind.MINOR_UNIT)
    }
    return quality.Material(
        until=end,
        assignments=assignments,
        site_of={each.key: each.destination for each in assignments if each.destination in receiving},
        sites=receiving,
        bases=tuple(Point(site.latitude, site.longitude) for site in region.sites_of(SiteKind.STATION)),
        tracks={call_sign: track(rows) for call_sign, rows in points.items()},
        scenes=_scenes(events),
        free_until=_free_until(events, assignments, end),
        shift_ends=_shift_ends(events, assignments),
    )


def _scenes(events: Iterable[Event]) -> dict[str, Point]:
    return {
        event.incident: Point(event.latitude, event.longitude)
        for event in events
        if isinstance(event, CallEvent) and event.status is CallStatus.LOCATED
        if event.latitude is not None and event.longitude is not None
    }


def _changes(events: Iterable[Event]) -> dict[str, list[AvailabilityEvent]]:
    found: dict[str, list[AvailabilityEvent]] = defaultdict(list)
    for event in events:
        if isinstance(event, AvailabilityEvent):
            found[event.call_sign].append(event)
    return found


def _free_until(
    events: Iterable[Event], assignments: Iterable[Assignment], end: datetime
) -> dict[str, datetime]:
    """Until when each crew was free after its job: its next job, or the next word that it is not."""
    assignments, changes = list(assignments), _changes(events)
    after, found = quality.next_jobs(assignments), {}
    for each in assignments:
        clear = each.stamps.get(J.CLEAR)
        if clear is not None:
            said = [event for event in changes[each.call_sign] if event.status not in FREE]
            busy = [event.occurred_at for event in said if event.occurred_at >= clear]
            found[each.key] = min([end, *busy, after.get(each.key, end)])
    return found


def _shift_ends(events: Iterable[Event], assignments: Iterable[Assignment]) -> dict[str, datetime]:
    changes, found = _changes(events), {}
    for each in assignments:
        began = each.stamps.get(J.ALLOCATED)
        ends = [
            event.shift_end
            for event in changes[each.call_sign]
            if event.shift_end is not None and began is not None and event.occurred_at <= began
        ]
        if ends:
            found[each.key] = ends[-1]
    return found


def _beside(
    material: quality.Material, free: set[str], truth: dict[str, set[str]], each: int
) -> quality.Material:
    """The faults that lie in positions and shifts: each in a job of a crew of its own."""
    tracks, ends = dict(material.tracks), material.shift_ends
    jobs = [
        job
        for job in sorted(material.assignments, key=lambda row: row.key)
        if job.key in free and J.CLEAR in job.stamps and job.call_sign in tracks
    ]
    crews: set[str] = set()
    changed: dict[str, Assignment] = {}
    for code in ON_TRACKS:
        truth[code] = set()
        for job in jobs:
            if len(truth[code]) >= each or job.call_sign in crews or job.key in truth[code]:
                continue
            if code == "ST08":
                opened = _left_open(material, job, truth[code], ends)
                if opened is not None:
                    changed[job.key] = opened
            if job.key in changed or (code != "ST08" and _put_in(code, job, tracks)):
                crews.add(job.call_sign)
                truth[code].add(job.key)
    assignments = [changed.get(job.key, job) for job in material.assignments]
    return replace(material, tracks=tracks, assignments=assignments)


def _stood(material: quality.Material, job: Assignment) -> bool:
    """Whether the vehicle truly kept its place after the press that was moved back.

    A crew that was on the road anyway when it was sent set off at once: no fault has come of the press.
    """
    pressed = job.stamps[J.MOBILE].timestamp()
    seen = material.tracks.get(job.call_sign, NOWHERE).between(pressed, pressed + STOOD)
    if not len(seen.at):
        return False
    ends = (seen.latitude[0], seen.longitude[0], seen.latitude[-1], seen.longitude[-1])
    return float(distance_km(*ends)) < STOOD_KM


def _left_open(
    material: quality.Material, job: Assignment, truth: set[str], ends: Mapping[str, datetime]
) -> Assignment | None:
    """The job as its crew left it open: clear was pressed for them three hours after their shift.

    Of a crew that was truly clear near the end of its shift, and did nothing more; None for another.
    """
    shift, clear = ends.get(job.key), job.stamps[J.CLEAR]
    if shift is None or not shift - HOME < clear < shift + HOME or job.key in truth:
        return None
    pressed = shift + timedelta(hours=3)
    after = quality.next_jobs(material.assignments).get(job.key, material.until)
    if after <= pressed or pressed > material.until:
        return None
    return replace(job, stamps={**job.stamps, J.CLEAR: pressed})


def _put_in(code: str, job: Assignment, tracks: dict[str, Track]) -> bool:
    left, arrived = (job.stamps.get(each) for each in (J.LEFT_SCENE, J.AT_HOSPITAL))
    if left is None or arrived is None or arrived - left < timedelta(minutes=22):
        return False
    seen = tracks[job.call_sign]
    if code == "ST06":
        tracks[job.call_sign] = stop_on_the_way(seen, left.timestamp() + 300, 14)
    else:
        tracks[job.call_sign] = leap(seen, left.timestamp() + 300)
    return True


def _lists(reports: Iterable[HospitalEvent]) -> Lists:
    found: Lists = defaultdict(list)
    for event in reports:
        if event.cohort is not None:
            told = hospitals.fold([Fact(event, "hospital", event.occurred_at)])
            assert told.cohort is not None
            found[event.site].append(told.cohort)
    return found


def _listed_wrongly(
    lists: Lists, material: quality.Material, free: set[str], truth: dict[str, set[str]], each: int
) -> Lists:
    """The lists with so many patients wrongly on them, each in another way than the one before."""
    spoilt, used = dict(lists), truth.setdefault(ON_LISTS, set())
    for job in sorted(material.assignments, key=lambda row: row.key):
        arrived, over = (job.stamps.get(status) for status in (J.AT_HOSPITAL, J.HANDOVER))
        site = material.site_of.get(job.key, "")
        if len(used) >= each:
            break
        if job.key not in free or arrived is None or over is None or site not in spoilt:
            continue
        way = len(used) % 3
        if (way == 2) == (J.COHORT_STARTED in job.stamps):
            continue
        wrong = list_wrongly(spoilt[site], job.key, (arrived, over), way)
        if wrong is not None:
            spoilt[site] = wrong
            used.add(job.key)
    return spoilt


def _driver(sites: Mapping[str, Site]) -> Drive:
    def drive(here: str, there: str) -> float | None:
        one, other = sites.get(here), sites.get(there)
        if one is None or other is None:
            return None
        return roads.minutes(one.latitude, one.longitude, other.latitude, other.longitude)

    return drive


def beginning(day: str) -> datetime:
    """Midnight of a day, as a trial begins."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC)
