"""Recording what sources said: the one way in for facts of the ambulance desk.

A feed records a batch; a click is a batch of one. One transaction: deduplicate, append facts, fold the
streams they belong to, write the projections, audit, and announce what changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec
from django.db import connection, transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.feeds.actions import digest
from clearway.core.feeds.models import Source
from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.ambulance.events import AvailabilityEvent, CallEvent, Event, HospitalEvent, JobEvent

from ..incidents import actions as incidents
from ..liaison import following as liaison
from ..resources import actions as resources

_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came: its key within the source, a hash of its bytes, the events it became.

    batch_id  the raw batch that holds its bytes; None for what a person entered
    """

    message_id: str
    body_hash: bytes
    events: tuple[Event, ...]
    batch_id: int | None = None


class Outcome(StrEnum):
    APPLIED = "applied"
    DUPLICATE = "duplicate"
    CONTRADICTION = "contradiction"  # the key was used before for other bytes


def body_hash(body: bytes) -> bytes:
    """What tells a repeat of a message from another message under the same key. 16 bytes."""
    return digest(body)


@transaction.atomic
def record(messages: Sequence[Received], *, source: Source, by: Actor, at: datetime) -> list[Outcome]:
    """Append the facts of these messages and bring every projection that rests on them to the present.

    at  when the messages became known; one instant for the batch
    Returns one outcome per message, in order. Messages may come in any order and any number of times.
    """
    lock(source.organisation_id)
    outcomes = _claim_keys(messages, source, at)
    applied = [
        message for message, outcome in zip(messages, outcomes, strict=True) if outcome is Outcome.APPLIED
    ]
    if applied:
        _append(applied, source, at)
        _follow([event for message in applied for event in message.events], source, at)
    _audit(messages, outcomes, source, by, at)
    return outcomes


def lock(organisation_id: int) -> None:
    """Be the only writer of facts and positions of this organisation until the transaction ends."""
    one_at_a_time(Lock.FACTS, organisation_id)


def _claim_keys(messages: Sequence[Received], source: Source, at: datetime) -> list[Outcome]:
    first: dict[str, bytes] = {}
    for message in messages:
        first.setdefault(message.message_id, message.body_hash)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_message (source_id, message_id, body_hash, known_at)"
            " SELECT %s, m.key, m.hash, %s FROM unnest(%s::text[], %s::bytea[]) AS m(key, hash)"
            " ON CONFLICT DO NOTHING RETURNING message_id",
            [source.pk, at, list(first), list(first.values())],
        )
        new = {row[0] for row in cursor.fetchall()}
        known = dict(first)
        if len(new) < len(first):
            cursor.execute(
                "SELECT message_id, body_hash FROM core_message"
                " WHERE source_id = %s AND message_id = ANY(%s)",
                [source.pk, [key for key in first if key not in new]],
            )
            known.update((key, bytes(stored)) for key, stored in cursor.fetchall())
    outcomes = []
    for message in messages:
        if known[message.message_id] != message.body_hash:
            outcomes.append(Outcome.CONTRADICTION)
        elif message.message_id in new:
            new.discard(message.message_id)
            outcomes.append(Outcome.APPLIED)
        else:
            outcomes.append(Outcome.DUPLICATE)
    return outcomes


_APPEND = """
INSERT INTO ambulance_fact
    (known_at, organisation_id, source, batch_id, occurred_at, message_id, stream, event)
SELECT %s, %s, %s, row.* FROM json_to_recordset(%s)
    AS row(batch_id bigint, occurred_at timestamptz, message_id text, stream text, event jsonb)
"""


def _append(messages: Sequence[Received], source: Source, at: datetime) -> None:
    # One JSON value instead of five arrays: the server unpacks it faster than the driver packs arrays.
    rows = [
        {
            "batch_id": message.batch_id,
            "occurred_at": event.occurred_at,
            "message_id": event.message_id,
            "stream": event.stream,
            "event": _without_identity(event),
        }
        for message in messages
        for event in message.events
    ]
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [at, source.organisation_id, source.name, _ENCODER.encode(rows).decode()])


def _follow(events: Sequence[Event], source: Source, at: datetime) -> None:
    jobs = [event for event in events if isinstance(event, JobEvent)]
    spoken = [event for event in events if isinstance(event, CallEvent)]
    changes = [event for event in events if isinstance(event, AvailabilityEvent)]
    incidents.follow(jobs, spoken, organisation_id=source.organisation_id, at=at)
    resources.follow(jobs, changes, source=source, at=at)
    if reports := [event for event in events if isinstance(event, HospitalEvent)]:
        liaison.follow(reports, source=source, at=at)


def _without_identity(event: Event) -> Event:
    if not isinstance(event, CallEvent) or event.patient is None:
        return event
    kept = msgspec.structs.replace(event.patient, name=None, nhs_number=None, born_on=None)
    return msgspec.structs.replace(event, patient=kept)


def _audit(
    messages: Sequence[Received], outcomes: Sequence[Outcome], source: Source, by: Actor, at: datetime
) -> None:
    batches = sorted({message.batch_id for message in messages if message.batch_id})
    counts = {outcome.value: outcomes.count(outcome) for outcome in Outcome}
    detail = {**counts, "batches": batches}
    entry = Entry("facts.record", f"source:{source.name}", detail)
    audit([entry], organisation_id=source.organisation_id, by=by, at=at)
