"""Taking a request to correct a record, deciding it with its reason, and telling who has the old value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.domain.outpatients import rectification as rules
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.records import Kind, due_on
from clearway.domain.outpatients.rectification import Asker, Decision, Value
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..patients import actions as patient_actions
from ..patients import queries as patients
from . import rectified, steps
from .models import Recipient, Rectification


@dataclass(frozen=True, slots=True)
class New:
    """A request as it came. was, where: of a value that is not the patient's own."""

    patient_id: int
    asker: Asker
    requester: str
    value: Value
    wanted: str
    why: str
    received_on: date
    was: str = ""
    where: str = ""
    asks_identity: bool = False


@transaction.atomic
def take(new: New, *, organisation_id: int, by: Actor, at: datetime) -> Rectification:
    """Enter a request; what the record says now is kept with it, and its day is found. Raises NotAllowed."""
    event = "Entering this request"
    steps.check_taken(new.patient_id, new.received_on, organisation_id, at)
    if new.value is Value.ELSEWHERE and not (new.was and new.where):
        raise NotAllowed("as it stands", event, "Say in which record it stands, and what it says now.")
    was = new.was if new.value is Value.ELSEWHERE else _says(organisation_id, new.patient_id, new.value)
    if new.value is not Value.ELSEWHERE and str(rules.of_record(new.value, new.wanted)) == was:
        raise NotAllowed("as it stands", event, "The record says so already.")
    row = Rectification(
        organisation_id=organisation_id,
        patient_id=new.patient_id,
        asker=new.asker.value,
        requester=new.requester,
        value=new.value.value,
        where=new.where,
        was=was,
        wanted=new.wanted,
        why=new.why,
        received_on=new.received_on,
        taken_at=at,
        taken_by=by.name,
        identity_asked_at=at if new.asks_identity else None,
    )
    return _saved(row, "rectification.take", {"value": row.value, "asker": row.asker}, by, at)


@transaction.atomic
def identify(key: int, how: str, *, organisation_id: int, by: Actor, at: datetime) -> Rectification:
    """Who asks was checked, and that they may. Where proof was asked for, the month runs from now on."""
    row = steps.identify(_open(key, organisation_id, "Checking who asks"), how, by=by, at=at)
    return _saved(row, "rectification.identify", {}, by, at)


@transaction.atomic
def extend(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Rectification:
    """Two further months, of which the person is told with the reason. Raises NotAllowed."""
    row = _open(key, organisation_id, "Extending it")
    rules.check_extend(rectified.stands(row), local(at).date())
    row.extended_at, row.extended_why = at, why
    return _saved(row, "rectification.extend", {}, by, at)


@transaction.atomic
def correct(
    key: int, reason: str, became: str = "", *, organisation_id: int, by: Actor, at: datetime
) -> Rectification:
    """The person is right. A value of the patient's record is changed here, by the action that always does.

    became  of a value elsewhere: what it says since it was corrected on its own page
    Raises NotAllowed like patients.actions.change, where who asks was not checked, and where the record says
    something else than it did when it was asked.
    """
    event = "Correcting it"
    row = _open(key, organisation_id, event)
    rules.check_decide(rectified.stands(row))
    value = Value(row.value)
    if value is Value.ELSEWHERE:
        if not became.strip():
            raise NotAllowed("as it stands", event, "Correct it on its own page, then say what it says now.")
        row.became = became.strip()
    else:
        if _says(organisation_id, row.patient_id, value) != row.was:
            why = "The record was changed since this was asked. Look at it, and enter the request anew."
            raise NotAllowed("changed", event, why)
        wanted = {value.value: rules.of_record(value, row.wanted)}
        patient_actions.change(row.patient_id, wanted, organisation_id=organisation_id, by=by, at=at)
        row.became = _says(organisation_id, row.patient_id, value)
    told = Recipient.objects.bulk_create(rectified.given_to(row))
    return _decided(row, Decision.CORRECTED, reason, {"recipients": len(told)}, by, at)


@transaction.atomic
def refuse(
    key: int, reason: str, statement: str = "", *, organisation_id: int, by: Actor, at: datetime
) -> Rectification:
    """The value stays, for this reason. The person's own statement, if they gave one, is kept beside it."""
    row = _open(key, organisation_id, "Refusing it")
    rules.check_decide(rectified.stands(row))
    row.statement, row.statement_at = statement, at if statement else None
    return _decided(row, Decision.REFUSED, reason, {"has_statement": bool(statement)}, by, at)


@transaction.atomic
def withdraw(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Rectification:
    """Whoever asked no longer wants it. Raises NotAllowed."""
    row = _open(key, organisation_id, "Withdrawing it")
    return _decided(row, Decision.WITHDRAWN, why, {}, by, at)


@transaction.atomic
def add_statement(key: int, words: str, *, organisation_id: int, by: Actor, at: datetime) -> Rectification:
    """The person's statement came after the refusal. One is kept; a later one says so in its words."""
    row = Rectification.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if row.decision != Decision.REFUSED or row.statement:
        why = "There is one already." if row.statement else "Only what was refused has a statement beside it."
        raise NotAllowed("as it stands", "Adding the statement", why)
    row.statement, row.statement_at = words, at
    return _saved(row, "rectification.statement", {}, by, at)


@transaction.atomic
def tell(recipient_id: int, how: str, *, organisation_id: int, by: Actor, at: datetime) -> Recipient:
    """Somebody who has the old value was told, or why they cannot be. Raises NotAllowed."""
    rows = Recipient.objects.select_for_update().filter(rectification__organisation_id=organisation_id)
    row = rows.get(pk=recipient_id)
    if row.told_at is not None:
        raise NotAllowed("told", "Telling them", f"{row.told_by} told them already.")
    row.told_at, row.told_by, row.how = at, by.name, how
    row.save(update_fields=["told_at", "told_by", "how"])
    entry = Entry("rectification.tell", f"rectification:{row.rectification_id}", {"recipient": row.pk})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


def _says(organisation_id: int, patient_id: int, value: Value) -> str:
    """What the patient's record says of a value now."""
    says = getattr(patients.one(organisation_id, patient_id), value.value)
    return "" if says is None else str(says)


def _open(key: int, organisation_id: int, event: str) -> Rectification:
    rows = Rectification.objects.select_for_update(of=("self",)).select_related("patient")
    row = rows.get(pk=key, organisation_id=organisation_id)
    if row.decided_at is not None:
        raise NotAllowed("decided", event, f"{row.decided_by} decided it. Look at it again.")
    return row


def _decided(
    row: Rectification, decision: Decision, reason: str, detail: Mapping[str, Any], by: Actor, at: datetime
) -> Rectification:
    row.decision, row.reason, row.decided_at, row.decided_by = decision.value, reason, at, by.name
    return _saved(row, f"rectification.{decision.value}", {"value": row.value, **detail}, by, at)


def _saved(
    row: Rectification, verb: str, detail: Mapping[str, Any], by: Actor, at: datetime
) -> Rectification:
    proved = row.identified_at if row.identity_asked_at else None
    if row.decided_at is None:
        row.due_on = due_on(
            Kind.SUBJECT,
            row.received_on,
            policy.records(row.organisation_id, at),
            identified_on=local(proved).date() if proved else None,
            is_extended=row.extended_at is not None,
            holidays=BANK_HOLIDAYS,
        )
    row.save()
    entry = Entry(verb, f"rectification:{row.pk}", detail)
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
    return row
