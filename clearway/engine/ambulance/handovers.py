"""The picture of every hospital: who is on the way, who waits, since when, and what it has cost today."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance.situation import (
    CATEGORIES,
    JOB_STATES,
    JOB_STATUSES,
    KINDS,
    UNKNOWN,
    Assignments,
    Seconds,
    Situation,
    instant,
)
from clearway.domain.ambulance.words import Category, JobState, JobStatus, ResourceKind

from .travel import PLAIN, SOURCES, Network

J, S = JobStatus, JobState
MINUTE, HOUR = 60.0, 3600.0
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class HandoverPolicy:
    """The limits of a handover in minutes (policy handover_standards). "Beyond" is strictly greater.

    not_counted_beyond  a handover that took longer is in no mean and no loss until somebody confirms it
                        (rule HQ10)
    ladder              (minutes, priority) of the steps of the handover ladder that ask somebody to act
    """

    standard: float = 15
    all_within: float = 30
    maximum: float = 45
    reportable: float = 60
    not_counted_beyond: float = 12 * 60
    ladder: tuple[tuple[float, int], ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))

    @property
    def limits(self) -> tuple[float, float, float, float]:
        return self.standard, self.all_within, self.maximum, self.reportable


class Stage(StrEnum):
    """Where a vehicle or its patient stands on the way through a hospital, as a board groups them."""

    INBOUND = "inbound"
    QUEUING = "queuing"  # the crew waits with its own patient
    COHORTING = "cohorting"  # at the hospital, in a cohort kept by ambulance staff
    LEFT_WAITING = "left_waiting"  # the patient waits on; the crew that came with it has gone
    WRAP_UP = "wrap_up"

    @property
    def is_waiting(self) -> bool:
        """The patient's clock runs."""
        return self in (Stage.QUEUING, Stage.COHORTING, Stage.LEFT_WAITING)


@dataclass(frozen=True, slots=True)
class Expected:
    """An estimated arrival, from where the vehicle was and when that was.

    at               never in the past: a vehicle whose estimate has run out is expected now
    source           what the journey was worked out from, one of travel.SOURCES
    error_minutes    mean absolute error of that
    penalty_minutes  estimated minutes in it for road disruptions
    """

    at: datetime
    position_at: datetime
    source: str = "distance"
    error_minutes: float = 0.0
    penalty_minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One assignment at or on its way to a hospital.

    wait_minutes  minutes that the patient has waited so far, or None when nobody waits or nothing is known
    expected      only inbound, and only where position and destination are known
    """

    key: str
    incident: str
    call_sign: str
    kind: ResourceKind | None
    category: Category | None
    stage: Stage
    state: JobState
    since: datetime | None
    arrived_at: datetime | None
    wait_minutes: float | None
    expected: Expected | None
    stamps: Mapping[JobStatus, datetime]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Patients waiting now: how many in all, and beyond each limit of the policy, in its order."""

    now: int
    beyond: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class LastHour:
    """Handovers of the last hour, by the time of the handover; mean None when there was none."""

    count: int
    mean_minutes: float | None


@dataclass(frozen=True, slots=True)
class Lost:
    """Crew minutes lost since local midnight beyond the standard and beyond `all_within`.

    Counted to the last whole minute. Only what fell after midnight counts, and a wait that goes on counts
    up to now. not_counted is how many handovers or waits are too long to be believed.
    """

    beyond_standard: float
    beyond_all_within: float
    not_counted: int


@dataclass(frozen=True, slots=True)
class HospitalPicture:
    """One hospital now. `code` and `name` are None for the vehicles whose destination nobody knows.

    waiting, last_hour and lost are None where no source can know a handover: then nobody can say who waits.
    """

    code: str | None
    name: str | None
    vehicles: tuple[Vehicle, ...]
    waiting: Waiting | None
    last_hour: LastHour | None
    lost: Lost | None

    def at_stage(self, stage: Stage) -> tuple[Vehicle, ...]:
        """The vehicles at one stage, in the order of the picture."""
        return tuple(vehicle for vehicle in self.vehicles if vehicle.stage is stage)

    @property
    def longest_wait(self) -> Vehicle | None:
        """The patient who has waited longest."""
        waiting = [vehicle for vehicle in self.vehicles if vehicle.wait_minutes is not None]
        return max(waiting, key=lambda vehicle: vehicle.wait_minutes or 0, default=None)

    @property
    def next_expected(self) -> Vehicle | None:
        """The inbound vehicle that is expected first."""
        inbound = [vehicle for vehicle in self.vehicles if vehicle.expected is not None]
        return min(inbound, key=_expected_at, default=None)


def hospital_pictures(
    situation: Situation,
    policy: HandoverPolicy,
    knows_handover: bool = True,
    network: Network = PLAIN,
    only: Collection[str] | None = None,
) -> tuple[HospitalPicture, ...]:
    """A picture of every site in board order, and last one of unknown destination if any vehicle needs it.

    knows_handover  whether any source can know a handover (see feeds.basis)
    network         what is known of the roads, for the expected arrivals
    only            the codes of the sites wanted, where not all are
    """
    kernel = _Kernel(situation, policy, knows_handover, network)
    wanted = [row for row, code in enumerate(situation.sites.code) if only is None or code in only]
    pictures = [kernel.picture(row) for row in wanted]
    elsewhere = kernel.picture(UNKNOWN)
    return (*pictures, elsewhere) if elsewhere.vehicles else tuple(pictures)


@dataclass(frozen=True, slots=True)
class Hour:
    """What happened at one hospital in one clock hour; the last one is not over yet.

    handovers and mean_minutes go by the time of the handover, beyond_all_within is how many of those took
    longer than the limit
    """

    begins_at: datetime
    arrivals: int
    handovers: int
    mean_minutes: float | None
    beyond_all_within: int


def last_day(situation: Situation, code: str, policy: HandoverPolicy) -> tuple[Hour, ...]:
    """The last 24 clock hours of one site, oldest first, the running hour last.

    Raises ValueError when the site is not one of the situation's.
    """
    here = situation.assignments.site == situation.sites.code.index(code)
    arrived = situation.assignments.stamp(J.AT_HOSPITAL)[here]
    handed_over = situation.assignments.stamp(J.HANDOVER)[here]
    took = (handed_over - arrived) / MINUTE
    running = situation.at - situation.at % HOUR
    return tuple(
        _hour(running - back * HOUR, arrived, handed_over, took, policy) for back in range(23, -1, -1)
    )


def _hour(
    begins: float, arrived: Seconds, handed_over: Seconds, took: Seconds, policy: HandoverPolicy
) -> Hour:
    within = (handed_over >= begins) & (handed_over < begins + HOUR)
    counted = took[within & (took >= 0) & (took <= policy.not_counted_beyond)]
    return Hour(
        begins_at=datetime.fromtimestamp(begins, UTC),
        arrivals=int(((arrived >= begins) & (arrived < begins + HOUR)).sum()),
        handovers=len(counted),
        mean_minutes=float(counted.mean()) if len(counted) else None,
        beyond_all_within=int((counted > policy.all_within).sum()),
    )


def local_midnight(at: float, zone: ZoneInfo) -> float:
    """Seconds of the start of the local day that contains `at`; right on days of 23 and 25 hours."""
    there = datetime.fromtimestamp(at, UTC).astimezone(zone)
    return there.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp()


class _Kernel:
    """Columns that every picture shares, worked out once."""

    def __init__(
        self, situation: Situation, policy: HandoverPolicy, knows_handover: bool, network: Network
    ) -> None:
        self.situation, self.policy, self.knows_handover = situation, policy, knows_handover
        self.assignments = situation.assignments
        self.arrived = self.assignments.stamp(J.AT_HOSPITAL)
        self.handed_over = self.assignments.stamp(J.HANDOVER)
        self.waiting = self.assignments.patient_is_waiting
        self.took = (self.handed_over - self.arrived) / MINUTE
        self.waited = np.where(self.waiting, (situation.at - self.arrived) / MINUTE, np.nan)
        self.stages = _stages(self.assignments, self.waiting)
        self.expected = _arrivals(situation, network)

    def picture(self, site: int) -> HospitalPicture:
        here = self.assignments.site == site
        return HospitalPicture(
            code=None if site == UNKNOWN else self.situation.sites.code[site],
            name=None if site == UNKNOWN else self.situation.sites.name[site],
            vehicles=tuple(sorted(self._vehicles(here), key=_board_order)),
            waiting=self._waiting(here) if self.knows_handover else None,
            last_hour=self._last_hour(here) if self.knows_handover else None,
            lost=self._lost(here) if self.knows_handover else None,
        )

    def _waiting(self, here: Mask) -> Waiting:
        waited = self.waited[here & self.waiting]
        standard, within, maximum, reportable = (int((waited > limit).sum()) for limit in self.policy.limits)
        return Waiting(len(waited), (standard, within, maximum, reportable))

    def _last_hour(self, here: Mask) -> LastHour:
        at = self.situation.at
        in_hour = here & (self.handed_over > at - HOUR) & (self.handed_over <= at)
        took = self.took[in_hour & (self.took >= 0) & (self.took <= self.policy.not_counted_beyond)]
        return LastHour(len(took), float(took.mean()) if len(took) else None)

    def _lost(self, here: Mask) -> Lost:
        now = self.situation.at - self.situation.at % MINUTE
        until = np.where(self.waiting, now, self.handed_over)
        took = (until - self.arrived) / MINUTE
        today = here & (until > local_midnight(self.situation.at, self.policy.zone))
        counted = today & (took <= self.policy.not_counted_beyond)
        return Lost(
            self._lost_beyond(self.policy.standard, until, counted),
            self._lost_beyond(self.policy.all_within, until, counted),
            int((today & (took > self.policy.not_counted_beyond)).sum()),
        )

    def _lost_beyond(self, limit: float, until: Seconds, counted: Mask) -> float:
        midnight = local_midnight(self.situation.at, self.policy.zone)
        begins = np.maximum(self.arrived[counted] + limit * MINUTE, midnight)
        return float(np.maximum(until[counted] - begins, 0).sum() / MINUTE)

    def _vehicles(self, here: Mask) -> Iterator[Vehicle]:
        for row in np.flatnonzero(here):
            stage = self.stages[row]
            if stage is not None:
                yield self._vehicle(int(row), stage)

    def _vehicle(self, row: int, stage: Stage) -> Vehicle:
        table = self.assignments
        wait = float(self.waited[row])
        return Vehicle(
            key=table.key[row],
            incident=table.incident[row],
            call_sign=table.call_sign[row],
            kind=None if table.kind[row] == UNKNOWN else KINDS[table.kind[row]],
            category=None if table.category[row] == UNKNOWN else CATEGORIES[table.category[row]],
            stage=stage,
            state=JOB_STATES[table.state[row]],
            since=instant(float(table.since[row])),
            arrived_at=instant(float(self.arrived[row])),
            wait_minutes=None if np.isnan(wait) or not self.knows_handover else max(0.0, wait),
            expected=self._expected(row) if stage is Stage.INBOUND else None,
            stamps=_stamps(table, row),
        )

    def _expected(self, row: int) -> Expected | None:
        known = self.expected
        if not np.isfinite(known.seconds[row]):
            return None
        return Expected(
            at=datetime.fromtimestamp(float(max(known.seconds[row], self.situation.at)), UTC),
            position_at=datetime.fromtimestamp(float(known.position_at[row]), UTC),
            source=SOURCES[known.source[row]],
            error_minutes=float(known.error[row]),
            penalty_minutes=float(known.penalty[row]),
        )


STAGE_OF_STATE: Mapping[JobState, Stage] = {
    S.CONVEYING: Stage.INBOUND,
    S.ARRIVED: Stage.QUEUING,
    S.QUEUING: Stage.QUEUING,
    S.COHORTING: Stage.COHORTING,
    S.WRAP_UP: Stage.WRAP_UP,
}


def _stages(table: Assignments, waiting: Mask) -> list[Stage | None]:
    states = [JOB_STATES[code] for code in table.state]
    return [
        Stage.LEFT_WAITING if state.is_over and waits else STAGE_OF_STATE.get(state)
        for state, waits in zip(states, waiting, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Arrivals:
    """When assignments are expected and their positions were taken, in seconds; what that rests on.

    NaN where position or site is unknown, inf where every road is shut. The rest as in travel.Journeys.
    """

    seconds: Seconds
    position_at: Seconds
    source: npt.NDArray[np.int8]
    error: Seconds
    penalty: Seconds


def _arrivals(situation: Situation, network: Network) -> _Arrivals:
    """The journey is counted from when the position was taken."""
    sites, resources = situation.sites, situation.resources
    count = len(situation.assignments.key)
    arrival, taken, error, penalty = (np.full(count, np.nan) for _ in range(4))
    source = np.zeros(count, dtype=np.int8)
    vehicles = np.flatnonzero(resources.assignment != UNKNOWN)
    vehicles = vehicles[situation.assignments.site[resources.assignment[vehicles]] != UNKNOWN]
    rows = resources.assignment[vehicles]
    to = situation.assignments.site[rows]
    journeys = network.journeys(
        resources.latitude[vehicles],
        resources.longitude[vehicles],
        sites,
        at=situation.at,
        disruptions=situation.disruptions,
    )
    own = np.arange(len(vehicles)), to
    taken[rows] = resources.position_at[vehicles]
    arrival[rows] = taken[rows] + journeys.minutes[own] * MINUTE
    source[rows], error[rows] = journeys.source[own], journeys.error[own]
    penalty[rows] = journeys.estimated_penalty[own]
    return _Arrivals(arrival, taken, source, error, penalty)


def _stamps(table: Assignments, row: int) -> dict[JobStatus, datetime]:
    times = table.stamps[row]
    return {
        JOB_STATUSES[place]: datetime.fromtimestamp(float(times[place]), UTC)
        for place in np.flatnonzero(~np.isnan(times))
    }


def _expected_at(vehicle: Vehicle) -> datetime:
    return vehicle.expected.at if vehicle.expected else datetime.max.replace(tzinfo=UTC)


def _board_order(vehicle: Vehicle) -> tuple[int, datetime, str]:
    """Who waits, longest first; then who is coming, soonest first; then who wraps up, longest first."""
    late = datetime.max.replace(tzinfo=UTC)
    if vehicle.stage.is_waiting:
        return 0, vehicle.arrived_at or late, vehicle.call_sign
    if vehicle.stage is Stage.INBOUND:
        return 1, _expected_at(vehicle), vehicle.call_sign
    return 2, vehicle.since or late, vehicle.call_sign
