"""An invented department: its patients are nobody, and nothing happens in it before its cause."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.config.regions import find
from clearway.domain.outpatients.clock_events import ClockEvent
from clearway.domain.outpatients.clock_policy import ClockPolicy
from clearway.domain.outpatients.clocks import explain
from clearway.domain.outpatients.department import Department
from clearway.domain.outpatients.words import MeasurementType
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.identity import is_nhs_number
from clearway.interchange import department_pack, region_pack
from clearway.simulation.outpatients import parameters
from clearway.simulation.outpatients.arrivals import arrivals
from clearway.simulation.outpatients.parameters import Parameters
from clearway.simulation.outpatients.past import Case, Slot, past

REGION = region_pack.parse(find("worcestershire"))
UNTIL = datetime(2026, 11, 20, 11, tzinfo=UTC)
SMALL = {**REGION.simulation, "scale": 0.1}
MISSED_AGAIN, NO_START = "CK10", "CK08"  # both real, and for people: decide again, find the start
days = st.dates(date(2025, 1, 1), date(2030, 1, 1))


@cache
def department() -> Department:
    found = department_pack.parse(find("worcestershire"), REGION)
    assert found is not None
    return found


def how(table: dict[str, object] | None = None) -> Parameters:
    return parameters.read(table or REGION.simulation, department())


@cache
def slots() -> tuple[Slot, ...]:
    """Every tenth clinic of the department, six weeks back and four ahead."""
    found: list[Slot] = []
    for day in range(-42, 28):
        on = UNTIL.date() + timedelta(days=day)
        for clinic in department().clinics[::5]:
            for slot in clinic.slots if clinic.weekday == on.isoweekday() else ():
                starts_at = datetime.fromisoformat(f"{on}T{slot['start']}+00:00")
                ends_at = starts_at + timedelta(minutes=slot["minutes"])
                urgent = bool(slot["held"])
                found.append(
                    Slot(len(found), clinic.service, starts_at, ends_at, slot["kind"], urgent, slot["seats"])
                )
    return tuple(found)


def lived(seed: int) -> list[Case]:
    return past(slots(), how(SMALL), seed=seed, until=UNTIL, cashed_before=UNTIL - timedelta(days=1))


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), on=days)
def test_every_number_is_valid_is_nobodys_and_comes_once(seed: int, on: date) -> None:
    told = [each.person.nhs_number for day in range(3) for each in arrivals(how(), seed, on + timedelta(day))]

    assert len(told) == len(set(told))
    assert all(number.startswith("999") and is_nhs_number(number) for number in told)


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), on=days)
def test_the_same_seed_and_day_bring_the_same_referrals(seed: int, on: date) -> None:
    assert arrivals(how(), seed, on) == arrivals(how(), seed, on)


def test_telephones_are_those_that_are_kept_for_drama() -> None:
    for each in arrivals(how(), 1, date(2026, 11, 2)):
        assert each.person.phone.startswith("01632 960")
        assert each.person.mobile[:9] in ("", "07700 900")


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_nothing_happens_before_its_cause(seed: int) -> None:
    for case in lived(seed):
        received_at = case.referred.at
        assert received_at <= UNTIL
        assert case.triaged_at is None or received_at <= case.triaged_at <= UNTIL
        assert all(received_at.date() <= event.on <= UNTIL.date() for event in case.events)
        assert [event.on for event in case.events] == sorted(event.on for event in case.events)
        for visit in case.visits:
            assert case.triaged_at is not None
            assert case.triaged_at <= visit.made_at <= UNTIL
            assert visit.made_at < visit.slot.starts_at
            if visit.cancelled_at is not None:
                assert visit.made_at <= visit.cancelled_at <= min(UNTIL, visit.slot.starts_at)
        for earlier, later in zip(case.visits, case.visits[1:], strict=False):
            assert earlier.state != "booked"
            assert (earlier.cancelled_at or earlier.slot.ends_at) <= later.made_at


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_seat_is_given_twice_and_nobody_is_in_two_places(seed: int) -> None:
    kept = [(case, visit) for case in lived(seed) for visit in case.visits if visit.state != "cancelled"]

    seats = Counter((visit.slot.key, visit.seat) for _, visit in kept)
    places = Counter((case.referred.person.nhs_number, visit.slot.starts_at) for case, visit in kept)
    assert not kept or max(seats.values()) == max(places.values()) == 1
    assert all(visit.seat <= visit.slot.seats for _, visit in kept)


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_history_is_one_that_the_clock_rules_can_follow(seed: int) -> None:
    policy = ClockPolicy(frozenset(), MeasurementType.ALLIED_HEALTH)
    for case in lived(seed):
        events = [
            ClockEvent(str(place), each.kind, each.on, place, evidence=each.evidence, start_on=each.start_on)
            for place, each in enumerate(case.events)
        ]
        pathway = explain(events, UNTIL.date(), policy)

        assert {finding.code for finding in pathway.findings} <= {MISSED_AGAIN, NO_START}
        assert (pathway.open_period is not None) == (not case.is_treated and case.waits_for != "")


def test_the_same_seed_lives_the_same_past() -> None:
    assert lived(7) == lived(7)
    assert lived(7) != lived(8)


def test_a_service_that_the_pack_does_not_describe_is_named() -> None:
    table = {**REGION.simulation, "services": {"MSK": REGION.simulation["services"]["MSK"]}}

    with pytest.raises(CannotParse, match="field DIE"):
        how(table)
