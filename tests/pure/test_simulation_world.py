"""The simulated region: legal, deterministic, complete, and nobody's in particular."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.config import regions
from clearway.domain.ambulance import availability, quality, transitions
from clearway.domain.ambulance.events import AvailabilityEvent, CallEvent, Event, JobEvent
from clearway.domain.ambulance.situation import AVAILABILITIES, UNKNOWN
from clearway.domain.ambulance.words import Availability, CallStatus, JobStatus
from clearway.domain.shared.facts import Fact
from clearway.domain.shared.identity import is_nhs_number
from clearway.domain.shared.region import Region
from clearway.interchange import native, region_pack
from clearway.simulation.ambulance.world import World

START = datetime(2026, 3, 2, tzinfo=UTC)
REGIMES = {"test-valley": ("quiet", "busy"), "south-west": ("typical",)}


@cache
def region(slug: str = "test-valley") -> Region:
    return region_pack.parse(regions.find(slug))


def lived(
    hours: float, regime: str = "busy", seed: int = 1, slug: str = "test-valley", **how: bool
) -> list[Event]:
    return World(region(slug), regime, seed, START, **how).advance(START + timedelta(hours=hours))


def streams(events: list[Event], kind: type) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = defaultdict(list)
    for event in events:
        if isinstance(event, kind):
            found[event.stream].append(Fact(event, "cad", event.occurred_at))
    return found


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000), regime=st.sampled_from(REGIMES["test-valley"]))
def test_without_faults_every_job_and_every_shift_is_legal(seed: int, regime: str):
    events = lived(30, regime, seed, faults=False)

    jobs = [transitions.fold(facts) for facts in streams(events, JobEvent).values()]
    shifts = [availability.fold(facts) for facts in streams(events, AvailabilityEvent).values()]

    assert [findings for _, findings in jobs if findings] == []
    assert [findings for _, findings in shifts if findings] == []


def test_without_faults_no_rule_of_quality_is_broken_but_the_length_of_a_wait():
    end = START + timedelta(hours=30)
    codes = Counter(
        finding.code
        for facts in streams(lived(30, faults=False), JobEvent).values()
        for finding in quality.inspect(transitions.fold(facts)[0], end, quality.Limits(), knows_handover=True)
    )

    assert set(codes) <= {"HQ09", "HQ10"}


def test_the_south_west_is_legal_too():
    events = lived(8, "typical", slug="south-west", faults=False)

    assert len(events) > 8_000
    assert not any(transitions.fold(facts)[1] for facts in streams(events, JobEvent).values())


def test_the_same_seed_gives_the_same_bytes_however_the_way_is_cut():
    world = World(region(), "busy", 7, START)
    pieces = [world.advance(START + timedelta(hours=hours)) for hours in (0.4, 3, 3, 11.7, 20)]

    assert native.dump(event for piece in pieces for event in piece) == native.dump(lived(20, seed=7))


def test_another_seed_gives_other_days():
    assert native.dump(lived(6, seed=1)) != native.dump(lived(6, seed=2))


def test_looking_at_the_situation_changes_nothing():
    world = World(region(), "busy", 3, START)
    for hour in range(1, 12):
        world.situation(START + timedelta(hours=hour))

    assert native.dump(world.advance(START + timedelta(hours=12))) == native.dump(lived(12, seed=3))


def test_faults_alter_what_is_said_and_not_what_happens():
    perfect, faulty = (streams(lived(20, faults=faults), CallEvent) for faults in (False, True))

    assert set(perfect) >= set(faulty)
    assert len(perfect) - len(faulty) < 3  # those whose first message is still on its way


def test_with_faults_presses_are_missed_messages_double_and_come_late():
    events = lived(40, seed=2)
    numbers = [event.sequence or 0 for event in events]

    assert len({event.message_id for event in events}) < len(events)
    assert any(later < earlier for earlier, later in pairwise(numbers))
    assert any(transitions.fold(facts)[1] for facts in streams(events, JobEvent).values())


def test_without_faults_messages_come_in_order_of_time_and_sequence():
    events = lived(20, faults=False)

    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert all(a.occurred_at <= b.occurred_at for a, b in pairwise(events))


def test_every_status_of_a_pressed_hospital_occurs():
    said = {event.status for event in lived(60, seed=4, faults=False)}

    assert {JobStatus.STOOD_DOWN, JobStatus.QUEUING, JobStatus.COHORT_STARTED, JobStatus.OFFLOADED} <= said
    assert {
        Availability.ON_BREAK,
        Availability.UNAVAILABLE,
        Availability.RESTRICTED,
        Availability.OFF,
    } <= said
    assert {CallStatus.LOCATED, CallStatus.CATEGORY_SET, CallStatus.CLOSED} <= said


def test_nobody_is_taken_to_a_department_that_is_closed():
    closed = {
        event.occurred_at.hour
        for event in lived(72, faults=False)
        if isinstance(event, JobEvent)
        and event.status is JobStatus.AT_HOSPITAL
        and event.destination == "TVH02"
    }

    # Open 07 to 23; a journey may take longer than its estimate by some minutes.
    assert closed <= {*range(7, 24)}


def test_the_situation_is_what_the_events_add_up_to():
    at = START + timedelta(hours=20)
    world = World(region(), "busy", 5, START, faults=False)
    situation = world.situation(at)
    events = world.advance(at)
    folded = {
        facts[0].event.assignment_key: transitions.fold(facts)[0]
        for facts in streams(events, JobEvent).values()
    }
    wanted = {
        key
        for key, each in folded.items()
        if each.is_open
        or each.stamps.get(JobStatus.AT_HOSPITAL, START - timedelta(days=9)) > at - timedelta(hours=24)
    }

    assert set(situation.assignments.key) == wanted
    arrived = situation.assignments.stamp(JobStatus.AT_HOSPITAL)
    for row, key in enumerate(situation.assignments.key):
        stamp = folded[key].stamps.get(JobStatus.AT_HOSPITAL)
        assert np.isnan(arrived[row]) if stamp is None else arrived[row] == stamp.timestamp()


def test_crews_on_shift_have_a_position_and_those_at_home_are_not_shown():
    resources = World(region(), "busy", 5, START).situation(START + timedelta(hours=20)).resources

    assert len(resources.call_sign) > 5
    assert not np.isnan(resources.latitude).any()
    assert AVAILABILITIES.index(Availability.OFF) not in resources.availability
    assert (resources.assignment != UNKNOWN).any()


def test_positions_come_for_every_crew_at_the_interval_asked_for():
    world = World(region(), "busy", 1, START, positions=60)
    reports = world.positions(START + timedelta(hours=2)) + world.positions(START + timedelta(hours=3))
    by_crew = defaultdict(list)
    for report in reports:
        by_crew[report.call_sign].append(report.occurred_at)
        assert 51.5 < report.latitude < 53

    assert len(by_crew) > 5
    for times in by_crew.values():
        assert {(b - a).total_seconds() for a, b in pairwise(times)} == {60}
    assert max(report.speed_kmh or 0 for report in reports) > 20


def test_a_policy_of_ones_own_decides_where_patients_go():
    def always_the_first(situation, question):
        from clearway.simulation.ambulance.policies import nearest

        choices = nearest(situation, question)
        return tuple(sorted(choices, key=lambda choice: choice.code))

    world = World(region(), "busy", 1, START, policy=always_the_first, refresh=300)
    said = [e for e in world.advance(START + timedelta(hours=12)) if e.status is JobStatus.AT_HOSPITAL]

    assert {event.destination for event in said} <= {"TVH01", "TVM01"}


def test_the_world_does_not_run_backwards():
    world = World(region(), "quiet", 1, START)
    world.advance(START + timedelta(hours=2))

    with pytest.raises(ValueError, match="backwards"):
        world.advance(START + timedelta(hours=1))


def test_an_unknown_regime_names_those_there_are():
    with pytest.raises(LookupError, match="quiet, busy"):
        World(region(), "frantic", 1, START)


def test_most_patients_have_an_invented_identity_that_fits_their_age():
    told = [event.patient for event in lived(6) if isinstance(event, CallEvent) and event.patient]
    named = [patient for patient in told if patient.name]

    assert 0.7 < len(named) / len(told) < 1
    assert all(
        patient.nhs_number and patient.nhs_number.startswith("999") and is_nhs_number(patient.nhs_number)
        for patient in named
    )
    ages = [START.year - int((patient.born_on or "")[:4]) - (patient.age or 0) for patient in named]
    assert set(ages) == {0}  # born this many years ago, and the birthday has been
