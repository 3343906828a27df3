"""How many are asked at once about a freed slot, and for how long."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.engine.outpatients.offers import Chance, Record, Wave, Weights, chance, plan

USUAL = Chance(yes=0.3, minutes=30)
WEIGHTS = Weights(most_at_once=5, shortest=10, disappointed=0.25)


def made(minutes_left: float, people: list[Chance] | None = None, weights: Weights = WEIGHTS) -> Wave:
    found = plan([USUAL] * 24 if people is None else people, minutes_left, weights)
    assert found is not None
    return found


def test_with_days_left_people_are_asked_one_after_the_other() -> None:
    assert made(4000).count == 1


def test_with_an_hour_left_several_are_asked_at_once() -> None:
    assert made(60).count > 1


def test_nobody_is_asked_when_there_is_no_time_to_answer_or_nobody_to_ask() -> None:
    assert plan([USUAL], 9, WEIGHTS) is None
    assert plan([], 600, WEIGHTS) is None


def test_everybody_has_the_shortest_time_to_answer_at_least() -> None:
    assert all(made(minutes).minutes >= WEIGHTS.shortest for minutes in (10, 15, 47, 90, 333))


@pytest.mark.parametrize("left", [400, 4000, 50_000])
def test_a_seat_is_kept_for_nobody_longer_than_somebody_may_hold_one(left: float) -> None:
    """Of one person who fits, days before: whoever is listed tomorrow could not be booked meanwhile."""
    only = [Chance(0.35, 20)]
    held = Weights(5, 10, 0.25, longest=240)

    assert made(left, only).minutes > 240
    assert 10 <= made(left, only, held).minutes <= 240
    assert made(left, [USUAL] * 24, held).minutes <= 240


def test_who_answers_at_once_is_asked_alone() -> None:
    assert made(60, [Chance(0.6, 2)] * 6).count == 1


def cost(wave: Wave) -> float:
    return 1 - wave.fills + WEIGHTS.disappointed * wave.disappointed


PEOPLE = st.lists(
    st.builds(Chance, yes=st.floats(0.05, 0.95), minutes=st.floats(2, 240)), min_size=1, max_size=8
)


@given(PEOPLE, st.floats(10, 3000))
def test_the_plan_is_no_worse_than_asking_one_after_the_other_or_all_at_once(
    people: list[Chance], left: float
) -> None:
    best = cost(made(left, people))

    assert best <= cost(made(left, people, Weights(1, WEIGHTS.shortest, WEIGHTS.disappointed))) + 1e-9
    yes = [who.by(left) for who in people[: WEIGHTS.most_at_once]]
    none = 1.0
    for each in yes:
        none *= 1 - each
    if left / 96 >= WEIGHTS.shortest:  # then the whole time is one of the plan's own holds
        assert best <= none + WEIGHTS.disappointed * (sum(yes) - (1 - none)) + 1e-9


@given(PEOPLE, st.floats(10, 1500))
def test_more_time_and_more_people_never_make_it_worse(people: list[Chance], left: float) -> None:
    assert cost(made(2 * left, people)) <= cost(made(left, people)) + 1e-6
    assert cost(made(left, people)) <= cost(made(left, people[:1])) + 1e-9


@settings(deadline=None, max_examples=5)
@given(st.sampled_from([30.0, 60.0, 120.0, 300.0]), st.floats(0.1, 0.7), st.integers(0, 2**32))
def test_what_the_plan_promises_is_what_happens_when_it_is_followed(
    left: float, yes: float, seed: int
) -> None:
    people, luck = [Chance(yes, 30)] * 6, random.Random(seed)
    promised, runs = made(left, people), 3000
    plans: dict[tuple[int, float], Wave | None] = {}
    filled = sorry = 0
    for _ in range(runs):
        asked, rest, say_yes = 0, left, 0
        while not say_yes:
            key = (asked, round(rest, 6))
            if key not in plans:
                plans[key] = plan(people[asked:], rest, WEIGHTS)
            wave = plans[key]
            if wave is None:
                break
            answers = [
                luck.random() < yes and luck.expovariate(1 / 30) <= wave.minutes for _ in range(wave.count)
            ]
            say_yes, asked, rest = sum(answers), asked + wave.count, rest - wave.minutes
        filled += bool(say_yes)
        sorry += max(say_yes - 1, 0)

    assert filled / runs == pytest.approx(promised.fills, abs=0.05)
    assert sorry / runs == pytest.approx(promised.disappointed, abs=0.05)


def test_what_was_seen_moves_what_was_assumed_and_silence_counts_as_time() -> None:
    seen = Record(asked=180, accepted=18, answered=90, open_minutes=90 * 60)

    learned = chance(USUAL, seen)

    assert learned.yes == pytest.approx((0.3 * 20 + 18) / 200)
    assert learned.minutes == pytest.approx((30 * 10 + 5400) / 100)
    assert chance(USUAL, Record()) == USUAL
