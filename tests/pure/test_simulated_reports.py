"""What simulated hospitals say of themselves: true, about every quarter of an hour, and unevenly."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from clearway.config import regions
from clearway.domain.ambulance.words import HospitalMeasure as M
from clearway.interchange import native, region_pack
from clearway.simulation.ambulance.hospitals import pressure_level
from clearway.simulation.ambulance.world import World

START = datetime(2026, 3, 2, tzinfo=UTC)
REGION = region_pack.parse(regions.find("test-valley"))


def world(seed: int = 1, *, faults: bool = True) -> World:
    return World(REGION, "busy", seed, START, faults=faults)


def test_without_faults_every_site_speaks_every_quarter_of_an_hour_and_says_every_figure() -> None:
    said = world(faults=False).reports(START + timedelta(hours=10))

    assert Counter(event.site for event in said) == dict.fromkeys(("TVH01", "TVH02"), 40)
    assert all(len(event.counts) == 10 for event in said)
    assert all(later.occurred_at >= event.occurred_at for event, later in pairwise(said))


def test_with_faults_reports_are_missing_late_and_incomplete_and_sites_fall_silent() -> None:
    said = world(seed=4).reports(START + timedelta(hours=72))

    assert len(said) < 0.99 * 2 * 4 * 72
    assert any(later.occurred_at < event.occurred_at for event, later in pairwise(said))
    assert any(len(event.counts) < 10 for event in said)
    times = sorted(event.occurred_at for event in said if event.site == "TVH02")
    assert max(later - earlier for earlier, later in pairwise(times)) > timedelta(minutes=45)


def test_what_is_said_is_how_the_department_stands() -> None:
    lived = world(faults=False)
    said = lived.reports(START + timedelta(hours=20))

    assert all(event.counts[M.BOARDING] <= event.counts[M.IN_DEPARTMENT] for event in said)
    assert all(event.counts[M.MAJORS_TAKEN] <= event.counts[M.MAJORS_PLACES] for event in said)
    assert max(event.counts[M.RESUS_TAKEN] for event in said) > 0
    assert {event.counts[M.PRESSURE_LEVEL] for event in said} <= {1, 2, 3, 4}


def test_hospitals_that_speak_change_nothing_that_happens() -> None:
    listened, alone = world(), world()
    listened.reports(START + timedelta(hours=5))

    until = START + timedelta(hours=12)
    assert native.dump(listened.advance(until)) == native.dump(alone.advance(until))
    assert native.dump(listened.reports(until))


def test_the_situation_holds_what_has_arrived() -> None:
    lived = world(faults=False)

    seen = lived.situation(START + timedelta(hours=1))

    assert np.isfinite(seen.reports.measure(M.BOARDING)).all()
    age = seen.at - seen.reports.measured_at(M.BOARDING)
    assert (age <= 15 * 60 + 1).all()
    assert np.isnan(seen.reports.measure(M.BOARDING_OVER_8H)).all()  # the simulation does not know it


@pytest.mark.parametrize(
    ("handover", "occupancy", "level"),
    [
        (None, 0.80, 1),
        (None, 1.21, 4),
        (15, 0.8, 1),
        (31, 0.8, 2),  # bands 3 and 1: mean 2
        (31, 0.81, 3),  # bands 3 and 2: mean 2.5, rounded up
        (61, 1.3, 4),
    ],
)
def test_the_level_is_the_mean_of_the_documented_bands(
    handover: float | None, occupancy: float, level: int
) -> None:
    assert pressure_level(handover, occupancy) == level
