"""Rules that hold the stamps of one assignment against each other.

Each rule is one row: code, severity, who can mend it, a sentence. Codes HQ.. are the handover data-quality
rules of the desk, JC.. those of the job cycle. Limits are policy; the rows that need positions, feeds or a
second person live with the desk. Sources: docs/reference/rules.md.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from ..shared.findings import Finding, Severity
from .transitions import Assignment
from .words import JobState, JobStatus

J = JobStatus


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of the rules, in minutes unless named otherwise; proposals for a trust to set."""

    implausibly_short_handover_seconds: float = 60
    long_handover: float = 6 * 60
    absurd_handover: float = 12 * 60
    future_seconds: float = 60


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    severity: Severity
    fixer: str
    sentence: str


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            Rule("HQ01", Severity.CRITICAL, "control room, crew", "Arrived at hospital before leaving scene"),
            Rule(
                "HQ02", Severity.CRITICAL, "hospital, control room", "Handed over before arriving at hospital"
            ),
            Rule("HQ03", Severity.CRITICAL, "control room", "Clear before the handover"),
            Rule("HQ04", Severity.HIGH, "crew, hospital", "Conveyed and clear, but no handover time"),
            Rule("HQ05", Severity.CRITICAL, "control room", "Handover time without an arrival at hospital"),
            Rule("HQ09", Severity.MEDIUM, "hospital, crew", "Handover within a minute of arrival"),
            Rule("HQ10", Severity.HIGH, "HALO", "Handover took implausibly long"),
            Rule("HQ10B", Severity.CRITICAL, "HALO", "Handover took unbelievably long: count once confirmed"),
            Rule("HQ11", Severity.MEDIUM, "crew", "Handover and clear in the same second"),
            Rule("HQ20", Severity.HIGH, "feed owner, control room", "Destination is not a known site"),
            Rule("HQ22", Severity.HIGH, "crew", "Left scene with a patient and clear, but never at hospital"),
            Rule("HQ23", Severity.MEDIUM, "control room", "A resource that cannot convey holds a handover"),
            Rule("HQ27", Severity.CRITICAL, "feed owner", "Time stamp lies in the future"),
            Rule("HQ40", Severity.LOW, "crew", "Pre-alert after arriving at hospital"),
            Rule("JC01", Severity.HIGH, "control room", "Time stamps of the job are out of order"),
            Rule("JC02", Severity.MEDIUM, "crew, control room", "Status came without the one before it"),
            Rule("JC03", Severity.MEDIUM, "control room", "Same status again with another time"),
            Rule("JC04", Severity.HIGH, "control room", "Status after the end of the job"),
            Rule("AV02", Severity.HIGH, "feed owner", "Availability changed at a time in the future"),
            Rule(
                "HS01",
                Severity.LOW,
                "hospital, HALO",
                "More patients than places: crowded, or a wrong figure",
            ),
            Rule(
                "AV01", Severity.LOW, "crew, control room", "Availability changed in a way that skips a step"
            ),
        )
    }
)

# (earlier, later, rule broken where they are reversed). Equal seconds are legal.
LEGAL_ORDER: tuple[tuple[JobStatus, JobStatus, str], ...] = (
    (J.ALLOCATED, J.MOBILE, "JC01"),
    (J.MOBILE, J.AT_RVP, "JC01"),
    (J.MOBILE, J.AT_SCENE, "JC01"),
    (J.AT_RVP, J.AT_SCENE, "JC01"),
    (J.ALLOCATED, J.AT_SCENE, "JC01"),
    (J.AT_SCENE, J.AT_PATIENT, "JC01"),
    (J.AT_SCENE, J.LEFT_SCENE, "JC01"),
    (J.AT_PATIENT, J.LEFT_SCENE, "JC01"),
    (J.LEFT_SCENE, J.AT_HOSPITAL, "HQ01"),
    (J.PREALERT, J.AT_HOSPITAL, "HQ40"),
    (J.AT_HOSPITAL, J.NOTIFIED, "JC01"),
    (J.AT_HOSPITAL, J.QUEUING, "JC01"),
    (J.AT_HOSPITAL, J.OFFLOADED, "JC01"),
    (J.AT_HOSPITAL, J.COHORT_STARTED, "JC01"),
    (J.AT_HOSPITAL, J.RELEASED, "JC01"),
    (J.NOTIFIED, J.OFFLOADED, "JC01"),
    (J.OFFLOADED, J.HANDOVER, "JC01"),
    (J.COHORT_ENDED, J.HANDOVER, "JC01"),
    (J.AT_HOSPITAL, J.HANDOVER, "HQ02"),
    (J.HANDOVER, J.CLEAR, "HQ03"),
    (J.AT_HOSPITAL, J.CLEAR, "JC01"),
    (J.LEFT_SCENE, J.CLEAR, "JC01"),
    (J.AT_SCENE, J.CLEAR, "JC01"),
    (J.MOBILE, J.CLEAR, "JC01"),
    (J.ALLOCATED, J.CLEAR, "JC01"),
    (J.ALLOCATED, J.STOOD_DOWN, "JC01"),
)


def inspect(
    assignment: Assignment, known_at: datetime, limits: Limits, knows_handover: bool
) -> tuple[Finding, ...]:
    """Every breach in the stamps of one assignment.

    known_at        when the newest stamp was received; a stamp later than that lies in the future
    knows_handover  whether the feed can know a handover at all; where it cannot, its absence is no finding
    """
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _order(assignment.stamps),
        lambda: _missing(assignment, knows_handover),
        lambda: _durations(assignment.stamps, limits),
        lambda: _vehicle(assignment),
        lambda: _future(assignment.stamps, known_at, limits),
    )
    return tuple(finding for check in checks for finding in check())


def _order(stamps: Mapping[JobStatus, datetime]) -> Iterator[Finding]:
    for earlier, later, code in LEGAL_ORDER:
        if earlier not in stamps or later not in stamps or stamps[earlier] <= stamps[later]:
            continue
        # A patient left in a cohort is handed over after the crew is clear.
        if (earlier, later) == (J.HANDOVER, J.CLEAR) and (J.COHORT_STARTED in stamps or J.RELEASED in stamps):
            continue
        yield Finding(
            code, later, f"{later} {_clock(stamps[later])} before {earlier} {_clock(stamps[earlier])}"
        )


def _missing(assignment: Assignment, knows_handover: bool) -> Iterator[Finding]:
    stamps = assignment.stamps
    if J.HANDOVER in stamps and J.AT_HOSPITAL not in stamps:
        yield Finding("HQ05", J.AT_HOSPITAL, f"handover {_clock(stamps[J.HANDOVER])}, no arrival")
    if assignment.state is not JobState.CLEAR:
        return
    at_hospital = J.AT_HOSPITAL in stamps
    if knows_handover and at_hospital and J.HANDOVER not in stamps and not assignment.patient_is_waiting:
        yield Finding("HQ04", J.HANDOVER, f"clear {_clock(stamps[J.CLEAR])}, no handover")
    if J.LEFT_SCENE in stamps and not at_hospital:
        yield Finding("HQ22", J.AT_HOSPITAL, f"left scene {_clock(stamps[J.LEFT_SCENE])}, no arrival")


def _durations(stamps: Mapping[JobStatus, datetime], limits: Limits) -> Iterator[Finding]:
    arrived, handed_over = stamps.get(J.AT_HOSPITAL), stamps.get(J.HANDOVER)
    if handed_over is None:
        return
    if stamps.get(J.CLEAR) == handed_over:
        yield Finding("HQ11", J.CLEAR, f"both {_clock(handed_over)}")
    if arrived is None or handed_over < arrived:
        return
    took = handed_over - arrived
    if took < timedelta(seconds=limits.implausibly_short_handover_seconds):
        yield Finding("HQ09", J.HANDOVER, f"{took.total_seconds():.0f} seconds after arrival")
    if took > timedelta(minutes=limits.long_handover):
        code = "HQ10B" if took > timedelta(minutes=limits.absurd_handover) else "HQ10"
        yield Finding(code, J.HANDOVER, f"{took.total_seconds() / 3600:.1f} hours")


def _vehicle(assignment: Assignment) -> Iterator[Finding]:
    if assignment.kind and not assignment.kind.conveys and J.HANDOVER in assignment.stamps:
        yield Finding("HQ23", J.HANDOVER, f"{assignment.kind} with a handover")


def _future(stamps: Mapping[JobStatus, datetime], known_at: datetime, limits: Limits) -> Iterator[Finding]:
    latest = known_at + timedelta(seconds=limits.future_seconds)
    for status, at in stamps.items():
        if at > latest:
            yield Finding("HQ27", status, f"{_clock(at)}, received {_clock(known_at)}")


def _clock(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="seconds")
