"""Whether a place is still needed: asked, asked again, rung, looked at; silence takes nobody off."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients.asking import KEYS, Asked, AskStep, mark_of, next_ask
from clearway.domain.outpatients.validation import Limits
from clearway.domain.outpatients.waiting import Answer

LIMITS = Limits()
START = date(2026, 1, 5)
MARK = START + timedelta(days=84)


def later(days: int) -> date:
    return MARK + timedelta(days=days)


@pytest.mark.parametrize(
    ("waited", "answered", "mark"),
    [(83, None, None), (84, None, 84), (100, 83, 84), (100, 84, None), (182, 100, 182), (500, 300, 364)],
)
def test_each_of_the_times_is_asked_at_until_it_is_answered(
    waited: int, answered: int | None, mark: int | None
) -> None:
    said = None if answered is None else START + timedelta(days=answered)

    found = mark_of(START, said, START + timedelta(days=waited), LIMITS)

    assert found == (None if mark is None else START + timedelta(days=mark))


def test_silence_leads_from_two_letters_over_two_calls_to_a_person() -> None:
    steps: list[tuple[AskStep, int]] = []
    tried: list[Asked] = []
    for channel in ("letter", "letter", "phone", "phone", ""):
        due = next_ask(MARK, tried, LIMITS)
        steps.append((due.step, (due.on - MARK).days))
        tried.append(Asked(due.on, channel, False))

    assert steps == [
        (AskStep.ASK, 0),
        (AskStep.AGAIN, 21),
        (AskStep.RING, 35),
        (AskStep.RING, 36),
        (AskStep.LOOK, 37),
    ]


def test_who_cannot_be_written_to_is_rung_from_the_start() -> None:
    assert next_ask(MARK, [], LIMITS, can_write=False).step is AskStep.RING


def test_what_was_asked_before_an_earlier_time_does_not_count() -> None:
    before = [Asked(later(-10), "letter", True), Asked(later(-9), "phone", False)]

    assert next_ask(MARK, before, LIMITS).step is AskStep.ASK


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["letter", "text", "phone", "desk"]))))
def test_however_often_somebody_was_asked_there_is_a_next_step_and_it_never_removes(
    tried: list[tuple[int, str]],
) -> None:
    attempts = [Asked(later(days), channel, False) for days, channel in tried]

    due = next_ask(MARK, attempts, LIMITS)

    assert due.step in AskStep
    assert due.on >= MARK
    assert next_ask(MARK, list(reversed(attempts)), LIMITS) == due


def test_there_is_one_key_for_each_answer_and_one_for_ringing_in_vain() -> None:
    assert {answer for answer in KEYS.values() if answer} == set(Answer)
    assert all(len(key) == 1 for key in KEYS)
