"""The situation: everything the engine may look at, at one instant, as columns.

One value for both carriers: the desk reads it from its tables, the simulator builds it from its world, and
the same engine functions take it. Arrays are read-only; times are seconds since 1970-01-01T00:00Z (NaN where
there is none); rows of one table share an index. No identity is in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isnan
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from ..shared.geography import Point
from .availability import LONGEST_OVERRUN, ResourceStanding
from .destinations import Answers
from .disruptions import Disruption
from .diverts import Divert
from .hospitals import HospitalStanding, merged
from .transitions import Assignment
from .words import Availability, Category, HospitalMeasure, JobState, JobStatus, ResourceKind

Seconds = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int16]
Rows = npt.NDArray[np.int32]

JOB_STATES: tuple[JobState, ...] = tuple(JobState)
JOB_STATUSES: tuple[JobStatus, ...] = tuple(JobStatus)
AVAILABILITIES: tuple[Availability, ...] = tuple(Availability)
CATEGORIES: tuple[Category, ...] = tuple(Category)
KINDS: tuple[ResourceKind, ...] = tuple(ResourceKind)
MEASURES: tuple[HospitalMeasure, ...] = tuple(HospitalMeasure)
UNKNOWN = -1  # code or row of what is not known


@dataclass(frozen=True, slots=True)
class Sites:
    """Receiving sites in board order. `code` is the ODS code."""

    code: tuple[str, ...]
    name: tuple[str, ...]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Resources:
    """Resources on shift or on a job.

    availability, kind  index into AVAILABILITIES, KINDS
    assignment          row in Assignments that holds the resource, or UNKNOWN
    """

    call_sign: tuple[str, ...]
    kind: Codes
    availability: Codes
    since: Seconds
    shift_end: Seconds
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    position_at: Seconds
    assignment: Rows


@dataclass(frozen=True, slots=True)
class Assignments:
    """Assignments that are open, or that were at a hospital in the last 24 hours.

    site    row in Sites, or UNKNOWN (the feed does not say, or says a code nobody knows)
    bound   row of the site that a crew has accepted advice for and is not at yet, else UNKNOWN: a commitment,
            which on the way counts in place of `site`
    passed  row of the nearest appropriate site, where somebody sent the crew past it, else UNKNOWN
    state   index into JOB_STATES; category, kind likewise into CATEGORIES and KINDS
    stamps  (n, len(JOB_STATUSES)) seconds, NaN where the status has not been reported
    """

    key: tuple[str, ...]
    incident: tuple[str, ...]
    call_sign: tuple[str, ...]
    category: Codes
    kind: Codes
    site: Rows
    bound: Rows
    passed: Rows
    state: Codes
    since: Seconds
    stamps: npt.NDArray[np.float64]

    def stamp(self, status: JobStatus) -> Seconds:
        """The column of one status."""
        return self.stamps[:, JOB_STATUSES.index(status)]

    @property
    def patient_is_waiting(self) -> npt.NDArray[np.bool_]:
        """The column of transitions.Assignment.patient_is_waiting: at hospital and not handed over."""
        here = ~np.isnan(self.stamp(JobStatus.AT_HOSPITAL)) & np.isnan(self.stamp(JobStatus.HANDOVER))
        started, ended = self.stamp(JobStatus.COHORT_STARTED), self.stamp(JobStatus.COHORT_ENDED)
        in_cohort = ~np.isnan(started) & (np.isnan(ended) | (ended < started))
        waits = here & ((self.state != JOB_STATES.index(JobState.CLEAR)) | in_cohort)
        return np.asarray(waits, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Reports:
    """What the sites say of themselves; row for row those of Sites, column for column MEASURES.

    value  (n, len(MEASURES)), NaN where nobody said; said_at likewise when each was said
    """

    value: npt.NDArray[np.float64]
    said_at: npt.NDArray[np.float64]

    def measure(self, measure: HospitalMeasure) -> npt.NDArray[np.float64]:
        """The column of one figure."""
        return self.value[:, MEASURES.index(measure)]

    def measured_at(self, measure: HospitalMeasure) -> Seconds:
        """When each site said that figure."""
        return self.said_at[:, MEASURES.index(measure)]


@dataclass(frozen=True, slots=True)
class Feeds:
    """The sources the picture rests on. `received` is when each was last heard, NaN if never."""

    name: tuple[str, ...]
    kind: tuple[str, ...]
    expected_interval: Seconds
    received: Seconds
    knows: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """A region at one instant. `at` is the time of every question asked of it.

    diverts, disruptions  those that were in force or agreed for later; each says from when to when
    answers  what alternatives have lately said; only who asks for advice reads it
    """

    at: float
    sites: Sites
    resources: Resources
    assignments: Assignments
    feeds: Feeds
    reports: Reports
    diverts: tuple[Divert, ...] = ()
    disruptions: tuple[Disruption, ...] = ()
    answers: tuple[Answers, ...] = ()


def known_shift_ends(shift_end: Seconds, at: float) -> Seconds:
    """The ends of the shifts that run at an instant: NaN for one that ended so long ago that the crew, which
    works still, must be on another of which nobody has said the end."""
    return np.where(shift_end < at - LONGEST_OVERRUN.total_seconds(), np.nan, shift_end)


def seconds(at: datetime | None) -> float:
    """Seconds since 1970 of an aware instant, NaN for None."""
    return float("nan") if at is None else at.timestamp()


def instant(at: float) -> datetime | None:
    """The instant of such a number, None for NaN."""
    return None if isnan(at) else datetime.fromtimestamp(at, UTC)


def column(values: Iterable[float]) -> Seconds:
    """A read-only column of floats."""
    return _frozen(np.fromiter(values, dtype=np.float64))


def codes(values: Iterable[str | None], words: Sequence[str]) -> Codes:
    """A read-only column of places in `words`; UNKNOWN for None."""
    places: Mapping[str | None, int] = {word: place for place, word in enumerate(words)}
    return _frozen(np.fromiter((places.get(value, UNKNOWN) for value in values), dtype=np.int16))


def rows(values: Iterable[int]) -> Rows:
    """A read-only column of row numbers."""
    return _frozen(np.fromiter(values, dtype=np.int32))


def stamp_matrix(stamps: Sequence[Mapping[JobStatus, datetime]]) -> npt.NDArray[np.float64]:
    """The (n, statuses) matrix of times."""
    matrix = np.full((len(stamps), len(JOB_STATUSES)), np.nan)
    place = {status: column for column, status in enumerate(JOB_STATUSES)}
    for row, stamped in enumerate(stamps):
        for status, at in stamped.items():
            matrix[row, place[status]] = at.timestamp()
    return _frozen(matrix)


def _frozen(array: npt.NDArray[np.generic]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource was last known to be, and when."""

    point: Point
    at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """One source, and when it was last heard."""

    name: str
    kind: str
    expected_interval_seconds: float
    received_at: datetime | None
    knows: frozenset[str]


@dataclass(frozen=True, slots=True)
class Around:
    """What people said that bears on where to take a patient.

    bound   assignment key -> code of the site that its crew has accepted advice for, on scene or on its way
    passed  assignment key -> code of the nearest appropriate site, where somebody sent the crew past it
    """

    hospitals: Sequence[HospitalStanding] = ()
    bound: Mapping[str, str] = field(default_factory=dict)
    passed: Mapping[str, str] = field(default_factory=dict)
    diverts: Sequence[Divert] = ()
    disruptions: Sequence[Disruption] = ()


NOTHING_AROUND = Around()


def compose(
    at: datetime,
    sites: Sequence[tuple[str, str, Point]],
    assignments: Sequence[Assignment],
    resources: Sequence[ResourceStanding],
    places: Mapping[str, Place],
    feeds: Sequence[Feed],
    known_codes: Mapping[str, str] = MappingProxyType({}),
    around: Around = NOTHING_AROUND,
) -> Situation:
    """The columns of one instant, from values. Both carriers make their situations here.

    sites        receiving sites in board order: ODS code, name, point
    assignments  open ones, and those at a hospital in the last 24 hours
    resources    those on shift or on a job; a call sign that only has a job gets a row of its own
    places       newest position by call sign
    known_codes  destination code as a feed gives it -> the site's present code
    """
    held = _holding(assignments)
    standing = {resource.call_sign: resource for resource in resources}
    for call_sign in held.keys() - standing.keys():
        standing[call_sign] = ResourceStanding(call_sign, availability=None)
    site_row = {code: row for row, (code, _, _) in enumerate(sites)}
    return Situation(
        at=at.timestamp(),
        sites=_sites(sites),
        resources=_resources(
            sorted(standing.values(), key=lambda each: each.call_sign),
            places,
            held,
            assignments,
            at.timestamp(),
        ),
        assignments=_assignments(assignments, site_row, known_codes, around),
        feeds=_feeds(feeds),
        reports=_reports(around.hospitals, site_row, known_codes),
        diverts=tuple(sorted(around.diverts, key=lambda divert: divert.key)),
        disruptions=tuple(sorted(around.disruptions, key=lambda disruption: disruption.key)),
    )


def _holding(assignments: Sequence[Assignment]) -> dict[str, int]:
    """Call sign -> row of the assignment that holds it: of several open ones, the one allocated last."""
    held: dict[str, int] = {}
    for row, assignment in enumerate(assignments):
        if assignment.state.is_over:
            continue
        rival = held.get(assignment.call_sign)
        if rival is None or _began(assignments[rival]) < _began(assignment):
            held[assignment.call_sign] = row
    return held


def _began(assignment: Assignment) -> tuple[float, str]:
    times = [at.timestamp() for at in assignment.stamps.values()]
    return (min(times) if times else 0.0, assignment.key)


def _sites(sites: Sequence[tuple[str, str, Point]]) -> Sites:
    return Sites(
        code=tuple(code for code, _, _ in sites),
        name=tuple(name for _, name, _ in sites),
        latitude=column(point.latitude for _, _, point in sites),
        longitude=column(point.longitude for _, _, point in sites),
    )


def _resources(
    resources: Sequence[ResourceStanding],
    places: Mapping[str, Place],
    held: Mapping[str, int],
    assignments: Sequence[Assignment],
    at: float,
) -> Resources:
    nowhere = Place(Point(np.nan, np.nan), datetime.min.replace(tzinfo=UTC))
    here = [places.get(resource.call_sign, nowhere) for resource in resources]
    job_kind = {assignment.call_sign: assignment.kind for assignment in assignments if assignment.kind}
    kinds = [resource.kind or job_kind.get(resource.call_sign) for resource in resources]
    return Resources(
        call_sign=tuple(resource.call_sign for resource in resources),
        kind=codes(kinds, KINDS),
        availability=codes((resource.availability for resource in resources), AVAILABILITIES),
        since=column(seconds(resource.since) for resource in resources),
        shift_end=_frozen(known_shift_ends(column(seconds(each.shift_end) for each in resources), at)),
        latitude=column(place.point.latitude for place in here),
        longitude=column(place.point.longitude for place in here),
        position_at=column(np.nan if place is nowhere else place.at.timestamp() for place in here),
        assignment=rows(held.get(resource.call_sign, UNKNOWN) for resource in resources),
    )


def _assignments(
    assignments: Sequence[Assignment],
    site_row: Mapping[str, int],
    known_codes: Mapping[str, str],
    around: Around,
) -> Assignments:
    def row_of(code: str | None) -> int:
        return site_row.get(known_codes.get(code or "", code or ""), UNKNOWN)

    return Assignments(
        key=tuple(assignment.key for assignment in assignments),
        incident=tuple(assignment.incident for assignment in assignments),
        call_sign=tuple(assignment.call_sign for assignment in assignments),
        category=codes((assignment.category for assignment in assignments), CATEGORIES),
        kind=codes((assignment.kind for assignment in assignments), KINDS),
        site=rows(row_of(assignment.destination) for assignment in assignments),
        bound=rows(row_of(around.bound.get(assignment.key)) for assignment in assignments),
        passed=rows(row_of(around.passed.get(assignment.key)) for assignment in assignments),
        state=codes((assignment.state for assignment in assignments), JOB_STATES),
        since=column(seconds(assignment.since) for assignment in assignments),
        stamps=stamp_matrix([assignment.stamps for assignment in assignments]),
    )


def _reports(
    hospitals: Sequence[HospitalStanding], site_row: Mapping[str, int], known_codes: Mapping[str, str]
) -> Reports:
    value = np.full((len(site_row), len(MEASURES)), np.nan)
    said_at = value.copy()
    place = {measure: column for column, measure in enumerate(MEASURES)}
    for row, hospital in _by_row(hospitals, site_row, known_codes).items():
        for measure, said in hospital.figures.items():
            value[row, place[measure]] = said.value
            said_at[row, place[measure]] = said.at.timestamp()
    return Reports(_frozen(value), _frozen(said_at))


def _by_row(
    hospitals: Sequence[HospitalStanding], site_row: Mapping[str, int], known_codes: Mapping[str, str]
) -> dict[int, HospitalStanding]:
    """Row of the site -> what is said of it, under its present code and those of its predecessors."""
    found: dict[int, HospitalStanding] = {}
    for hospital in hospitals:
        row = site_row.get(known_codes.get(hospital.site, hospital.site))
        if row is not None:
            found[row] = merged(found[row], hospital) if row in found else hospital
    return found


def _feeds(feeds: Sequence[Feed]) -> Feeds:
    return Feeds(
        name=tuple(feed.name for feed in feeds),
        kind=tuple(feed.kind for feed in feeds),
        expected_interval=column(feed.expected_interval_seconds for feed in feeds),
        received=column(seconds(feed.received_at) for feed in feeds),
        knows=tuple(feed.knows for feed in feeds),
    )
