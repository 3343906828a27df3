"""Every write to the outbox but those of its worker (sending.py): putting in, and what people do with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from clearway.domain.shared.outgoing import State, check

from ..audit.actions import Actor, Entry, record
from .models import Outgoing

UNDO = timedelta(seconds=10)  # what causes a message can be taken back before it is made
NotThere = Outgoing.DoesNotExist
PUT = """
INSERT INTO core_outgoing (organisation_id, key, kind, carrier, state, queued_at, due_at, since,
                           reason, why, fix, digest, reference, tries)
SELECT %s, key, %s, %s, 'queued', %s, %s, %s, '', '', '', '', '', 0
  FROM unnest(%s::text[]) AS key
    ON CONFLICT (organisation_id, key) DO NOTHING
RETURNING key, id
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What is in the way. reason: a word to sort by; why and fix: sentences for people."""

    reason: str
    why: str
    fix: str


def put(
    keys: Sequence[str],
    kind: str,
    *,
    carrier: str,
    organisation_id: int,
    at: datetime,
    wait: timedelta = UNDO,
) -> Mapping[str, int]:
    """Put messages into the outbox; key -> row. A key that is there already is left out: it goes out once.

    Must run in the transaction of what causes the messages, whose audit row is theirs too: either both are
    kept or neither. wait  in which what causes them can be taken back
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A message is put into the outbox in the transaction of its cause.")
    with connection.cursor() as cursor:
        cursor.execute(PUT, [organisation_id, kind, carrier, at, at + wait, at, list(keys)])
        return dict(cursor.fetchall())


def lock(keys: Sequence[int], organisation_id: int) -> list[Outgoing]:
    """The rows, locked in one order for everybody until the transaction ends. Raises where one is missing."""
    rows = Outgoing.objects.select_for_update().filter(organisation_id=organisation_id, pk__in=keys)
    found = list(rows.order_by("id"))
    if len(found) != len(set(keys)):
        raise Outgoing.DoesNotExist
    return found


def step(
    row: Outgoing,
    to: State,
    *,
    by: Actor,
    at: datetime,
    held: Held | None = None,
    why: str = "",
    **changes: Any,
) -> None:
    """Take a locked row to another state, with its audit row. Raises NotAllowed for a step there is not.

    changes  further columns, such as digest or reference
    """
    said = held.why if held else why
    check(row.state, to, said)
    was, row.state, row.since = row.state, to.value, at
    row.reason = held.reason if held else ""
    row.why, row.fix = said[:300], (held.fix if held else "")[:300]
    if to is State.READY and was != State.SENDING:
        row.ready_at = at
    if to is State.SENT:
        row.sent_at = changes.pop("sent_at", at)
    if to in (State.DELIVERED, State.FAILED, State.WITHDRAWN):
        row.settled_at = at
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    detail = {"was": was, "key": row.key, "reason": row.reason, "digest": row.digest}
    entry = Entry(f"outbox.{to.value}", f"outgoing:{row.pk}", detail)
    record([entry], organisation_id=row.organisation_id, by=by, at=at)


@transaction.atomic
def release(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Outgoing:
    """Make a message anew, after a person saw to what was in the way. Raises NotAllowed, NotThere."""
    (row,) = lock([key], organisation_id)
    step(row, State.QUEUED, by=by, at=at, due_at=at, digest="")
    return row


@transaction.atomic
def withdraw(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Outgoing:
    """It is not sent any more, for a reason. Raises NotAllowed, also once it has left; NotThere."""
    (row,) = lock([key], organisation_id)
    step(row, State.WITHDRAWN, why=why, by=by, at=at)
    return row


@transaction.atomic
def hurry(carrier: str, *, organisation_id: int, by: Actor, at: datetime) -> int:
    """Ask a carrier that was away now, not when it is its turn; how many messages wait for it."""
    rows = Outgoing.objects.filter(organisation_id=organisation_id, carrier=carrier, state=State.READY)
    count = rows.filter(due_at__gt=at).update(due_at=at)
    record(
        [Entry("outbox.hurry", f"carrier:{carrier}", {"count": count})],
        organisation_id=organisation_id,
        by=by,
        at=at,
    )
    return count
