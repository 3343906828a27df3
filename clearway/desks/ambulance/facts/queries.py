"""Reading facts back."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TypeVar, cast

import msgspec
from django.db import connection

from clearway.domain.ambulance.events import AvailabilityEvent, CallEvent, Event, HospitalEvent, JobEvent
from clearway.domain.shared.facts import Fact

E = TypeVar("E", CallEvent, JobEvent, AvailabilityEvent, HospitalEvent)
_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def of_kind(kind: type[E], facts: Iterable[Fact[Event]]) -> list[Fact[E]]:
    """Those of the facts whose event is of this kind."""
    return [cast("Fact[E]", fact) for fact in facts if isinstance(fact.event, kind)]


def by_stream(
    organisation_id: int,
    streams: Collection[str],
    known_by: datetime | None = None,
    from_xid: int = 0,
    known_from: datetime | None = None,
) -> dict[str, list[Fact[Event]]]:
    """The facts of these streams, as known by an instant if one is given. One query.

    from_xid    only those recorded by this transaction or a later one
    known_from  only those that became known at or after this instant
    """
    if not streams:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stream, event::text, source, known_at FROM ambulance_fact"
            " WHERE organisation_id = %s AND stream = ANY(%s) AND xid >= %s"
            " AND known_at <= coalesce(%s::timestamptz, 'infinity')"
            " AND known_at >= coalesce(%s::timestamptz, '-infinity')",
            [organisation_id, list(streams), from_xid, known_by, known_from],
        )
        found: dict[str, list[Fact[Event]]] = defaultdict(list)
        for stream, event, source, known_at in cursor:
            found[stream].append(Fact(_DECODER.decode(event), source, known_at))
    return found


def who_pressed(
    organisation_id: int, status: str, known_from: datetime, known_by: datetime
) -> list[tuple[str, str]]:
    """Key of the assignment and who pressed this status of it, where the source says who. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stream, event->>'user' FROM ambulance_fact WHERE organisation_id = %s"
            " AND known_at >= %s AND known_at < %s AND event->>'status' = %s AND event ? 'user'"
            " ORDER BY known_at, id",
            [organisation_id, known_from, known_by, status],
        )
        return [(stream.removeprefix("assignment:"), user) for stream, user in cursor.fetchall()]


def events_with_status(
    organisation_id: int,
    streams: Collection[str],
    statuses: Collection[str],
    known_from: datetime,
    known_by: datetime,
) -> dict[str, list[AvailabilityEvent]]:
    """The availability events of these streams with one of these statuses, in any order. One query."""
    if not streams:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stream, event::text FROM ambulance_fact"
            " WHERE organisation_id = %s AND stream = ANY(%s) AND known_at >= %s AND known_at <= %s"
            " AND event->>'status' = ANY(%s) AND event->>'type' = 'availability'",
            [organisation_id, list(streams), known_from, known_by, list(statuses)],
        )
        found: dict[str, list[AvailabilityEvent]] = defaultdict(list)
        for stream, event in cursor:
            found[stream].append(cast("AvailabilityEvent", _DECODER.decode(event)))
    return found


def streams_known(organisation_id: int, after: datetime, until: datetime) -> set[str]:
    """The streams of which anything became known in (after, until]."""
    return _streams("known_at > %s AND known_at <= %s", organisation_id, after, until)


def streams_recorded(organisation_id: int, from_xid: int, until: datetime) -> set[str]:
    """The streams of which anything known by an instant was recorded by a transaction from this one on."""
    return _streams("xid >= %s AND known_at <= %s", organisation_id, from_xid, until)


def _streams(condition: str, organisation_id: int, *values: datetime | int) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT stream FROM ambulance_fact WHERE organisation_id = %s AND {condition}",
            [organisation_id, *values],
        )
        return {row[0] for row in cursor.fetchall()}


def oldest_open_transaction() -> int:
    """Every transaction with a lower number has ended: what it recorded can be read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])
