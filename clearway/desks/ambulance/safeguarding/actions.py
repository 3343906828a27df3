"""Raising a safeguarding concern, looking at one, and taking it up."""

from datetime import datetime

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.core.locks import Lock, one_at_a_time
from clearway.core.organisation.queries import policies
from clearway.core.people.roles import ROLES
from clearway.domain.shared.errors import NotAllowed

from .models import Safeguarding, SafeguardingTaken

READS = "safeguarding.read"  # the permission of roles that may be a queue
POLICY = "contacts"


@transaction.atomic
def concern(
    kind: str, words: str, incident: str, *, organisation_id: int, by: Actor, at: datetime
) -> Safeguarding:
    """Raise one to the queue of the policy. The audit never says what it is. Raises NotAllowed."""
    values = policies(organisation_id, [POLICY], local(at).date()).get(POLICY, {})
    queue = values.get("safeguarding", {}).get(kind, "")
    if by.user_id is None or queue not in ROLES or READS not in ROLES[queue].permissions:
        why = "The policy names no queue for it. Tell the clinical lead now, by telephone."
        raise NotAllowed("without a queue", "Raising this concern", why)
    row = Safeguarding.objects.create(
        organisation_id=organisation_id,
        kind=kind,
        words=words,
        incident=incident,
        queue=queue,
        at=at,
        by_id=by.user_id,
        role=by.role,
    )
    detail = {"kind": kind, "incident": incident, "queue": queue}
    entry = Entry("safeguarding.raise", f"safeguarding:{row.pk}", detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


@transaction.atomic
def look(row: Safeguarding, roles: tuple[str, ...], *, by: Actor, at: datetime) -> str:
    """What was written, once the look is on record. Raises NotAllowed for whom it is hidden from."""
    if not may_look(row, roles, by.user_id):
        why = "Only the people of its queue and its author read it."
        raise NotAllowed("hidden", "Looking at this concern", why)
    entry = Entry("safeguarding.look", f"safeguarding:{row.pk}", {})
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
    return row.words


def may_look(row: Safeguarding, roles: tuple[str, ...], user_id: int | None) -> bool:
    """Its queue, and its author."""
    return row.queue in roles or (user_id is not None and row.by_id == user_id)


@transaction.atomic
def take(row: Safeguarding, roles: tuple[str, ...], *, by: Actor, at: datetime) -> None:
    """Somebody of the queue acknowledges it. Raises NotAllowed."""
    one_at_a_time(Lock.SAFEGUARDING, row.pk)
    locked = Safeguarding.objects.get(pk=row.pk)
    if locked.queue not in roles:
        raise NotAllowed("with its queue", "Acknowledging this concern", "Only its queue acknowledges it.")
    if SafeguardingTaken.objects.filter(of=locked).exists():
        raise NotAllowed("taken", "Acknowledging this concern", "A colleague has acknowledged it already.")
    SafeguardingTaken.objects.create(of=locked, at=at, by=by.name)
    entry = Entry("safeguarding.take", f"safeguarding:{row.pk}", {})
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
