"""Writing messages, and what recipients do with them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.clashes import check_newest
from clearway.core.live.actions import announce
from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.shared.errors import NotAllowed

from .models import DeskMessage, DeskMessageStep, DeskMessageTo

Recipient = tuple[str, str, str]  # kind, key and name
REPLACING = "Replacing this message"
STEPS = ("shown", "acknowledged", "replied")


def send(
    words: str,
    to: Sequence[Recipient],
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    corrects: int | None = None,
) -> DeskMessage:
    """Write one message to everybody named.

    Raises NotAllowed where what it replaces is gone, and ChangedMeanwhile where it was replaced already.
    """
    try:
        with transaction.atomic():
            before = _replaced(corrects, words, to, organisation_id)
            row = DeskMessage.objects.create(
                organisation_id=organisation_id,
                words=words,
                at=at,
                by=by.name,
                role=by.role,
                supersedes=before,
            )
            DeskMessageTo.objects.bulk_create(
                DeskMessageTo(of=row, kind=kind, key=key, name=name) for kind, key, name in dict.fromkeys(to)
            )
            detail = {"to": [name for _, _, name in to], "corrects": corrects}
            entry = Entry("messages.send", f"message:{row.pk}", detail)
            audit([entry], organisation_id=organisation_id, by=by, at=at)
            changed = [str(each.pk) for each in (row, before) if each is not None]
            announce("message", changed, organisation_id=organisation_id, at=at)
            return row
    except IntegrityError:  # somebody else replaced it at the same moment: with both values in view
        _replaced(corrects, words, to, organisation_id)
        raise


def _replaced(
    corrects: int | None, words: str, to: Sequence[Recipient], organisation_id: int
) -> DeskMessage | None:
    if corrects is None:
        return None
    before = DeskMessage.objects.filter(organisation_id=organisation_id, pk=corrects).first()
    if before is None:
        raise NotAllowed("gone", REPLACING, "There is no such message.")
    check_newest(before, _says, {"to": [name for _, _, name in to], "words": words}, REPLACING)
    return before


def _says(row: DeskMessage) -> dict[str, Any]:
    return {"to": [each.name for each in row.to.order_by("pk")], "words": row.words}


@transaction.atomic
def came(key: int, step: str, *, organisation_id: int, by: Actor, at: datetime, words: str = "") -> bool:
    """A recipient was shown a message, acknowledged it or replied; each includes those before it.

    What comes again counts once; of a message that was replaced nothing counts. Returns whether it counted.
    The caller has seen to it that the recipient is theirs.
    """
    one_at_a_time(Lock.MESSAGE, key)
    row = DeskMessageTo.objects.select_related("of__superseded_by").get(
        pk=key, of__organisation_id=organisation_id
    )
    if getattr(row.of, "superseded_by", None) is not None:
        return False
    had = set(row.steps.values_list("step", flat=True))
    reached = [each for each in STEPS[: STEPS.index(step) + 1] if each == "replied" or each not in had]
    if not reached:
        return False
    DeskMessageStep.objects.bulk_create(
        DeskMessageStep(to=row, step=each, at=at, by=by.name, words=words if each == "replied" else "")
        for each in reached
    )
    entry = Entry("messages.came", f"message:{row.of_id}", {"to": row.name, "steps": reached})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    announce("message", [str(row.of_id)], organisation_id=organisation_id, at=at)
    return True
