"""Delays: norms from a history, the ladder of a crew, its STACK, and how wrap-ups vary."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.config.regions import find
from clearway.desks.ambulance.delays.policy import made
from clearway.domain.ambulance.delays import (
    RUNGS,
    Awaited,
    Norm,
    Outcome,
    Rung,
    Scene,
    ScenePolicy,
    awaited,
    awaits_backup,
    backup_ladder,
    expected_outcome,
    missed_by,
    norm_for,
    norms,
    own_norms,
    percentile,
    scene_ladder,
    scene_of,
    variances,
    waited_for_backup,
    wrap_up_ladder,
)
from clearway.domain.ambulance.words import Category, JobStatus, ResourceKind
from clearway.interchange.region_pack import parse

EIGHT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
C2, CONVEYED, TREATED = Category.C2, Outcome.CONVEYED, Outcome.TREATED
SEEDED = {(C2, CONVEYED): Norm(45, 71, 111), (C2, TREATED): Norm(72, 120, 159)}
POLICY = ScenePolicy(stack={C2: 45}, least=3, seeded=SEEDED)
DCA, RRV = ResourceKind.DCA, ResourceKind.RRV
MINUTES = st.lists(st.floats(0, 1440), min_size=1, max_size=50)


def at(minutes: float) -> datetime:
    return EIGHT + timedelta(minutes=minutes)


def test_percentiles_lie_between_neighbours_in_proportion() -> None:
    assert [percentile([10, 20, 30, 40, 50], share) for share in (0, 0.5, 0.9, 1)] == [10, 30, 46, 50]
    assert percentile([7], 0.99) == 7


@given(MINUTES)
def test_a_norm_is_in_order_and_within_what_was_seen_whatever_the_history(minutes: list[float]) -> None:
    norm = own_norms(Scene(C2, CONVEYED, each) for each in minutes)[C2, CONVEYED]

    assert min(minutes) <= norm.middle <= norm.ninety <= norm.ninety_nine <= max(minutes)
    assert norm.count == len(minutes)


def test_the_own_history_counts_once_it_is_large_enough_and_says_so() -> None:
    few = own_norms([Scene(C2, CONVEYED, 20), Scene(C2, CONVEYED, 30)])
    enough = own_norms([Scene(C2, CONVEYED, each) for each in (20, 30, 40)])

    assert norms(few, POLICY)[C2, CONVEYED] == Norm(45, 71, 111, count=0, own=2)
    assert norms(enough, POLICY)[C2, CONVEYED] == Norm(30, 38, pytest.approx(39.8), count=3)
    assert norms({}, POLICY) == SEEDED


@pytest.mark.parametrize(
    ("kind", "left", "clear", "is_conveyed", "scene"),
    [
        (DCA, 40, None, True, Scene(C2, CONVEYED, 30)),
        (DCA, None, 55, False, Scene(C2, TREATED, 45)),
        (RRV, None, 55, False, Scene(C2, TREATED, 45)),
        (RRV, None, 55, True, None),  # it went when the ambulance had the patient
        (DCA, None, 150, True, None),  # it conveyed and never pressed that it left
        (RRV, 40, 60, True, None),  # it went along with another's patient
        (DCA, 5, None, True, None),  # left before it came
        (DCA, None, None, False, None),
        (DCA, 10 + 1441, None, True, None),  # a forgotten press
    ],
)
def test_a_scene_is_what_its_stamps_can_be(
    kind: ResourceKind, left: float | None, clear: float | None, is_conveyed: bool, scene: Scene | None
) -> None:
    ends = [None if each is None else at(each) for each in (left, clear)]

    assert scene_of(C2, kind, at(10), *ends, is_conveyed=is_conveyed) == scene


def test_while_nobody_says_how_a_scene_ends_the_more_patient_norm_counts() -> None:
    assert norm_for(SEEDED, C2, None) == SEEDED[C2, TREATED]
    assert norm_for(SEEDED, C2, CONVEYED) == SEEDED[C2, CONVEYED]
    assert norm_for(SEEDED, Category.HCP, None) is None and norm_for(SEEDED, None, CONVEYED) is None
    assert expected_outcome({JobStatus.PREALERT: at(5)}) is CONVEYED
    assert expected_outcome({JobStatus.AT_PATIENT: at(5)}) is None


@pytest.mark.parametrize(
    ("minutes", "rung"),
    [
        (29.9, Rung.WITHIN),
        (30, Rung.CONTACT),
        (45, Rung.STACK),
        (85.9, Rung.STACK),
        (86, Rung.OFFICER),
        (111, Rung.COMMANDER),
    ],
)
def test_a_crew_climbs_the_ladder_of_its_category_and_outcome(minutes: float, rung: Rung) -> None:
    assert scene_ladder(C2, SEEDED[C2, CONVEYED], POLICY, False).rung(minutes) is rung


def test_a_time_critical_patient_is_asked_about_sooner() -> None:
    ladder = scene_ladder(C2, SEEDED[C2, CONVEYED], POLICY, True)

    assert (ladder.rung(19), ladder.rung(20), ladder.rung(30)) == (Rung.WITHIN, Rung.CONTACT, Rung.STACK)


def test_without_a_norm_the_officer_is_told_at_a_minute_of_the_policy_and_the_commander_never() -> None:
    ladder = scene_ladder(None, None, POLICY, False)

    assert [ladder.rung(each) for each in (119, 120, 10_000)] == [Rung.STACK, Rung.OFFICER, Rung.OFFICER]


def test_the_officer_has_time_to_decide_before_the_commander_is_told_however_close_their_norms_lie() -> None:
    ladder = scene_ladder(Category.C4, Norm(79, 134, 137), POLICY, False)

    assert [ladder.rung(each) for each in (148, 149, 163, 164)] == [
        *(Rung.STACK, Rung.OFFICER, Rung.OFFICER, Rung.COMMANDER)
    ]


@given(
    st.tuples(*[st.floats(0, 300)] * 3).map(sorted),
    st.floats(0, 120),
    st.floats(0, 120),
    st.booleans(),
    st.lists(st.floats(0, 600), min_size=2, max_size=2).map(sorted),
)
def test_a_ladder_is_only_ever_climbed(
    norm: list[float], prompt: float, stack: float, is_critical: bool, two: list[float]
) -> None:
    policy = ScenePolicy(prompt=prompt, stack_other=stack)
    ladder = scene_ladder(C2, Norm(*norm), policy, is_critical)

    sooner, later = (RUNGS.index(ladder.rung(each)) for each in two)
    assert sooner <= later
    assert all(ladder.rung(ladder.begins(rung)) >= rung for rung in RUNGS if rung is ladder.rung(two[1]))


def test_who_cannot_convey_waits_from_when_it_asked_until_one_that_can_is_there() -> None:
    asked = {JobStatus.AT_SCENE: at(0), JobStatus.BACKUP_REQUESTED: at(12)}

    assert awaits_backup(RRV, asked, None) == at(12)
    assert awaits_backup(RRV, asked, came=at(40)) is None
    assert awaits_backup(DCA, asked, None) is None
    assert awaits_backup(RRV, {JobStatus.AT_SCENE: at(0)}, None) is None
    waited = [waited_for_backup(kind, asked, at(40)) for kind in (RRV, DCA)]
    assert waited == [timedelta(minutes=28), timedelta()]
    assert waited_for_backup(RRV, asked, None) == timedelta() == waited_for_backup(RRV, asked, at(5))
    on_the_way = {JobStatus.BACKUP_REQUESTED: at(-20), JobStatus.AT_SCENE: at(0)}
    assert waited_for_backup(RRV, on_the_way, at(10)) == timedelta(minutes=10)
    ladder = backup_ladder(POLICY)
    assert [ladder.rung(each) for each in (19, 20, 39, 40, 900)] == [
        *(Rung.WITHIN, Rung.CONTACT, Rung.CONTACT, Rung.OFFICER, Rung.OFFICER)
    ]


def test_a_wrap_up_is_asked_about_at_the_standard_and_then_the_officers() -> None:
    ladder = wrap_up_ladder(15, 10)

    assert [ladder.rung(each) for each in (14, 15, 25)] == [Rung.WITHIN, Rung.CONTACT, Rung.OFFICER]
    assert ladder.begins(Rung.OFFICER) == 25


@pytest.mark.parametrize(
    ("asked", "reported", "next_at", "spoken", "stands"),
    [
        (None, None, None, None, Awaited.NOT_ASKED),
        (95, None, None, None, Awaited.ASKED),
        (90, None, None, None, Awaited.UNANSWERED),
        (90, None, None, 80, Awaited.UNANSWERED),  # spoken to before it was asked
        (80, None, None, 86, Awaited.SPOKEN),
        (80, None, None, 85, Awaited.NEXT_DUE),  # what was said holds fifteen minutes
        (80, 85, 101, 82, Awaited.REPORTED),
        (80, 85, 100, None, Awaited.NEXT_DUE),
        (95, 85, 92, None, Awaited.ASKED),  # asked again for the next one
        (None, 85, 110, None, Awaited.REPORTED),  # the crew reported unasked
    ],
)
def test_a_stack_is_awaited_until_it_comes_and_again_when_the_next_is_due(
    asked: float | None, reported: float | None, next_at: float | None, spoken: float | None, stands: Awaited
) -> None:
    times = [None if each is None else at(each) for each in (asked, reported, next_at, spoken)]

    assert awaited(*times, POLICY, at(100)) is stands


def test_what_a_crew_predicted_is_held_against_when_it_left() -> None:
    assert missed_by(at(60), at(72)) == 12 and missed_by(at(60), at(50)) == -10
    assert missed_by(None, at(50)) is None and missed_by(at(60), None) is None


def test_wrap_ups_are_compared_by_the_minutes_lost_over_the_standard() -> None:
    first, second = variances([("Dale", 10), ("Dale", 20), ("Hill", 45), ("Hill", 15)], limit=15)

    assert (first.name, first.count, first.over, first.minutes_over) == ("Hill", 2, 1, 30)
    assert (second.name, second.middle, second.over, second.minutes_over) == ("Dale", 15, 1, 5)


@pytest.mark.parametrize("slug", ["south-west", "test-valley"])
def test_a_pack_says_for_each_barrier_its_letter_and_first_step(slug: str) -> None:
    policies = {policy.name: policy.values for policy in parse(find(slug)).policies}
    scene = made(policies).scene

    letters = [each.letter for each in scene.constraints]
    assert len(set(letters)) == len(letters) >= 10 and all(len(each) == 1 for each in letters)
    assert all(each.says and each.action for each in scene.constraints)
    assert {category for category, _ in scene.seeded} == set(list(Category)[:4])
    for norm in scene.seeded.values():
        assert 0 < norm.middle < norm.ninety <= norm.ninety_nine
    assert policies["rule_modes"]["stack_due"] == "act"
