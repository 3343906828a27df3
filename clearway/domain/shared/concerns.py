"""Hazards, risks, near misses and information-governance incidents: from the report to what was learnt.

Both job descriptions ask that hazards, risks and incidents are reported; who owns each kind, and by when it
is acknowledged and closed, is the trust's (policy `concerns`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .errors import NotAllowed


class State(StrEnum):
    """How far a report has come."""

    REPORTED = "reported"
    ACKNOWLEDGED = "acknowledged"
    LOOKED_INTO = "looked_into"
    CLOSED = "closed"


class Step(StrEnum):
    """What its owner does."""

    ACKNOWLEDGED = "acknowledged"
    LOOKED_INTO = "looked_into"
    PASSED_ON = "passed_on"
    CLOSED = "closed"


_MAY: Mapping[State, frozenset[Step]] = {
    State.REPORTED: frozenset({Step.ACKNOWLEDGED, Step.PASSED_ON}),
    State.ACKNOWLEDGED: frozenset({Step.LOOKED_INTO, Step.PASSED_ON, Step.CLOSED}),
    State.LOOKED_INTO: frozenset({Step.LOOKED_INTO, Step.PASSED_ON, Step.CLOSED}),
    State.CLOSED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of report. owner  desk -> code of the role that answers for it."""

    code: str
    says: str
    owner: Mapping[str, str]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Severity:
    """How bad it is. It is acknowledged within hours and closed within days of its report."""

    code: str
    says: str
    acknowledge_hours: float
    close_days: float


@dataclass(frozen=True, slots=True)
class ConcernPolicy:
    """The kinds and severities of a trust. escalate  desk -> the role that is told of what is overdue."""

    kinds: tuple[Kind, ...] = ()
    severities: tuple[Severity, ...] = ()
    escalate: Mapping[str, str] = field(default_factory=dict)

    def kind(self, code: str) -> Kind:
        """The kind; one that the policy no longer has is shown by its code."""
        return next((each for each in self.kinds if each.code == code), Kind(code, code, {}))

    def severity(self, code: str) -> Severity:
        """The severity; of one that the policy no longer has the times of the least are kept."""
        last = self.severities[-1] if self.severities else Severity(code, code, 72, 28)
        found = (each for each in self.severities if each.code == code)
        return next(found, Severity(code, code, last.acknowledge_hours, last.close_days))


@dataclass(frozen=True, slots=True)
class Taken:
    """One step that was taken. severity, to  as its owner set them; "" where they stay."""

    step: Step
    at: datetime
    severity: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a report stands: its state, severity and owner, and by when what comes next is due."""

    state: State
    severity: str
    owner: str
    due: datetime | None

    def is_overdue(self, at: datetime) -> bool:
        """What comes next was due before this instant."""
        return self.due is not None and self.due < at


def may(state: State, step: Step) -> bool:
    """Whether a step follows from a state."""
    return step in _MAY[state]


def check(state: State, step: Step) -> None:
    """Raise NotAllowed for a step that does not follow."""
    if not may(state, step):
        why = "It is closed. Report it again if it goes on."
        if state is not State.CLOSED:
            why = (
                "Acknowledge it first."
                if state is State.REPORTED
                else "Somebody has acknowledged it already."
            )
        raise NotAllowed(state, f"The step {step.replace('_', ' ')}", why)


def standing(
    reported_at: datetime, severity: str, owner: str, steps: Iterable[Taken], policy: ConcernPolicy
) -> Standing:
    """How a report stands after its steps, oldest first. Times count from the report, by the severity now."""
    state = State.REPORTED
    for each in steps:
        if each.step is not Step.PASSED_ON:
            state = State(each.step)
        severity = each.severity or severity
        owner = each.to or owner
    limits = policy.severity(severity)
    due: datetime | None = reported_at + timedelta(days=limits.close_days)
    if state is State.REPORTED:
        due = reported_at + timedelta(hours=limits.acknowledge_hours)
    return Standing(state, severity, owner, None if state is State.CLOSED else due)
