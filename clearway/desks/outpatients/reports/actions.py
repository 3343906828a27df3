"""Entering a report, sending what is due, naming another recipient, acknowledging, ending."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.core.outbox import actions as outbox
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.reports import Cadence, Unit, What, next_due
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.outgoing import WAITING, State

from .. import policy
from . import queries
from .making import OUTBOX, TRAY
from .models import Report, SentReport


@dataclass(frozen=True, slots=True)
class New:
    """A report as somebody enters it."""

    what: What
    recipient_id: int
    cadence: Cadence


@transaction.atomic
def enter(new: New, *, organisation_id: int, by: Actor, at: datetime) -> Report:
    """Enter a report, due for the first time on the next of its days. Raises NotAllowed."""
    event, today = "Entering this report", local(at).date()
    role = _role(new.recipient_id, event, organisation_id, at)
    same = Report.objects.filter(
        organisation_id=organisation_id, what=new.what, recipient_id=new.recipient_id, ended_at=None
    )
    if same.exists():
        raise NotAllowed("entered", event, "This person gets these figures already. Open that report.")
    row = Report(
        organisation_id=organisation_id,
        what=new.what.value,
        recipient_id=new.recipient_id,
        role=role,
        unit=new.cadence.unit.value,
        number=new.cadence.number,
        due_on=next_due(new.cadence, today, BANK_HOLIDAYS),
        entered_at=at,
        entered_by=by.name,
    )
    return _saved(row, "reports.enter", {"what": row.what, "recipient": row.recipient_id}, by, at)


@transaction.atomic
def send_due(*, organisation_id: int, by: Actor, at: datetime) -> list[SentReport]:
    """Put what is due into the outbox, each once for its day; asked again, nothing more."""
    now = local(at)
    last = now.date()
    if now.hour < policy.reports(organisation_id, at).from_hour:
        return []
    rows = Report.objects.select_for_update(skip_locked=True).filter(
        organisation_id=organisation_id, ended_at__isnull=True, due_on__lte=last
    )
    made = []
    for row in rows.order_by("id"):
        made += _put(row, f"report:{row.pk}:{row.due_on.isoformat()}", row.due_on, at)
        row.due_on = next_due(Cadence(Unit(row.unit), row.number), last, BANK_HOLIDAYS)
        _saved(row, "reports.due", {"next": row.due_on.isoformat()}, by, at)
    return made


@transaction.atomic
def send_now(key: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Send it by hand, besides its days. Raises NotAllowed while one that was sent by hand has not left."""
    row = _going_on(key, organisation_id, "Sending it now")
    if row.sent.filter(due_on=None, outgoing__state__in=WAITING).exists():
        raise NotAllowed("being sent", "Sending it now", "One is on its way already.")
    _put(row, f"report:{row.pk}:by-hand:{row.sent.count() + 1}", None, at)
    _saved(row, "reports.send_now", {}, by, at)


@transaction.atomic
def readdress(key: int, recipient_id: int, *, organisation_id: int, by: Actor, at: datetime) -> Report:
    """Send it to somebody else from now on; what has not left goes to them too. Raises NotAllowed."""
    event = "Naming another recipient"
    row = _going_on(key, organisation_id, event)
    role = _role(recipient_id, event, organisation_id, at)
    same = Report.objects.filter(organisation_id=organisation_id, what=row.what, recipient_id=recipient_id)
    if same.filter(ended_at=None).exists():
        raise NotAllowed("entered", event, "This person gets these figures already.")
    row.recipient_id, row.role = recipient_id, role
    waiting = row.sent.filter(outgoing__state__in=(State.QUEUED, State.READY, State.HELD))
    for each in waiting.select_related("outgoing"):
        each.recipient_id = recipient_id
        each.save(update_fields=["recipient"])
        if each.outgoing.state == State.HELD:
            outbox.release(each.outgoing_id, organisation_id=organisation_id, by=by, at=at)
    return _saved(row, "reports.readdress", {"recipient": recipient_id}, by, at)


@transaction.atomic
def acknowledge(key: int, said: str, *, organisation_id: int, by: Actor, at: datetime) -> SentReport:
    """Its recipient has read it. Raises NotAllowed for anybody else, and where it was said already."""
    event = "Saying that it was read"
    row = SentReport.objects.select_for_update(of=("self",)).select_related("recipient")
    found = row.get(pk=key, report__organisation_id=organisation_id)
    if found.recipient_id != by.user_id:
        raise NotAllowed("sent", event, f"It went to {found.recipient}: only they can say so.")
    (message,) = outbox.lock([found.outgoing_id], organisation_id)
    outbox.step(message, State.DELIVERED, by=by, at=at)
    found.read_at, found.said = at, said.strip()[:300]
    found.save(update_fields=["read_at", "said"])
    entry = Entry("reports.acknowledge", f"report_sent:{key}", {"report": found.report_id})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return found


@transaction.atomic
def end(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Report:
    """It is sent no more. What was sent is kept. Raises NotAllowed."""
    row = _going_on(key, organisation_id, "Ending it")
    row.ended_at, row.ended_why = at, why
    return _saved(row, "reports.end", {}, by, at)


def _put(row: Report, key: str, due_on: date | None, at: datetime) -> list[SentReport]:
    keys = outbox.put([key], OUTBOX, carrier=TRAY, organisation_id=row.organisation_id, at=at)
    rows = [
        SentReport(report=row, outgoing_id=message, recipient_id=row.recipient_id, due_on=due_on)
        for message in keys.values()
    ]
    return SentReport.objects.bulk_create(rows)


def _role(user_id: int, event: str, organisation_id: int, at: datetime) -> str:
    role = queries.role_of(user_id, organisation_id, at)
    if not role:
        raise NotAllowed("no recipient", event, "Choose somebody who may read reports here.")
    return role


def _going_on(key: int, organisation_id: int, event: str) -> Report:
    row = Report.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if row.ended_at is not None:
        raise NotAllowed("ended", event, "This report was ended. Enter it anew.")
    return row


def _saved(row: Report, verb: str, detail: Mapping[str, Any], by: Actor, at: datetime) -> Report:
    row.save()
    audit([Entry(verb, f"report:{row.pk}", detail)], organisation_id=row.organisation_id, by=by, at=at)
    return row
