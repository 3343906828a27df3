"""What a rule may want, and what happens to a rule that fails."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clearway.core.worklist.rules import Outcome, Rule, SweepPolicy, Wanted, evaluate, sweep_policy

AT = datetime(2026, 11, 2, 2, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def wanted(**more: Any) -> Wanted:
    return Wanted(**{"subject": "site:1", "priority": 2, "title": "t", "cause": "c", "role": "r", **more})


def test_a_cause_must_hold_for_the_delay() -> None:
    assert not wanted(since=AT - timedelta(seconds=59)).is_to_raise(AT, MINUTE)
    assert wanted(since=AT - MINUTE).is_to_raise(AT, MINUTE)
    assert wanted(since=None).is_to_raise(AT, MINUTE)


@pytest.mark.parametrize(
    ("reading", "raises", "keeps"),
    [(30, True, True), (29, False, True), (27, False, True), (26.9, False, False)],
)
def test_between_the_dead_band_and_the_threshold_a_task_is_kept_but_not_raised(
    reading: float, raises: bool, keeps: bool
) -> None:
    measured = wanted(reading=reading, threshold=30.0)

    assert (measured.is_to_raise(AT, MINUTE), measured.is_to_keep(0.1)) == (raises, keeps)


def test_a_reading_without_its_threshold_is_refused() -> None:
    with pytest.raises(ValueError, match="come together"):
        wanted(reading=3.0)


def test_a_rule_that_fails_becomes_a_task_and_stops_no_other() -> None:
    def fails(situation: int, policies: Mapping[str, Mapping[str, Any]]) -> Iterator[Wanted]:
        raise KeyError("steps")

    def works(situation: int, policies: Mapping[str, Mapping[str, Any]]) -> Iterator[Wanted]:
        yield wanted(subject=f"number:{situation + policies['offset']['by']}")

    rules = [
        Rule("fails", "It fails.", "here", fails),
        Rule("works", "It works.", "here", works, ("offset",)),
    ]

    broken, working, watch = evaluate(rules, 4, {"offset": {"by": 3}}, {})

    assert broken.failure == "KeyError: 'steps'"
    assert [each.subject for each in working.wanted] == ["number:7"]
    assert [each.subject for each in watch.wanted] == ["rule:fails"]


def test_a_rule_whose_policy_is_missing_fails_visibly() -> None:
    rule: Rule[int] = Rule("ladder", "s", "here", lambda situation, policies: [], ("handover_ladder",))

    assert evaluate([rule], 1, {}, {})[0].failure == "KeyError: 'handover_ladder'"


def test_a_rule_that_is_off_is_not_asked() -> None:
    rule: Rule[int] = Rule("ladder", "s", "here", lambda situation, policies: [wanted()])

    assert evaluate([rule], 1, {}, {"ladder": "off"})[0] == Outcome("ladder", is_off=True)


def test_the_policy_of_the_sweep_is_checked_when_made() -> None:
    made = sweep_policy({"dead_band": 0.2, "acknowledge_minutes": {"P1": 3, "P2": 10, "P3": 30}})

    assert made.due_at(1, AT) == AT + 3 * MINUTE
    with pytest.raises(ValueError, match="dead-band"):
        SweepPolicy(dead_band=1.5)


def test_who_joins_rings_up_to_a_priority_that_there_is() -> None:
    with pytest.raises(ValueError, match="a priority from 1 to 3, or 0"):
        SweepPolicy(joining_rings={"handover_ladder": 4})
