from datetime import UTC, datetime, timedelta

import pytest

from clearway.domain.ambulance.availability import ResourceStanding
from clearway.domain.ambulance.situation import Place, compose
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import Availability, JobState
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance.resources import Doing, Limit, ResourcePolicy, ResourceRow, resource_rows

A = Availability
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HILL = ("HIL01", "Hill Hospital", Point(51.0, -3.0))
DALE = ("DAL01", "Dale Hospital", Point(51.5, -3.0))


def row(
    standing: ResourceStanding | None = None,
    job: Assignment | None = None,
    place: Place | None = None,
) -> ResourceRow:
    situation = compose(
        NOON,
        [DALE, HILL],
        [job] if job else [],
        [standing] if standing else [],
        {"A1": place} if place else {},
        [],
        {"HIL01": "HIL01"},
    )
    (only,) = resource_rows(situation, ResourcePolicy(end_of_shift_minutes=45))
    return only


def on_shift(availability: A = A.AVAILABLE, minutes_left: float = 300) -> ResourceStanding:
    return ResourceStanding("A1", availability, shift_end=NOON + timedelta(minutes=minutes_left))


def test_a_job_says_what_a_resource_is_doing_before_its_availability() -> None:
    job = Assignment("k", "I", "A1", JobState.QUEUING, since=NOON, destination="HIL01")

    found = row(on_shift(), job)

    assert (found.doing, found.site, found.since) == (Doing.AT_HOSPITAL, "HIL01", NOON)


@pytest.mark.parametrize(
    ("availability", "doing", "limits"),
    [
        (A.AVAILABLE, Doing.AVAILABLE, ()),
        (A.RESTRICTED, Doing.AVAILABLE, (Limit.RESTRICTED,)),
        (A.BREAK_TRAVEL, Doing.ON_BREAK, (Limit.ON_BREAK,)),
        (A.UNAVAILABLE, Doing.UNAVAILABLE, (Limit.UNAVAILABLE,)),
    ],
)
def test_availability_limits_a_resource(availability: A, doing: Doing, limits: tuple[Limit, ...]) -> None:
    found = row(on_shift(availability))

    assert (found.doing, found.limits) == (doing, limits)


@pytest.mark.parametrize(
    ("minutes_left", "limits"),
    [(46, ()), (45, (Limit.SHIFT_ENDS_SOON,)), (0, (Limit.SHIFT_IS_OVER,)), (-10, (Limit.SHIFT_IS_OVER,))],
)
def test_the_end_of_the_shift_limits_a_resource(minutes_left: float, limits: tuple[Limit, ...]) -> None:
    assert row(on_shift(minutes_left=minutes_left)).limits == limits


def test_a_resource_known_by_its_job_alone_has_no_known_availability() -> None:
    found = row(job=Assignment("k", "I", "A1", JobState.ON_SCENE, since=NOON))

    assert (found.availability, found.limits) == (None, (Limit.AVAILABILITY_UNKNOWN,))


def test_the_nearest_site_is_by_the_last_position_and_unknown_without_one() -> None:
    assert row(on_shift(), place=Place(Point(51.1, -3.0), NOON)).nearest_site == "HIL01"
    assert row(on_shift()).nearest_site is None
    assert row(on_shift()).position is None
