"""Minutes by road: every figure has a source, an age and an error, and disruptions lengthen it for a time."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance.disruptions import Disruption, DisruptionKind
from clearway.domain.ambulance.situation import Sites
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance import travel
from clearway.engine.ambulance.curve import ROADS
from clearway.engine.ambulance.travel import SOURCES, Journeys, Network

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
PLACES = Sites(("A", "B"), ("Alpha", "Beta"), np.array([51.0, 51.4]), np.array([-3.0, -3.0]))


def closure(latitude: float = 51.2, radius_km: float = 2.0, extra_minutes: float = 12.0) -> Disruption:
    return Disruption(
        key="d1",
        kind=DisruptionKind.CLOSURE,
        centre=Point(latitude, -3.0),
        radius_km=radius_km,
        extra_minutes=extra_minutes,
        starts_at=NOON,
        ends_at=NOON + timedelta(hours=1),
    )


def journeys(*disruptions: Disruption, hours: float = 0.5, blue_light: float = 1.0) -> Journeys:
    """From the south of A and from between A and the closure."""
    at = (NOON + timedelta(hours=hours)).timestamp()
    return Network.plain().journeys(
        np.array([50.9, 51.1]),
        np.array([-3.0, -3.0]),
        PLACES,
        at=at,
        disruptions=disruptions,
        blue_light=blue_light,
    )


def test_every_figure_says_where_it_comes_from_and_how_old_that_is() -> None:
    answer = journeys()

    assert answer.minutes.shape == answer.error.shape == answer.source.shape == (2, 2)
    assert {SOURCES[code] for code in answer.source.ravel()} == {"distance"}
    assert answer.as_of == ROADS.fitted_at


def test_the_error_of_a_distance_grows_with_it() -> None:
    answer = journeys()

    assert answer.error[0, 0] < answer.error[0, 1]


def test_who_crosses_the_whole_area_pays_the_whole_penalty_and_who_does_not_pays_nothing() -> None:
    clear, hindered = journeys(), journeys(closure())

    assert hindered.estimated_penalty == pytest.approx(np.array([[0, 12], [0, 12]]), abs=1e-6)
    assert hindered.minutes == pytest.approx(clear.minutes + hindered.estimated_penalty)


def test_who_starts_in_the_middle_of_the_area_pays_half() -> None:
    assert journeys(closure(latitude=51.1)).estimated_penalty[1] == pytest.approx([6, 6], abs=1e-6)


@pytest.mark.parametrize(("hours", "expected"), [(-0.01, 0), (0, 12), (0.99, 12), (1, 0)])
def test_a_disruption_counts_from_its_start_and_expires_by_itself(hours: float, expected: float) -> None:
    assert journeys(closure(), hours=hours).estimated_penalty[0, 1] == pytest.approx(expected, abs=1e-6)


def test_blue_lights_shorten_the_journey_its_penalty_and_its_error() -> None:
    normal, hurried = journeys(closure()), journeys(closure(), blue_light=0.6)

    for name in ("minutes", "error", "estimated_penalty"):
        assert getattr(hurried, name) == pytest.approx(0.6 * getattr(normal, name))


def test_a_share_of_time_outside_its_range_is_refused_by_the_network_too() -> None:
    with pytest.raises(ValueError, match="share of the normal time"):
        journeys(blue_light=0)


def test_one_origin_may_be_two_numbers() -> None:
    answer = Network.plain().journeys(51.1, -3.0, PLACES, at=NOON.timestamp())

    assert answer.minutes == pytest.approx(
        travel.minutes(51.1, -3.0, PLACES.latitude, PLACES.longitude)[None]
    )


@given(
    latitude=st.floats(50, 52),
    longitude=st.floats(-4, -2),
    radius_km=st.floats(0.1, 30),
    extra=st.floats(0, 120),
)
def test_a_penalty_is_never_negative_and_never_more_than_the_whole(
    latitude: float, longitude: float, radius_km: float, extra: float
) -> None:
    disruption = closure(radius_km=radius_km, extra_minutes=extra)
    penalty = travel.area_penalty(
        disruption, np.array([latitude]), np.array([longitude]), PLACES.latitude, PLACES.longitude
    )

    assert (penalty >= 0).all()
    assert (penalty <= extra + 1e-9).all()
