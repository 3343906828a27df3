"""From figures to points to a level: edges, what is unknown, and what a level does not claim."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.config.regions import find
from clearway.desks.ambulance.pressure import presenters
from clearway.desks.ambulance.pressure.policy import made
from clearway.domain.ambulance.pressure import (
    Framework,
    Parameter,
    Scale,
    System,
    Trigger,
    Value,
    disagrees,
    judge,
    pointed_to,
    pull,
    system_points,
)
from clearway.engine.ambulance.pressure import COMPUTED, MEASURES
from clearway.interchange.region_pack import parse

AT = datetime(2026, 1, 5, 14, tzinfo=UTC)
POLICIES = {each.name: each.values for each in parse(find("south-west")).policies}
SETTLED = made(POLICIES)
assert SETTLED.framework is not None
OPEL: Framework = SETTLED.framework


def values(**numbers: float) -> dict[str, Value]:
    return {code: Value(number, AT - timedelta(minutes=5)) for code, number in numbers.items()}


@pytest.mark.parametrize(
    ("code", "number", "level"),
    [
        ("handover", 15, 1),
        ("handover", 15.1, 2),
        ("handover", 30, 2),
        ("handover", 60, 3),
        ("handover", 60.1, 4),
        ("four_hours", 95, 1),
        ("four_hours", 94.9, 2),
        ("four_hours", 76, 2),
        ("four_hours", 60, 3),
        ("four_hours", 59.9, 4),
        ("no_criteria", 13, 2),
        ("no_criteria", 15.1, 4),
    ],
)
def test_an_edge_still_belongs_to_the_lower_level(code: str, number: float, level: int) -> None:
    (found,) = [each for each in judge(OPEL, values(**{code: number}), AT).judged if each.level]

    assert (found.parameter.code, found.level) == (code, level)


@pytest.mark.parametrize(
    ("points", "level"), [(0, 1), (11, 1), (12, 2), (22, 2), (23, 3), (33, 3), (34, 4), (44, 4)]
)
def test_the_sums_of_the_framework_begin_its_levels(points: int, level: int) -> None:
    assert OPEL.level(points) == level


def test_the_framework_has_nine_parameters_that_add_up_to_44() -> None:
    assert len(OPEL.parameters) == 9
    assert sum(each.points[-1] for each in OPEL.parameters) == 44
    assert sum(each.points[0] for each in OPEL.parameters) == 0
    assert {each.computed for each in OPEL.parameters if each.computed} == COMPUTED.keys()


def test_without_any_figure_nothing_is_known() -> None:
    stands = judge(OPEL, {}, AT)

    assert (stands.least, stands.most, stands.unknown, stands.level) == (1, 4, 9, None)
    assert presenters.in_words(stands) == "not known, 9 of 9 unknown"
    assert presenters.in_words(judge(OPEL, values(beds=99), AT)) == "not known, 8 of 9 unknown"


def test_a_level_with_two_unknown_says_so_and_is_not_invented() -> None:
    known = {
        "handover": 90,
        "four_hours": 50,
        "majors": 130,
        "treatment": 300,
        "over_12h": 12,
        "beds": 96,
        "attendances": 0,
    }
    stands = judge(OPEL, values(**known), AT)

    assert (stands.points.least, stands.points.most) == (28, 38)
    assert (stands.least, stands.most, stands.unknown) == (3, 4, 2)
    assert presenters.in_words(stands) == "at least 3 with 2 of 9 unknown"


def test_what_is_unknown_leaves_a_level_known_where_it_cannot_change_it() -> None:
    bad = {each.code: 59.0 if each.scale.falling else 500.0 for each in OPEL.parameters[:8]}

    stands = judge(OPEL, values(**bad), AT)

    assert stands.level == 4
    assert presenters.in_words(stands) == "4 extreme with 1 of 9 unknown"


def test_an_old_figure_is_shown_and_does_not_count() -> None:
    old = {"handover": Value(90, AT - OPEL.holds - timedelta(seconds=1), "halo")}

    stands = judge(OPEL, old, AT)

    (first, *_) = stands.judged
    assert first.is_old and first.value is not None and first.level is None
    assert stands.unknown == 9
    assert judge(OPEL, {"handover": Value(90, AT - OPEL.holds)}, AT).unknown == 8


numbers = st.floats(min_value=0, max_value=600, allow_nan=False)
codes = st.sampled_from([each.code for each in OPEL.parameters])


@given(st.dictionaries(codes, numbers), codes, numbers)
def test_filling_an_unknown_never_lowers_the_least_and_never_raises_the_most(
    known: dict[str, float], code: str, number: float
) -> None:
    before = judge(OPEL, values(**{name: each for name, each in known.items() if name != code}), AT)
    after = judge(OPEL, values(**{**known, code: number}), AT)

    assert before.least <= after.least <= after.most <= before.most
    assert before.points.least <= after.points.least <= after.points.most <= before.points.most


@given(st.dictionaries(codes, numbers, min_size=9, max_size=9))
def test_with_every_figure_there_is_one_level(known: dict[str, float]) -> None:
    assert judge(OPEL, values(**known), AT).level is not None


def test_what_a_hospital_declares_disagrees_only_where_its_figures_rule_it_out() -> None:
    stands = judge(OPEL, values(handover=90, four_hours=50, majors=130, treatment=300), AT)

    assert (stands.least, stands.most) == (2, 4)
    assert [disagrees(level, stands) for level in (1, 2, 4, None)] == [True, False, False, False]


def test_a_system_is_as_uncertain_as_its_hospitals_by_their_weights() -> None:
    system = System("Two", {"A": 3, "B": 1})
    worst = {each.code: 0.0 if each.scale.falling else 500.0 for each in OPEL.parameters}

    points = system_points(system, {"A": judge(OPEL, values(**worst), AT)}, OPEL)

    assert (points.least, points.most) == (33, 44)


def test_bands_out_of_order_and_points_that_fall_are_refused() -> None:
    with pytest.raises(ValueError, match="in order"):
        Scale((30, 15, 60))
    with pytest.raises(ValueError, match="fall where it gets worse"):
        Parameter("x", "X", "X", "", Scale((1, 2, 3)), (0, 3, 2, 5))


def test_triggers_point_to_the_highest_level_and_say_nothing_when_what_they_rest_on_is_old() -> None:
    triggers = [
        Trigger("calls", "Calls", "", "held", Scale((5, 15, 40))),
        Trigger("free", "Free", "%", "free_share", Scale((20, 10, 5), falling=True)),
        Trigger("mean", "Mean", "min", "mean_handover", Scale((30, 45, 90))),
    ]
    known = {"calls": 6.0, "free": 9.0, "mean": None}

    assert [each.level for each in pull(triggers, known, counts=True)] == [2, 3, None]
    assert pointed_to(pull(triggers, known, counts=True)) == 3
    old = pull(triggers, known, counts=False)
    assert pointed_to(old) is None and [each.value for each in old] == [6.0, 9.0, None]


@pytest.mark.parametrize("region", ["south-west", "test-valley"])
def test_the_packs_name_only_what_can_be_measured_and_cards_of_roles_that_exist(region: str) -> None:
    from clearway.core.people.roles import ROLES

    settled = made({each.name: each.values for each in parse(find(region)).policies})

    triggers = [each for plan in settled.plans.values() for each in plan.triggers]
    cards = [each for plan in settled.plans.values() for each in plan.cards]
    assert triggers and {each.measure for each in triggers} <= MEASURES.keys()
    assert cards and {each.role for each in cards} <= ROLES.keys()
    assert all("pressure.answer" in ROLES[each.role].permissions for each in cards)
    assert len({each.code for each in cards}) == len(cards)


def test_a_trust_that_settled_nothing_has_ladders_and_no_framework() -> None:
    settled = made({})

    assert settled.framework is None
    assert [plan.title for plan in settled.plans.values()] == ["REAP", "Clinical safety plan"]
