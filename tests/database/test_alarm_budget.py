"""The worst morning in small: what the limits of a region make of it is within one person's alarm budget."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from clearway.config.regions import find
from clearway.core.worklist import queries
from clearway.core.worklist.actions import sweep
from clearway.core.worklist.rules import Outcome, SweepPolicy, Wanted, sweep_policy
from clearway.desks.ambulance.handovers.rules import LADDER, LADDER_POLICY, steps
from clearway.domain.shared.alarms import Rate, rate
from clearway.interchange.region_pack import parse
from tests.trust import AT, a_trust

POLICIES = {each.name: each.values for each in parse(find("south-west")).policies}
ROLE, HOSPITALS = "patient_flow_coordinator", 12
LADDER_STEPS = [step for step in steps(POLICIES[LADDER_POLICY]) if step.priority]


def on_the_ladder(minute: int) -> Iterator[Wanted]:
    """Every 20 minutes one more hospital comes to where the longest wait goes from 27 to 66 minutes, and
    falls back with each crew that is handed over: below 45 for 18 minutes of 40."""
    for place in range(min(HOSPITALS, minute // 20 + 1)):
        wait = 27.0 + (minute + 7 * place) % 40
        step = max((each for each in LADDER_STEPS if each.minutes <= wait), default=LADDER_STEPS[0],
                   key=lambda each: each.minutes)  # fmt: skip
        yield Wanted(
            f"site:{place}", step.priority or 3, f"Hospital {place}: {step.name}", "Waiting", ROLE,
            suggestion=step.action, reading=wait, threshold=30, step=step.minutes,
        )  # fmt: skip


def likely_to_pass(minute: int) -> Iterator[Wanted]:
    """A chance that goes up and down about where a warning begins, now of one hour and now of two."""
    for place in range(min(HOSPITALS, minute // 20 + 1)):
        priority, reading = 2 + (minute // 6 + place) % 2, 0.85 + 0.1 * ((minute // 2 + place) % 3)
        yield Wanted(f"site:{place}", priority, f"{place}", "Likely", ROLE, reading=reading, threshold=1.0)


def lived(policy: SweepPolicy, minutes: int = 240) -> Rate:
    trust = a_trust()
    for minute in range(0, minutes, 4):
        outcomes = [
            Outcome(LADDER.code, tuple(on_the_ladder(minute)), many=LADDER.many),
            Outcome("early_warning", tuple(likely_to_pass(minute)), many="Likely to pass a limit"),
        ]
        sweep(trust.pk, outcomes, AT + timedelta(minutes=minute), policy)
    until = AT + timedelta(minutes=minutes)
    return rate(queries.alarms(trust.pk, AT, until), AT, until)


@pytest.mark.django_db
def test_hospitals_that_come_and_go_all_morning_keep_within_the_budget_and_each_is_heard_once() -> None:
    heard, budget = lived(sweep_policy(POLICIES[queries.WORKLIST])), queries.Limits()

    assert heard.per_hour <= budget.raised_per_hour
    assert heard.most_in_ten_minutes <= budget.most_in_ten_minutes
    assert heard.alarms >= HOSPITALS  # of each that release or an exception is due there


@pytest.mark.django_db
def test_without_those_limits_the_same_morning_is_more_than_twice_over_it() -> None:
    assert lived(SweepPolicy(), minutes=60).per_hour > 2 * queries.Limits().raised_per_hour
