"""Entering a recurring duty, writing down that it was done, and ending it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.domain.outpatients.recurring import Every, Kind, Unit, next_due
from clearway.domain.shared.errors import NotAllowed

from .models import DutyDone, RecurringDuty


@dataclass(frozen=True, slots=True)
class New:
    """A duty as somebody enters it; due_on: the first time."""

    name: str
    kind: Kind
    owner: str
    every: Every
    due_on: date


@transaction.atomic
def enter(new: New, *, organisation_id: int, by: Actor, at: datetime) -> RecurringDuty:
    """Enter a duty. Raises NotAllowed where its owner has it already."""
    same = RecurringDuty.objects.filter(
        organisation_id=organisation_id, name=new.name, owner=new.owner, ended_at__isnull=True
    )
    if same.exists():
        raise NotAllowed("entered", "Entering it", "This owner has a duty of this name. Open that one.")
    row = RecurringDuty(
        organisation_id=organisation_id,
        name=new.name,
        kind=new.kind.value,
        owner=new.owner,
        every=new.every.count,
        unit=new.every.unit.value,
        due_on=new.due_on,
        entered_at=at,
    )
    return _saved(row, "recurring.enter", {"due_on": row.due_on.isoformat()}, by, at)


@transaction.atomic
def done(
    key: int, done_on: date, evidence: str, *, organisation_id: int, by: Actor, at: datetime
) -> RecurringDuty:
    """It was done on a day, and this shows it; its next day counts from the newest. Raises NotAllowed."""
    row = _going_on(key, organisation_id, "Writing down that it was done")
    if done_on > local(at).date():
        raise NotAllowed("due", "Writing down that it was done", "It cannot have been done after today.")
    DutyDone.objects.create(duty=row, done_on=done_on, evidence=evidence, recorded_at=at, recorded_by=by.name)
    newest = max(row.times.values_list("done_on", flat=True))
    row.due_on = next_due(Every(row.every, Unit(row.unit)), newest)
    return _saved(row, "recurring.done", {"done_on": done_on.isoformat()}, by, at)


@transaction.atomic
def end(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> RecurringDuty:
    """It is no duty any more. What was done is kept. Raises NotAllowed."""
    row = _going_on(key, organisation_id, "Ending it")
    row.ended_at, row.ended_why = at, why
    return _saved(row, "recurring.end", {}, by, at)


def _going_on(key: int, organisation_id: int, event: str) -> RecurringDuty:
    row = RecurringDuty.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if row.ended_at is not None:
        raise NotAllowed("ended", event, "This duty was ended. Enter it anew.")
    return row


def _saved(
    row: RecurringDuty, verb: str, detail: Mapping[str, Any], by: Actor, at: datetime
) -> RecurringDuty:
    row.save()
    entry = Entry(verb, f"recurring_duty:{row.pk}", detail)
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
    return row
