"""Writing down an escalation call: opening it, its lines, signing its minutes. Every write of calls."""

from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.decisions import actions as decisions
from clearway.core.layout.times import LONDON, clock, local
from clearway.core.live.actions import announce
from clearway.core.people.roles import roles_with
from clearway.core.worklist import actions as worklist
from clearway.core.worklist import queries as tasks
from clearway.domain.ambulance.command import Line, Said, call_line
from clearway.domain.shared import figures as shared
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.figures import Figures

from . import figures, minutes, queries
from .actions import lock
from .models import CallLine, CallMinutes, EscalationCall
from .policy import command_policy

OFFICERS = ("service_delivery_officer", "trust_incident_manager")  # whose call it is


def takers() -> dict[str, str]:
    """The roles that an action can be given to: those that work on tasks of this desk."""
    return {
        role.code: role.name
        for role in roles_with("tasks.work")
        if "handovers.read" in role.permissions and "waiting.read" not in role.permissions
    }


@transaction.atomic
def open_call(because: str, *, organisation_id: int, by: Actor, at: datetime) -> EscalationCall:
    """Open a call: each point of the agenda begins with the figures of this instant. Raises NotAllowed."""
    event = "Opening an escalation call"
    lock(organisation_id)
    if by.user_id is None:
        raise NotAllowed("nobody", event, "Only a person chairs a call.")
    if by.role not in OFFICERS and not because:
        raise NotAllowed("officer", event, "Say why you chair it: the service delivery officer is away.")
    last = queries.calls(organisation_id).first()
    if last is not None and getattr(last, "minutes", None) is None:
        raise NotAllowed("open", event, f"Call {last.number} is open. Sign its minutes first.")
    row = EscalationCall.objects.create(
        organisation_id=organisation_id,
        number=(last.number if last else 0) + 1,
        at=at,
        chair=by.name,
        chair_user_id=by.user_id,
        role=by.role,
        because="" if by.role in OFFICERS else because,
        agenda=_agenda(organisation_id, last, at),
    )
    _tell("calls.open", row, {"because": row.because}, by, at)
    return row


def _agenda(organisation_id: int, last: EscalationCall | None, at: datetime) -> list[dict[str, Any]]:
    seen = figures.see(organisation_id, at)
    found = []
    for place, point in enumerate(command_policy(organisation_id, at).agenda):
        parts = [figures.titled(code, seen) for code in point.parts if code in figures.PARTS]
        if place == 0 and last is not None:
            before = {"last": (f"Actions of call {last.number}", partial(_last_actions, last=last))}
            parts.append(figures.told("last", before, seen))
        found.append({"code": point.code, "says": point.says, "figures": shared.kept(parts)})
    return found


def _last_actions(seen: figures.Seen, last: EscalationCall) -> Figures:
    """What the last call asked for, and how that stands."""
    lines = [line for line in last.lines.all() if line.kind == Said.ACTION]
    stand = tasks.by_keys(seen.organisation_id, [line.task for line in lines if line.task is not None])
    return minutes.actions(lines, stand)


@transaction.atomic
def say(number: int, text: str, *, organisation_id: int, by: Actor, at: datetime) -> CallLine:
    """Write one line down (see domain.ambulance.command.call_line). An action becomes a task, a decision an
    entry of the log. Raises CallNotThere, NotAllowed, ValueError for a line that cannot be read."""
    lock(organisation_id)
    row = _open(organisation_id, number, "Writing on this call")
    line = call_line(text, len(row.agenda), takers(), at, LONDON)
    made = CallLine(
        of=row,
        kind=line.kind.value,
        at=at,
        by=by.name,
        point=row.agenda[line.point - 1]["code"] if line.point else "",
        words=f"{line.words}: {line.reason}" if line.reason else line.words,
        role=line.role[:80],
        until=line.until,
        task=_task(row, line, by, at) if line.kind is Said.ACTION else None,
        decision=_decision(row, line, by, at) if line.kind is Said.DECISION else None,
    )
    made.save()
    _tell("calls.say", row, {"line": asdict(line) | {"until": line.until and line.until.isoformat()}}, by, at)
    return made


def _task(row: EscalationCall, line: Line, by: Actor, at: datetime) -> int:
    cause = f"Escalation call {row.number}, chaired by {row.chair}: by {clock(line.until)}"
    wanted = worklist.ByHand(line.words[:200], cause, 3, line.role, due_at=line.until)
    policy = tasks.policy(row.organisation_id, local(at).date())
    return worklist.raise_by_hand(wanted, policy, organisation_id=row.organisation_id, by=by, at=at).pk


def _decision(row: EscalationCall, line: Line, by: Actor, at: datetime) -> int:
    written = decisions.Written(
        known=f"Escalation call {row.number}: the figures that it began with, of {clock(row.at)}",
        decision=line.words,
        reason=line.reason,
        decided_at=at,
        review_at=line.until,
        screen=f"/calls/{row.number}/",
    )
    return decisions.write(written, organisation_id=row.organisation_id, by=by, at=at).pk


@transaction.atomic
def sign(number: int, *, organisation_id: int, by: Actor, at: datetime) -> CallMinutes:
    """The chair signs the minutes: the call is over, nothing is written on it any more. An officer may in
    their place, so that a chair who left keeps nobody from opening the next.

    Raises CallNotThere, NotAllowed.
    """
    event = "Signing the minutes"
    lock(organisation_id)
    row = _open(organisation_id, number, event)
    if by.user_id != row.chair_user_id and by.role not in OFFICERS:
        raise NotAllowed("another", event, f"{row.chair} chairs this call, and signs it, or an officer does.")
    lines = list(row.lines.all())
    if not any(line.kind == Said.PRESENT for line in lines):
        raise NotAllowed("nobody", event, "Take the roll-call first: p name; role")
    stand = tasks.by_keys(organisation_id, [line.task for line in lines if line.task is not None])
    parts = minutes.parts(row, lines, stand)
    made = CallMinutes.objects.create(of=row, at=at, by=by.name, figures=shared.kept(parts))
    _tell("calls.sign", row, {}, by, at)
    return made


def _open(organisation_id: int, number: int, event: str) -> EscalationCall:
    row = queries.call(organisation_id, number)
    if (signed := getattr(row, "minutes", None)) is not None:
        raise NotAllowed("signed", event, f"{signed.by} signed its minutes at {clock(signed.at)}.")
    return row


def _tell(verb: str, row: EscalationCall, detail: dict[str, Any], by: Actor, at: datetime) -> None:
    audit([Entry(verb, f"call:{row.number}", detail)], organisation_id=row.organisation_id, by=by, at=at)
    announce("call", [str(row.number)], organisation_id=row.organisation_id, at=at)
