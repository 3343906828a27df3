"""The situation: everything the engine may look at, at one instant, as columns.

One value for both carriers: the desk reads it from its tables, the simulator builds it from its world, and
the same engine functions take it. Arrays are read-only; times are seconds since 1970-01-01T00:00Z (NaN where
there is none); rows of one table share an index. No identity is in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from .words import Availability, Category, JobState, JobStatus, ResourceKind

Seconds = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int16]
Rows = npt.NDArray[np.int32]

JOB_STATES: tuple[JobState, ...] = tuple(JobState)
JOB_STATUSES: tuple[JobStatus, ...] = tuple(JobStatus)
AVAILABILITIES: tuple[Availability, ...] = tuple(Availability)
CATEGORIES: tuple[Category, ...] = tuple(Category)
KINDS: tuple[ResourceKind, ...] = tuple(ResourceKind)
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
    state   index into JOB_STATES; category, kind likewise into CATEGORIES and KINDS
    stamps  (n, len(JOB_STATUSES)) seconds, NaN where the status has not been reported
    """

    key: tuple[str, ...]
    incident: tuple[str, ...]
    call_sign: tuple[str, ...]
    category: Codes
    kind: Codes
    site: Rows
    state: Codes
    since: Seconds
    stamps: npt.NDArray[np.float64]

    def stamp(self, status: JobStatus) -> Seconds:
        """The column of one status."""
        return self.stamps[:, JOB_STATUSES.index(status)]


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
    """A region at one instant. `at` is the time of every question asked of it."""

    at: float
    sites: Sites
    resources: Resources
    assignments: Assignments
    feeds: Feeds


def seconds(at: datetime | None) -> float:
    """Seconds since 1970 of an aware instant, NaN for None."""
    return float("nan") if at is None else at.timestamp()


def instant(at: float) -> datetime | None:
    """The instant of such a number, None for NaN."""
    return None if np.isnan(at) else datetime.fromtimestamp(at, UTC)


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
