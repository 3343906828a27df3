"""The job cycle: which status may follow which, and what a stream of statuses adds up to.

One table, `STEPS`, drives everything: folding what feeds said, refusing what a person may not ask, and the
state diagram in docs/reference/states.md. `SHORT_ENDS` are further steps that are accepted from a feed and
refused to a person. A status that neither table allows is recorded all the same, because the CAD is the
record; it is flagged as a finding and shown.
Source of the cycle: the ambulance job cycle as AmbSYS and the Ambulance Data Set time-stamp it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from ..shared.errors import NotAllowed
from ..shared.facts import Fact, in_fixed_order
from ..shared.findings import Finding
from .downtime import counting
from .events import JobEvent
from .words import Category, JobState, JobStatus, ResourceKind, StatusSource

S, J = JobState, JobStatus

# (state, status) -> next state. A status that only stamps a time keeps its state.
STEPS: Mapping[tuple[JobState, JobStatus], JobState] = MappingProxyType(
    {
        (S.NONE, J.ALLOCATED): S.ALLOCATED,
        # A transfer between hospitals has its destination from the start.
        (S.ALLOCATED, J.DESTINATION_SELECTED): S.ALLOCATED,
        (S.ALLOCATED, J.MOBILE): S.MOBILE,
        (S.ALLOCATED, J.STOOD_DOWN): S.STOOD_DOWN,
        (S.MOBILE, J.DESTINATION_SELECTED): S.MOBILE,
        (S.MOBILE, J.AT_RVP): S.AT_RVP,
        (S.MOBILE, J.AT_SCENE): S.ON_SCENE,
        (S.MOBILE, J.STOOD_DOWN): S.STOOD_DOWN,
        (S.AT_RVP, J.DESTINATION_SELECTED): S.AT_RVP,
        (S.AT_RVP, J.BACKUP_REQUESTED): S.AT_RVP,
        (S.AT_RVP, J.AT_SCENE): S.ON_SCENE,
        (S.AT_RVP, J.STOOD_DOWN): S.STOOD_DOWN,
        (S.ON_SCENE, J.AT_PATIENT): S.ON_SCENE,
        (S.ON_SCENE, J.BACKUP_REQUESTED): S.ON_SCENE,
        (S.ON_SCENE, J.DESTINATION_SELECTED): S.ON_SCENE,
        (S.ON_SCENE, J.PREALERT): S.ON_SCENE,
        (S.ON_SCENE, J.LEFT_SCENE): S.CONVEYING,
        (S.ON_SCENE, J.CLEAR): S.CLEAR,
        (S.CONVEYING, J.BACKUP_REQUESTED): S.CONVEYING,
        (S.CONVEYING, J.DESTINATION_SELECTED): S.CONVEYING,
        (S.CONVEYING, J.PREALERT): S.CONVEYING,
        (S.CONVEYING, J.AT_HOSPITAL): S.ARRIVED,
        (S.ARRIVED, J.NOTIFIED): S.ARRIVED,
        (S.ARRIVED, J.QUEUING): S.QUEUING,
        (S.ARRIVED, J.OFFLOADED): S.ARRIVED,
        (S.ARRIVED, J.COHORT_STARTED): S.COHORTING,
        (S.ARRIVED, J.HANDOVER): S.WRAP_UP,
        (S.ARRIVED, J.RELEASED): S.RELEASED,
        (S.QUEUING, J.NOTIFIED): S.QUEUING,
        (S.QUEUING, J.OFFLOADED): S.QUEUING,
        (S.QUEUING, J.COHORT_STARTED): S.COHORTING,
        (S.QUEUING, J.HANDOVER): S.WRAP_UP,
        (S.QUEUING, J.RELEASED): S.RELEASED,
        (S.COHORTING, J.NOTIFIED): S.COHORTING,
        (S.COHORTING, J.OFFLOADED): S.COHORTING,
        (S.COHORTING, J.QUEUING): S.QUEUING,
        (S.COHORTING, J.COHORT_ENDED): S.QUEUING,
        (S.COHORTING, J.HANDOVER): S.WRAP_UP,
        (S.COHORTING, J.RELEASED): S.RELEASED,
        # The crew may leave its patient in the cohort; the patient's clock goes on.
        (S.COHORTING, J.CLEAR): S.CLEAR,
        (S.WRAP_UP, J.CLEAR): S.CLEAR,
    }
)

# Ends that many control rooms know only as "clear". From a feed they are what it can say: before the scene it
# was a stand-down; at hospital the handover is unknown, which rule HQ04 judges where the feed could know it.
# A person is asked for the exact word instead.
SHORT_ENDS: Mapping[tuple[JobState, JobStatus], JobState] = MappingProxyType(
    {
        (S.ALLOCATED, J.CLEAR): S.STOOD_DOWN,
        (S.MOBILE, J.CLEAR): S.STOOD_DOWN,
        (S.AT_RVP, J.CLEAR): S.STOOD_DOWN,
        (S.ARRIVED, J.CLEAR): S.CLEAR,
        (S.QUEUING, J.CLEAR): S.CLEAR,
    }
)
_INSTEAD: Mapping[JobState, str] = MappingProxyType(
    {
        S.STOOD_DOWN: "Nobody has reached the scene: record stood down, or at scene first.",
        S.CLEAR: "No handover is recorded: record the handover, the release or the cohort first.",
    }
)

# The patient's clock outlives the crew's job: these may come after the crew has gone.
AFTER_THE_END: Mapping[JobState, frozenset[JobStatus]] = MappingProxyType(
    {
        S.STOOD_DOWN: frozenset({J.CLEAR}),
        S.RELEASED: frozenset({J.HANDOVER, J.OFFLOADED, J.COHORT_STARTED, J.COHORT_ENDED, J.CLEAR}),
        S.CLEAR: frozenset({J.HANDOVER, J.COHORT_ENDED}),
    }
)

# Where a status leads when it comes unannounced: the crew forgot a press, or the feed lost one.
LANDS_IN: Mapping[JobStatus, JobState] = MappingProxyType(
    {
        J.ALLOCATED: S.ALLOCATED,
        J.MOBILE: S.MOBILE,
        J.AT_RVP: S.AT_RVP,
        J.AT_SCENE: S.ON_SCENE,
        J.AT_PATIENT: S.ON_SCENE,
        J.BACKUP_REQUESTED: S.ON_SCENE,
        J.DESTINATION_SELECTED: S.ALLOCATED,
        J.PREALERT: S.ON_SCENE,
        J.LEFT_SCENE: S.CONVEYING,
        J.AT_HOSPITAL: S.ARRIVED,
        J.NOTIFIED: S.ARRIVED,
        J.QUEUING: S.QUEUING,
        J.OFFLOADED: S.ARRIVED,
        J.COHORT_STARTED: S.COHORTING,
        J.COHORT_ENDED: S.QUEUING,
        J.HANDOVER: S.WRAP_UP,
        J.RELEASED: S.RELEASED,
        J.STOOD_DOWN: S.STOOD_DOWN,
        J.CLEAR: S.CLEAR,
    }
)

REPEATABLE = frozenset(
    {J.DESTINATION_SELECTED, J.BACKUP_REQUESTED, J.QUEUING, J.COHORT_STARTED, J.COHORT_ENDED}
)

# Asking again for what has not come does not begin the wait anew.
KEEPS_FIRST = frozenset({J.BACKUP_REQUESTED})

_PROGRESS = {state: place for place, state in enumerate(JobState)}
_RANK = {status: place for place, status in enumerate(JobStatus)}


@dataclass(frozen=True, slots=True)
class Assignment:
    """One sending of one resource to one incident, as far as its facts tell.

    stamps  first time of each status by the fixed order; a repeat with another time is a finding.
            For repeatable statuses the latest time, but for KEEPS_FIRST.
    since   when the present state began
    carer   who looks after the patient in the cohort, as last said; it outlives the cohort
    """

    key: str
    incident: str
    call_sign: str
    state: JobState = JobState.NONE
    since: datetime | None = None
    kind: ResourceKind | None = None
    category: Category | None = None
    destination: str | None = None
    stamps: Mapping[JobStatus, datetime] = field(default_factory=dict)
    carer: str | None = None

    @property
    def patient_is_waiting(self) -> bool:
        """At hospital and not handed over, whether or not the crew that came with the patient has left."""
        if J.AT_HOSPITAL not in self.stamps or J.HANDOVER in self.stamps:
            return False
        if self.state is S.CLEAR:
            return self._is_in_cohort
        return True

    @property
    def _is_in_cohort(self) -> bool:
        started, ended = self.stamps.get(J.COHORT_STARTED), self.stamps.get(J.COHORT_ENDED)
        return started is not None and (ended is None or ended < started)

    @property
    def is_open(self) -> bool:
        """Holds its resource, or leaves a patient waiting."""
        return not self.state.is_over or self.patient_is_waiting


def rank(event: JobEvent) -> int:
    """The place of the event's status in the job cycle; orders statuses of the same second."""
    return _RANK[event.status]


def fold(facts: Iterable[Fact[JobEvent]]) -> tuple[Assignment, tuple[Finding, ...]]:
    """What the facts of one assignment add up to, and what in them cannot be right. Never raises.

    The facts must belong to one assignment and be at least one. Any order and any duplication of them
    give the same answer.
    """
    ordered = standing(in_fixed_order(facts, rank))
    first = ordered[0].event
    assignment = Assignment(key=first.assignment_key, incident=first.incident, call_sign=first.call_sign)
    if moved := [fact for fact in ordered if fact.event.same_as is not None]:
        return replace(assignment, state=S.STOOD_DOWN, since=moved[0].placed_at), ()
    ordered = counting(ordered)
    findings: list[Finding] = []
    stamps: dict[JobStatus, datetime] = {}
    for fact in ordered:
        assignment = _apply(assignment, stamps, fact, findings)
    return replace(assignment, stamps=MappingProxyType(stamps)), tuple(findings)


def standing(ordered: Sequence[Fact[JobEvent]]) -> list[Fact[JobEvent]]:
    """Those of the facts that none of the same source corrects, in their order.

    A correction counts for a status of its own kind; of several for one fact the one known last. Corrections
    that name each other in a ring correct nothing, so that no status is lost.
    """
    last = _corrections(ordered)
    if not last:
        return list(ordered)
    return [fact for fact in ordered if not _is_corrected(fact, last)]


def _corrections(facts: Iterable[Fact[JobEvent]]) -> dict[tuple[str, str, JobStatus], Fact[JobEvent]]:
    """(source, message id, status) -> the correction of it that was known last."""
    last: dict[tuple[str, str, JobStatus], Fact[JobEvent]] = {}
    for fact in facts:
        if fact.event.corrects is not None:
            key = fact.source, fact.event.corrects, fact.event.status
            last[key] = max(
                last.get(key, fact), fact, key=lambda each: (each.known_at, each.event.message_id)
            )
    return last


def _is_corrected(fact: Fact[JobEvent], last: Mapping[tuple[str, str, JobStatus], Fact[JobEvent]]) -> bool:
    """Whether a chain of corrections leads from this fact to one that stands, or another took its place."""
    named = fact.event.corrects
    if named is not None:
        chosen = last[fact.source, named, fact.event.status]
        if chosen is not fact and chosen.event.message_id != named:
            return True
    seen, here = {fact.event.message_id}, fact
    while (after := last.get((fact.source, here.event.message_id, fact.event.status))) is not None:
        if after.event.message_id in seen:
            return False
        seen.add(after.event.message_id)
        here = after
    return here is not fact


def check(assignment: Assignment, status: JobStatus, source: StatusSource) -> None:
    """Whether a person may ask for this status now. Raises NotAllowed with the reason.

    source  on whose word; the CAD's word is the record and may also end a job the short way
    """
    state = assignment.state
    if is_asked(state, status) or (source is StatusSource.CAD and is_legal(state, status)):
        return
    raise NotAllowed(state=_in_words(state), event=_in_words(status), why=_refusal(state, status))


def is_asked(state: JobState, status: JobStatus) -> bool:
    """Whether a person may ask for this status in this state."""
    return (state, status) in STEPS or status in AFTER_THE_END.get(state, frozenset())


def is_legal(state: JobState, status: JobStatus) -> bool:
    """Whether this status, said by a feed, may follow in this state."""
    return is_asked(state, status) or (state, status) in SHORT_ENDS or _says_again(state, status)


def _says_again(state: JobState, status: JobStatus) -> bool:
    return status in REPEATABLE and LANDS_IN[status] is state


def _refusal(state: JobState, status: JobStatus) -> str:
    if (state, status) in SHORT_ENDS:
        return _INSTEAD[SHORT_ENDS[state, status]]
    allowed = [_in_words(after) for after in JobStatus if is_asked(state, after)]
    if state.is_over and state is not S.NONE:
        return f"The job is over. After it only these can follow: {', '.join(allowed)}."
    return f"From here only these can follow: {', '.join(allowed)}."


def _apply(
    before: Assignment, stamps: dict[JobStatus, datetime], fact: Fact[JobEvent], findings: list[Finding]
) -> Assignment:
    event = fact.event
    if event.status in stamps and event.status not in REPEATABLE:
        if stamps[event.status] != event.occurred_at:
            findings.append(_repeated(event, stamps[event.status]))
        return _described(before, event)
    if not is_legal(before.state, event.status):
        findings.append(_unexpected(before.state, event))
    if event.status not in KEEPS_FIRST or event.status not in stamps:
        stamps[event.status] = event.occurred_at
    after = next_state(before.state, event.status)
    if after is not before.state:
        before = replace(before, state=after, since=fact.placed_at)
    return _described(before, event)


def next_state(state: JobState, status: JobStatus) -> JobState:
    """Where a status that a feed says leads, announced or not."""
    if (state, status) in STEPS:
        return STEPS[state, status]
    if (state, status) in SHORT_ENDS:
        return SHORT_ENDS[state, status]
    # An unannounced status moves the job forward, never back, and never reopens what is over.
    lands_in = LANDS_IN[status]
    if state.is_over and state is not S.NONE:
        return state
    return lands_in if _PROGRESS[lands_in] > _PROGRESS[state] else state


def _described(assignment: Assignment, event: JobEvent) -> Assignment:
    return replace(
        assignment,
        kind=event.kind or assignment.kind,
        category=event.category or assignment.category,
        destination=event.destination or assignment.destination,
        carer=event.cared_by or assignment.carer,
    )


def _repeated(event: JobEvent, first: datetime) -> Finding:
    return Finding("JC03", event.status, f"{_clock(first)} and again {_clock(event.occurred_at)}")


def _unexpected(state: JobState, event: JobEvent) -> Finding:
    code = "JC04" if state.is_over and state is not S.NONE else "JC02"
    return Finding(code, event.status, f"at {_clock(event.occurred_at)} while {_in_words(state)}")


def _in_words(word: JobState | JobStatus) -> str:
    return word.value.replace("_", " ")


def _clock(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="seconds")
