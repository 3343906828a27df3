"""The load that a department has agreed to: others' patients up to it, its own always; and it says so."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.domain.ambulance.diverts import Cover, Divert, DivertKind
from clearway.domain.ambulance.situation import Around, Feed, Situation, compose
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import Category, JobState, JobStatus
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance.advice import Advice, AdvicePolicy, advise, leave_out
from clearway.engine.ambulance.eligibility import EligibilityPolicy
from clearway.engine.ambulance.ranking import Picture, Ranking, picture
from clearway.engine.ambulance.ranking_together import rank_together
from tests.advising import FEEDS, NOON, case, forecast, journeys, rulebook, site

SITES = [site("A"), site("B"), site("C")]
BOOK = rulebook(SITES)
FAR_BUT_QUICK = [90.0, 12.0, 12.0]  # minutes of waiting: going past A pays


def policy(**usual: float) -> AdvicePolicy:
    """A tenth of others' patients, for these usual days."""
    return AdvicePolicy(eligibility=EligibilityPolicy(others_share=0.10, usual_a_day=usual))


TWENTY = policy(A=20, B=20, C=20)


def arrived(key: str, code: str, hours_ago: float) -> Assignment:
    at = NOON - timedelta(hours=hours_ago)
    return job(key, code, JobState.CLEAR, {JobStatus.AT_HOSPITAL: at, JobStatus.HANDOVER: at})


def job(key: str, code: str | None, state: JobState, stamps: Mapping[JobStatus, Any]) -> Assignment:
    return Assignment(
        key=key,
        incident=key,
        call_sign=key,
        state=state,
        since=NOON - timedelta(minutes=9),
        kind=None,
        category=Category.C2,
        destination=code,
        stamps=dict(stamps),
    )


def day(*jobs: Assignment, passed: Mapping[str, str] | None = None, **around: Any) -> Situation:
    places = [(each.code, each.name, Point(each.latitude, each.longitude)) for each in SITES]
    feeds = [Feed("cad", "cad", 60, NOON, FEEDS)]
    ordered = sorted(jobs, key=lambda each: each.key)
    return compose(NOON, places, ordered, (), {}, feeds, around=Around(passed=passed or {}, **around))


def asked(seen: Situation, chosen: AdvicePolicy = TWENTY, wait: Sequence[float] = (), **more: Any) -> Advice:
    minutes = journeys(more.pop("minutes", [10, 15, 20]))
    return advise(case(**more), seen, forecast(seen, wait or FAR_BUT_QUICK), minutes, BOOK, chosen)


def sentence(advice: Advice, code: str) -> str:
    return next((each.sentence for each in advice.exclusions if each.code == code), "")


def test_who_has_taken_its_share_of_others_patients_is_asked_for_no_more():
    seen = day(arrived("1", "B", 3), arrived("2", "B", 23), passed={"1": "A", "2": "A"})

    advice = asked(seen)

    # A tenth of twenty are two.
    assert advice.chosen == "C"
    assert sentence(advice, "B") == "It has taken its agreed share of others' patients: 2 of 2 in 24 h."


def test_a_day_later_they_count_no_more():
    assert asked(day(arrived("1", "B", 3), arrived("2", "B", 25), passed={"1": "A", "2": "A"})).chosen == "B"


def test_own_patients_who_were_taken_elsewhere_make_room():
    jobs = [arrived(key, "B", 3) for key in "12"]
    seen = day(*jobs, arrived("3", "C", 2), passed={"1": "A", "2": "A", "3": "B"})

    assert asked(seen).chosen == "B"


def test_who_has_its_agreed_load_takes_nobody_elses_whoever_brought_it():
    own = [arrived(f"own{n}", "B", 5) for n in range(22)]

    advice = asked(day(*own))

    assert advice.chosen == "C"
    words = "It has had 22 ambulances in 24 h; from 22 on it takes no others' patients."
    assert sentence(advice, "B") == words
    assert asked(day(*own[:21])).chosen == "B"


def test_those_on_their_way_and_those_who_have_accepted_count_at_once():
    on_the_way = job("1", "B", JobState.CONVEYING, {JobStatus.LEFT_SCENE: NOON})
    on_scene = job("2", None, JobState.ON_SCENE, {JobStatus.AT_SCENE: NOON})
    passed = {"1": "A", "2": "A"}

    assert asked(day(on_the_way, on_scene, passed=passed, bound={"2": "B"})).chosen == "C"
    assert asked(day(on_the_way, on_scene, passed=passed)).chosen == "B"


def test_a_crew_that_went_to_its_nearest_after_all_is_nobody_elses():
    seen = day(arrived("1", "A", 3), arrived("2", "A", 3), passed={"1": "A", "2": "A"})

    assert picture(seen, forecast(seen, FAR_BUT_QUICK), BOOK, TWENTY).day.others.tolist() == [0, 0, 0]


def test_a_crew_that_asks_again_does_not_stand_in_its_own_way():
    jobs = [arrived("1", "B", 3), job("2", "B", JobState.CONVEYING, {JobStatus.LEFT_SCENE: NOON})]
    seen = day(*jobs, passed={"1": "A", "2": "A"})

    assert asked(leave_out(seen, "2"), key="2").chosen == "B"
    assert asked(seen).chosen == "C"


def test_nobody_is_turned_on_the_way_because_a_share_is_used_up():
    seen = day(*(arrived(key, "B", 3) for key in "12"), passed={"1": "A", "2": "A"})

    assert asked(seen, standing="B", accepted="B").chosen == "B"
    assert asked(seen, standing="B").chosen == "C"  # it was shown to somebody, and nobody took it


def test_who_agreed_to_receive_whom_a_divert_turns_away_is_not_held_to_its_share():
    begins, ends = NOON - timedelta(hours=1), NOON + timedelta(hours=2)
    closed = Divert("D", DivertKind.CLOSURE, "A", ("C",), frozenset({Cover.EVERYBODY}), begins, ends)
    seen = day(*(arrived(f"{n}", "C", 3) for n in range(30)), diverts=(closed,))

    assert asked(seen, wait=[90, 60, 12]).chosen == "C"


def test_who_has_agreed_to_nothing_is_sent_nobody_elses_patients():
    advice = asked(day(), policy(A=20))

    assert advice.chosen == "A"
    assert sentence(advice, "B") == "Nobody has agreed how many of others' patients it takes."


def test_without_a_bound_nobody_is_counted():
    seen = day(*(arrived(f"{n}", "B", 3) for n in range(50)), passed={f"{n}": "A" for n in range(50)})

    assert asked(seen, AdvicePolicy()).chosen == "B"


PLACES = st.sampled_from("ABC")
JOBS = st.lists(st.tuples(PLACES, PLACES, st.floats(0.1, 30)), max_size=60)
MINUTES = st.lists(st.floats(1, 30), min_size=3, max_size=3)
WAITS = st.lists(st.floats(0, 240), min_size=3, max_size=3)
USUAL = st.lists(st.integers(0, 40), min_size=3, max_size=3)


def lived(jobs: Sequence[tuple[str, str, float]]) -> Situation:
    """Jobs as where each went, what was nearest and how long ago."""
    rows = [arrived(f"{n:03}", to, ago) for n, (to, _, ago) in enumerate(jobs)]
    return day(*rows, passed={f"{n:03}": nearest for n, (_, nearest, _) in enumerate(jobs)})


def counted(jobs: Sequence[tuple[str, str, float]]) -> dict[str, tuple[int, int]]:
    """Load and others' patients, net, of each place, counted by hand."""
    lately = [(to, nearest) for to, nearest, ago in jobs if ago < 24]
    return {
        code: (
            sum(to == code for to, _ in lately),
            sum((to == code) - (nearest == code) for to, nearest in lately),
        )
        for code in "ABC"
    }


@settings(max_examples=200, deadline=None)
@given(JOBS, MINUTES, WAITS, USUAL)
def test_nobody_is_ever_sent_past_the_nearest_beyond_what_was_agreed(jobs, minutes, wait, usual):
    of = dict(zip("ABC", usual, strict=True))

    advice = asked(lived(jobs), policy(**of), wait, minutes=minutes)

    assert advice.nearest == "ABC"[int(np.argmin(minutes))]
    assert advice.nearest not in {each.code for each in advice.exclusions}
    if advice.chosen != advice.nearest:
        load, others = counted(jobs)[advice.chosen or ""]
        assert others + 1 <= 0.10 * of[advice.chosen or ""] + 1e-6
        assert load + 1 <= 1.10 * of[advice.chosen or ""] + 1e-6


@settings(max_examples=100, deadline=None)
@given(JOBS, st.lists(MINUTES, min_size=2, max_size=8), WAITS, USUAL)
def test_nor_are_several_at_once(jobs, minutes, wait, usual):
    of = dict(zip("ABC", usual, strict=True))
    seen = lived(jobs)
    shared: Picture = picture(seen, forecast(seen, wait), BOOK, policy(**of))
    cases = [case(f"{row}/A{row}") for row in range(len(minutes))]

    answers: Sequence[Ranking] = rank_together(cases, shared, journeys(minutes))

    for row, code in enumerate("ABC"):
        redirected = sum(each.chosen == row != each.nearest for each in answers)
        if redirected:
            load, others = counted(jobs)[code]
            assert others + redirected <= 0.10 * of[code] + 1e-6
            assert load + redirected <= 1.10 * of[code] + 1e-6


@settings(max_examples=60, deadline=None)
@given(JOBS, MINUTES, WAITS)
def test_with_room_to_spare_the_bound_changes_no_answer(jobs, minutes, wait):
    seen = lived(jobs)

    bound = asked(seen, policy(A=2000, B=2000, C=2000), wait, minutes=minutes)
    free = asked(seen, AdvicePolicy(), wait, minutes=minutes)

    assert replace(bound, inputs_hash="") == replace(free, inputs_hash="")
