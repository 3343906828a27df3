"""Release of a crew: what a record must say, what it says of the crew, and what a period added up to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.config.regions import find, slugs
from clearway.desks.ambulance.release.policy import made
from clearway.domain.ambulance.release import (
    OTHER,
    Ended,
    Kind,
    Place,
    Reason,
    Record,
    ReleasePolicy,
    Told,
    figures,
    may_correct,
    problems,
    status_said,
)
from clearway.domain.ambulance.transitions import is_asked
from clearway.domain.ambulance.words import JobState, JobStatus
from clearway.interchange.region_pack import parse

NOW = datetime(2026, 11, 20, 8, 45, tzinfo=UTC)
POLICY = ReleasePolicy(
    reasons=(Reason("unstable", "Not stable", 10), Reason(OTHER, "Other")), places=(Place("chair", "Chair"),)
)
WHOLE = Record(
    Kind.RELEASE,
    stable_by="paramedic",
    news2=3,
    news2_at=NOW - timedelta(minutes=5),
    nurse="Nurse in charge",
    place="chair",
    verbal=True,
)
STAYS = Record(Kind.EXCEPTION, reason="unstable", decided_by="HALO", look_at=NOW + timedelta(minutes=10))


def lacking(record: Record, waited: float = 45, **more: Any) -> set[str]:
    changed = Record(**{name: getattr(record, name) for name in record.__slots__} | more)
    return set(problems(changed, POLICY, waited, NOW))


def test_a_whole_record_lacks_nothing() -> None:
    assert lacking(WHOLE) == lacking(STAYS) == lacking(Record(Kind.RELIEF, relief="A2")) == set()


@pytest.mark.parametrize(
    ("record", "change", "field"),
    [
        (WHOLE, {"stable_by": ""}, "stable_by"),
        (WHOLE, {"news2": None}, "news2"),
        (WHOLE, {"news2_at": NOW - timedelta(minutes=31)}, "news2_ago"),
        (WHOLE, {"news2_at": NOW + timedelta(minutes=1)}, "news2_ago"),
        (WHOLE, {"news2": 7}, "decided_by"),
        (WHOLE, {"place": "car park"}, "place"),
        (WHOLE, {"verbal": False}, "given"),
        (WHOLE, {"nurse": "", "accepted": True}, "nurse"),
        (STAYS, {"reason": "tired"}, "reason"),
        (STAYS, {"reason": OTHER}, "words"),
        (STAYS, {"decided_by": ""}, "decided_by"),
        (STAYS, {"look_at": NOW}, "look_in"),
        (STAYS, {"look_at": NOW + timedelta(minutes=121)}, "look_in"),
        (Record(Kind.RELIEF), {}, "relief"),
    ],
)
def test_each_thing_that_is_missing_is_named_by_its_field(
    record: Record, change: dict[str, Any], field: str
) -> None:
    assert lacking(record, **change) == {field}


def test_from_an_hour_on_a_commander_is_told() -> None:
    assert lacking(WHOLE, waited=60) == lacking(STAYS, waited=60) == {"commander"}
    assert lacking(WHOLE, waited=60, commander="Tactical commander") == set()


def test_only_acceptance_by_the_hospital_stops_the_patients_clock() -> None:
    accepted = Record(Kind.RELEASE, accepted=True, nurse="Sister")
    for state in JobState:
        for record in (WHOLE, STAYS, Record(Kind.RELIEF, relief="A2")):
            assert status_said(record, state) is not JobStatus.HANDOVER
        assert status_said(accepted, state) is JobStatus.HANDOVER
    assert status_said(STAYS, JobState.QUEUING) is None
    assert status_said(WHOLE, JobState.RELEASED) is None


def test_what_a_record_says_of_a_crew_at_hospital_is_a_step_that_a_person_may_ask_for() -> None:
    for state in (each for each in JobState if each.is_at_hospital_with_patient):
        for record in (WHOLE, Record(Kind.RELEASE, accepted=True), Record(Kind.RELIEF, relief="A2")):
            status = status_said(record, state)
            assert status is not None and is_asked(state, status)


def test_a_correction_tells_the_same_event() -> None:
    assert may_correct(WHOLE, Record(Kind.RELEASE, news2=4))
    assert not may_correct(WHOLE, STAYS)
    assert not may_correct(WHOLE, Record(Kind.RELEASE, accepted=True))
    assert not may_correct(Record(Kind.RELIEF, relief="A2"), Record(Kind.RELIEF, relief="A3"))


@given(st.lists(st.tuples(st.sampled_from("AB"), st.floats(0, 600))))
def test_minutes_past_the_limit_are_those_of_the_patients_whatever_was_recorded(
    waits: list[tuple[str, float]],
) -> None:
    told = [Told("A", WHOLE, 44), Told("A", STAYS, 50), Told("C", STAYS, 50)]

    found = figures(told, [Ended(*each) for each in waits], POLICY)

    total = sum(max(0.0, minutes - 45) for _, minutes in waits)
    assert sum(each.minutes_beyond for each in found.values()) == pytest.approx(total)
    assert sum(each.arrivals for each in found.values()) == len(waits)
    assert (found["A"].releases, found["A"].in_time, found["A"].reasons) == (1, 1, {"unstable": 1})
    assert found["C"].releases == 0 and found["C"].reasons == {"unstable": 1}


@pytest.mark.parametrize("slug", slugs())
def test_a_pack_with_the_ladder_has_every_exception_of_the_rule(slug: str) -> None:
    policies = {each.name: each.values for each in parse(find(slug)).policies}
    if "handover_ladder" not in policies:
        return
    policy = made(policies["handover_release"])

    codes = {each.code for each in policy.reasons}
    assert {"unstable", "no_trolley", "safety", "child", "detained", "infection", OTHER} <= codes
    assert policy.places and all(0 < each.look <= policy.look_most for each in policy.reasons)
