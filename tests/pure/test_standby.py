"""Which free crew should stand where: what a move gives, what it takes, and who is never asked."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from clearway.engine.ambulance.standby import (
    Calls,
    Column,
    FreeCrew,
    Post,
    StandbyPolicy,
    in_time,
    moves,
    one,
    weights,
)

POLICY = StandbyPolicy(least_gain=0.2, farthest=40, horizon=90)
# A town, and a village forty minutes to the north where nobody is, both on one road.
TOWN, VILLAGE = (51.0, -1.0), (51.4, -1.0)
POSTS = [Post("T", "Town", *TOWN), Post("V", "Vale", *VILLAGE)]
CALLS = [Calls(*TOWN, 3.0), Calls(*VILLAGE, 2.0)]


def drives(latitude: Column, longitude: Column, to: Column, to_longitude: Column) -> Column:
    """A hundred minutes a degree."""
    return 100 * np.hypot(latitude[:, None] - to[None], longitude[:, None] - to_longitude[None])


def crew(name: str, where: tuple[float, float] = TOWN, area: str = "Town", **more: Any) -> FreeCrew:
    return FreeCrew(name, area, *where, **more)


def found(crews: list[FreeCrew], policy: StandbyPolicy = POLICY, **more: Any) -> list[tuple[str, str]]:
    return [(each.call_sign, each.post.code) for each in moves(crews, POSTS, CALLS, drives, policy, **more)]


def test_the_crew_that_is_missed_least_goes_where_nobody_is() -> None:
    near = crew("A3", (51.04, -1.0))
    (move,) = moves([crew("A1"), crew("A2"), near], POSTS, CALLS, drives, POLICY)

    assert (move.call_sign, move.post.code) == ("A3", "V") and move.is_cross_cover
    assert move.drive == pytest.approx(36) and move.stays == 45
    # Half of the calls of two an hour, as often as a crew is free, for 45 minutes.
    assert move.gives == pytest.approx(2 * 0.5 * 45 / 60, rel=0.02)
    # The third crew of the town answers an eighth of its three calls an hour, for 81 minutes.
    assert move.takes == pytest.approx(3 * 0.125 * 81 / 60, rel=0.06)
    assert move.gain == move.gives - move.takes
    assert (move.left, move.here) == (2, 0)


def test_the_last_crew_of_an_area_stays_and_a_second_move_counts_the_first() -> None:
    assert found([crew("A1")]) == []
    assert found([crew("A1")], replace(POLICY, keep=0)) == []  # the town has more calls than the village
    several = [crew("A1"), crew("A2"), crew("A3"), crew("A4")]
    assert len(found(several)) == 1  # one crew in the village is enough
    assert found([*several, crew("V1", VILLAGE, "Vale")]) == []


@pytest.mark.parametrize(
    "kept",
    [
        {"may_move": False},
        {"until_break": 10},
        {"until_break": 0},
        {"until_end": 45},
        {"until_break": 55},  # the drive leaves too little of it
    ],
)
def test_nobody_is_asked_who_is_owed_a_break_goes_home_soon_or_has_no_time_to_stand_there(
    kept: dict[str, Any],
) -> None:
    crews = [crew(name, **kept) for name in ("A1", "A2", "A3")]
    assert found(crews) == []
    assert one(crews, POSTS[1], "A1", CALLS, drives, POLICY) is None
    assert found([crew("A1"), crew("A2"), crew("A3", **kept)]) == [("A1", "V")]


def test_nothing_below_the_least_gain_too_far_or_refused_of_late_is_proposed() -> None:
    crews = [crew("A1"), crew("A2"), crew("A3")]
    (move,) = moves(crews, POSTS, CALLS, drives, POLICY)
    assert found(crews, replace(POLICY, least_gain=move.gain + 0.001)) == []
    assert found(crews, replace(POLICY, farthest=39)) == []
    assert found(crews, barred=[("A1", "V")]) == [("A2", "V")]
    assert found([crew("A1", (np.nan, np.nan)), crew("A2")]) == []  # nobody knows where it is


def test_one_move_is_worth_what_the_list_says_of_it() -> None:
    crews = [crew("A1"), crew("A2"), crew("A3")]
    (move,) = moves(crews, POSTS, CALLS, drives, POLICY)
    assert one(crews, POSTS[1], move.call_sign, CALLS, drives, POLICY) == move
    assert one(crews, POSTS[1], "A9", CALLS, drives, POLICY) is None


def test_putting_one_crew_into_the_ranking_equals_counting_all_anew() -> None:
    chance = np.random.default_rng(1)
    places = chance.uniform((50.9, -1.2), (51.3, -0.8), (40, 2))
    crews = [FreeCrew(f"A{row}", "Town", *place) for row, place in enumerate(places[:6])]
    posts = [Post(f"P{row}", "Town", *place) for row, place in enumerate(places[20:30])]
    calls = [Calls(*place, 1.0) for place in places[30:]]
    policy = replace(POLICY, least_gain=1e-6, stays=60, horizon=60)
    best = moves(crews, posts, calls, drives, policy)[0]

    def worth(where: list[tuple[float, float]]) -> float:
        here = np.array(where).T
        there = np.array([(each.latitude, each.longitude) for each in calls]).T
        ranked = -np.sort(-in_time(drives(*here, *there), policy), axis=0)[:6]
        return float((ranked * (0.5 * 0.5 ** np.arange(len(ranked)))[:, None]).sum())

    stays = [(each.latitude, each.longitude) for each in crews if each.call_sign != best.call_sign]
    moved = (best.post.latitude, best.post.longitude)
    assert best.gives == pytest.approx((worth([*stays, moved]) - worth(stays)) * best.stays / 60)
    was = next((each.latitude, each.longitude) for each in crews if each.call_sign == best.call_sign)
    away = min(1.0, (best.drive + best.stays) / 60)
    assert best.takes == pytest.approx(away * (worth([*stays, was]) - worth(stays)))


def test_the_chance_to_be_in_time_falls_with_the_drive_and_is_half_at_the_edge() -> None:
    edge = (POLICY.within - POLICY.before_moving) / POLICY.blue_light
    chance = in_time(np.array([0.0, edge / 2, edge, 2 * edge, np.inf, np.nan]), POLICY)
    assert chance[2] == pytest.approx(0.5) and (np.diff(chance[:5]) <= 0).all()
    assert chance[0] > 0.999 and chance[4] < 1e-9 and chance[5] == 0


def test_where_nothing_is_known_stations_share_alike_and_what_is_known_shifts_it() -> None:
    assert weights([0, 0], 20).tolist() == [0.5, 0.5]
    assert weights([60, 0], 20).tolist() == [0.8, 0.2]
