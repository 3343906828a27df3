"""A report goes from its reporter to what was learnt, in the times of its severity."""

from datetime import UTC, datetime, timedelta

import pytest

from clearway.domain.shared.concerns import ConcernPolicy, Kind, Severity, State, Step, Taken, check, standing
from clearway.domain.shared.errors import NotAllowed

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
POLICY = ConcernPolicy(
    kinds=(Kind("hazard", "Hazard", {"ambulance": "operations_support"}),),
    severities=(Severity("high", "High", 4, 14), Severity("low", "Low", 72, 56)),
)


def stands(*steps: Taken, severity: str = "low") -> tuple[str, str, str, datetime | None]:
    found = standing(AT, severity, "operations_support", steps, POLICY)
    return found.state, found.severity, found.owner, found.due


def taken(step: Step, hours: float, **more: str) -> Taken:
    return Taken(step, AT + timedelta(hours=hours), **more)


def test_it_is_acknowledged_within_hours_and_closed_within_days_of_its_report() -> None:
    assert stands() == ("reported", "low", "operations_support", AT + timedelta(hours=72))
    assert stands(taken(Step.ACKNOWLEDGED, 1))[3] == AT + timedelta(days=56)
    assert stands(taken(Step.ACKNOWLEDGED, 1), taken(Step.CLOSED, 2))[3] is None


def test_its_owner_judges_how_bad_it_is_and_the_times_follow() -> None:
    assert stands(taken(Step.ACKNOWLEDGED, 1, severity="high"))[1::2] == ("high", AT + timedelta(days=14))


def test_what_is_passed_on_has_another_owner_and_stands_as_it_stood() -> None:
    found = stands(taken(Step.PASSED_ON, 1, to="privacy_officer"))

    assert found[:3] == ("reported", "low", "privacy_officer")


def test_a_severity_that_the_policy_no_longer_has_keeps_the_times_of_the_least() -> None:
    assert stands(severity="frightful")[3] == AT + timedelta(hours=72)


def test_it_is_overdue_only_once_its_time_is_past_and_never_when_it_is_closed() -> None:
    open_one = standing(AT, "low", "x", (), POLICY)
    closed = standing(AT, "low", "x", (taken(Step.ACKNOWLEDGED, 1), taken(Step.CLOSED, 2)), POLICY)

    assert [open_one.is_overdue(AT + timedelta(hours=hours)) for hours in (72, 73)] == [False, True]
    assert not closed.is_overdue(AT + timedelta(days=900))


@pytest.mark.parametrize(
    ("state", "step", "why"),
    [
        (State.REPORTED, Step.CLOSED, "Acknowledge it first"),
        (State.REPORTED, Step.LOOKED_INTO, "Acknowledge it first"),
        (State.ACKNOWLEDGED, Step.ACKNOWLEDGED, "has acknowledged it already"),
        (State.CLOSED, Step.LOOKED_INTO, "Report it again"),
        (State.CLOSED, Step.PASSED_ON, "Report it again"),
    ],
)
def test_a_step_that_does_not_follow_is_refused_with_what_would(state: State, step: Step, why: str) -> None:
    with pytest.raises(NotAllowed, match=why):
        check(state, step)
