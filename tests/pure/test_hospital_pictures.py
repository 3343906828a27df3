"""What a board says of a hospital, worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from clearway.domain.ambulance.availability import ResourceStanding
from clearway.domain.ambulance.disruptions import Disruption, DisruptionKind
from clearway.domain.ambulance.situation import Feed, Place, Situation, compose
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import Availability, JobState, JobStatus
from clearway.domain.shared.freshness import Freshness, FreshnessPolicy
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance import travel
from clearway.engine.ambulance.feeds import basis
from clearway.engine.ambulance.handovers import (
    HandoverPolicy,
    HospitalPicture,
    Stage,
    hospital_pictures,
    last_day,
    local_midnight,
)
from clearway.engine.ambulance.travel import Journeys, Network

J, S = JobStatus, JobState
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
POLICY = HandoverPolicy()
HILL = ("HIL01", "Hill Hospital", Point(51.0, -3.0))
DALE = ("DAL01", "Dale Hospital", Point(51.5, -3.0))


def ago(minutes: float) -> datetime:
    return NOON - timedelta(minutes=minutes)


def crew(
    call_sign: str, state: JobState, destination: str | None = "HIL01", **minutes_ago: float
) -> Assignment:
    """One assignment; statuses are given as minutes before noon."""
    stamps = {J(status): ago(minutes) for status, minutes in minutes_ago.items()}
    since = max(stamps.values()) if stamps else None
    return Assignment(
        key=f"I/{call_sign}",
        incident="I",
        call_sign=call_sign,
        state=state,
        since=since,
        destination=destination,
        stamps=stamps,
    )


def situation(*assignments: Assignment, at: datetime = NOON, **more: object) -> Situation:
    places: dict[str, Place] = more.get("places", {})  # type: ignore[assignment]
    feeds: list[Feed] = more.get("feeds", [])  # type: ignore[assignment]
    standings = [ResourceStanding(each, Availability.AVAILABLE) for each in places]
    known = {"HIL01": "HIL01", "DAL01": "DAL01"}
    return compose(at, [DALE, HILL], assignments, standings, places, feeds, known)


def hill(*assignments: Assignment, at: datetime = NOON, **more: object) -> HospitalPicture:
    return hospital_pictures(situation(*assignments, at=at, **more), POLICY)[1]


def test_there_is_a_picture_of_every_site_in_board_order() -> None:
    assert [picture.code for picture in hospital_pictures(situation(), POLICY)] == ["DAL01", "HIL01"]


def test_beyond_a_limit_means_strictly_longer() -> None:
    waits = (15, 15.5, 30, 31, 45, 46, 60, 61)
    picture = hill(*(crew(f"A{wait}", S.QUEUING, at_hospital=wait) for wait in waits))

    assert picture.waiting is not None
    assert picture.waiting.now == 8
    # Beyond 15: all but 15. Beyond 30: 31, 45, 46, 60, 61. Beyond 45: 46, 60, 61. Beyond 60: 61.
    assert picture.waiting.beyond == (7, 5, 3, 1)


def test_a_patient_left_in_a_cohort_still_waits_when_the_crew_has_gone() -> None:
    left = crew("A1", S.CLEAR, at_hospital=50, cohort_started=40, clear=35)

    picture = hill(left, crew("A2", S.COHORTING, at_hospital=20, cohort_started=10))

    assert [vehicle.stage for vehicle in picture.vehicles] == [Stage.LEFT_WAITING, Stage.COHORTING]
    assert picture.longest_wait is picture.vehicles[0]
    assert picture.vehicles[0].wait_minutes == 50


def test_a_crew_that_is_clear_without_a_cohort_no_longer_waits() -> None:
    assert hill(crew("A1", S.CLEAR, at_hospital=50, clear=5)).vehicles == ()


def test_the_mean_is_of_the_handovers_made_within_the_last_hour() -> None:
    picture = hill(
        crew("A1", S.CLEAR, at_hospital=50, handover=30, clear=20),  # 20 minutes
        crew("A2", S.CLEAR, at_hospital=90, handover=50, clear=40),  # 40 minutes
        crew("A3", S.CLEAR, at_hospital=200, handover=60, clear=50),  # handed over exactly an hour ago: out
        crew("A4", S.CLEAR, at_hospital=10, handover=20, clear=5),  # before its arrival: never counted
    )

    assert picture.last_hour is not None
    assert (picture.last_hour.count, picture.last_hour.mean_minutes) == (2, 30.0)


def test_there_is_no_mean_without_a_handover() -> None:
    picture = hill(crew("A1", S.QUEUING, at_hospital=5))

    assert picture.last_hour is not None
    assert (picture.last_hour.count, picture.last_hour.mean_minutes) == (0, None)


def test_minutes_lost_count_what_went_beyond_and_waits_that_go_on() -> None:
    picture = hill(
        crew("A1", S.CLEAR, at_hospital=100, handover=60, clear=50),  # 40: loses 25 and 10
        crew("A2", S.QUEUING, at_hospital=35),  # 35 so far: loses 20 and 5
        crew("A3", S.CLEAR, at_hospital=90, handover=80, clear=70),  # 10: loses nothing
    )

    assert picture.lost is not None
    assert (picture.lost.beyond_standard, picture.lost.beyond_all_within) == (45.0, 15.0)


def test_minutes_lost_are_counted_to_the_last_whole_minute() -> None:
    waits = crew("A1", S.QUEUING, at_hospital=35)
    lost = [hill(waits, at=NOON + timedelta(seconds=seconds)).lost for seconds in (0, 59, 60)]

    assert [each.beyond_standard for each in lost if each] == [20, 20, 21]


def test_only_what_was_lost_since_local_midnight_counts() -> None:
    # At 00:20 a patient who came at 23:30 has lost 35 minutes beyond 15, of which 20 after midnight.
    at = datetime(2026, 1, 6, 0, 20, tzinfo=UTC)
    waits = Assignment(
        "k", "I", "A1", S.QUEUING, destination="HIL01", stamps={J.AT_HOSPITAL: at - timedelta(minutes=50)}
    )

    lost = hill(waits, at=at).lost

    assert lost is not None
    assert (lost.beyond_standard, lost.beyond_all_within) == (20.0, 20.0)


def test_a_handover_too_long_to_be_believed_is_counted_apart() -> None:
    picture = hill(crew("A1", S.CLEAR, at_hospital=721, handover=0, clear=0))

    assert picture.lost is not None and picture.last_hour is not None
    assert (picture.lost.beyond_standard, picture.lost.not_counted) == (0, 1)
    assert picture.last_hour.count == 0


def test_who_is_coming_is_expected_from_the_last_position() -> None:
    place = Place(Point(51.2, -3.0), ago(4))
    picture = hill(crew("A1", S.CONVEYING, left_scene=10), places={"A1": place})

    drive = float(travel.minutes(51.2, -3.0, 51.0, -3.0))
    expected = picture.vehicles[0].expected
    assert expected is not None
    assert expected.at == ago(4) + timedelta(seconds=round(drive * 60, 6))
    assert expected.position_at == ago(4)
    assert picture.next_expected is picture.vehicles[0]


def test_an_expected_arrival_says_what_it_rests_on_and_what_of_it_is_estimated_for_the_roads() -> None:
    shut = Disruption(
        "d", DisruptionKind.CLOSURE, Point(51.1, -3.0), 2, 12, ago(60), NOON + timedelta(hours=1)
    )
    seen = situation(crew("A1", S.CONVEYING, left_scene=10), places={"A1": Place(Point(51.2, -3.0), ago(4))})
    (expected,) = (
        vehicle.expected
        for picture in hospital_pictures(replace(seen, disruptions=(shut,)), POLICY)
        for vehicle in picture.vehicles
    )

    assert expected is not None
    assert (expected.source, expected.penalty_minutes) == ("distance", pytest.approx(12))
    assert expected.error_minutes > 0


def test_nothing_is_expected_where_every_road_is_shut() -> None:
    class ShutOff(Network):
        def journeys(self, *where: Any, **how: Any) -> Journeys:
            found = super().journeys(*where, **how)
            return replace(found, minutes=np.full_like(found.minutes, np.inf))

    seen = situation(crew("A1", S.CONVEYING, left_scene=10), places={"A1": Place(Point(51.2, -3.0), ago(4))})
    vehicles = [
        each for picture in hospital_pictures(seen, POLICY, True, ShutOff()) for each in picture.vehicles
    ]

    assert [each.expected for each in vehicles] == [None]


def test_an_estimate_that_has_run_out_is_now_and_never_in_the_past() -> None:
    place = Place(Point(51.01, -3.0), ago(90))
    expected = hill(crew("A1", S.CONVEYING, left_scene=100), places={"A1": place}).vehicles[0].expected

    assert expected is not None
    assert expected.at == NOON


def test_nothing_is_expected_of_a_vehicle_without_a_position() -> None:
    assert hill(crew("A1", S.CONVEYING, left_scene=10)).vehicles[0].expected is None


def test_a_destination_nobody_knows_has_a_picture_of_its_own_at_the_end() -> None:
    pictures = hospital_pictures(
        situation(
            crew("A1", S.QUEUING, None, at_hospital=20),
            crew("A2", S.CONVEYING, "XYZ", left_scene=5),
            crew("A3", S.ON_SCENE, None, at_scene=5),
        ),
        POLICY,
    )

    assert [picture.code for picture in pictures] == ["DAL01", "HIL01", None]
    assert [vehicle.call_sign for vehicle in pictures[-1].vehicles] == ["A1", "A2"]


def test_where_no_source_knows_handovers_nobody_says_who_waits() -> None:
    picture = hospital_pictures(
        situation(crew("A1", S.ARRIVED, at_hospital=90)), POLICY, knows_handover=False
    )[1]

    assert (picture.waiting, picture.last_hour, picture.lost) == (None, None, None)
    assert picture.vehicles[0].wait_minutes is None
    assert picture.vehicles[0].arrived_at == ago(90)


def test_the_last_day_has_24_clock_hours_and_the_running_one_last() -> None:
    day = last_day(
        situation(
            crew("A1", S.CLEAR, at_hospital=100, handover=61, clear=50),  # 10:20 to 10:59, 39 minutes
            crew("A2", S.CLEAR, at_hospital=80, handover=60, clear=50),  # 10:40 to 11:00, 20 minutes
        ),
        "HIL01",
        POLICY,
    )

    assert [hour.begins_at for hour in day[-3:]] == [ago(120), ago(60), NOON]
    assert len(day) == 24
    assert [hour.arrivals for hour in day[-3:]] == [2, 0, 0]
    assert [hour.mean_minutes for hour in day[-3:]] == [39, 20, None]
    assert [hour.beyond_all_within for hour in day[-3:]] == [1, 0, 0]


@pytest.mark.promise("R9")
@pytest.mark.parametrize(
    ("at", "midnight"),
    [
        (datetime(2026, 10, 25, 12, tzinfo=UTC), datetime(2026, 10, 24, 23, tzinfo=UTC)),  # 25 hours long
        (datetime(2027, 3, 28, 12, tzinfo=UTC), datetime(2027, 3, 28, 0, tzinfo=UTC)),  # 23 hours long
        (datetime(2026, 7, 1, 0, 30, tzinfo=UTC), datetime(2026, 6, 30, 23, tzinfo=UTC)),
    ],
)
def test_the_day_begins_at_local_midnight(at: datetime, midnight: datetime) -> None:
    assert local_midnight(at.timestamp(), ZoneInfo("Europe/London")) == midnight.timestamp()


def test_a_picture_rests_on_its_least_fresh_source() -> None:
    feeds = [
        Feed("one", "cad", 60, ago(1), frozenset({"destination"})),
        Feed("other", "cad", 60, ago(3), frozenset({"handover"})),
    ]

    rests_on = basis(situation(feeds=feeds), FreshnessPolicy())

    assert (rests_on.cad.name, rests_on.cad.freshness) == ("other", Freshness.LATE)
    assert (rests_on.knows_destination, rests_on.knows_handover) == (True, True)
    assert (rests_on.positions.name, rests_on.positions.freshness) == (None, Freshness.LOST)
