"""Rehearsing a divert from the situation as it stands."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.engine.ambulance.forecast import STEPS, Pressure
from clearway.simulation.ambulance.futures import Diversion, rehearse

HALF = Diversion(site=0, to=(1,), share=0.5, minutes=120, lag=20, drive=(15.0,))


def pressed(queue: float, arrivals_an_hour: tuple[float, float, float], rate_an_hour: float = 4) -> Pressure:
    """Three sites; the first has a queue."""
    coming = np.repeat(np.array(arrivals_an_hour)[:, None] / 12, STEPS, axis=1)
    return Pressure(np.array([queue, 0.0, 0.0]), coming, np.full(3, rate_an_hour / 60), base=14.0)


def test_the_same_seed_lives_the_same_futures() -> None:
    here = pressed(6, (5, 2, 2))

    assert rehearse(here, HALF, seed=3) == rehearse(here, HALF, seed=3)
    assert rehearse(here, HALF, seed=3) != rehearse(here, HALF, seed=4)


def test_an_overloaded_site_gains_by_a_divert_to_an_idle_one() -> None:
    seen = rehearse(pressed(8, (6, 1, 2)), HALF, seed=1)

    passed, received = seen.sites
    assert passed.with_it.mean < passed.without.mean
    assert received.with_it.mean > received.without.mean
    assert seen.hours_saved.low > 0
    assert seen.better > 0.9


def test_a_divert_to_a_site_in_as_much_trouble_saves_nothing_worth_its_driving() -> None:
    equal = pressed(0, (5, 5, 2))
    equal = replace(equal, waiting=np.array([6.0, 6.0, 0.0]))

    seen = rehearse(equal, HALF, seed=1)

    assert seen.hours_saved.low < 0
    assert seen.extra_drive.mean > 0


def test_a_divert_of_nobody_changes_nothing() -> None:
    seen = rehearse(pressed(8, (6, 1, 2)), replace(HALF, share=0.0), seed=1)

    assert (seen.turned_away.mean, seen.extra_drive.mean, seen.hours_saved.mean) == (0, 0, 0)
    assert all(each.with_it == each.without for each in seen.sites)


def test_the_extra_driving_is_taken_off_what_a_divert_saves() -> None:
    idle = replace(pressed(0, (1, 1, 1), rate_an_hour=60), base=10.0)  # nobody waits beyond the standard

    seen = rehearse(idle, HALF, seed=1)

    assert seen.extra_drive.mean > 0
    assert seen.hours_saved.mean == pytest.approx(-seen.extra_drive.mean / 60)
    assert seen.better == 0


@pytest.mark.parametrize("drive", [60.0, 100.0, 235.0, 900.0])
def test_nobody_is_turned_away_who_would_reach_the_receiver_after_the_last_step(drive: float) -> None:
    everybody = Diversion(site=0, to=(1,), share=1.0, minutes=240, lag=0, drive=(drive,))

    seen = rehearse(pressed(8, (6, 0, 0)), everybody, seed=1)

    leads = np.arange(STEPS) * 5
    assert seen.turned_away.mean == pytest.approx(0.5 * (leads + drive <= 240).sum(), rel=0.1, abs=0.02)


def test_a_receiver_beyond_the_four_hours_saves_nothing_by_losing_patients() -> None:
    seen = rehearse(pressed(8, (6, 1, 2)), replace(HALF, share=1.0, drive=(250.0,)), seed=1)

    assert (seen.turned_away.mean, seen.extra_drive.mean, seen.hours_saved.mean) == (0, 0, 0)
    assert all(each.with_it == each.without for each in seen.sites)


def test_a_receiver_that_no_road_leads_to_is_refused() -> None:
    with pytest.raises(ValueError, match="out of reach"):
        rehearse(pressed(8, (6, 1, 2)), replace(HALF, drive=(float("inf"),)), seed=1)


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 20), st.floats(0.1, 1), st.integers(0, 5))
def test_who_is_turned_away_is_a_share_of_who_comes_and_nobody_else(
    queue: float, share: float, seed: int
) -> None:
    here = pressed(queue, (6, 1, 2))
    seen = rehearse(here, replace(HALF, share=share), seed, futures=400)

    expected = 6 * 2 * share  # six an hour for two hours
    assert abs(seen.turned_away.mean - expected) < 0.15 * expected + 0.3
    assert np.isclose(seen.extra_drive.mean, seen.turned_away.mean * 15.0)
