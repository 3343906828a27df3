"""Entering a recurring duty, writing down that it was done, and ending it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.recurring import Every, Found, Unit, next_due
from clearway.domain.shared.region import Desk

from ..audit.actions import Actor, Entry
from ..audit.actions import record as audit
from ..layout.times import local
from .models import DutyDone, RecurringDuty
from .policy import recurring_policy


@dataclass(frozen=True, slots=True)
class New:
    """A duty as somebody enters it; due_on: the first time. every None: as the policy says of its kind."""

    name: str
    kind: str
    owner: str
    every: Every | None
    due_on: date
    desk: Desk = Desk.OUTPATIENTS
    person_id: int | None = None
    place: str = ""


@transaction.atomic
def enter(new: New, *, organisation_id: int, by: Actor, at: datetime) -> RecurringDuty:
    """Enter a duty. Raises NotAllowed where its owner has it already."""
    same = RecurringDuty.objects.filter(
        organisation_id=organisation_id,
        name=new.name,
        owner=new.owner,
        place=new.place,
        ended_at__isnull=True,
    )
    if same.exists():
        raise _is_there()
    kind = recurring_policy(organisation_id, at).kind(new.kind)
    every = new.every or Every(kind.every, kind.unit)
    row = RecurringDuty(
        organisation_id=organisation_id,
        desk=new.desk.value,
        name=new.name,
        kind=new.kind,
        owner=new.owner,
        person_id=new.person_id,
        place=new.place,
        every=every.count,
        unit=every.unit.value,
        due_on=new.due_on,
        entered_at=at,
    )
    try:
        with transaction.atomic():
            return _saved(row, "recurring.enter", {"due_on": row.due_on.isoformat()}, by, at)
    except IntegrityError as problem:  # somebody entered it in the same moment
        if "one_duty_per_name_owner_and_place" not in str(problem):
            raise
        raise _is_there() from problem


def _is_there() -> NotAllowed:
    return NotAllowed("entered", "Entering it", "This owner has a duty of this name. Open that one.")


@transaction.atomic
def done(
    key: int,
    done_on: date,
    evidence: str,
    found: Sequence[Found] = (),
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> RecurringDuty:
    """It was done on a day, and this shows it; its next day counts from the newest. Raises NotAllowed."""
    event = "Writing down that it was done"
    row = _going_on(key, organisation_id, event)
    if done_on > local(at).date():
        raise NotAllowed("due", event, "It cannot have been done after today.")
    items = recurring_policy(organisation_id, at).kind(row.kind).items
    if tuple(each.item for each in found) != items:
        raise NotAllowed("not all looked at", event, "Say of each item how it was found.")
    DutyDone.objects.create(
        organisation_id=organisation_id,
        duty=row,
        done_on=done_on,
        evidence=evidence,
        found=[asdict(each) for each in found],
        recorded_at=at,
        recorded_by=by.name,
    )
    newest = max(row.times.values_list("done_on", flat=True))
    row.due_on = next_due(Every(row.every, Unit(row.unit)), newest)
    detail = {"done_on": done_on.isoformat(), "not_met": sum(not each.is_met for each in found)}
    return _saved(row, "recurring.done", detail, by, at)


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
