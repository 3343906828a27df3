"""Writing contacts down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.clashes import check_newest
from clearway.core.live.actions import announce
from clearway.core.worklist import queries as worklist
from clearway.domain.ambulance.contacts import Means, Partner
from clearway.domain.shared.errors import NotAllowed

from .models import Contact

CORRECTING = "Correcting this contact"


@dataclass(frozen=True, slots=True)
class Spoken:
    """One contact as somebody writes it down. `corrects` is the number of the one that it replaces."""

    partner: Partner
    means: Means
    reason: str
    result: str
    words: str = ""
    incident: str = ""
    task: int | None = None
    corrects: int | None = None


def write(spoken: Spoken, *, organisation_id: int, by: Actor, at: datetime) -> Contact:
    """Write a contact down.

    Raises NotAllowed where what it corrects is gone, and ChangedMeanwhile where it was corrected already.
    """
    try:
        with transaction.atomic():
            return _write(spoken, organisation_id, by, at)
    except IntegrityError:  # somebody else corrected it at the same moment: with both values in view
        _corrected(spoken, organisation_id)
        raise


def _says(row: Contact) -> dict[str, Any]:
    names = ("means", "reason", "result", "words", "incident", "task")
    return {"whom": row.name, **{name: getattr(row, name) for name in names}}


def _fields(spoken: Spoken) -> dict[str, Any]:
    return {
        "whom": spoken.partner.name,
        "means": spoken.means,
        "reason": spoken.reason,
        "result": spoken.result,
        "words": spoken.words,
        "incident": spoken.incident,
        "task": spoken.task,
    }


def _corrected(spoken: Spoken, organisation_id: int) -> Contact | None:
    if spoken.corrects is None:
        return None
    before = Contact.objects.filter(organisation_id=organisation_id, pk=spoken.corrects).first()
    if before is None:
        raise NotAllowed("gone", CORRECTING, "There is no such contact.")
    check_newest(before, _says, _fields(spoken), CORRECTING)
    return before


def _write(spoken: Spoken, organisation_id: int, by: Actor, at: datetime) -> Contact:
    before = _corrected(spoken, organisation_id)
    _check_task(spoken.task, before, organisation_id)
    row = Contact.objects.create(
        organisation_id=organisation_id,
        at=before.at if before else at,
        by=by.name,
        role=by.role,
        kind=spoken.partner.kind,
        key=spoken.partner.key,
        name=spoken.partner.name,
        means=spoken.means,
        reason=spoken.reason,
        result=spoken.result,
        words=spoken.words,
        incident=spoken.incident,
        task=spoken.task,
        supersedes=before,
    )
    detail = {"with": row.name, "reason": row.reason, "result": row.result, "corrects": spoken.corrects}
    audit(
        [Entry("contacts.write", f"contact:{row.pk}", detail)], organisation_id=organisation_id, by=by, at=at
    )
    changed = [str(each.pk) for each in (row, before) if each is not None]
    announce("contact", changed, organisation_id=organisation_id, at=at)
    return row


def _check_task(task: int | None, before: Contact | None, organisation_id: int) -> None:
    """The task is one of this organisation's; that of what is corrected may have been let go of since."""
    is_kept = before is not None and before.task == task
    if task is not None and not is_kept and not worklist.by_keys(organisation_id, [task]):
        raise NotAllowed("gone", "Writing this contact", "There is no such task.")
