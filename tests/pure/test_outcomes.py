"""What may be said of an appointment that is over, and what it makes of the clock."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients.clock_events import EventKind, Evidence
from clearway.domain.outpatients.clock_policy import ClockPolicy
from clearway.domain.outpatients.clock_rules import rulebook
from clearway.domain.outpatients.clock_words import Phase, Standing
from clearway.domain.outpatients.outcomes import (
    PRESETS,
    TABLE,
    AfterMiss,
    NextStep,
    Said,
    Stood,
    age_on,
    decide,
    judge,
)
from clearway.domain.outpatients.words import Attended, Outcome, RttStatus
from clearway.domain.shared.errors import NotAllowed

DAY = date(2026, 11, 20)
DUE = DAY + timedelta(days=42)
BOOK = rulebook(ClockPolicy())


def said(key: str, due_on: date | None = DUE, status: RttStatus | None = None) -> Said:
    preset = PRESETS[key]
    due = (
        due_on if preset.next_step in (NextStep.FOLLOW_UP, NextStep.MONITORING, NextStep.ON_REQUEST) else None
    )
    return Said(
        preset.attended, preset.outcome, status or preset.status, preset.next_step, preset.not_brought, due
    )


def stood(phase: Phase | None = Phase.WAITING, **more: object) -> Stood:
    return Stood(**{"on": DAY, "phase": phase, "age": 40, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.status}-{row.event}")
def test_every_row_makes_an_event_that_the_clock_rules_allow_with_that_very_status(row: object) -> None:
    for phase in row.phases:  # type: ignore[attr-defined]
        if row.event is None:  # type: ignore[attr-defined]
            continue
        proofs = frozenset({Evidence.NOTICE}) if row.status is RttStatus.FIRST_MISSED else frozenset()  # type: ignore[attr-defined]
        rule = BOOK.find(Standing(phase), row.event, proofs, DAY)  # type: ignore[attr-defined]
        nullified = phase in (Phase.NULLIFIED, Phase.TRANSFERRED)
        assert rule.finding != "CK01" or nullified, (phase, rule.says)
        again = phase is Phase.WAITING_AGAIN and row.status is RttStatus.FIRST_MISSED  # type: ignore[attr-defined]
        if row.status and not again and rule.status is not None:  # type: ignore[attr-defined]
            assert rule.status is row.status, phase  # type: ignore[attr-defined]


@given(
    st.sampled_from(Attended),
    st.sampled_from([None, *Outcome]),
    st.sampled_from([None, *RttStatus]),
    st.sampled_from(NextStep),
    st.booleans(),
    st.sampled_from([None, *Phase]),
    st.integers(0, 99),
    st.booleans(),
)
def test_nobody_who_did_not_come_is_discharged_whatever_is_said(
    attended: Attended,
    outcome: Outcome | None,
    status: RttStatus | None,
    step: NextStep,
    not_brought: bool,
    phase: Phase | None,
    age: int,
    notice: bool,
) -> None:
    asked = Said(attended, outcome, status, step, not_brought, DUE)
    try:
        found = judge(asked, stood(phase, age=age, has_notice=notice, has_next=True))
    except NotAllowed as refusal:
        assert refusal.why
        return
    if attended in (Attended.ON_TIME, Attended.LATE_SEEN):
        return
    rule = BOOK.find(Standing(phase or Phase.NONE), found.event, found.evidence, DAY) if found.event else None
    assert step in (NextStep.DECIDE, NextStep.REOFFER)
    assert rule is None or rule.status in (None, *(RttStatus(code) for code in ("33", "90", "91")))


@given(
    st.sampled_from(Attended),
    st.sampled_from([None, *Outcome]),
    st.sampled_from([None, *RttStatus]),
    st.sampled_from(NextStep),
    st.sampled_from(Phase),
)
def test_whatever_is_said_of_therapy_a_consultants_clock_stops_by_treatment_only(
    attended: Attended, outcome: Outcome | None, status: RttStatus | None, step: NextStep, phase: Phase
) -> None:
    asked = Said(attended, outcome, status, step, due_on=DUE)
    try:
        found = judge(asked, stood(phase, has_notice=True, has_next=True, is_consultants=True))
    except NotAllowed as refusal:
        assert refusal.why
        return
    rule = BOOK.find(Standing(phase), found.event, found.evidence, DAY) if found.event else None
    assert rule is None or rule.finding is None or rule.finding == "CK09"
    assert rule is None or not rule.effect.closes or rule.status is RttStatus.TREATED


@pytest.mark.parametrize(
    ("key", "phase", "event", "status"),
    [
        ("s", Phase.WAITING, EventKind.ATTENDED, "10"),
        ("s", Phase.SEEN, EventKind.ATTENDED, "20"),
        ("s", Phase.STOPPED, EventKind.ATTENDED, "90"),
        ("s", Phase.MONITORING, EventKind.ATTENDED, "91"),
        ("s", None, None, "98"),
        ("t", Phase.WAITING, EventKind.TREATED, "30"),
        ("x", Phase.SEEN, EventKind.TREATED, "30"),
        ("d", Phase.WAITING, EventKind.NOT_TO_TREAT, "34"),
        ("d", Phase.STOPPED, EventKind.ATTENDED, "90"),
        ("m", Phase.SEEN, EventKind.MONITORING_BY_CLINICIAN, "32"),
        ("m", Phase.MONITORING, EventKind.MONITORING_REVIEWED, "91"),
        ("r", Phase.SEEN, EventKind.DECLINED_TREATMENT, "35"),
        ("n", Phase.SEEN, EventKind.MISSED, None),
        ("c", Phase.SEEN, EventKind.CANCELLED_BY_PATIENT, None),
        ("p", Phase.WAITING, EventKind.CANCELLED_BY_PROVIDER, None),
        ("l", Phase.WAITING, EventKind.ARRIVED_TOO_LATE, None),
        ("u", Phase.SEEN, EventKind.STATUS_NOT_KNOWN, "99"),
    ],
)
def test_each_key_says_what_the_clock_makes_of_it(
    key: str, phase: Phase | None, event: EventKind | None, status: str | None
) -> None:
    found = judge(said(key), stood(phase))

    assert (found.event, found.status) == (event, status)


def test_a_first_miss_is_33_only_where_notice_is_shown() -> None:
    assert judge(said("n"), stood(has_notice=True)).status is RttStatus.FIRST_MISSED
    assert judge(said("n"), stood()).status is None
    with pytest.raises(NotAllowed, match="Status 33 needs a letter or text"):
        judge(said("n", status=RttStatus.FIRST_MISSED), stood())


@pytest.mark.parametrize(
    ("asked", "known", "words"),
    [
        (said("t"), stood(Phase.STOPPED), "Status 30"),
        (said("s", status=RttStatus.FURTHER_ACTIVITY), stood(Phase.WAITING), "it can be 10, 30, 99"),
        (said("s", due_on=None), stood(), "in how many weeks"),
        (said("s", due_on=DAY), stood(), "1 day to 104 weeks"),
        (said("m", due_on=DAY + timedelta(days=85)), stood(), "1 day to 12 weeks"),
        (said("s"), stood(Phase.NULLIFIED), "new wait"),
        (said("s"), stood(Phase.DIED), "day of death"),
        (said("s"), stood(has_started=False), "only a cancellation"),
        (said("g"), stood(), "Book it first"),
        (said("n"), stood(age=9), "not brought"),
        (said("n"), stood(is_dependent=True), "not brought"),
        (said("b"), stood(age=40), "did not attend"),
        (
            Said(Attended.MISSED, Outcome.DISCHARGED, RttStatus.NOT_TO_TREAT, NextStep.DISCHARGE),
            stood(Phase.SEEN),
            "a clinician decides",
        ),
        (
            Said(Attended.ON_TIME, Outcome.DISCHARGED, None, NextStep.FOLLOW_UP, due_on=DUE),
            stood(),
            "outcome that goes with it is 3",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(asked: Said, known: Stood, words: str) -> None:
    with pytest.raises(NotAllowed, match=words):
        judge(asked, known)


def test_the_older_teenager_may_have_missed_or_not_been_brought() -> None:
    assert judge(said("n"), stood(age=16)).event is EventKind.MISSED
    assert judge(said("b"), stood(age=16)).event is EventKind.NOT_BROUGHT


@pytest.mark.parametrize(("protected", "step", "notice", "policy"), list(product([True, False], repeat=4)))
def test_a_discharge_after_a_miss_needs_clinician_policy_notice_and_safety(
    protected: bool, step: bool, notice: bool, policy: bool
) -> None:
    known = AfterMiss(protected, step, notice, Phase.SEEN, policy)
    may = (step or not protected) and notice and policy

    with pytest.raises(NotAllowed, match="Name the clinician"):
        decide("discharge", " ", known)
    if not may:
        with pytest.raises(NotAllowed):
            decide("discharge", "R. Hale", known)
        return
    event, evidence = decide("discharge", "R. Hale", known)
    assert event is not None
    assert BOOK.find(Standing(Phase.SEEN), event, evidence, DAY).status is RttStatus.NOT_TO_TREAT


def test_an_age_is_in_whole_years() -> None:
    assert (age_on(date(2010, 11, 21), DAY), age_on(date(2010, 11, 20), DAY)) == (15, 16)
