"""The table of the rules, and those that hold the stamps of one assignment against each other.

Each rule is one row: code, severity, who can mend it, a sentence. Codes HQ.. are the handover data-quality
rules of the desk, JC.. those of the job cycle, ST.. those of the statuses against the vehicle's positions.
Limits are policy. What was said by whom is judged in quality_said, positions in quality_tracks, several
assignments together in quality_many, days and weeks in quality_trends. Sources: docs/reference/rules.md.
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
    geofence_metres: float = 500
    fence_minutes: float = 3
    early_press_minutes: float = 2
    standing_metres: float = 150
    standing_minutes: float = 5
    standing_on_way_minutes: float = 10
    moving_kmh: float = 20
    off_scene_metres: float = 1000
    fastest_kmh: float = 400
    gap_seconds: float = 180
    feed_minutes: float = 5
    ghost_minutes: float = 10
    overrun_minutes: float = 120
    together_count: float = 3
    together_seconds: float = 60
    pins_minutes: float = 5
    cohort_handover_seconds: float = 60
    silent_queue_minutes: float = 15
    wrap_up_minutes: float = 15
    late_edit_hours: float = 24
    fastest_share: float = 0.7
    relief_minutes: float = 5
    cohort_minutes: float = 5
    skew_seconds: float = 60
    heaping_z: float = 3
    unknown_amber: float = 0.01
    unknown_red: float = 0.03
    least_a_day: float = 20


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
            Rule(
                "HQ06",
                Severity.HIGH,
                "crew",
                "Vehicle has left the hospital, and its patient counts as not handed over",
            ),
            Rule("HQ07", Severity.HIGH, "control room", "Pressed at hospital before it was there"),
            Rule(
                "HQ08",
                Severity.HIGH,
                "crew",
                "Stood at the hospital and had not pressed: a queue that nobody sees",
            ),
            Rule("HQ09", Severity.MEDIUM, "hospital, crew", "Handover within a minute of arrival"),
            Rule("HQ10", Severity.HIGH, "HALO", "Handover took implausibly long"),
            Rule("HQ10B", Severity.CRITICAL, "HALO", "Handover took unbelievably long: count once confirmed"),
            Rule("HQ11", Severity.MEDIUM, "crew", "Handover and clear in the same second"),
            Rule(
                "HQ12",
                Severity.HIGH,
                "hospital",
                "Several handovers at one hospital in the same minute by the same person",
            ),
            Rule(
                "HQ13",
                Severity.HIGH,
                "hospital, crew",
                "Crew and hospital give different times of the handover",
            ),
            Rule(
                "HQ14",
                Severity.MEDIUM,
                "control room",
                "Handover from one side only, or entered by hand without a word why",
            ),
            Rule(
                "HQ15",
                Severity.HIGH,
                "HALO",
                "Counts as handed over, and the liaison officer still sees the patient wait",
            ),
            Rule(
                "HQ16",
                Severity.CRITICAL,
                "HALO, hospital",
                "Start of a cohort recorded as a handover, without the hospital's acceptance",
            ),
            Rule(
                "HQ17",
                Severity.MEDIUM,
                "HALO",
                "Waits at hospital and nobody says whether in a queue or a cohort",
            ),
            Rule(
                "HQ18",
                Severity.HIGH,
                "HALO",
                "Cohort list and board disagree on who is in the cohort, or who looks after them",
            ),
            Rule("HQ19", Severity.HIGH, "control room", "Stands at another hospital than the one recorded"),
            Rule(
                "HQ20",
                Severity.HIGH,
                "feed owner, control room",
                "Destination missing, unknown, out of date or shut",
            ),
            Rule(
                "HQ21",
                Severity.MEDIUM,
                "control room",
                "Counts as an emergency department's, and another unit received the patient, or the reverse",
            ),
            Rule("HQ22", Severity.HIGH, "crew", "Left scene with a patient and clear, but never at hospital"),
            Rule("HQ23", Severity.MEDIUM, "control room", "A resource that cannot convey holds a handover"),
            Rule(
                "HQ24", Severity.CRITICAL, "control room", "Same resource at hospital with two jobs at once"
            ),
            Rule("HQ25", Severity.MEDIUM, "crew", "More patients in the vehicle than were handed over"),
            Rule("HQ26", Severity.CRITICAL, "feed owner", "Same arrival recorded twice"),
            Rule("HQ27", Severity.CRITICAL, "feed owner", "Time stamp lies in the future"),
            Rule("HQ28", Severity.HIGH, "feed owner", "Clock of the device is off"),
            Rule(
                "HQ29",
                Severity.HIGH,
                "feed owner",
                "Time in the hour that autumn repeats, sent without offset",
            ),
            Rule(
                "HQ30",
                Severity.HIGH,
                "control room",
                "Time changed late, more than once, or by somebody who may not",
            ),
            Rule("HQ31", Severity.HIGH, "second person", "Change of a time moves a wait below a limit"),
            Rule(
                "HQ32",
                Severity.LOW,
                "control room, hospital",
                "More handovers in the last minute before a limit than beside it",
            ),
            Rule("HQ33", Severity.LOW, "hospital", "Many handovers of the day are unknown"),
            Rule(
                "HQ34",
                Severity.HIGH,
                "control room",
                "From one hospital to the next faster than anybody drives",
            ),
            Rule(
                "HQ35",
                Severity.CRITICAL,
                "control room",
                "Relief crew took over, and the patient counts as handed over",
            ),
            Rule(
                "HQ36",
                Severity.HIGH,
                "crew, HALO",
                "Released without a word who at the hospital took the patient over",
            ),
            Rule(
                "HQ37",
                Severity.MEDIUM,
                "feed owner",
                "Positions are too old: rules on them cannot be checked",
            ),
            Rule(
                "HQ38", Severity.MEDIUM, "crew", "Pressed clear, and the vehicle still stands at the hospital"
            ),
            Rule("HQ39", Severity.MEDIUM, "crew", "Long from handover to clear, and no reason said"),
            Rule("HQ40", Severity.LOW, "crew", "Pre-alert after arriving at hospital"),
            Rule("JC01", Severity.HIGH, "control room", "Time stamps of the job are out of order"),
            Rule("JC02", Severity.MEDIUM, "crew, control room", "Status came without the one before it"),
            Rule("JC03", Severity.MEDIUM, "control room", "Same status again with another time"),
            Rule("JC04", Severity.HIGH, "control room", "Status after the end of the job"),
            Rule("ST01", Severity.MEDIUM, "crew", "Moves and has not pressed mobile"),
            Rule("ST02", Severity.MEDIUM, "crew, control room", "Pressed mobile and stands"),
            Rule("ST03", Severity.HIGH, "crew", "Stands at the scene and has not pressed at scene"),
            Rule("ST04", Severity.HIGH, "crew, control room", "Pressed at scene far from it"),
            Rule("ST05", Severity.HIGH, "crew", "Drives and still counts as on scene"),
            Rule(
                "ST06",
                Severity.MEDIUM,
                "crew, control room",
                "On the way to hospital and stands, at no hospital",
            ),
            Rule("ST07", Severity.MEDIUM, "feed owner", "Position that nobody can have reached"),
            Rule("ST08", Severity.MEDIUM, "control room", "Still on a job long after the end of its shift"),
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


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A receiving site as it is known: its present code, and civil hours where it is not always open."""

    code: str
    opens: str | None = None
    closes: str | None = None

    def is_open(self, there: str) -> bool:
        """Whether it is open at a civil time "HH:MM"; closing before opening spans midnight."""
        if self.opens is None or self.closes is None:
            return True
        if self.opens < self.closes:
            return self.opens <= there < self.closes
        return there >= self.opens or there < self.closes


def inspect_destination(
    assignment: Assignment, site: KnownSite | None, there: str, knows: frozenset[str]
) -> Iterator[Finding]:
    """HQ20: where the patient was taken is missing, unknown, a code of a predecessor, or was shut.

    site  what the destination's code resolves to; there  civil time of the arrival; knows  what the feed can
    """
    code, arrived = assignment.destination, J.AT_HOSPITAL in assignment.stamps
    if code is None:
        if arrived and "destination" in knows:
            yield Finding("HQ20", "destination", "none given")
    elif site is None:
        yield Finding("HQ20", "destination", f"code {code[:20]}")
    elif site.code != code:
        yield Finding("HQ20", "destination", f"code {code[:20]} is now {site.code}")
    elif arrived and not site.is_open(there):
        yield Finding("HQ20", "destination", f"arrived {there}, open {site.opens} to {site.closes}")


def _clock(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="seconds")
