"""Storing what comes in, and keeping its account."""

import hashlib
import secrets
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from clearway.domain.shared.errors import CannotParse, NotAllowed

from ..audit.actions import Actor, Entry
from ..audit.actions import record as audit
from ..audit.models import LOOK
from ..live.actions import announce
from ..organisation.models import Organisation
from .models import Answer, Batch, Message, Quarantined, Source

SPEAKS_ALL_THE_TIME = timedelta(seconds=5)  # the tailer draws what ages anew as often


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that could not become a fact.

    waits_for, watches  as of models.Quarantined
    answered            its sender was told at once, and it waits for nobody
    """

    line: int
    body: bytes
    error: CannotParse
    waits_for: str = ""
    answered: bool = False
    watches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the lines of one batch."""

    applied: int
    duplicate: int
    rejected: tuple[Rejected, ...]
    aside: int = 0


def digest(body: bytes) -> bytes:
    """What tells one message from another under the same key, and a repeat from a new line."""
    return hashlib.blake2b(body, digest_size=16).digest()


def key_hash(key: str) -> str:
    """What is kept of a source's bearer key. Keys are long and random, so a plain hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def issue_key(source: Source, *, by: Actor, at: datetime) -> str:
    """A new bearer key for a source; the old one stops working. The key is returned once and never stored."""
    key = secrets.token_urlsafe(32)
    Source.objects.filter(pk=source.pk).update(key_hash=key_hash(key))
    entry = Entry("feeds.issue_key", _subject(source), {})
    audit([entry], organisation_id=source.organisation_id, by=by, at=at)
    return key


@dataclass(frozen=True, slots=True)
class Opening:
    """A source to open: how its lines are read, how often it should speak, and what it can know."""

    name: str
    kind: str
    format: str
    expected_interval_seconds: int
    knows: frozenset[str]


@transaction.atomic
def open_source(organisation: Organisation, opening: Opening, *, by: Actor, at: datetime) -> Source:
    """The organisation's source of this name; a new one is made switched off.

    Raises NotAllowed when another organisation has the name, or when the source reads another format.
    """
    source, is_new = Source.objects.get_or_create(
        name=opening.name,
        defaults={
            "organisation": organisation,
            "kind": opening.kind,
            "format": opening.format,
            "expected_interval_seconds": opening.expected_interval_seconds,
            "knows": sorted(opening.knows),
            "enabled": False,
        },
    )
    if source.organisation_id != organisation.pk:
        why = f"{opening.name} belongs to another organisation. Choose another name."
        raise NotAllowed("taken", "Opening this source", why)
    if (source.kind, source.format) != (opening.kind, opening.format):
        why = f"{source.name} is a {source.kind} source that reads {source.format}. Choose another name."
        raise NotAllowed("of another kind", "Opening this source", why)
    if is_new:
        entry = Entry("feeds.open_source", _subject(source), {"kind": source.kind, "format": source.format})
        audit([entry], organisation_id=organisation.pk, by=by, at=at)
    return source


@transaction.atomic
def switch(source: Source, on: bool, *, by: Actor, at: datetime) -> bool:
    """Switch a source on or off; returns whether that changed anything.

    A source that is off may not deliver, and boards, strip and tasks of the present do not count on it. What
    it said stays, and what waits from it is still read.
    """
    if not Source.objects.filter(pk=source.pk, enabled=not on).update(enabled=on):
        return False
    verb = "feeds.enable_source" if on else "feeds.disable_source"
    audit([Entry(verb, _subject(source), {})], organisation_id=source.organisation_id, by=by, at=at)
    announce("source", [source.name], organisation_id=source.organisation_id, at=at)
    return True


def _subject(source: Source) -> str:
    return f"source:{source.name}"


def store(source: Source, body: bytes, *, at: datetime, header: bytes = b"", first_line: int = 1) -> Batch:
    """Keep what was received, byte for byte. When this returns it is committed and may be acknowledged."""
    return Batch.objects.create(
        source=source, received_at=at, header=header, first_line=first_line, body=body
    )


def _waiting(batch: Batch, rejected: Rejected, at: datetime) -> Quarantined:
    return Quarantined(
        source_id=batch.source_id,
        batch=batch,
        line=rejected.line,
        body=rejected.body,
        place=f"line {rejected.line}, {rejected.error.where}"[:200],
        why=rejected.error.why[:500],
        fix=rejected.error.fix[:500],
        known_at=at,
        waits_for=rejected.waits_for[:140],
        watches=list(rejected.watches),
        digest=digest(rejected.body),
        state=Quarantined.State.ANSWERED if rejected.answered else Quarantined.State.WAITING,
    )


def close(batch: Batch, account: Account, *, at: datetime) -> None:
    """Write the account of a batch and put its rejected lines in quarantine. In the caller's transaction."""
    Quarantined.objects.bulk_create(_waiting(batch, rejected, at) for rejected in account.rejected)
    quarantined = len(account.rejected)
    Batch.objects.filter(pk=batch.pk).update(
        done_at=at,
        lines=account.applied + account.duplicate + account.aside + quarantined,
        applied=account.applied,
        duplicate=account.duplicate,
        aside=account.aside,
        quarantined=quarantined,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What a request was answered, as models.Answer describes it."""

    key: str
    body_hash: bytes
    status: int
    body: bytes
    location: str = ""
    version: str = ""


def answer(batch: Batch, told: Told, *, at: datetime, again: bool = False) -> None:
    """Keep what a request was answered, in the caller's transaction. again  in place of an earlier answer"""
    values = {field.name: getattr(told, field.name) for field in fields(told)}
    if again:
        Answer.objects.filter(batch_id=batch.pk).update(known_at=at, **values)
    else:
        Answer.objects.create(batch_id=batch.pk, source_id=batch.source_id, known_at=at, **values)


def is_new_message(source: Source, message_id: str, body_hash: bytes, *, at: datetime) -> bool:
    """Take the key of a message that became facts; whether it was free. In the caller's transaction."""
    _, is_new = Message.objects.get_or_create(
        source_id=source.pk,
        message_id=message_id,
        defaults={"body_hash": body_hash, "known_at": at},
    )
    return is_new


def heard(source: Source, *, at: datetime) -> None:
    """Note that a source was heard from. Screens are told when it had been silent for a while.

    While it speaks all the time, they are told of it with everything else that changes with time alone.
    """
    silent = source.received_at is None or at - source.received_at >= SPEAKS_ALL_THE_TIME
    newer = Source.objects.filter(pk=source.pk).exclude(received_at__gte=at).update(received_at=at)
    if newer and silent:
        announce("source", [source.name], organisation_id=source.organisation_id, at=at)


@transaction.atomic
def take_from_quarantine(row_id: int, *, by: Actor, at: datetime) -> Quarantined:
    """Lock a waiting row, mark it replayed and put it back on its batch's account as to be applied.

    The caller records the message in the same transaction and then calls `settle`.
    Raises NotAllowed when it was replayed already.
    """
    row = Quarantined.objects.select_for_update().select_related("batch", "source").get(pk=row_id)
    if row.state != Quarantined.State.WAITING:
        raise NotAllowed(row.state, "replay", f"This line has been {row.state} already.")
    row.state, row.replayed_at, row.replayed_by = Quarantined.State.REPLAYED, at, by.name
    row.save(update_fields=["state", "replayed_at", "replayed_by"])
    entry = Entry("feeds.replay", f"quarantined:{row.pk}", {"batch": row.batch_id, "line": row.line})
    audit([entry], organisation_id=row.source.organisation_id, by=by, at=at)
    return row


def waits_on(row_id: int, now: Rejected) -> None:
    """Write down why a line that was read again still waits, and for what; one that waits no more stays."""
    row = Quarantined.objects.filter(pk=row_id, state=Quarantined.State.WAITING)
    error = now.error
    row.update(
        place=f"line {now.line}, {error.where}"[:200],
        why=error.why[:500],
        fix=error.fix[:500],
        waits_for=now.waits_for[:140],
        watches=list(now.watches),
    )


def set_back(batch: Batch, rejected: Rejected, *, at: datetime) -> None:
    """Put the one line of a batch, which was set aside, into quarantine after all: it is found to be ours.

    In the caller's transaction.
    """
    if Quarantined.objects.filter(batch=batch, state=Quarantined.State.WAITING).exists():
        return
    moved = Batch.objects.filter(pk=batch.pk, aside=1).update(aside=0, quarantined=F("quarantined") + 1)
    if moved:
        Quarantined.objects.bulk_create([_waiting(batch, rejected, at)])


@transaction.atomic
def put_right(row_id: int, words: str, *, organisation_id: int, by: Actor, at: datetime) -> Quarantined:
    """Say that a line need not be read any more, because somebody did by hand what it asked for.

    Raises NotAllowed without words, and for a line that waits no more.
    """
    event = "Settling this line"
    if not words.strip():
        raise NotAllowed("not said", event, "Say what was done instead.")
    rows = Quarantined.objects.select_for_update(of=("self",)).select_related("source")
    row = rows.get(pk=row_id, source__organisation_id=organisation_id)
    if row.state != Quarantined.State.WAITING:
        raise NotAllowed(row.state, event, f"This line has been {row.state} already.")
    row.state, row.replayed_at, row.replayed_by = Quarantined.State.SETTLED, at, by.name
    row.settled = words.strip()[:300]
    row.save(update_fields=["state", "replayed_at", "replayed_by", "settled"])
    settle(row, "aside")
    entry = Entry("feeds.put_right", f"quarantined:{row.pk}", {"batch": row.batch_id, "words": row.settled})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


def settle(row: Quarantined, became: str) -> None:
    """Move a line on its batch's account from quarantined to `applied`, `duplicate` or `aside`."""
    Batch.objects.filter(pk=row.batch_id).update(quarantined=F("quarantined") - 1, **{became: F(became) + 1})


@transaction.atomic
def look(row: Quarantined, *, by: Actor, at: datetime, is_reviewed: bool = False) -> None:
    """Record that somebody looked at the bytes of a quarantined line, which may name a patient.

    is_reviewed  somebody else reviews the look, as of who the patient of an incident is
    """
    subject = f"quarantined:{row.pk}"
    entries = [Entry("feeds.look", subject, {"batch": row.batch_id, "line": row.line})]
    if is_reviewed:
        said = f"Line {row.line} of batch {row.batch_id}"
        entries.append(Entry(LOOK, subject, {"reason": "refused_line", "text": said, "found": True}))
    audit(entries, organisation_id=row.source.organisation_id, by=by, at=at)


@transaction.atomic
def examined(source: Source, kind: str, *, by: Actor, at: datetime) -> None:
    """Record that somebody read a message as this source's, to see what it means; it may name a patient.

    kind  of the message, "" where it could not be read so far; nothing else of it is kept
    """
    entry = Entry("feeds.examine", _subject(source), {"kind": kind})
    audit([entry], organisation_id=source.organisation_id, by=by, at=at)
