"""Lending equipment, asking for it back, taking it back, decontaminating it, and recalling a make."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.domain.outpatients import loans as rules
from clearway.domain.outpatients.loans import State, Step
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..patients import queries as patients
from ..waiting import actions as waiting
from .models import Item, Loan


@dataclass(frozen=True, slots=True)
class New:
    """An item that comes into the store."""

    serial: str
    kind: str
    make: str
    batch: str = ""
    size: str = ""


@transaction.atomic
def add(new: New, *, organisation_id: int, by: Actor, at: datetime) -> Item:
    """Enter an item, ready to be lent. Raises NotAllowed for a serial number that is there already."""
    if Item.objects.filter(organisation_id=organisation_id, serial=new.serial).exists():
        raise NotAllowed("entered", "Entering it", "There is an item with this serial number. Open that one.")
    row = Item.objects.create(organisation_id=organisation_id, added_at=at, **asdict(new))
    return _saved(row, "loans.add", {"make": row.make}, by, at)


@transaction.atomic
def issue(
    key: int, patient_id: int, due_on: date | None = None, *, organisation_id: int, by: Actor, at: datetime
) -> Loan:
    """Lend an item to a patient, for the usual time where no day is given. Raises NotAllowed."""
    row = _locked(key, organisation_id)
    state = rules.after(State(row.state), Step.ISSUE, is_recalled=row.recalled_at is not None)
    if not patients.exists(organisation_id, patient_id):
        raise NotAllowed(State(row.state).meaning, Step.ISSUE.meaning, "There is no such patient here.")
    if patients.one(organisation_id, patient_id).died_on is not None:
        raise NotAllowed(State(row.state).meaning, Step.ISSUE.meaning, "The patient has died.")
    today, held = local(at).date(), policy.loans(organisation_id, at)
    due = due_on or today + timedelta(days=held.usual_days)
    if due < today:
        raise NotAllowed(State(row.state).meaning, Step.ISSUE.meaning, "It would be due before today.")
    row.state = state.value
    loan = Loan.objects.create(
        organisation_id=organisation_id,
        item=row,
        patient_id=patient_id,
        issued_at=at,
        issued_by=by.name,
        due_on=due,
        chase_on=rules.chase_on(due, 0, held),
    )
    _saved(row, "loans.issue", {"loan": loan.pk, "due_on": due.isoformat()}, by, at)
    return loan


@transaction.atomic
def chase(
    key: int, channel: str, outcome: str, words: str, *, organisation_id: int, by: Actor, at: datetime
) -> Loan:
    """Ask a patient for an item: kept as a contact, and its next day found. Raises NotAllowed."""
    row = _locked(key, organisation_id)
    loan = _out(row, "Asking for it")
    patient = patients.one(organisation_id, loan.patient_id)
    if not (may := patients.may_contact(patient, channel)):
        raise NotAllowed("out", "Asking for it", may.why)
    attempt = waiting.Attempt(
        loan.patient_id,
        "reminder",
        channel,
        words or f"Asked for the return of {row.kind}",
        to=patients.address_for(patient, channel),
        outcome=outcome,
    )
    waiting.contact(attempt, organisation_id=organisation_id, by=by, at=at)
    loan.asked += 1
    loan.chase_on = rules.chase_on(loan.due_on, loan.asked, policy.loans(organisation_id, at))
    loan.save(update_fields=["asked", "chase_on"])
    _saved(row, "loans.chase", {"loan": loan.pk, "asked": loan.asked}, by, at)
    return loan


@transaction.atomic
def take_back(key: int, condition: str, *, organisation_id: int, by: Actor, at: datetime) -> Item:
    """It is here again, and is decontaminated before it is lent. Raises NotAllowed."""
    row = _locked(key, organisation_id)
    row.state = rules.after(State(row.state), Step.RETURN).value
    _end(_out(row, Step.RETURN.meaning), condition, by, at)
    return _saved(row, "loans.return", {}, by, at)


@transaction.atomic
def clean(key: int, how: str, *, organisation_id: int, by: Actor, at: datetime) -> Item:
    """It was decontaminated, and can be lent again unless it is recalled. Raises NotAllowed."""
    row = _locked(key, organisation_id)
    row.state = rules.after(State(row.state), Step.CLEAN).value
    row.cleaned_at, row.cleaned_by, row.cleaned_how = at, by.name, how
    return _saved(row, "loans.clean", {}, by, at)


@transaction.atomic
def write_off(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Item:
    """It is lost or of no use. A loan of it ends. Raises NotAllowed."""
    row = _locked(key, organisation_id)
    was_out = row.state == State.OUT
    row.state = rules.after(State(row.state), Step.WRITE_OFF).value
    row.gone_why = why
    if was_out:
        _end(_out(row, Step.WRITE_OFF.meaning), why, by, at)
    return _saved(row, "loans.write_off", {}, by, at)


@transaction.atomic
def recall(
    make: str, why: str, *, batch: str = "", organisation_id: int, by: Actor, at: datetime
) -> list[Item]:
    """Recall a make, or one batch of it: nothing of it is lent, and who has one is to be asked for it.

    Raises NotAllowed where there is none.
    """
    rows = Item.objects.select_for_update().filter(organisation_id=organisation_id, make__iexact=make.strip())
    if batch.strip():
        rows = rows.filter(batch__iexact=batch.strip())
    found = list(rows.exclude(state=State.GONE.value).order_by("pk"))
    if not found:
        raise NotAllowed("as it stands", "Recalling it", "There is nothing of this make and batch here.")
    for row in found:
        row.recalled_at, row.recall_why = row.recalled_at or at, why
        _saved(row, "loans.recall", {"make": row.make, "batch": row.batch}, by, at)
    return found


@transaction.atomic
def end_recall(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Item:
    """This item was checked or mended, and may be lent again once it is clean. Raises NotAllowed."""
    row = _locked(key, organisation_id)
    if row.recalled_at is None or row.state == State.OUT:
        why = "It is still with a patient." if row.recalled_at else "It is not recalled."
        raise NotAllowed(State(row.state).meaning, "Ending its recall", why)
    row.recalled_at, row.recall_why = None, ""
    return _saved(row, "loans.end_recall", {}, by, at)


def _locked(key: int, organisation_id: int) -> Item:
    return Item.objects.select_for_update().get(pk=key, organisation_id=organisation_id)


def _out(row: Item, event: str) -> Loan:
    loan = row.loans.filter(ended_at__isnull=True).first()
    if loan is None:
        raise NotAllowed(State(row.state).meaning, event, "No patient has it.")
    return loan


def _end(loan: Loan, condition: str, by: Actor, at: datetime) -> None:
    loan.ended_at, loan.ended_by, loan.condition = at, by.name, condition
    loan.save(update_fields=["ended_at", "ended_by", "condition"])


def _saved(row: Item, verb: str, detail: Mapping[str, Any], by: Actor, at: datetime) -> Item:
    row.save()
    audit([Entry(verb, f"item:{row.pk}", detail)], organisation_id=row.organisation_id, by=by, at=at)
    return row
