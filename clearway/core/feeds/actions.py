"""Storing what comes in, and keeping its account."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from clearway.domain.shared.errors import CannotParse, NotAllowed

from ..audit.actions import Actor, Entry
from ..audit.actions import record as audit
from ..live.actions import announce
from .models import Batch, Quarantined, Source


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that could not become a fact."""

    line: int
    body: bytes
    error: CannotParse


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the lines of one batch."""

    applied: int
    duplicate: int
    rejected: tuple[Rejected, ...]


def key_hash(key: str) -> str:
    """What is kept of a source's bearer key. Keys are long and random, so a plain hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def issue_key(source: Source, *, by: Actor, at: datetime) -> str:
    """A new bearer key for a source; the old one stops working. The key is returned once and never stored."""
    key = secrets.token_urlsafe(32)
    Source.objects.filter(pk=source.pk).update(key_hash=key_hash(key))
    entry = Entry("feeds.issue_key", f"source:{source.name}", {})
    audit([entry], organisation_id=source.organisation_id, by=by, at=at)
    return key


def store(source: Source, body: bytes, *, at: datetime, header: bytes = b"", first_line: int = 1) -> Batch:
    """Keep what was received, byte for byte. When this returns it is committed and may be acknowledged."""
    return Batch.objects.create(
        source=source, received_at=at, header=header, first_line=first_line, body=body
    )


def close(batch: Batch, account: Account, *, at: datetime) -> None:
    """Write the account of a batch and put its rejected lines in quarantine. In the caller's transaction."""
    Quarantined.objects.bulk_create(
        Quarantined(
            source_id=batch.source_id,
            batch=batch,
            line=rejected.line,
            body=rejected.body,
            place=f"line {rejected.line}, {rejected.error.where}"[:200],
            why=rejected.error.why[:500],
            fix=rejected.error.fix[:500],
            known_at=at,
        )
        for rejected in account.rejected
    )
    quarantined = len(account.rejected)
    Batch.objects.filter(pk=batch.pk).update(
        done_at=at,
        lines=account.applied + account.duplicate + quarantined,
        applied=account.applied,
        duplicate=account.duplicate,
        quarantined=quarantined,
    )


def heard(source: Source, *, at: datetime) -> None:
    """Note that a source was heard from."""
    if Source.objects.filter(pk=source.pk).exclude(received_at__gte=at).update(received_at=at):
        announce("source", [source.name], organisation_id=source.organisation_id, at=at)


@transaction.atomic
def take_from_quarantine(row_id: int, *, by: Actor, at: datetime) -> Quarantined:
    """Lock a waiting row, mark it replayed and put it back on its batch's account as to be applied.

    The caller records the message in the same transaction and then calls `settle`.
    Raises NotAllowed when it was replayed already.
    """
    row = Quarantined.objects.select_for_update().select_related("batch", "source").get(pk=row_id)
    if row.state == Quarantined.State.REPLAYED:
        raise NotAllowed("replayed", "replay", "This line has been replayed already.")
    row.state, row.replayed_at, row.replayed_by = Quarantined.State.REPLAYED, at, by.name
    row.save(update_fields=["state", "replayed_at", "replayed_by"])
    entry = Entry("feeds.replay", f"quarantined:{row.pk}", {"batch": row.batch_id, "line": row.line})
    audit([entry], organisation_id=row.source.organisation_id, by=by, at=at)
    return row


def settle(row: Quarantined, *, duplicate: bool) -> None:
    """Move a replayed line on its batch's account from quarantined to applied or duplicate."""
    became = "duplicate" if duplicate else "applied"
    Batch.objects.filter(pk=row.batch_id).update(quarantined=F("quarantined") - 1, **{became: F(became) + 1})


@transaction.atomic
def look(row: Quarantined, *, by: Actor, at: datetime) -> None:
    """Record that somebody looked at the bytes of a quarantined line, which may name a patient."""
    entry = Entry("feeds.look", f"quarantined:{row.pk}", {"batch": row.batch_id, "line": row.line})
    audit([entry], organisation_id=row.source.organisation_id, by=by, at=at)
