"""Meal breaks: what a shift is entitled to, what counts as one, and who breaks when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.domain.ambulance.breaks import (
    BreakPolicy,
    BreakState,
    Entitled,
    Interrupted,
    Shifts,
    episodes,
    stand,
)
from clearway.domain.ambulance.events import AvailabilityEvent
from clearway.domain.ambulance.words import Availability
from clearway.domain.shared.facts import Fact
from clearway.engine.ambulance.breaks import (
    BreakPlan,
    Ground,
    Hungry,
    PlanPolicy,
    Unplaced,
    first_come,
    limits,
    plan,
    steps,
)

A = Availability
SEVEN = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
TWELVE_HOURS = (SEVEN, SEVEN + timedelta(hours=12))
POLICY = BreakPolicy(
    entitlements=(
        Shifts(6, (Entitled(30, 210, 360),)),
        Shifts(10, (Entitled(45, 240, 360),)),
        Shifts(14, (Entitled(30, 180, 300), Entitled(20, 480, 600))),
    )
)


def at(minutes: float) -> datetime:
    """So many minutes after the start of the shift."""
    return SEVEN + timedelta(minutes=minutes)


def said(status: Availability, minutes: float) -> Fact[AvailabilityEvent]:
    event = AvailabilityEvent(f"{status}@{minutes}", at(minutes), "A1", status)
    return Fact(event, "cad", at(minutes))


def how(
    *facts: Fact[AvailabilityEvent], now: float, sent: tuple[float, ...] = (), policy: BreakPolicy = POLICY
) -> tuple[BreakState, float | None]:
    """How the crew stands then, and how many minutes it is owed."""
    known = [fact for fact in facts if fact.known_at <= at(now)]
    status = known[-1].event.status if known else A.AVAILABLE
    breaks = stand(
        status,
        TWELVE_HOURS,
        episodes(known, [at(each) for each in sent if each <= now], SEVEN),
        policy,
        at(now),
    )
    return breaks.state, breaks.owed.minutes if breaks.owed else None


@pytest.mark.parametrize(
    ("hours", "minutes"), [(5.9, []), (6, [30]), (9.9, [30]), (10, [45]), (12, [45]), (14, [30, 20])]
)
def test_a_shift_has_the_breaks_of_the_longest_row_it_reaches(hours: float, minutes: list[float]) -> None:
    assert [each.minutes for each in POLICY.entitled(timedelta(hours=hours))] == minutes


def test_a_break_that_nobody_began_opens_grows_late_and_is_missed() -> None:
    assert how(now=239) == (BreakState.NOT_YET, 45)
    assert how(now=240) == (BreakState.OPEN, 45)
    assert how(now=360) == (BreakState.OPEN, 45)
    assert how(now=361) == (BreakState.LATE, 45)
    assert how(now=660) == (BreakState.MISSED, 45)


def test_a_break_counts_from_its_status_and_is_taken_when_it_was_whole() -> None:
    facts = said(A.BREAK_TRAVEL, 250), said(A.ON_BREAK, 260), said(A.AVAILABLE, 305)

    assert how(*facts, now=255) == (BreakState.TRAVELLING, 45)
    assert how(*facts, now=280) == (BreakState.ON_BREAK, 25)
    assert how(*facts, now=400) == (BreakState.TAKEN, None)


@pytest.mark.parametrize(("kind", "owed"), [(Interrupted.REST, 25.0), (Interrupted.WHOLE, 45.0)])
def test_what_an_interruption_leaves_is_owed_as_the_policy_says(kind: Interrupted, owed: float) -> None:
    facts = said(A.ON_BREAK, 260), said(A.AVAILABLE, 280)

    assert how(*facts, now=300, policy=replace(POLICY, interrupted=kind)) == (BreakState.OPEN, owed)


def test_being_sent_ends_a_break_even_where_no_status_says_so() -> None:
    assert how(said(A.ON_BREAK, 260), now=300, sent=(280,)) == (BreakState.OPEN, 25)


def test_a_break_that_begins_again_after_a_job_is_one_of_its_own() -> None:
    facts = said(A.ON_BREAK, 260), said(A.ON_BREAK, 340), said(A.AVAILABLE, 365)

    assert how(*facts, now=350, sent=(280,)) == (BreakState.ON_BREAK, 15)
    assert how(*facts, now=400, sent=(280,)) == (BreakState.TAKEN, None)


def test_two_parts_of_a_break_were_one_interruption() -> None:
    facts = [said(A.ON_BREAK, 260), said(A.AVAILABLE, 280), said(A.ON_BREAK, 300), said(A.AVAILABLE, 325)]

    breaks = stand(A.AVAILABLE, TWELVE_HOURS, episodes(facts, [], SEVEN), POLICY, at(400))

    assert (breaks.state, breaks.interrupted, breaks.late_by) == (BreakState.TAKEN, 1, 0)


def test_the_second_break_of_a_long_shift_is_judged_by_its_own_window() -> None:
    shift = SEVEN, SEVEN + timedelta(hours=14)
    facts = [said(A.ON_BREAK, 200), said(A.AVAILABLE, 230), said(A.ON_BREAK, 610), said(A.AVAILABLE, 631)]
    had = episodes(facts, [], SEVEN)

    after_one = stand(A.AVAILABLE, shift, had[:1], POLICY, at(300))
    after_both = stand(A.AVAILABLE, shift, had, POLICY, at(640))

    assert after_one.owed and (after_one.state, after_one.owed.minutes) == (BreakState.NOT_YET, 20)
    assert (after_both.state, after_both.interrupted, after_both.late_by) == (BreakState.TAKEN, 0, 10)


def test_a_window_that_the_end_of_a_short_shift_cuts_is_due_when_it_closes() -> None:
    policy = replace(POLICY, closes_before=120)
    shift = SEVEN, SEVEN + timedelta(hours=6)

    owed = stand(A.AVAILABLE, shift, [], policy, at(220)).owed

    assert owed and (owed.opens, owed.start_by, owed.closes) == (at(210), at(240), at(240))


def test_a_stop_of_a_few_minutes_is_no_part_of_a_break() -> None:
    assert how(said(A.ON_BREAK, 260), said(A.AVAILABLE, 265), now=300) == (BreakState.OPEN, 45)


def test_a_break_that_began_late_says_by_how_much_for_ever() -> None:
    facts = [said(A.ON_BREAK, 400), said(A.AVAILABLE, 446)]

    breaks = stand(A.AVAILABLE, TWELVE_HOURS, episodes(facts, [], SEVEN), POLICY, at(500))

    assert (breaks.state, breaks.late_by, breaks.interrupted) == (BreakState.TAKEN, 40, 0)


def test_of_a_shift_that_nobody_told_nothing_is_claimed() -> None:
    assert stand(A.AVAILABLE, (None, None), [], POLICY, at(0)).state is BreakState.UNKNOWN


def test_what_may_have_been_had_before_anything_was_heard_is_not_called_missed() -> None:
    heard_late = stand(A.AVAILABLE, TWELVE_HOURS, [], POLICY, at(700), heard_from=at(250))
    heard_in_time = stand(A.AVAILABLE, TWELVE_HOURS, [], POLICY, at(700), heard_from=at(230))

    assert (heard_late.state, heard_in_time.state) == (BreakState.UNKNOWN, BreakState.MISSED)


def test_what_was_before_the_shift_is_no_break_of_it() -> None:
    assert episodes([said(A.ON_BREAK, -60), said(A.AVAILABLE, -15)], [], SEVEN) == ()


# The plan

SMALL = PlanPolicy(step=10, horizon=60, most_share=0.25, notice=0)


def ground(policy: PlanPolicy = SMALL, crews: float = 4, free: float = 2, demand: float = 3) -> Ground:
    size = len(steps(policy))
    return Ground(
        crews={area: np.full(size, crews) for area in "NS"},
        eating={area: np.zeros(size) for area in "NS"},
        free={area: np.full(size, free) for area in "NS"},
        demand={area: np.linspace(demand, 2 * demand, size) for area in "NS"},
    )


def crew(name: str, **more: float | int | str) -> Hungry:
    known = {"area": "N", "minutes": 20, "free": 0, "opens": 0, "start_by": 30, "closes": 300, "travel": 0}
    return Hungry(name, **{**known, **more})  # type: ignore[arg-type]


hungry = st.builds(
    lambda number, area, minutes, free, opens, window, travel, owed: Hungry(
        f"A{number}", area, minutes, free, opens, opens + window, opens + 300, travel, owed
    ),
    st.integers(0, 99),
    st.sampled_from("NS"),
    st.sampled_from([20.0, 30.0]),
    st.integers(0, 70).map(float),
    st.integers(-60, 40).map(float),
    st.integers(0, 60).map(float),
    st.integers(0, 15).map(float),
    st.integers(0, 3),
)
crews = st.lists(hungry, max_size=5, unique_by=lambda each: each.call_sign)


def keeps_to_limits(found: BreakPlan, of: dict[str, Hungry], around: Ground, policy: PlanPolicy) -> bool:
    times = steps(policy)
    for area in "NS":
        here = [each for each in found.breaks if of[each.call_sign].area == area]
        eating = np.zeros(len(times), np.int64)
        for each in here:
            eating += (times >= each.starts) & (times < each.starts + each.minutes)
        if (eating > limits(area, around, policy)).any():
            return False
    return True


@settings(max_examples=60, deadline=None)
@given(crews)
def test_nobody_begins_before_they_can_and_no_area_lets_more_eat_than_may(those: list[Hungry]) -> None:
    found = plan(those, ground(), SMALL)

    of = {each.call_sign: each for each in those}
    assert keeps_to_limits(found, of, ground(), SMALL)
    for each in found.breaks:
        wants = of[each.call_sign]
        assert max(wants.free + wants.travel, wants.opens) <= each.starts <= wants.closes
        assert each.late == max(0.0, each.starts - wants.start_by)
    placed = {each.call_sign for each in found.breaks}
    due = {each.call_sign for each in those if each.start_by < SMALL.horizon}
    assert placed | set(found.unplaced) == due and not placed & set(found.unplaced)


@settings(max_examples=40, deadline=None)
@given(st.lists(hungry, max_size=3, unique_by=lambda each: each.call_sign))
def test_no_other_plan_is_cheaper(those: list[Hungry]) -> None:
    """Every plan there is, one by one: each crew at each time or not at all."""
    around, of = ground(), {each.call_sign: each for each in those}
    alone = [[first_at(each, step, around) for step in (None, *range(len(steps(SMALL))))] for each in those]
    costs = [
        sum(found.cost for found in chosen if found)
        for chosen in product(*alone)
        if all(chosen)
        and keeps_to_limits(
            BreakPlan(tuple(b for found in chosen if found for b in found.breaks), {}, 0, 0),
            of,
            around,
            SMALL,
        )
    ]

    found = plan(those, around, SMALL)

    assert found.is_proved
    assert found.cost == pytest.approx(min(costs, default=0.0), abs=1e-6)
    assert found.cost <= first_come(those, around, SMALL).cost + 1e-6


def first_at(each: Hungry, step: int | None, around: Ground) -> BreakPlan | None:
    """The plan in which this crew begins at this step, alone; None where it cannot."""
    if step is None:
        never = replace(each, free=10_000.0)
        return first_come([never], around, SMALL)
    time = steps(SMALL)[step]
    if not max(each.free + each.travel, each.opens, SMALL.notice) <= time <= each.closes:
        return None
    alone = first_come([replace(each, free=time - each.travel, opens=time)], around, SMALL)
    return alone if alone.breaks else None


def test_whose_breaks_were_missed_of_late_goes_first() -> None:
    both = [crew("A1", start_by=0), crew("A2", start_by=0, owed=2)]

    found = plan(both, ground(crews=4), SMALL)

    assert [each.call_sign for each in found.breaks] == ["A2", "A1"]


def test_where_there_is_room_for_one_it_is_whose_breaks_were_missed() -> None:
    first = crew("A1", start_by=0, minutes=45, closes=30)
    missed = crew("A2", start_by=0, minutes=45, closes=30, free=10, owed=2)

    found = plan([first, missed], ground(), SMALL)

    assert [each.call_sign for each in found.breaks] == ["A2"]
    assert found.unplaced == {"A1": Unplaced.FULL}


@settings(max_examples=60, deadline=None)
@given(hungry)
def test_who_alone_can_begin_in_time_is_never_left_out(one: Hungry) -> None:
    found = plan([one], ground(), SMALL)

    ready = max(one.free + one.travel, one.opens)
    if one.start_by < SMALL.horizon and any(ready <= time <= one.closes for time in steps(SMALL)):
        assert [each.call_sign for each in found.breaks] == [one.call_sign]


def test_who_cannot_be_placed_is_named_with_the_reason() -> None:
    busy, crowded = crew("A1", free=90), [crew(f"B{number}", area="S") for number in range(6)]

    found = plan([busy, *crowded], ground(), SMALL)

    assert found.unplaced["A1"] is Unplaced.NOT_FREE
    assert sorted(found.unplaced.values()) == [Unplaced.FULL] * 3 + [Unplaced.NOT_FREE]


def test_the_same_question_has_the_same_answer() -> None:
    those = [crew(f"A{number}", start_by=number % 4 * 10, travel=number % 3) for number in range(9)]

    assert plan(those, ground(crews=12), SMALL) == plan(those, ground(crews=12), SMALL)
