"""Asking e-RS for the worklists of a service, as often as it answers: a turn is taken before it is asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.shared.errors import CannotParse, NotAllowed
from clearway.interchange import ers_worklist

from .. import policy
from . import actions, queries
from .models import AskedWorklist, GivenFile

SENDER = "e-RS"
EVENT = "Asking e-RS for this worklist"


@dataclass(frozen=True, slots=True)
class Came:
    """What became of an answer. file: as it was kept; why: it is not registered, "" where it is"""

    file: GivenFile | None
    why: str = ""


@transaction.atomic
def take_turn(service_id: int, which: str, *, organisation_id: int, by: Actor, at: datetime) -> AskedWorklist:
    """Take one of the turns of a service on this day, to be committed before e-RS is asked.

    Answers that were given by hand count too. Raises NotAllowed where there is none left.
    """
    one_at_a_time(Lock.TAKING, organisation_id)
    today = local(at).date()
    most = min(policy.intake(organisation_id, at).ers_loads_a_day, AskedWorklist.MOST)
    used = set(queries.asked(service_id, today).values_list("nth", flat=True))
    if queries.turns_taken(organisation_id, service_id, today) >= most:
        again = f"{today + timedelta(days=1):%-d %b %Y}, 00:00"
        why = f"e-RS gives the worklists of a service {most} times a day. It may be asked again on {again}."
        raise NotAllowed("asked as often as allowed", EVENT, why)
    row = AskedWorklist.objects.create(
        organisation_id=organisation_id,
        service_id=service_id,
        worklist=which,
        on=today,
        nth=min(
            set(range(1, AskedWorklist.MOST + 1)) - used
        ),  # one that was given back is free, whichever it was
        asked_at=at,
        asked_by=by.name[:150],
    )
    _note("intake.ask_ers", row, {"list": which, "nth": row.nth}, by, at)
    return row


@transaction.atomic
def give_back(turn: AskedWorklist, why: str, *, by: Actor, at: datetime) -> None:
    """e-RS was never reached: the turn is free again."""
    AskedWorklist.objects.filter(pk=turn.pk).update(nth=None, failed=why[:300])
    _note("intake.ers_not_reached", turn, {"why": why[:300]}, by, at)


@transaction.atomic
def failed(turn: AskedWorklist, why: str, *, by: Actor, at: datetime) -> None:
    """e-RS was asked, or may have been, and gave no worklist: the turn is used up."""
    AskedWorklist.objects.filter(pk=turn.pk).update(failed=why[:300])
    _note("intake.ers_failed", turn, {"why": why[:300]}, by, at)


def came(turn: AskedWorklist, raw: bytes, *, by: Actor, at: datetime) -> Came:
    """Keep an answer, commit it, and register what can be: the way of a worklist that is given by hand."""
    scope: dict[str, Any] = {"organisation_id": turn.organisation_id, "by": by, "at": at}
    name = f"{turn.worklist} of {turn.on.isoformat()}, {turn.nth}"
    if not ers_worklist.is_one(raw):  # a page of a proxy, as it may be: nothing of e-RS to keep
        why = "The answer is no JSON: look what stands between here and e-RS."
        failed(turn, why, by=by, at=at)
        return Came(None, why)
    with transaction.atomic():
        file = actions.give(raw, name, SENDER, service_id=turn.service_id, has_turn=True, **scope)
        AskedWorklist.objects.filter(pk=turn.pk).update(file=file.pk)
    if file.state == GivenFile.State.UNREAD:
        return Came(file, f"{file.place}: {file.why} {file.fix}")
    try:
        return Came(actions.register(file.pk, **scope))
    except (CannotParse, NotAllowed) as problem:
        return Came(file, str(problem))


def _note(verb: str, turn: AskedWorklist, detail: dict[str, Any], by: Actor, at: datetime) -> None:
    entry = Entry(verb, f"asked_worklist:{turn.pk}", {"service": turn.service_id, **detail})
    audit([entry], organisation_id=turn.organisation_id, by=by, at=at)
