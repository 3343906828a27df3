"""Asking every rule of data quality about a period, live or past: the same rules for the desk and the bench.

The desk keeps what the facts of one assignment show whenever one of them comes; here is what needs more than
one assignment's facts: positions, other assignments, the minute's other handovers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from clearway.domain.ambulance.hospitals import Cohort
from clearway.domain.ambulance.quality import Limits
from clearway.domain.ambulance.quality_cohort import inspect_cohorts
from clearway.domain.ambulance.quality_many import Drive, Found, Pressed, inspect_many, together
from clearway.domain.ambulance.quality_tracks import NOWHERE, Duty, Places, Track, inspect_track, visit
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.findings import Finding
from clearway.domain.shared.geography import Point


@dataclass(frozen=True, slots=True)
class Material:
    """What is known of a period.

    until       the present, or the end of the period
    site_of     key of an assignment -> present code of its site
    sites       receiving sites, code -> where
    tracks      call sign -> where it was; scenes  incident -> where it was located
    bases       ambulance stations
    cohorts     code of a site -> its newest list of who is in the cohort
    free_until  key -> until when its resource was free after it; shift_ends  key -> end of the shift it is of
    """

    until: datetime
    assignments: Sequence[Assignment]
    site_of: Mapping[str, str]
    sites: Mapping[str, Point]
    tracks: Mapping[str, Track] = field(default_factory=dict)
    scenes: Mapping[str, Point] = field(default_factory=dict)
    free_until: Mapping[str, datetime] = field(default_factory=dict)
    shift_ends: Mapping[str, datetime] = field(default_factory=dict)
    bases: Sequence[Point] = ()
    cohorts: Mapping[str, Cohort] = field(default_factory=dict)


def by_positions(material: Material, limits: Limits) -> dict[str, tuple[Finding, ...]]:
    """What positions show of each assignment that has any, by key; none where nothing is wrong."""
    found = {}
    for each in material.assignments:
        seen = material.tracks.get(each.call_sign, NOWHERE)
        if len(seen.at):
            found[each.key] = inspect_track(
                each, seen, _places(material, each), _duty(material, each), limits
            )
    return found


def arrivals(material: Material, limits: Limits) -> dict[str, datetime]:
    """When the vehicle came into the fence of its site, by key: what to propose for a missing arrival."""
    found = {}
    for each in material.assignments:
        seen = material.tracks.get(each.call_sign, NOWHERE)
        stay = visit(each, seen, _places(material, each), limits) if len(seen.at) else None
        if stay is not None:
            found[each.key] = datetime.fromtimestamp(int(stay[0]), material.until.tzinfo)
    return found


def by_others(material: Material, pressed: Iterable[Pressed], drive: Drive, limits: Limits) -> Found:
    """What assignments show together, by key. pressed  the handovers that a person pressed, with whom"""
    found: dict[str, list[Finding]] = defaultdict(list)
    for shown in (
        inspect_many(material.assignments, material.site_of, drive, limits),
        together(pressed, limits),
        inspect_cohorts(material.cohorts, material.assignments, material.site_of, limits),
    ):
        for key, findings in shown.items():
            found[key] += findings
    return dict(found)


def next_jobs(assignments: Iterable[Assignment]) -> dict[str, datetime]:
    """Key -> when its resource was allocated its next job; none for the last of each."""
    rows: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for each in assignments:
        began = each.stamps.get(JobStatus.ALLOCATED)
        if began is not None:
            rows[each.call_sign].append((began, each.key))
    found = {}
    for jobs in rows.values():
        jobs.sort()
        found.update({key: after for (_, key), (after, _) in pairwise(jobs)})
    return found


def _places(material: Material, each: Assignment) -> Places:
    site = material.site_of.get(each.key)
    return Places(material.sites, site, material.scenes.get(each.incident), material.bases)


def _duty(material: Material, each: Assignment) -> Duty:
    return Duty(material.until, material.free_until.get(each.key), material.shift_ends.get(each.key))
