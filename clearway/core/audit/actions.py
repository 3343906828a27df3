"""Writing the audit. Every action calls `record` in its own transaction: no audit row, no action."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from .models import Action


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person in a role, or a process such as "feed:swast-cad" or "rule:handover_ladder"."""

    name: str
    user_id: int | None = None
    role: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One audit row to write. `detail` is what a reader needs later; never identity."""

    verb: str
    subject: str
    detail: Mapping[str, Any]


def record(entries: Iterable[Entry], *, organisation_id: int | None, by: Actor, at: datetime) -> None:
    """Write audit rows. Must run inside the transaction of what it records."""
    record_each(((by, entry) for entry in entries), organisation_id=organisation_id, at=at)


def record_each(entries: Iterable[tuple[Actor, Entry]], *, organisation_id: int | None, at: datetime) -> None:
    """The same for what several actors did in one transaction, in one write."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An audit row is written in the transaction of its action; open one first.")
    Action.objects.bulk_create(
        Action(
            at=at,
            organisation_id=organisation_id,
            verb=entry.verb,
            actor=by.name,
            user_id=by.user_id,
            role=by.role,
            subject=entry.subject[:150],
            detail=dict(entry.detail),
            request_id=by.request_id,
        )
        for by, entry in entries
    )
