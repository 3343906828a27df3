"""What a referral must hold, how urgent words are read, and when things are due."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients import completeness
from clearway.domain.outpatients.completeness import Given, IntakePolicy
from clearway.domain.outpatients.words import Priority

WHOLE = Given(
    nhs_number="9990548609",
    phone="01905 000000",
    source="03",
    sender="Dr Field",
    condition="Knee pain",
    question="Please assess",
)
POLICY = IntakePolicy()


def missing(**more: object) -> list[str]:
    from dataclasses import replace

    return [item.what for item in completeness.gaps(replace(WHOLE, **more))]  # type: ignore[arg-type]


def test_a_whole_referral_has_no_gap() -> None:
    assert missing() == []


@pytest.mark.parametrize(
    ("lacks", "what"),
    [
        ({"nhs_number": None}, "identity"),
        ({"phone": ""}, "reach"),
        ({"sender": ""}, "sender"),
        ({"source": ""}, "sender"),
        ({"condition": " "}, "condition"),
        ({"question": "\n"}, "question"),
        ({"from_consultant": True}, "parent"),
    ],
)
def test_each_thing_that_is_missing_is_named(lacks: dict[str, object], what: str) -> None:
    assert missing(**lacks) == [what]


@pytest.mark.parametrize(
    "instead",
    [
        {"nhs_number": None, "address": "1 High St", "postcode": "WR5 1DD", "sex": "2"},
        {"phone": "", "practice": "M81001"},
        {"sender": "", "source": "06"},
        {"from_consultant": True, "start_is_known": True},
    ],
)
def test_what_stands_in_for_something_else_is_enough(instead: dict[str, object]) -> None:
    assert missing(**instead) == []


def test_only_the_question_holds_a_referral_back() -> None:
    assert [item.what for item in completeness.ITEMS if completeness.is_held([item.what])] == ["question"]


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("Routine", Priority.ROUTINE),
        (" URGENT ", Priority.URGENT),
        ("TWO_WEEK_WAIT", Priority.TWO_WEEK_WAIT),
        ("3", Priority.TWO_WEEK_WAIT),
        ("soon", None),
        ("", None),
        ("P1", None),
    ],
)
def test_a_word_that_means_nothing_here_is_never_routine(said: str, means: Priority | None) -> None:
    assert completeness.priority_of(said) is means
    assert completeness.is_urgent(means or "") is (means is not Priority.ROUTINE)


@given(st.text())
def test_no_word_is_read_as_routine_by_accident(said: str) -> None:
    if completeness.priority_of(said) is Priority.ROUTINE:
        assert said.casefold().strip() in ("1", "routine", "normal", "non-urgent", "not urgent")


def test_working_days_leave_out_weekends_and_holidays() -> None:
    friday, monday = date(2026, 12, 18), date(2026, 12, 21)

    assert completeness.working_days_after(friday, 1) == monday
    assert completeness.working_days_after(date(2026, 12, 19), 0) == monday
    assert completeness.working_days_after(friday, 5, {date(2026, 12, 25)}) == date(2026, 12, 28)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 40), st.sets(st.integers(0, 60)))
def test_working_days_always_end_on_a_working_day_and_grow_with_the_count(
    day: date, count: int, off: set[int]
) -> None:
    holidays = {day + timedelta(days=each) for each in off}

    found = completeness.working_days_after(day, count, holidays)

    assert found.weekday() < 5 and found not in holidays
    assert found < completeness.working_days_after(day, count + 1, holidays)


def test_the_urgent_are_triaged_in_one_working_day_and_the_routine_in_five() -> None:
    thursday = date(2026, 11, 19)

    assert completeness.triage_by(thursday, "2", POLICY) == date(2026, 11, 20)
    assert completeness.triage_by(thursday, "", POLICY) == date(2026, 11, 20)
    assert completeness.triage_by(thursday, "1", POLICY) == date(2026, 11, 26)


def test_a_gap_is_chased_after_two_and_after_five_working_days_and_then_no_more() -> None:
    thursday = date(2026, 11, 19)

    assert [completeness.next_chase(thursday, asked, POLICY) for asked in range(4)] == [
        thursday,
        date(2026, 11, 23),
        date(2026, 11, 26),
        None,
    ]


@pytest.mark.parametrize("values", [{"triage_urgent": -1}, {"chase_after": (5, 2)}, {"chase_after": (0,)}])
def test_a_policy_that_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"0 days|one after the other"):
        IntakePolicy(**values)  # type: ignore[arg-type]
