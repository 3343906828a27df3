"""What a desk would know from a feed without faults, kept up column by column as things happen.

It gives the same situation as the board that folds the events (see board.py), at a small part of the price:
a test holds the two equal. It is what a silent world shows its policy.
"""

from bisect import bisect_left
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance import transitions
from clearway.domain.ambulance.events import HospitalEvent
from clearway.domain.ambulance.situation import (
    AVAILABILITIES,
    CATEGORIES,
    JOB_STATES,
    JOB_STATUSES,
    KINDS,
    MEASURES,
    UNKNOWN,
    Assignments,
    Reports,
    Resources,
    Situation,
    known_shift_ends,
)
from clearway.domain.ambulance.words import Availability, CallStatus, JobState, JobStatus, StatusSource
from clearway.domain.shared.region import Region

from .board import LOOK_BACK, departments, nothing_known
from .control import Job
from .crews import Crew, Fleet

DAY = LOOK_BACK.total_seconds()
ROOM = 2048
_ROW = attrgetter("row")
_STATUS = {status: place for place, status in enumerate(JOB_STATUSES)}
_STATE = {state: place for place, state in enumerate(JOB_STATES)}
_CATEGORY = {category: place for place, category in enumerate(CATEGORIES)}
_MEASURE = {measure: place for place, measure in enumerate(MEASURES)}
_KIND = {kind: place for place, kind in enumerate(KINDS)}
_AVAILABILITY = {word: place for place, word in enumerate(AVAILABILITIES)}
_NEXT = [[_STATE[transitions.next_state(state, status)] for status in JOB_STATUSES] for state in JOB_STATES]
_OVER = np.array([state.is_over for state in JOB_STATES])
_IS_OVER = _OVER.tolist()
_NONE = _STATE[JobState.NONE]


class Picture:
    """Hears what happens; tells the situation. Its arrays are copies: each picture stays as it was."""

    def __init__(self, region: Region, fleet: Fleet) -> None:
        self._fleet = fleet
        self._empty = nothing_known(region)
        self._row_of_site = {site.code: row for row, site in enumerate(departments(region))}
        self._jobs = _Jobs()
        self._crews = _Crews()
        self._value = np.full((len(self._row_of_site), len(MEASURES)), np.nan)
        self._said_at = self._value.copy()

    def call(self, at: float, incident: str, status: CallStatus, **known: Any) -> None:
        """Calls tell nothing that a situation holds."""

    def job(
        self, at: float, job: Job, status: JobStatus, source: StatusSource, known: dict[str, Any]
    ) -> None:
        jobs, row = self._jobs, self._jobs.row_of(job)
        place, before = _STATUS[status], int(jobs.state[row])
        after, stamp = _NEXT[before][place], float(int(at))
        jobs.stamps[place, row] = stamp
        if after != before:
            jobs.state[row], jobs.since[row] = after, stamp
            self._crews.hold(job.crew.call_sign, UNKNOWN if _IS_OVER[after] else row)
        if "destination" in known:
            jobs.site[row] = self._row_of_site.get(known["destination"], UNKNOWN)

    def availability(self, at: float, call_sign: str, status: Availability, **known: Any) -> None:
        if status is Availability.OFF:
            self._crews.leave(call_sign)
            return
        row = self._crews.row_of(self._fleet.by_call_sign[call_sign])
        self._crews.say(row, _AVAILABILITY[status], known.get("reason"), float(int(at)))

    def hear_hospital(self, event: HospitalEvent, at: float) -> None:
        """A hospital says how it stands; without faults, no report overtakes another."""
        row, said_at = self._row_of_site[event.site], event.occurred_at.timestamp()
        for measure, value in event.counts.items():
            self._value[row, _MEASURE[measure]] = value
            self._said_at[row, _MEASURE[measure]] = said_at

    def situation(self, at: float) -> Situation:
        """The region at `at`, as columns; positions are those of now.

        The feed counts as heard just now: in a region that lives, something is said every few seconds.
        """
        rows = self._jobs.forget_what_is_past(at)
        return Situation(
            at=at,
            sites=self._empty.sites,
            resources=self._resources(at, rows),
            assignments=self._jobs.columns(rows),
            feeds=self._empty.feeds_at(at),
            reports=Reports(_read_only(self._value.copy()), _read_only(self._said_at.copy())),
        )

    def _resources(self, at: float, rows: npt.NDArray[np.intp]) -> Resources:
        crews = self._crews
        mine = np.array(crews.in_order, dtype=np.int64)
        place = np.full(len(self._jobs.state) + 1, UNKNOWN, dtype=np.int32)  # the last one for UNKNOWN
        place[rows] = np.arange(len(rows), dtype=np.int32)
        in_fleet = np.fromiter(map(_ROW, crews.crews), np.int64, len(mine))
        latitude, longitude = self._fleet.positions(in_fleet, at).T.copy()
        return Resources(
            call_sign=tuple(crews.names),
            kind=_read_only(crews.kind[mine]),
            availability=_read_only(crews.availability[mine]),
            since=_read_only(crews.since[mine]),
            shift_end=_read_only(known_shift_ends(crews.shift_end[mine], at)),
            latitude=_read_only(latitude),
            longitude=_read_only(longitude),
            position_at=_read_only(np.full(len(mine), at)),
            assignment=_read_only(place[crews.holds[mine]]),
        )


class _Crews:
    """The columns of crews as their own words have them, each in a row of its own while it is on duty.

    holds         row of the job that a crew is on
    names, crews, in_order  call signs, crews and rows in order of call sign, side by side
    """

    def __init__(self) -> None:
        self.kind: npt.NDArray[np.int16] = np.full(ROOM, UNKNOWN, dtype=np.int16)
        self.availability: npt.NDArray[np.int16] = np.full(ROOM, UNKNOWN, dtype=np.int16)
        self.since: npt.NDArray[np.float64] = np.full(ROOM, np.nan)
        self.shift_end: npt.NDArray[np.float64] = np.full(ROOM, np.nan)
        self.holds: npt.NDArray[np.int64] = np.full(ROOM, UNKNOWN, dtype=np.int64)
        self.names: list[str] = []
        self.crews: list[Crew] = []
        self.in_order: list[int] = []
        self._reason: dict[int, str | None] = {}
        self._rows: dict[str, int] = {}
        self._unused = list(range(ROOM))

    def row_of(self, crew: Crew) -> int:
        """The row of a crew, a new one if it is new. Raises IndexError for more than ROOM crews at once."""
        row = self._rows.get(crew.call_sign)
        if row is None:
            row = self._rows[crew.call_sign] = self._unused.pop()
            at = bisect_left(self.names, crew.call_sign)
            self.names.insert(at, crew.call_sign)
            self.crews.insert(at, crew)
            self.in_order.insert(at, row)
            self.kind[row], self.shift_end[row] = _KIND[crew.kind], float(int(crew.shift_end))
            self.availability[row], self._reason[row] = UNKNOWN, None
            self.since[row], self.holds[row] = np.nan, UNKNOWN
        return row

    def leave(self, call_sign: str) -> None:
        """Off duty."""
        self._unused.append(self._rows.pop(call_sign))
        at = bisect_left(self.names, call_sign)
        del self.names[at], self.crews[at], self.in_order[at]

    def say(self, row: int, availability: int, reason: str | None, at: float) -> None:
        """A crew says how it stands; saying the same again changes nothing."""
        if (availability, reason) != (self.availability[row], self._reason[row]):
            self.availability[row], self._reason[row], self.since[row] = availability, reason, at

    def hold(self, call_sign: str, job: int) -> None:
        """The row of the job that now holds a crew, if the crew is on duty."""
        row = self._rows.get(call_sign)
        if row is not None:
            self.holds[row] = job


class _Jobs:
    """The columns of assignments, each in a row of its own for as long as it matters.

    stamps  statuses x rows: whoever asks wants all of one status, side by side
    """

    def __init__(self) -> None:
        self.stamps: npt.NDArray[np.float64] = np.full((len(JOB_STATUSES), ROOM), np.nan)
        self.state: npt.NDArray[np.int16] = np.full(ROOM, _NONE, dtype=np.int16)
        self.since: npt.NDArray[np.float64] = np.full(ROOM, np.nan)
        self.site: npt.NDArray[np.int32] = np.full(ROOM, UNKNOWN, dtype=np.int32)
        self._category: npt.NDArray[np.int16] = np.full(ROOM, UNKNOWN, dtype=np.int16)
        self._kind: npt.NDArray[np.int16] = np.full(ROOM, UNKNOWN, dtype=np.int16)
        self._rows: dict[str, int] = {}
        self._unused = list(range(ROOM))
        # In order of key, side by side:
        self._keys: list[str] = []
        self._incidents: list[str] = []
        self._call_signs: list[str] = []
        self._order: npt.NDArray[np.intp] = np.zeros(ROOM, dtype=np.intp)

    def row_of(self, job: Job) -> int:
        """The row of an assignment, a new one if it is new."""
        row = self._rows.get(job.key)
        if row is None:
            row = self._rows[job.key] = self._new_row()
            at, count = bisect_left(self._keys, job.key), len(self._keys)
            self._keys.insert(at, job.key)
            self._incidents.insert(at, job.incident.call.key)
            self._call_signs.insert(at, job.crew.call_sign)
            self._order[at + 1 : count + 1] = self._order[at:count]
            self._order[at] = row
            self._category[row] = _CATEGORY[job.incident.call.category]
            self._kind[row] = _KIND[job.crew.kind]
        return row

    def forget_what_is_past(self, at: float) -> npt.NDArray[np.intp]:
        """The rows that a situation at `at` holds, by key; the others are given up."""
        rows = self._order[: len(self._keys)]
        arrived = self.stamps[_STATUS[JobStatus.AT_HOSPITAL], rows]
        kept = ~_OVER[self.state[rows]] | (arrived > at - DAY)
        maybe = np.flatnonzero(~kept)
        if not len(maybe):
            return rows
        kept[maybe] = self.columns(rows[maybe]).patient_is_waiting
        return rows if kept[maybe].all() else self._keep(kept)

    def columns(self, rows: npt.NDArray[np.intp]) -> Assignments:
        """Those rows, which are all there are or go by row alone, as a situation holds them."""
        whole = len(rows) == len(self._keys)
        return Assignments(
            key=tuple(self._keys) if whole else (),
            incident=tuple(self._incidents) if whole else (),
            call_sign=tuple(self._call_signs) if whole else (),
            category=_read_only(self._category[rows]),
            kind=_read_only(self._kind[rows]),
            site=_read_only(self.site[rows]),
            bound=(nobody := _read_only(np.full(len(rows), UNKNOWN, dtype=np.int32))),
            passed=nobody,
            state=_read_only(self.state[rows]),
            since=_read_only(self.since[rows]),
            stamps=_read_only(self.stamps[:, rows].T),
        )

    def _keep(self, kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
        """Give up the rows that are not kept; a handful at a time, so each is taken out by itself."""
        count = len(self._keys)
        for at in np.flatnonzero(~kept).tolist()[::-1]:
            row = self._rows.pop(self._keys[at])
            self._unused.append(row)
            self.stamps[:, row], self.since[row] = np.nan, np.nan
            self.state[row], self.site[row] = _NONE, UNKNOWN
            del self._keys[at], self._incidents[at], self._call_signs[at]
        left = self._order[:count][kept]
        self._order[: len(left)] = left
        return self._order[: len(left)]

    def _new_row(self) -> int:
        if not self._unused:
            old = len(self.state)
            for name in ("stamps", "state", "since", "site", "_category", "_kind", "_order"):
                column = getattr(self, name)
                more = np.full_like(column, _NONE if name == "state" else UNKNOWN)
                setattr(self, name, np.concatenate([column, more], axis=-1))
            self.stamps[:, old:], self.since[old:] = np.nan, np.nan
            self._unused = list(range(old, 2 * old))
        return self._unused.pop()


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
