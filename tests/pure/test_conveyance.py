"""The nearest open department, and the travel estimate it rests on."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from clearway.config import regions
from clearway.domain.ambulance.situation import Situation, compose
from clearway.domain.shared.geography import Point
from clearway.domain.shared.region import SiteKind
from clearway.engine.ambulance import travel
from clearway.engine.ambulance.conveyance import Destinations, nearest_hospital
from clearway.interchange import region_pack

DEPARTMENTS = region_pack.parse(regions.find("test-valley")).sites_of(SiteKind.EMERGENCY_DEPARTMENT)
DESTINATIONS = Destinations.among(DEPARTMENTS, "Europe/London")
FORDHAM = (52.36, -1.64)


def situation(*clock: int, month: int = 1) -> Situation:
    sites = [(site.code, site.name, Point(site.latitude, site.longitude)) for site in DEPARTMENTS]
    return compose(datetime(2026, month, 5, *clock, tzinfo=UTC), sites, (), (), {}, ())


def codes(*clock: int, month: int = 1) -> list[str]:
    return [
        choice.code for choice in nearest_hospital(situation(*clock, month=month), DESTINATIONS, *FORDHAM)
    ]


def test_the_nearest_comes_first():
    assert codes(12) == ["TVH02", "TVH01"]


def test_a_closed_department_is_not_offered():
    assert codes(2) == ["TVH01"]


def test_what_counts_is_whether_it_is_open_on_arrival():
    assert codes(6, 58) == ["TVH02", "TVH01"]  # 07:00 to 23:00, minutes away
    assert codes(22, 58) == ["TVH01"]


def test_opening_hours_are_civil_hours():
    assert codes(6, 30) == ["TVH01"]
    assert codes(6, 30, month=7) == ["TVH02", "TVH01"]  # 07:30 in summer


def test_hours_that_span_midnight_hold_on_both_sides():
    night = Destinations(("X",), np.array([1200.0]), np.array([480.0]), ZoneInfo("UTC"))

    assert [night.is_open(0, hour * 3600.0) for hour in (3, 12, 21)] == [True, False, True]


def test_sites_that_the_situation_does_not_know_are_left_out():
    nothing = compose(datetime(2026, 1, 5, 12, tzinfo=UTC), (), (), (), {}, ())

    assert nearest_hospital(nothing, DESTINATIONS, *FORDHAM) == ()


def test_travel_grows_with_distance_and_shrinks_with_blue_lights():
    latitudes = np.array([52.2, 52.3, 52.6])
    normal = travel.minutes(52.2, -1.5, latitudes, -1.5)
    hurried = travel.minutes(52.2, -1.5, latitudes, -1.5, blue_light=0.6)

    assert (np.diff(normal) > 0).all()
    assert hurried == pytest.approx(0.6 * normal)


def test_a_share_of_time_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="share of the normal time"):
        travel.minutes(52, -1, 53, -1, blue_light=1.4)
