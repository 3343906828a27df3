"""Where the patients of cancelled clinics go."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.domain.outpatients.replanning import ReplanPolicy
from clearway.engine.outpatients.fit import Coded, Slots, Wanted
from clearway.engine.outpatients.replan import Displaced, Plan, replan

AT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)  # a Monday
POLICY = ReplanPolicy()
WANTED = Wanted(service=1, kind="new", minutes=30)
WAS = 7  # days from now, a Monday


def slots(*rows: dict[str, Any]) -> Slots:
    """Free slots; `days` from now, the rest as named."""
    usual = {
        "clinician": 1,
        "kind": "new",
        "medium": "01",
        "site": "A",
        "free": 1,
        "minutes": 30,
        "service": 1,
    }
    made = [{**usual, **row} for row in rows]
    count = len(made)
    return Slots(
        key=np.arange(100, 100 + count),
        starts=np.array([_seconds(row["days"]) for row in made], np.int64),
        minutes=np.array([row["minutes"] for row in made], np.int64),
        service=np.array([row["service"] for row in made], np.int64),
        clinician=np.array([row["clinician"] for row in made], np.int64),
        kind=Coded.of(row["kind"] for row in made),
        medium=Coded.of(row["medium"] for row in made),
        held=Coded.of("" for _ in made),
        released=np.full(count, 2**62),
        site=Coded.of(row["site"] for row in made),
        free=np.array([row["free"] for row in made], np.int64),
        closed=np.zeros(count, np.bool_),
        faulty=np.zeros(count, np.bool_),
        skills=Coded.of(frozenset[str]() for _ in made),
    )


def _seconds(days: float) -> int:
    return int((AT + timedelta(days=days, hours=2)).timestamp())


def displaced(key: int, wanted: Wanted = WANTED, **more: Any) -> Displaced:
    return Displaced(
        key, wanted, **{"starts": _seconds(WAS), "clinician": 1, "site": "A", "medium": "01", **more}
    )


def where(plan: Plan) -> dict[int, int]:
    return {each.appointment: each.slot for each in plan.placed}


def test_everybody_goes_to_the_nearest_date_with_the_same_clinician_at_the_same_site() -> None:
    free = slots({"days": 9}, {"days": 8, "clinician": 2}, {"days": 8, "site": "B"}, {"days": 30})

    plan = replan(free, [displaced(1)], POLICY, AT)

    assert where(plan) == {1: 100} and plan.is_proved
    assert plan.placed[0].words == ("2 days later",)


def test_the_urgent_get_the_seat_that_both_need_and_the_other_is_told_why_not() -> None:
    plan = replan(slots({"days": 9}), [displaced(1), displaced(2, replace(WANTED, priority="2"))], POLICY, AT)

    assert where(plan) == {2: 100}
    (left,) = plan.not_placed
    assert (left.appointment, left.given, left.left_out) == (1, 1, ())


def test_more_patients_are_placed_before_any_is_placed_better() -> None:
    picky = replace(WANTED, minutes=30)
    long = replace(WANTED, minutes=45)
    free = slots({"days": 8, "minutes": 45}, {"days": 60, "clinician": 9, "site": "B"})

    plan = replan(free, [displaced(1, picky), displaced(2, long)], POLICY, AT)

    assert where(plan) == {1: 101, 2: 100}


def test_who_would_pass_the_treat_by_date_comes_before_who_would_not() -> None:
    soon = replace(WANTED, treat_by=date(2026, 11, 12))
    free = slots({"days": 9}, {"days": 20})

    assert where(replan(free, [displaced(1), displaced(2, soon)], POLICY, AT)) == {1: 101, 2: 100}


def test_no_notice_is_shorter_than_the_patient_manages() -> None:
    free = slots({"days": 1})

    assert replan(free, [displaced(1)], POLICY, AT).not_placed[0].left_out[0].code == "notice"
    assert where(replan(free, [displaced(1, replace(WANTED, notice_hours=4))], POLICY, AT)) == {1: 100}


def test_another_way_of_consultation_is_said_and_can_be_ruled_out() -> None:
    free = slots({"days": 8, "medium": "03"})

    (place,) = replan(free, [displaced(1)], POLICY, AT).placed
    assert place.words == ("1 day later", "another way of consultation")
    assert not replan(free, [displaced(1)], replace(POLICY, keep_medium=True), AT).placed


def test_a_group_slot_takes_as_many_as_it_has_seats() -> None:
    free = slots({"days": 8, "free": 2})

    plan = replan(free, [displaced(key) for key in (1, 2, 3)], POLICY, AT)

    assert len(plan.placed) == 2 and len(plan.not_placed) == 1


def test_nobody_to_place_needs_no_plan() -> None:
    assert replan(slots({"days": 8}), [], POLICY, AT) == Plan((), (), 0, True)


FREE = st.lists(
    st.fixed_dictionaries(
        {
            "days": st.integers(1, 40),
            "clinician": st.integers(1, 2),
            "site": st.sampled_from(["A", "B"]),
            "medium": st.sampled_from(["01", "03"]),
            "minutes": st.sampled_from([30, 45]),
            "free": st.integers(0, 1),
        }
    ),
    min_size=1,
    max_size=5,
)
WHO = st.lists(
    st.builds(
        Wanted,
        service=st.just(1),
        kind=st.just("new"),
        minutes=st.sampled_from([30, 45]),
        priority=st.sampled_from(["1", "1", "2"]),
        treat_by=st.sampled_from([None, date(2026, 11, 12), date(2026, 12, 1)]),
        sites=st.sampled_from([frozenset[str](), frozenset({"B"})]),
        days=st.sampled_from([frozenset[int](), frozenset({2})]),
        notice_hours=st.sampled_from([None, 4]),
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(FREE, WHO)
def test_no_other_plan_places_more_or_costs_less(rows: list[dict[str, Any]], wanted: list[Wanted]) -> None:
    free, who = slots(*rows), [displaced(key, each) for key, each in enumerate(wanted)]

    plan = replan(free, who, POLICY, AT)

    assert plan.is_proved
    assert len(plan.placed) + len(plan.not_placed) == len(who)
    assert len(set(where(plan).values())) == len(plan.placed)
    pairs = {
        (each.appointment, place.slot): place.cost
        for each in who
        for row in range(len(rows))
        for place in replan(slots_of(free, row), [each], POLICY, AT).placed
    }
    assert _worth(plan, who) == min(_ways(pairs, who, [int(key) for key in free.key]))


def slots_of(free: Slots, row: int) -> Slots:
    """One of the slots alone."""
    columns = ("key", "starts", "minutes", "service", "clinician", "released", "free", "closed", "faulty")
    coded = ("kind", "medium", "held", "site", "skills")
    alone: dict[str, Any] = {name: getattr(free, name)[row : row + 1] for name in columns}
    return Slots(**alone | {name: Coded.of([getattr(free, name)[row]]) for name in coded})


def _worth(plan: Plan, who: list[Displaced]) -> tuple[int, int, int]:
    """What plans are compared by: urgent patients without a place, others without one, cost."""
    left = {each.appointment for each in plan.not_placed}
    urgent = sum(each.wanted.is_urgent for each in who if each.appointment in left)
    return urgent, len(left) - urgent, plan.cost


def _ways(pairs: dict[tuple[int, int], int], who: list[Displaced], keys: list[int]) -> Any:
    """What every way of giving out the seats is worth."""
    for chosen in permutations([*keys, *[-1] * len(who)], len(who)):
        got = [(each, key) for each, key in zip(who, chosen, strict=True) if (each.appointment, key) in pairs]
        placed = {each.appointment for each, _ in got}
        left = [each for each in who if each.appointment not in placed]
        urgent = sum(each.wanted.is_urgent for each in left)
        yield urgent, len(left) - urgent, sum(pairs[each.appointment, key] for each, key in got)


@pytest.mark.parametrize("values", [{"late": -1}, {"weeks": 0}, {"urgent": 0}])
def test_a_policy_that_contradicts_itself_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Weights"):
        ReplanPolicy(**values)
