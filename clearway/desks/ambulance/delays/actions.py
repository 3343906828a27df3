"""Keeping who is delayed, asking for STACK reports, and recording what came back and was done."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import clock
from clearway.core.live.actions import announce
from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.ambulance.delays import CONVEYS, Phase, Rung, Stack, outcome_of, own_norms
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import JobState, JobStatus
from clearway.domain.shared.errors import NotAllowed

from .. import situation as situations
from ..incidents import queries as incidents
from . import queries
from .models import Delay, DelayWord, SceneNorm, StackReport
from .policy import delays
from .queries import Standing

J = JobStatus
Kind = DelayWord.Kind
DAY = timedelta(days=1)
LONGEST = timedelta(hours=6)  # until a crew may expect to leave, or reports next
ANSWERED_WITHIN = timedelta(days=1)  # of the end of a delay, within which words are still added
TWICE = timedelta(minutes=2)  # in which the same report from the same hand is the same report
CORRECTED_WITHIN = DAY  # of the end of a delay, within which the facts of its job still correct it
WHERE: Mapping[Phase, JobState] = {Phase.SCENE: JobState.ON_SCENE, Phase.WRAP_UP: JobState.WRAP_UP}
# What ends a phase, the first that was pressed: who is at a hospital has left the scene.
ENDS: Mapping[Phase, tuple[JobStatus, ...]] = {
    Phase.SCENE: (J.LEFT_SCENE, J.AT_HOSPITAL, J.HANDOVER, J.CLEAR),
    Phase.WRAP_UP: (J.CLEAR,),
}


KEPT = "Nothing was recorded; what you typed is still here."


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody records: what was said or done, what came back, and to whom it went."""

    kind: DelayWord.Kind
    said: str
    answer: str = ""
    to: str = ""


# Following the facts


@transaction.atomic
def follow(organisation_id: int, *, asks: bool, by: Actor, at: datetime) -> None:
    """Bring what is kept to what the facts say, and ask who is due a STACK. Called every half minute.

    asks  the rule `stack_due` acts by itself. Nobody is asked while the control room's source is not heard.
    """
    _lock(organisation_id)
    reading = situations.reading(organisation_id, at)
    found = queries.standing(organisation_id, reading, delays(organisation_id, at), at)
    changed = _end(organisation_id, found, at)
    for each in found:
        if each.rung is not Rung.WITHIN if each.row is None else _differs(each.row, each):
            changed.append(_row(organisation_id, each))
    Delay.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["organisation", "assignment", "phase"],
        update_fields=["began", "ended_at", "outcome", "category", "site", "call_sign"],
    )
    _announce(organisation_id, [row.call_sign for row in changed], at)
    if asks and queries.is_heard(reading):
        _ask(organisation_id, [each for each in found if each.is_due_a_stack], by, at)


def _lock(organisation_id: int) -> None:
    one_at_a_time(Lock.DELAYS, organisation_id)


def _row(organisation_id: int, each: Standing) -> Delay:
    return Delay(
        organisation_id=organisation_id,
        phase=each.clock.phase,
        assignment=each.clock.assignment,
        incident=each.clock.incident,
        call_sign=each.clock.call_sign,
        area=each.area,
        station=each.station,
        site=each.clock.site if each.clock.phase is Phase.WRAP_UP else "",
        category=each.clock.category or "",
        began=each.clock.began,
    )


def _differs(row: Delay, each: Standing) -> bool:
    return (row.began, row.category) != (each.clock.began, each.clock.category or "")


def _end(organisation_id: int, found: Iterable[Standing], at: datetime) -> list[Delay]:
    """The delays that no crew has any more and whose end the facts of the job now say, or say differently.

    Those of the last day are looked at again: a crew presses late, and a feed corrects what it said.
    """
    lasting = {(each.clock.assignment, each.clock.phase) for each in found}
    over = [
        row
        for row in queries.of_late(organisation_id, at - CORRECTED_WITHIN)
        if (row.assignment, Phase(row.phase)) not in lasting
    ]
    jobs = incidents.by_key(organisation_id, {row.assignment for row in over})
    conveyed = incidents.with_status(organisation_id, {row.incident for row in over}, CONVEYS)
    return [row for row in over if _is_ended_anew(row, jobs.get(row.assignment), conveyed, at)]


def _is_ended_anew(row: Delay, job: Assignment | None, conveyed: Collection[str], at: datetime) -> bool:
    """Write the end into the row as the facts say it; whether that changed anything."""
    before = row.ended_at, row.outcome
    row.ended_at = max(row.began, _ended(row, job, at))
    if row.phase == Phase.SCENE and job is not None and job.stamps.keys() & ENDS[Phase.SCENE]:
        row.outcome = outcome_of(J.LEFT_SCENE in job.stamps, row.incident in conveyed) or ""
    return (row.ended_at, row.outcome) != before


def _ended(row: Delay, job: Assignment | None, at: datetime) -> datetime:
    """When it ended. Of a crew that has its next job and never pressed, when that was seen."""
    phase, known = Phase(row.phase), row.ended_at
    if job is None:
        return known or at
    said = next((job.stamps[status] for status in ENDS[phase] if status in job.stamps), None)
    seen = at if job.state is WHERE[phase] else job.since or at
    return said or known or seen


def _announce(organisation_id: int, call_signs: Iterable[str], at: datetime) -> None:
    announce("delay", sorted(set(call_signs)), organisation_id=organisation_id, at=at)


def _ask(organisation_id: int, due: Iterable[Standing], by: Actor, at: datetime) -> None:
    asked = [each.clock.assignment for each in due]
    rows = Delay.objects.filter(
        organisation_id=organisation_id, assignment__in=asked, phase=Phase.SCENE, ended_at=None
    )
    call_signs = list(rows.values_list("call_sign", flat=True))
    rows.update(asked_at=at, asked_by=by.name)
    entries = [Entry("delays.ask", f"resource:{name}", {}) for name in call_signs]
    audit(entries, organisation_id=organisation_id, by=by, at=at)
    _announce(organisation_id, call_signs, at)


# What people do


def ask(call_sign: str, *, organisation_id: int, by: Actor, at: datetime) -> Delay:
    """Ask a crew for a STACK now: it stands on the crew's own page. Raises NotAllowed."""
    what = f"Asking {call_sign} for a STACK"
    with transaction.atomic():
        row = _on_scene(call_sign, what, organisation_id, at)
        row.asked_at, row.asked_by = at, by.name
        row.save(update_fields=["asked_at", "asked_by"])
        entry = Entry("delays.ask", f"resource:{call_sign}", {})
        audit([entry], organisation_id=organisation_id, by=by, at=at)
        _announce(organisation_id, [call_sign], at)
    return row


def _on_scene(call_sign: str, what: str, organisation_id: int, at: datetime, of: str | None = None) -> Delay:
    """The delay of a crew on scene, locked; begun here where nothing was kept of it. Raises NotAllowed."""
    each = _now(call_sign, what, organisation_id, at, of)
    if each.clock.phase is not Phase.SCENE:
        raise NotAllowed("elsewhere", what, "It has left the scene. Nothing was recorded.")
    return _kept(organisation_id, each)


def _now(call_sign: str, what: str, organisation_id: int, at: datetime, of: str | None = None) -> Standing:
    _lock(organisation_id)
    reading = situations.reading(organisation_id, at)
    found = queries.standing(organisation_id, reading, delays(organisation_id, at), at)
    each = queries.of_crew(found, call_sign)
    if each is None:
        raise NotAllowed("elsewhere", what, f"It is neither on scene nor in wrap-up now. {KEPT}")
    if of is not None and of != each.clock.key:
        why = (
            f"It has gone on since you opened this form, to another part of the job or to another job. {KEPT}"
        )
        raise NotAllowed("elsewhere", what, f"{why} Open the crew again.")
    return each


def _kept(organisation_id: int, each: Standing) -> Delay:
    Delay.objects.bulk_create([_row(organisation_id, each)], ignore_conflicts=True)
    return Delay.objects.select_for_update().get(
        organisation_id=organisation_id, assignment=each.clock.assignment, phase=each.clock.phase
    )


@transaction.atomic
def report(
    call_sign: str,
    stack: Stack,
    *,
    by_crew: bool,
    of: str | None = None,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> StackReport:
    """Keep one version of a crew's STACK. The same again from the same hand at once is the same report.

    by_crew  the crew wrote it on its own page
    of       the phase of the job that it is about (Clock.key); None for the one that the crew is in now

    Raises NotAllowed: not on scene, in another phase, unknown barrier, wrong times.
    """
    what = f"Recording the STACK of {call_sign}"
    _check(stack, what, organisation_id, at)
    row = _on_scene(call_sign, what, organisation_id, at, of)
    last = row.reports.order_by("-version").first()
    if last is not None and _is_same(last, stack, by, at):
        return last
    made = StackReport.objects.create(
        of=row,
        version=last.version + 1 if last else 1,
        at=at,
        by=by.name,
        by_crew=by_crew,
        situation=stack.situation,
        assessment=stack.assessment,
        constraints=list(stack.constraints),
        asks=stack.asks,
        leaves=stack.leaves,
        next_at=stack.next_at,
    )
    detail = {"version": made.version, "constraints": made.constraints, "by_crew": by_crew}
    audit(
        [Entry("delays.report", f"resource:{call_sign}", detail)],
        organisation_id=organisation_id,
        by=by,
        at=at,
    )
    _announce(organisation_id, [call_sign], at)
    return made


def _check(stack: Stack, what: str, organisation_id: int, at: datetime) -> None:
    policy = delays(organisation_id, at).scene
    if not stack.constraints or any(policy.constraint(code) is None for code in stack.constraints):
        raise NotAllowed("unknown", what, "Choose what holds the crew up from the list.")
    for instant, name in ((stack.leaves, "The time it leaves"), (stack.next_at, "The next report")):
        if instant is not None and not at < instant <= at + LONGEST:
            raise NotAllowed("outside", what, f"{name} lies within the next six hours.")


def _is_same(last: StackReport, stack: Stack, by: Actor, at: datetime) -> bool:
    words = (last.situation, last.assessment, tuple(last.constraints), last.asks)
    same = words == (stack.situation, stack.assessment, stack.constraints, stack.asks)
    return same and last.by == by.name and at - last.at < TWICE


@transaction.atomic
def say(
    call_sign: str, word: Word, *, of: str | None = None, organisation_id: int, by: Actor, at: datetime
) -> DelayWord:
    """Record a contact, advice, a call, a challenge, an escalation or its answer, of a crew as it stands now.

    of  as for `report`. Raises NotAllowed: neither on scene nor in wrap-up, or in another phase.
    """
    each = _now(call_sign, f"Recording this of {call_sign}", organisation_id, at, of)
    return _say(_kept(organisation_id, each), word, by, at)


@transaction.atomic
def say_of(key: int, word: Word, *, organisation_id: int, by: Actor, at: datetime) -> DelayWord:
    """The same of one delay, up to a day after its end: an answer may come late. Raises NotAllowed."""
    row = Delay.objects.select_for_update().filter(organisation_id=organisation_id, pk=key).first()
    what = f"Recording this of {row.call_sign if row else 'a crew'}"
    if row is None:
        raise NotAllowed("gone", what, "There is no such delay. Open the list again.")
    if row.ended_at is not None and at - row.ended_at > ANSWERED_WITHIN:
        raise NotAllowed("over", what, f"It ended more than a day ago, at {clock(row.ended_at)}.")
    return _say(row, word, by, at)


def _say(row: Delay, word: Word, by: Actor, at: datetime) -> DelayWord:
    if word.kind in (Kind.CALLED, Kind.ESCALATED) and not word.to:
        raise NotAllowed("nobody", f"Recording this of {row.call_sign}", "Say to whom: name and post.")
    said = DelayWord.objects.create(
        of=row, kind=word.kind, at=at, by=by.name, said=word.said, answer=word.answer, to=word.to
    )
    detail = {"said": word.said, "answer": word.answer, "to": word.to, "phase": row.phase}
    entry = Entry(f"delays.{word.kind}", f"resource:{row.call_sign}", detail)
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
    _announce(row.organisation_id, [row.call_sign], at)
    return said


# Norms


@transaction.atomic
def look_at_history(organisation_id: int, *, by: Actor, at: datetime) -> int:
    """Make the norms of the service's own scenes anew, once a day. Returns how many were written."""
    _lock(organisation_id)
    period = queries.norm_period(organisation_id)
    if period is not None and at - period[1] < DAY:
        return 0
    since = at - timedelta(days=delays(organisation_id, at).scene.history_days)
    found = own_norms(queries.scenes(organisation_id, since, at))
    rows = [
        SceneNorm(
            organisation_id=organisation_id,
            category=category,
            outcome=outcome,
            middle=norm.middle,
            ninety=norm.ninety,
            ninety_nine=norm.ninety_nine,
            count=norm.count,
            since=since,
            until=at,
        )
        for (category, outcome), norm in found.items()
    ]
    SceneNorm.objects.bulk_create(rows)
    if rows:
        entry = Entry("delays.norms", "norms:on_scene", {"scenes": sum(row.count for row in rows)})
        audit([entry], organisation_id=organisation_id, by=by, at=at)
    return len(rows)
