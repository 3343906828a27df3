"""Rules on who said a time of one assignment, when, and in place of what.

They read the facts themselves, not only the first stamp of each status: a change of a time, the two sides of
a handover and what a liaison officer sees later stand in facts that the fold only counts as repeats.
Sources: docs/reference/rules.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from ..shared.facts import Fact
from ..shared.findings import Finding
from .downtime import counting
from .events import JobEvent
from .quality import Limits
from .transitions import Assignment, standing
from .words import JobState, JobStatus, ReceivingUnit, StatusSource

J = JobStatus
# What an adapter notes on a time that the change of the clocks leaves open (interchange.adapters).
REPEATED_HOUR = "clock time in the hour of the clock change, sent without offset"
THRESHOLDS = (15, 30, 45, 60)  # minutes of the handover standards
# Who may change which time: whoever can have seen it. The control room's own system may change every one.
MAY_CHANGE: Mapping[StatusSource, frozenset[JobStatus]] = {
    StatusSource.CREW: frozenset(JobStatus) - {J.ALLOCATED, J.STOOD_DOWN},
    StatusSource.HALO: frozenset({J.NOTIFIED, J.QUEUING, J.OFFLOADED, J.COHORT_STARTED, J.COHORT_ENDED})
    | {J.HANDOVER, J.RELEASED},
    StatusSource.HOSPITAL: frozenset({J.NOTIFIED, J.OFFLOADED, J.HANDOVER}),
}
_BOTH = frozenset({StatusSource.CREW, StatusSource.HOSPITAL})
Facts = Sequence[Fact[JobEvent]]


def inspect_said(
    facts: Facts, assignment: Assignment, knows: frozenset[str], limits: Limits
) -> tuple[Finding, ...]:
    """Every breach in who said what of one assignment.

    facts  in their fixed order, those that were corrected too; assignment  what they add up to
    knows  what the feed can know at all: "pins", "queue" and "wrap_up_reason" make absence a finding
    """
    if any(fact.event.same_as for fact in facts):
        return ()  # kept by hand, and now another assignment, in which all of it stands
    stands = counting(standing(facts))
    found = [
        *_handover_sides(stands, knows, limits),
        *_still_waiting(stands, assignment),
        *_cohort_as_handover(stands, assignment, limits),
        *_silent_queue(assignment, knows, limits),
        *_repeated_hour(stands),
        *_changes(facts, limits),
        *_release(stands),
        *_wrap_up(stands, assignment, knows, limits),
        *_left_aboard(stands, assignment),
    ]
    return tuple(found)


def two_sides(facts: Facts) -> bool:
    """Whether crew and hospital have each said the handover: then its second time is no repeat by mistake."""
    sides = [fact.event.source for fact in standing(facts) if fact.event.status is J.HANDOVER]
    return len(sides) == len(_BOTH) and set(sides) == _BOTH


def several_patients(facts: Facts) -> bool:
    """Whether so many patients were brought that each handover said by one source may be another's."""
    stands = standing(facts)
    aboard, by = _aboard(stands), _handed_over(stands)
    return aboard > 1 and max((len(each) for each in by.values()), default=0) <= aboard


def inspect_unit(facts: Facts, is_emergency_department: bool) -> Iterator[Finding]:
    """HQ21: what the arrival counts as, against the unit that received the patient.

    is_emergency_department  what the site is, which decides where the source does not say how it counts
    """
    said = [fact.event for fact in counting(standing(facts))]
    units = [event.unit for event in said if event.unit is not None]
    if not units:
        return
    flags = [event.emergency for event in said if event.emergency is not None]
    counts = flags[-1] if flags else is_emergency_department
    unit = units[-1]
    if counts != (unit is ReceivingUnit.EMERGENCY_DEPARTMENT):
        as_what = "an emergency department's" if counts else "none of an emergency department"
        yield Finding("HQ21", "unit", f"received by {unit.value.replace('_', ' ')}, counts as {as_what}")


def _left_aboard(facts: Facts, assignment: Assignment) -> Iterator[Finding]:
    """HQ25. Without any handover at all it is HQ04."""
    aboard, by = _aboard(facts), _handed_over(facts)
    if aboard < 2 or not by or assignment.state is not JobState.CLEAR:
        return
    over = max(sum(event.patients or 1 for event in each) for each in by.values())
    if over < aboard:
        yield Finding("HQ25", J.HANDOVER, f"{aboard} patients in the vehicle, {over} handed over")


def _aboard(facts: Facts) -> int:
    """How many patients the vehicle brought: what was last said on the way or on arrival."""
    said = [
        fact.event.patients
        for fact in facts
        if fact.event.patients is not None and fact.event.status in (J.LEFT_SCENE, J.AT_HOSPITAL)
    ]
    return said[-1] if said else 1


def _handed_over(facts: Facts) -> dict[StatusSource, list[JobEvent]]:
    """The handovers of each side: crew and hospital may both say the same one."""
    found: dict[StatusSource, list[JobEvent]] = {}
    for fact in facts:
        if fact.event.status is J.HANDOVER:
            found.setdefault(fact.event.source, []).append(fact.event)
    return found


def _handover_sides(facts: Facts, knows: frozenset[str], limits: Limits) -> Iterator[Finding]:
    said = [fact.event for fact in facts if fact.event.status is J.HANDOVER]
    by: dict[StatusSource, JobEvent] = {}
    for event in said:
        by.setdefault(event.source, event)
    crew, hospital = by.get(StatusSource.CREW), by.get(StatusSource.HOSPITAL)
    if crew and hospital:
        apart = abs(crew.occurred_at - hospital.occurred_at)
        if apart > timedelta(minutes=limits.pins_minutes):
            words = f"crew {clock(crew.occurred_at)}, hospital {clock(hospital.occurred_at)}"
            # Both must agree that it is over: the later of the two.
            yield Finding("HQ13", J.HANDOVER, words, max(crew.occurred_at, hospital.occurred_at))
    elif "pins" in knows and (crew or hospital):
        one = crew or hospital
        assert one is not None
        yield Finding("HQ14", J.HANDOVER, f"only the {one.source.value}, {clock(one.occurred_at)}")
    if said and all(event.source is StatusSource.EOC and not event.note for event in said):
        yield Finding(
            "HQ14", J.HANDOVER, f"entered by the control room {clock(said[0].occurred_at)}, no reason"
        )


def _still_waiting(facts: Facts, assignment: Assignment) -> Iterator[Finding]:
    handover = assignment.stamps.get(J.HANDOVER)
    if handover is None:
        return
    seen = [
        fact.event
        for fact in facts
        if fact.event.source is StatusSource.HALO
        and fact.event.status in (J.QUEUING, J.COHORT_STARTED)
        and fact.event.occurred_at > handover
    ]
    if seen:
        last = max(seen, key=lambda event: event.occurred_at)
        status = last.status.value
        yield Finding(
            "HQ15", J.HANDOVER, f"handover {clock(handover)}, seen {status} {clock(last.occurred_at)}"
        )


def _cohort_as_handover(facts: Facts, assignment: Assignment, limits: Limits) -> Iterator[Finding]:
    started, handover = assignment.stamps.get(J.COHORT_STARTED), assignment.stamps.get(J.HANDOVER)
    if started is None or handover is None:
        return
    accepted = any(
        fact.event.source is StatusSource.HOSPITAL or fact.event.accepted_by
        for fact in facts
        if fact.event.status is J.HANDOVER
    )
    if not accepted and abs(handover - started) <= timedelta(seconds=limits.cohort_handover_seconds):
        yield Finding("HQ16", J.HANDOVER, f"cohort {clock(started)}, handover {clock(handover)}")


def _silent_queue(assignment: Assignment, knows: frozenset[str], limits: Limits) -> Iterator[Finding]:
    stamps = assignment.stamps
    arrived, over = stamps.get(J.AT_HOSPITAL), stamps.get(J.HANDOVER)
    if "queue" not in knows or arrived is None or over is None:
        return
    if {J.QUEUING, J.COHORT_STARTED, J.OFFLOADED} & stamps.keys():
        return
    if over - arrived > timedelta(minutes=limits.silent_queue_minutes):
        waited = (over - arrived).total_seconds() / 60
        yield Finding("HQ17", J.QUEUING, f"waited {waited:.0f} minutes from {clock(arrived)}")


def _repeated_hour(facts: Facts) -> Iterator[Finding]:
    for fact in facts:
        if fact.event.note == REPEATED_HOUR:
            yield Finding("HQ29", fact.event.status, clock(fact.event.occurred_at))


def _changes(facts: Facts, limits: Limits) -> Iterator[Finding]:
    """HQ30 and HQ31: each change of a time, held against what it took the place of.

    A wait is held against the times that stood when the change became known: of two small changes that
    together move it below a limit, the one that does so is named.
    """
    said = {(fact.source, fact.event.message_id): fact for fact in facts}
    for fact in facts:
        before = said.get((fact.source, fact.event.corrects or ""))
        if before is None or before is fact or before.event.status is not fact.event.status:
            continue
        event = fact.event
        words = f"{clock(before.event.occurred_at)} changed to {clock(event.occurred_at)}"
        if reason := _not_plain(before, fact, limits):
            yield Finding("HQ30", event.status, f"{words}: {reason}")
        if crossed := _crosses(facts, fact):
            yield Finding("HQ31", event.status, f"{words}: below {crossed} minutes")


def _not_plain(before: Fact[JobEvent], fact: Fact[JobEvent], limits: Limits) -> str:
    """Why a change of a time needs a second look, or ""."""
    if before.event.corrects is not None:
        return "changed a second time"
    if fact.known_at - before.event.occurred_at > timedelta(hours=limits.late_edit_hours):
        return f"more than {limits.late_edit_hours:g} hours later"
    may = MAY_CHANGE.get(fact.event.source)
    if may is not None and fact.event.status not in may:
        return f"by the {fact.event.source.value}"
    return ""


def _crosses(facts: Facts, change: Fact[JobEvent]) -> int | None:
    """The highest threshold of the handover that this change moves the wait below, from above it."""
    if change.event.status not in (J.AT_HOSPITAL, J.HANDOVER):
        return None
    known = [fact for fact in facts if _heard(fact) <= _heard(change)]
    was = _wait(_stamps(standing([fact for fact in known if fact is not change])))
    now = _wait(_stamps(standing(known)))
    if was is None or now is None:
        return None
    return max((limit for limit in THRESHOLDS if now <= limit < was), default=None)


def _wait(stamps: Mapping[JobStatus, datetime]) -> float | None:
    arrived, over = stamps.get(J.AT_HOSPITAL), stamps.get(J.HANDOVER)
    return None if arrived is None or over is None else (over - arrived).total_seconds() / 60


def _heard(fact: Fact[JobEvent]) -> tuple[datetime, bool, str]:
    """The order in which facts became known; of one delivery a change comes after what it changes."""
    return fact.known_at, fact.event.corrects is not None, fact.event.message_id


def _stamps(facts: Facts) -> dict[JobStatus, datetime]:
    found: dict[JobStatus, datetime] = {}
    for fact in facts:
        found.setdefault(fact.event.status, fact.event.occurred_at)
    return found


def _release(facts: Facts) -> Iterator[Finding]:
    for fact in facts:
        event = fact.event
        if event.status is J.RELEASED and not event.accepted_by:
            yield Finding("HQ36", J.RELEASED, f"released {clock(event.occurred_at)}, taken over by nobody")


def _wrap_up(
    facts: Facts, assignment: Assignment, knows: frozenset[str], limits: Limits
) -> Iterator[Finding]:
    over, clear = assignment.stamps.get(J.HANDOVER), assignment.stamps.get(J.CLEAR)
    if "wrap_up_reason" not in knows or over is None or clear is None:
        return
    if assignment.state is not JobState.CLEAR or clear - over <= timedelta(minutes=limits.wrap_up_minutes):
        return
    if not any(fact.event.status is J.CLEAR and fact.event.note for fact in facts):
        yield Finding("HQ39", J.CLEAR, f"{(clear - over).total_seconds() / 60:.0f} minutes, no reason")


def clock(at: datetime) -> str:
    """An instant as evidence gives it."""
    return at.isoformat(sep=" ", timespec="seconds")
