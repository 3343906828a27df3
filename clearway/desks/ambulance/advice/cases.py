"""What the feeds know of the crews' patients before anybody asks: one case for each crew on a job."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan

from clearway.core.organisation.queries import site_by_code
from clearway.domain.ambulance.destinations import NOT_SAID, Case, PositionSource
from clearway.domain.ambulance.situation import CATEGORIES, JOB_STATES, KINDS, UNKNOWN
from clearway.domain.ambulance.words import JobState, JobStatus
from clearway.domain.shared.geography import Point

from ..incidents import queries as incidents
from ..incidents.queries import Scene
from ..resources import queries as resources
from .reading import Reading

BEFORE_ARRIVING = (JobState.ALLOCATED, JobState.MOBILE, JobState.AT_RVP)
BEFORE_LEAVING = (JobState.ALLOCATED, JobState.MOBILE, JobState.AT_RVP, JobState.ON_SCENE)


@dataclass(frozen=True, slots=True)
class Crew:
    """One crew on a job, as the situation has it, and what is known of its patient before anybody asks.

    row   of its assignment in the situation
    case  None where nobody knows where its patient is
    """

    row: int
    assignment: str
    incident: str
    call_sign: str
    case: Case | None


def crew(reading: Reading, call_sign: str) -> Crew | None:
    """The crew of this call sign and its open job; None when it has none. At most three queries."""
    resources_ = reading.situation.resources
    if call_sign not in resources_.call_sign:
        return None
    row = int(resources_.assignment[resources_.call_sign.index(call_sign)])
    return None if row == UNKNOWN else crew_at(reading, row)


def crew_at(reading: Reading, row: int) -> Crew:
    """The crew of one assignment. At most three queries."""
    return crews_at(reading, [row])[0]


def crews_at(reading: Reading, rows: Sequence[int]) -> list[Crew]:
    """The crews of these assignments, in their order. At most three queries, however many they are."""
    table = reading.situation.assignments
    scenes = incidents.scenes_said(reading.organisation_id, {table.incident[row] for row in rows})
    homes = _homes(reading.organisation_id, {table.call_sign[row] for row in rows})
    return [
        Crew(
            row,
            table.key[row],
            table.incident[row],
            table.call_sign[row],
            _case(reading, row, scenes.get(table.incident[row]), homes.get(table.call_sign[row])),
        )
        for row in rows
    ]


def _case(reading: Reading, row: int, scene: Scene | None, home: Point | None) -> Case | None:
    table, seen = reading.situation.assignments, reading.situation.resources
    call_sign = table.call_sign[row]
    begins = _begins(reading, row, scene.position if scene else None)
    if begins is None:
        return None
    return Case(
        key=table.key[row],
        position=begins.point,
        position_from=begins.source,
        position_at=begins.at,
        ready_at=reading.situation.at,
        call_sign=call_sign,
        age=scene.age if scene else None,
        category=None if table.category[row] == UNKNOWN else CATEGORIES[table.category[row]],
        vehicle=None if table.kind[row] == UNKNOWN else KINDS[table.kind[row]],
        shift_end=float(seen.shift_end[seen.call_sign.index(call_sign)]),
        home=home,
        needs_asked=False,
    )


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Where a journey begins, who says so, and from when that is; seconds, NaN where not known."""

    point: Point
    source: PositionSource
    at: float


def _begins(reading: Reading, row: int, scene: Point | None) -> _Beginning | None:
    """The scene until the crew is there; then its vehicle's fix while fresh, and the scene until it leaves.

    After that what is newest. None where the patient's place is not known: a crew on its way to a scene is
    somewhere on the road, and that is not where the journey begins.
    """
    table, limit = reading.situation.assignments, reading.policy.engine.position_stale_after * 60
    if JOB_STATES[table.state[row]] in BEFORE_ARRIVING:
        return _Beginning(scene, PositionSource.SCENE, NOT_SAID) if scene is not None else None
    fix = _fix(reading, table.call_sign[row])
    if fix is not None and reading.situation.at - fix.at <= limit:
        return fix
    if scene is None:
        return fix
    if JOB_STATES[table.state[row]] in BEFORE_LEAVING:
        return _Beginning(scene, PositionSource.SCENE, float(table.stamp(JobStatus.AT_SCENE)[row]))
    left = _Beginning(scene, PositionSource.SCENE_LEFT, float(table.stamp(JobStatus.LEFT_SCENE)[row]))
    return left if fix is None or left.at > fix.at else fix


def _fix(reading: Reading, call_sign: str) -> _Beginning | None:
    seen = reading.situation.resources
    place = seen.call_sign.index(call_sign)
    latitude, longitude = float(seen.latitude[place]), float(seen.longitude[place])
    if isnan(latitude):
        return None
    return _Beginning(Point(latitude, longitude), PositionSource.VEHICLE, float(seen.position_at[place]))


def _homes(organisation_id: int, call_signs: Iterable[str]) -> Mapping[str, Point]:
    """Where each of these is stationed, for those whose station is known. At most two queries."""
    standings = resources.by_call_sign(organisation_id, list(call_signs))
    stations = {each.call_sign: each.station for each in standings.values() if each.station}
    if not stations:
        return {}
    sites = site_by_code(organisation_id)
    return {
        call_sign: Point(sites[code].latitude, sites[code].longitude)
        for call_sign, code in stations.items()
        if code in sites
    }


def with_standing(case: Case, code: str | None, accepted: bool = False) -> Case:
    """The case with an answer that stands: only shown, or accepted, so that its load has the crew already."""
    return replace(case, standing=code, accepted=code if accepted else None)
