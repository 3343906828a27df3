"""The plan of reminders: each step once, in its time, by day, and nobody left without."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients.reminders import (
    Reach,
    ReminderPolicy,
    Step,
    Visit,
    Way,
    call_due,
    due,
    route,
    until,
)

PLAN = ReminderPolicy(is_on=True)
VISIT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
LONG_AGO = VISIT - timedelta(days=40)
HOUR = timedelta(hours=1)


def walk(
    visit: Visit, plan: ReminderPolicy, begin: datetime, minutes: int = 30
) -> list[tuple[datetime, Step]]:
    """The steps taken by a worker that asks again and again until the appointment."""
    at, taken = begin, []
    while at < visit.starts_at + HOUR:
        if step := due(visit, plan, at):
            taken.append((at, step))
            visit = Visit(visit.booked_at, visit.starts_at, visit.is_confirmed, visit.done | {step}, at)
        at += timedelta(minutes=minutes)
    return taken


def test_who_was_booked_long_ago_is_reminded_at_fourteen_four_and_one_days() -> None:
    taken = walk(Visit(LONG_AGO, VISIT), PLAN, VISIT - timedelta(days=20))

    assert [(step, (VISIT.date() - at.date()).days) for at, step in taken] == [
        (Step.FAR, 14),
        (Step.NEAR, 4),
        (Step.LAST, 1),
    ]


def test_who_has_confirmed_is_not_asked_again_on_the_day_before() -> None:
    taken = walk(Visit(LONG_AGO, VISIT, is_confirmed=True), PLAN, VISIT - timedelta(days=20))

    assert [step for _, step in taken] == [Step.FAR, Step.NEAR]


def test_who_is_booked_three_days_before_is_told_at_once_and_asked_the_day_before() -> None:
    booked_at = VISIT - timedelta(days=3)

    taken = walk(Visit(booked_at, VISIT), PLAN, booked_at)

    assert [step for _, step in taken] == [Step.BOOKED, Step.LAST]


def test_a_service_may_have_a_plan_of_its_own() -> None:
    plan = ReminderPolicy(is_on=True, services={"SLT": {"far": 7, "near": 2}})

    taken = walk(Visit(LONG_AGO, VISIT), plan.of("SLT"), VISIT - timedelta(days=20))

    assert [(VISIT.date() - at.date()).days for at, _ in taken] == [7, 2, 1]
    assert plan.of("MSK").far == 14


@pytest.mark.parametrize(
    "wrong",
    [{"far": 3}, {"from_hour": 20}, {"late": -1}, {"most_a_day": 0}, {"services": {"SLT": {"soon": 1}}}],
)
def test_a_plan_that_contradicts_itself_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        ReminderPolicy(**wrong)  # type: ignore[arg-type]


@given(
    booked_hours=st.integers(1, 24 * 60),
    far=st.integers(8, 30),
    near=st.integers(3, 7),
    last=st.integers(0, 2),
    gap=st.integers(0, 96),
    minutes=st.sampled_from([7, 30, 171]),
    starts=st.integers(0, 400),
)
def test_steps_come_once_in_order_by_day_before_the_visit_and_apart(
    booked_hours: int, far: int, near: int, last: int, gap: int, minutes: int, starts: int
) -> None:
    plan = ReminderPolicy(is_on=True, far=far, near=near, last=last, gap_hours=gap)
    starts_at = VISIT + timedelta(hours=starts * 5)
    booked_at = starts_at - timedelta(hours=booked_hours)

    taken = walk(Visit(booked_at, starts_at), plan, booked_at, minutes)

    steps = [step for _, step in taken]
    assert steps == [step for step in Step if step in steps]
    assert all(plan.may_send(at) and booked_at <= at < starts_at for at, _ in taken)
    assert all(at < until(step, Visit(booked_at, starts_at), plan) for at, step in taken)
    for (before, _), (after, step) in itertools.pairwise(taken):
        assert after - before >= timedelta(hours=min(gap, 12) if step is Step.LAST else gap)


@given(
    st.sampled_from(["text", "email", "letter", "phone"]),
    st.sets(st.sampled_from(["text", "email"])),
    st.sets(st.sampled_from(list(Way)[:2])),
)
def test_everybody_has_a_way_and_never_one_that_something_speaks_against(
    wants: str, connected: set[str], stopped: set[Way]
) -> None:
    found = route(Reach(wants, dict.fromkeys(stopped, "It bounced.")), connected)

    if found.way is Way.CALL:
        assert found.why
        assert wants == "phone" or not (connected - {way.value for way in stopped})
    else:
        assert found.way.value in connected and found.way not in stopped


def test_somebody_is_rung_four_days_before_and_not_after_confirming() -> None:
    visit = Visit(LONG_AGO, VISIT)

    assert not call_due(visit, PLAN, VISIT - timedelta(days=5))
    assert call_due(visit, PLAN, VISIT - timedelta(days=3))
    assert not call_due(Visit(LONG_AGO, VISIT, is_confirmed=True), PLAN, VISIT - timedelta(days=3))


def test_what_waits_for_the_day_leaves_at_nine_on_a_london_clock() -> None:
    july = datetime(2026, 7, 1, 20, 0, tzinfo=UTC)

    assert PLAN.opens_at(july) == datetime(2026, 7, 2, 8, 0, tzinfo=UTC)
    assert PLAN.opens_at(july.replace(hour=3)) == datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    assert PLAN.opens_at(july.replace(hour=12)) == july.replace(hour=12)
