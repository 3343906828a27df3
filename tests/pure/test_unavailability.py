"""Unavailability: which reason a feed means, how long it may last, and when somebody asks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance.events import AvailabilityEvent
from clearway.domain.ambulance.unavailability import (
    Decision,
    Episode,
    Reason,
    Timer,
    UnavailabilityPolicy,
    allowed_until,
    episodes,
    hours_lost,
    minutes_allowed,
    timer,
)
from clearway.domain.ambulance.words import Availability
from clearway.domain.shared.facts import Fact

A = Availability
EIGHT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
FUEL = Reason("fuel", "vehicle", "Fuel", 15, "Which pump?", heard=("at the pump",))
WELFARE = Reason("welfare", "staff", "Welfare", 30, "Is support needed?", pressed=False)
TRAINING = Reason("training", "staff", "Training", None, "Until when?")
UNKNOWN = Reason("unknown", "unknown", "No reason that is known", 20, "What is the reason?")
POLICY = UnavailabilityPolicy({each.code: each for each in (FUEL, WELFARE, TRAINING)}, UNKNOWN)


def at(minutes: float) -> datetime:
    return EIGHT + timedelta(minutes=minutes)


def said(status: Availability, minutes: float, reason: str | None = None) -> Fact[AvailabilityEvent]:
    event = AvailabilityEvent(f"{status}@{minutes}", at(minutes), "A1", status, reason=reason)
    return Fact(event, "cad", at(minutes))


@pytest.mark.parametrize(
    ("heard", "code"),
    [("Fuel", "fuel"), (" at the PUMP ", "fuel"), ("fuel", "fuel"), ("a goat", "unknown"), (None, "unknown")],
)
def test_a_feed_is_understood_in_its_own_words(heard: str | None, code: str) -> None:
    assert POLICY.reason(heard).code == code


def test_what_somebody_corrected_counts_and_a_code_that_is_gone_does_not() -> None:
    assert POLICY.reason("Fuel", "welfare") is WELFARE
    assert POLICY.reason("Fuel", "abolished") is FUEL


@pytest.mark.parametrize(
    ("minutes", "stands"),
    [
        (0, Timer.WITHIN),
        (11.9, Timer.WITHIN),
        (12, Timer.NEARLY),
        (15, Timer.NEARLY),
        (15.1, Timer.OVER),
        (25, Timer.OVER),
        (25.1, Timer.ESCALATE),
    ],
)
def test_a_timer_goes_from_within_over_nearly_to_over_and_on(minutes: float, stands: Timer) -> None:
    assert timer(at(0), at(15), FUEL, POLICY, at(minutes)) is stands


@given(st.floats(0, 2000))
def test_welfare_is_never_over_and_never_escalated(minutes: float) -> None:
    stands = timer(at(0), at(30), WELFARE, POLICY, at(minutes))

    assert stands in (Timer.WITHIN, Timer.NEARLY, Timer.SUPPORT)
    assert (stands is Timer.SUPPORT) == (at(minutes) > at(30))


def test_what_has_no_limit_is_as_planned() -> None:
    assert timer(at(0), allowed_until(at(0), None, None), TRAINING, POLICY, at(999)) is Timer.PLANNED


def test_an_extension_counts_where_it_is_later() -> None:
    assert allowed_until(at(0), 15, at(40)) == at(40)
    assert allowed_until(at(0), 15, at(5)) == at(15)
    assert allowed_until(at(0), None, at(40)) == at(40)


def test_the_newest_signed_limit_counts_in_its_time_and_never_presses_welfare() -> None:
    codes = frozenset({"fuel", "welfare"})
    signed = [Decision(codes, 5, at(0), at(60)), Decision(codes, 8, at(10), at(20))]

    assert [minutes_allowed(FUEL, signed, at(each)) for each in (5, 10, 20, 60)] == [5, 8, 5, 15]
    assert minutes_allowed(WELFARE, signed, at(15)) == 30


def test_another_reason_begins_another_time() -> None:
    facts = [
        said(A.AVAILABLE, 0),
        said(A.UNAVAILABLE, 10, "fuel"),
        said(A.UNAVAILABLE, 12, "fuel"),
        said(A.UNAVAILABLE, 20, "welfare"),
        said(A.OFF, 50),
        said(A.UNAVAILABLE, 60, None),
    ]

    assert episodes(facts, at(0)) == (
        Episode(at(10), at(20), "fuel"),
        Episode(at(20), at(50), "welfare"),
        Episode(at(60), None, None),
    )
    assert episodes(facts, at(15)) == episodes(facts, at(0))[1:]


@given(st.permutations(range(4)))
def test_any_order_of_the_facts_gives_the_same_times(order: list[int]) -> None:
    facts = [
        said(A.UNAVAILABLE, 0, "fuel"),
        said(A.AVAILABLE, 9),
        said(A.UNAVAILABLE, 30, "fuel"),
        said(A.AVAILABLE, 44),
    ]

    assert episodes([facts[place] for place in order], at(0)) == episodes(facts, at(0))


def test_hours_are_those_that_lie_within() -> None:
    assert hours_lost(at(-30), at(30), at(0), at(60)) == 0.5
    assert hours_lost(at(30), None, at(0), at(60)) == 0.5
    assert hours_lost(at(70), None, at(0), at(60)) == 0
