"""The rules that hold the stamps of a job against each other: each broken once and kept once."""

from dataclasses import dataclass, field
from datetime import datetime

import pytest

from clearway.domain.ambulance.quality import LEGAL_ORDER, RULES, Limits, inspect
from clearway.domain.ambulance.words import JobStatus, ResourceKind
from tests.making import folded, job, minute

from .test_quality_beside import PROVEN as PROVEN_BESIDE

J = JobStatus

# A plain conveyed job with nothing wrong in it, in minutes.
GOOD = {
    J.ALLOCATED: 0.0,
    J.MOBILE: 1.0,
    J.AT_SCENE: 9.0,
    J.LEFT_SCENE: 30.0,
    J.AT_HOSPITAL: 45.0,
    J.HANDOVER: 60.0,
    J.CLEAR: 72.0,
}


def codes(
    stamps: dict[JobStatus, float],
    known_at: datetime | None = None,
    knows_handover: bool = True,
    kind: ResourceKind = ResourceKind.DCA,
) -> list[str]:
    """The rules that such stamps, in minutes, break."""
    assignment = folded(stamps, kind=kind)
    findings = inspect(assignment, known_at or minute(2000), Limits(), knows_handover)
    return sorted(finding.code for finding in findings)


def without(*gone: JobStatus) -> dict[JobStatus, float]:
    return {status: at for status, at in GOOD.items() if status not in gone}


@dataclass(frozen=True)
class Case:
    """Stamps that break the rule, and stamps close to them that do not."""

    rule: str
    breaks: dict[JobStatus, float]
    keeps: dict[JobStatus, float] = field(default_factory=lambda: GOOD)
    kind: ResourceKind = ResourceKind.DCA
    kind_that_keeps: ResourceKind = ResourceKind.DCA


CASES = (
    Case("HQ01", GOOD | {J.LEFT_SCENE: 46}, GOOD | {J.LEFT_SCENE: 45}),
    Case("HQ02", GOOD | {J.HANDOVER: 44}, GOOD | {J.HANDOVER: 46}),
    Case("HQ03", GOOD | {J.CLEAR: 59}, GOOD | {J.CLEAR: 59, J.COHORT_STARTED: 50}),
    Case("HQ04", without(J.HANDOVER)),
    Case("HQ05", without(J.AT_HOSPITAL)),
    Case("HQ09", GOOD | {J.HANDOVER: 45.5}, GOOD | {J.HANDOVER: 46}),
    Case("HQ10", GOOD | {J.HANDOVER: 406, J.CLEAR: 500}, GOOD | {J.HANDOVER: 405, J.CLEAR: 500}),
    Case("HQ10B", GOOD | {J.HANDOVER: 766, J.CLEAR: 800}, GOOD | {J.HANDOVER: 765, J.CLEAR: 800}),
    Case("HQ11", GOOD | {J.CLEAR: 60}),
    Case("HQ22", without(J.AT_HOSPITAL, J.HANDOVER), without(J.LEFT_SCENE, J.AT_HOSPITAL, J.HANDOVER)),
    Case("HQ23", GOOD, kind=ResourceKind.RRV),
    Case("HQ27", GOOD | {J.CLEAR: 2002}, GOOD | {J.CLEAR: 2001}),
    Case("HQ40", GOOD | {J.PREALERT: 46}, GOOD | {J.PREALERT: 40}),
    Case("JC01", GOOD | {J.MOBILE: 10}, GOOD | {J.MOBILE: 9}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_the_rule_finds_its_breach(case: Case) -> None:
    assert case.rule in codes(case.breaks, kind=case.kind)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_the_rule_leaves_what_is_right_alone(case: Case) -> None:
    assert case.rule not in codes(case.keeps, kind=case.kind_that_keeps)


def test_every_rule_is_proven_here_or_where_it_is_found() -> None:
    # The folds find these (test_job_cycle, test_availability); the desk, which has the sites, finds HQ20.
    # What a hospital says of itself is held against itself (test_hospital_reports). HQ37 is a duty's
    # (test_quality_queue).
    found_elsewhere = {"HS01", "JC02", "JC03", "JC04", "AV01", "AV02", "HQ20", "HQ37"}

    assert {case.rule for case in CASES} | PROVEN_BESIDE | found_elsewhere == set(RULES)


def test_a_good_job_breaks_no_rule() -> None:
    assert codes(GOOD) == []


@pytest.mark.parametrize(("earlier", "later", "code"), LEGAL_ORDER)
def test_each_pair_of_the_order_is_held(earlier: JobStatus, later: JobStatus, code: str) -> None:
    reversed_pair = {later: 0.0, earlier: 1.0}
    equal_seconds = {later: 0.0, earlier: 0.0}

    assert code in codes(reversed_pair)
    assert code not in codes(equal_seconds)


def test_a_feed_that_cannot_know_a_handover_is_not_blamed_for_its_absence() -> None:
    assert codes(without(J.HANDOVER), knows_handover=False) == []


def test_a_patient_left_in_a_cohort_is_no_unknown_handover() -> None:
    left_in_cohort = without(J.HANDOVER) | {J.COHORT_STARTED: 50.0}

    assert codes(left_in_cohort) == []


def test_a_handover_at_the_clear_is_found_even_without_an_arrival() -> None:
    assert "HQ11" in codes(without(J.AT_HOSPITAL) | {J.CLEAR: 60.0})


def test_evidence_carries_the_times_and_no_identity() -> None:
    assignment = folded(GOOD | {J.HANDOVER: 44}, note="Mrs Example")

    evidence = " ".join(found.evidence for found in inspect(assignment, minute(2000), Limits(), True))

    assert "handover 2026-01-05 08:44:00+00:00 before at_hospital 2026-01-05 08:45:00+00:00" in evidence
    assert job(J.ALLOCATED).call_sign not in evidence and "Example" not in evidence


def test_severities_and_fixers_are_named_for_every_rule() -> None:
    for rule in RULES.values():
        assert rule.fixer and rule.sentence and not rule.sentence.endswith(".")
