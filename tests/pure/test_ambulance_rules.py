"""The first rules, on situations made by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clearway.config.regions import find
from clearway.core.feeds.rules import SILENT_FEED
from clearway.core.worklist.rules import CannotSay, Wanted
from clearway.desks.ambulance.handovers.rules import LADDER
from clearway.desks.ambulance.rules import RULES
from clearway.domain.ambulance.situation import Feed, Situation, compose
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import JobState, JobStatus
from clearway.domain.shared.geography import Point
from clearway.interchange.region_pack import parse

J, S = JobStatus, JobState
AT = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)  # winter: the London clock shows 03:00
SITES = [("TV001", "Hillside", Point(51, -3)), ("TV002", "Riverside", Point(51, -2))]
POLICIES = {policy.name: policy.values for policy in parse(find("south-west")).policies}


def waiting(call_sign: str, minutes: float, site: str = "TV001", **more: Any) -> Assignment:
    """A patient who came in so many minutes ago and has not been handed over."""
    arrived = AT - timedelta(minutes=minutes)
    return Assignment(
        **{
            "key": f"1/{call_sign}",
            "incident": "1",
            "call_sign": call_sign,
            "state": S.QUEUING,
            "since": arrived,
            "destination": site,
            "stamps": {J.AT_HOSPITAL: arrived},
            **more,
        }
    )


def feed(
    age_seconds: float | None = 5, *, kind: str = "cad", knows: frozenset[str] = frozenset({"handover"})
) -> Feed:
    heard = None if age_seconds is None else AT - timedelta(seconds=age_seconds)
    return Feed(f"valley-{kind}", kind, 10, heard, knows)


def a_situation(*assignments: Assignment, feeds: tuple[Feed, ...] = (feed(),)) -> Situation:
    return compose(AT, SITES, assignments, [], {}, feeds)


def ladder(*assignments: Assignment, **more: Any) -> dict[str, Wanted]:
    wants = LADDER.check(a_situation(*assignments, **more), POLICIES)
    return {want.subject: want for want in wants}


@pytest.mark.parametrize(
    ("minutes", "step", "priority"),
    [
        (30, "release plan", 3),
        (39, "release plan", 3),
        (40, "stability check", 3),
        (45, "release or exception", 2),
        (60, "commander", 2),
        (120, "serious delay", 1),
    ],
)
def test_the_longest_wait_decides_the_step(minutes: float, step: str, priority: int) -> None:
    wanted = ladder(waiting("A45", minutes), waiting("B12", 5))["site:TV001"]

    assert wanted.title.startswith(f"Hillside: {step}")
    assert wanted.priority == priority
    assert wanted.margin >= 1


def test_below_the_first_step_with_a_priority_nothing_is_raised() -> None:
    assert ladder(waiting("A45", 29))["site:TV001"].margin < 1


def test_the_cause_names_call_signs_and_times_that_do_not_tick() -> None:
    waits = [waiting(f"A{number}", 90 - number) for number in range(7)]

    cause = ladder(*waits)["site:TV001"].cause

    assert cause.startswith("Waiting 30 min or longer: A0 since 01:30, A1 since 01:31")
    assert cause.endswith("and 2 more")


def test_the_delay_counts_from_when_the_limit_was_passed() -> None:
    assert ladder(waiting("A45", 31))["site:TV001"].since == AT - timedelta(minutes=1)


def test_each_hospital_has_one_task_and_an_unknown_one_has_none() -> None:
    wants = ladder(waiting("A1", 50), waiting("A2", 61), waiting("B1", 33, "TV002"), waiting("C1", 70, "X"))

    assert sorted(wants) == ["site:TV001", "site:TV002"]


def test_who_was_handed_over_does_not_wait() -> None:
    done = {J.AT_HOSPITAL: AT - timedelta(minutes=90), J.HANDOVER: AT - timedelta(minutes=5)}

    assert ladder(waiting("A1", 90, state=S.WRAP_UP, stamps=done)) == {}


def test_a_patient_left_in_the_cohort_still_waits() -> None:
    arrived = AT - timedelta(minutes=65)
    left = {J.AT_HOSPITAL: arrived, J.COHORT_STARTED: arrived + timedelta(minutes=10)}

    assert ladder(waiting("A1", 65, state=S.CLEAR, stamps=left))["site:TV001"].reading == 65


def test_a_wait_beyond_belief_is_not_taken_for_a_patient() -> None:
    assert ladder(waiting("A1", 13 * 60)) == {}


@pytest.mark.promise("R11")
def test_with_a_stale_source_the_ladder_says_that_it_cannot_say() -> None:
    with pytest.raises(CannotSay):
        ladder(waiting("A1", 50), feeds=(feed(41),))


def test_a_source_that_does_not_know_of_handovers_is_no_help() -> None:
    with pytest.raises(CannotSay):
        ladder(waiting("A1", 50), feeds=(feed(1, knows=frozenset({"position"})),))


def test_the_column_of_waiting_patients_agrees_with_the_fold() -> None:
    arrived, later = AT - timedelta(minutes=60), AT - timedelta(minutes=30)
    stamps = [
        {},
        {J.AT_HOSPITAL: arrived},
        {J.AT_HOSPITAL: arrived, J.HANDOVER: later},
        {J.AT_HOSPITAL: arrived, J.COHORT_STARTED: arrived},
        {J.AT_HOSPITAL: arrived, J.COHORT_STARTED: arrived, J.COHORT_ENDED: later},
        {J.AT_HOSPITAL: arrived, J.COHORT_STARTED: later, J.COHORT_ENDED: arrived},
    ]
    every = [
        waiting(f"A{row}{state}", 60, state=state, stamps=stamped)
        for row, stamped in enumerate(stamps)
        for state in JobState
    ]

    column = a_situation(*every).assignments.patient_is_waiting

    assert column.tolist() == [assignment.patient_is_waiting for assignment in every]


def silent(**more: Any) -> Wanted:
    (wanted,) = SILENT_FEED.check(a_situation(feeds=(feed(**more),)), POLICIES)
    return wanted


@pytest.mark.promise("R11")
@pytest.mark.parametrize(
    ("age", "kind", "raises", "priority"),
    [
        (39, "cad", False, 2),  # late: marked on the boards, nobody's task
        (41, "cad", True, 2),
        (41, "positions", True, 2),
        (201, "cad", True, 1),
        (201, "positions", True, 2),
        (None, "cad", True, 3),
    ],
)
def test_a_source_silent_for_four_of_its_intervals_is_somebodys_to_chase(
    age: float | None, kind: str, raises: bool, priority: int
) -> None:
    wanted = silent(age_seconds=age, kind=kind)

    assert (wanted.margin >= 1, wanted.priority) == (raises, priority)


def test_a_source_that_speaks_again_lets_its_task_close() -> None:
    assert not silent(age_seconds=5).is_to_keep(dead_band=0.1)


def test_both_packs_have_what_every_rule_reads_and_a_mode_for_it() -> None:
    for slug in ("south-west", "test-valley"):
        policies = {policy.name: policy.values for policy in parse(find(slug)).policies}
        for rule in RULES:
            assert set(rule.policies) <= policies.keys()
            assert rule.code in policies["rule_modes"]
            list(rule.check(a_situation(waiting("A1", 50)), policies))
