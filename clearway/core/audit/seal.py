"""The chain over the audit: made outside the actions' transactions, checked by recomputing it.

Each row's digest is SHA-256 over the digest before it and the row's canonical JSON; a seal keeps the digest
after a run of rows. Rows are taken in the order (xid, id), and only once every transaction below has ended,
so that no row can slip in behind a sealed one.

What the chain shows: any row under a seal that was changed, removed, added or moved, also by somebody with
every right on the database. What it cannot show by itself: that the newest rows and their seals were cut off
together, or that everything was computed anew. For that each seal is signed and put outside the database
(checkpoints.py), where check_audit.py, a file that needs nothing but Python, holds an export against it.
"""

import base64
import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from ..locks import Lock
from .models import Seal

START = "0" * 64  # what the first seal stands on
LINK = struct.Struct(">qq16s")
RUN = 1000  # rows under one seal at most

_ROWS = """
    SELECT xid, id, at, organisation_id, verb, actor, user_id, role, subject, detail::text, request_id
    FROM core_action WHERE (xid, id) > (%s, %s)
"""
_ENDED = " AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_ORDER = " ORDER BY xid, id"
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place where the audit and its seals contradict each other.

    row   id of the action, None when the fault is in a seal
    seal  id of the seal over it
    """

    row: int | None
    seal: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found.

    sealed    rows under a seal that agree with it
    unsealed  rows after the last seal
    head      digest of the last seal: keep it outside
    """

    sealed: int
    unsealed: int
    head: str
    fault: Fault | None = None


def seal(at: datetime, limit: int = RUN) -> int:
    """Seal the next run of rows whose transactions have all ended. Returns how many; 0 when none wait."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.SEALER.value])
        if not cursor.fetchone()[0]:
            return 0
        last = Seal.objects.order_by("-id").first()
        after = (last.last_xid, last.last_id) if last else (0, 0)
        previous, total = (last.digest, last.total) if last else (START, 0)
        cursor.execute(f"{_ROWS}{_ENDED}{_ORDER} LIMIT %s", [*after, limit])
        rows = cursor.fetchall()
        if rows:
            _write(at, after, previous, total, rows)
    return len(rows)


def waits_since() -> datetime | None:
    """When the oldest row was written that no seal covers; None where all are sealed. Two queries."""
    last = Seal.objects.order_by("-id").values_list("last_xid", "last_id").first() or (0, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at FROM core_action WHERE (xid, id) > (%s, %s) ORDER BY xid, id LIMIT 1", [*last]
        )
        found = cursor.fetchone()
    return found[0] if found else None


def seal_all(at: datetime) -> int:
    """Seal everything that can be sealed now. Returns the rows sealed."""
    total = 0
    while sealed := seal(at):
        total += sealed
    return total


def verify(head: str | None = None) -> Report:
    """Recompute the whole chain from the rows; reads each row once and keeps one run in memory.

    head  a digest kept outside the database; a fault when no seal carries it any more
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return _verify(head)


def _verify(head: str | None) -> Report:
    digest, place, sealed, seen = START, (0, 0), 0, head in (None, START)
    for link in Seal.objects.order_by("id").iterator(chunk_size=100):
        fault = _fault_between(link, digest, place) or _fault_within(link)
        if fault:
            return Report(sealed, 0, digest, fault)
        digest, place, sealed = link.digest, (link.last_xid, link.last_id), sealed + link.rows
        seen = seen or digest == head
    unsealed = _count_after(place)
    missing = Fault(None, None, f"no seal carries the digest kept outside, {head}: rows were cut or rebuilt")
    return Report(sealed, unsealed, digest, None if seen else missing)


def _fault_between(link: Seal, digest: str, place: tuple[int, int]) -> Fault | None:
    if link.previous != digest or (link.after_xid, link.after_id) != place:
        return Fault(
            None, link.pk, "a seal does not stand on the one before it: a seal was removed or changed"
        )
    return None


def _fault_within(link: Seal) -> Fault | None:
    """Walk the rows under one seal beside the seal's own links; name the first that disagrees."""
    expected = list(LINK.iter_unpack(bytes(link.links)))
    digest = bytes.fromhex(link.previous)
    found = 0
    for row in _rows_between((link.after_xid, link.after_id), (link.last_xid, link.last_id)):
        digest = _next(digest, row)
        if found == len(expected) or expected[found] != (row[0], row[1], digest[:16]):
            return _name(link, row, expected[found] if found < len(expected) else None)
        found += 1
    if found != link.rows or len(expected) != link.rows:
        missing = expected[found][1] if found < len(expected) else None
        return Fault(missing, link.pk, "a sealed row is gone")
    if digest.hex() != link.digest:
        return Fault(None, link.pk, "the digest of a seal does not follow from its rows")
    return None


def _name(link: Seal, row: Row, expected: tuple[int, int, bytes] | None) -> Fault:
    if expected is None or (row[0], row[1]) < expected[:2]:
        return Fault(row[1], link.pk, "a row was added or moved under a seal")
    if (row[0], row[1]) > expected[:2]:
        return Fault(expected[1], link.pk, "a sealed row is gone or was moved")
    return Fault(row[1], link.pk, "a sealed row was changed")


def _write(at: datetime, after: tuple[int, int], previous: str, total: int, rows: list[Row]) -> None:
    digest, links = bytes.fromhex(previous), bytearray()
    for row in rows:
        digest = _next(digest, row)
        links += LINK.pack(row[0], row[1], digest[:16])
    Seal.objects.create(
        at=at,
        after_xid=after[0],
        after_id=after[1],
        rows=len(rows),
        total=total + len(rows),
        last_xid=rows[-1][0],
        last_id=rows[-1][1],
        previous=previous,
        digest=digest.hex(),
        links=bytes(links),
    )


def _next(digest: bytes, row: Row) -> bytes:
    return hashlib.sha256(digest + canonical(row)).digest()


def statement(link: Seal) -> dict[str, Any]:
    """What a seal says, in the words of check_audit.py."""
    return {
        "after": [link.after_xid, link.after_id],
        "at": link.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "digest": link.digest,
        "last": [link.last_xid, link.last_id],
        "links": hashlib.sha256(bytes(link.links)).hexdigest(),
        "previous": link.previous,
        "rows": link.rows,
        "seal": link.pk,
        "total": link.total,
    }


def export() -> Iterator[bytes]:
    """The whole audit as lines: every seal, then every row in the order of the chain, as check_audit.py reads
    them. The line of a row is what the chain is made of. One picture of the database, read a piece at a time.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield from lines()


def lines() -> Iterator[bytes]:
    """The lines of `export`, inside the transaction of the caller."""
    with connection.cursor() as cursor:
        for link in Seal.objects.order_by("id").iterator(chunk_size=100):
            links = base64.b64encode(bytes(link.links)).decode()
            yield as_json({"links": links, "seal": statement(link)})
        cursor.execute(f"DECLARE audit_export NO SCROLL CURSOR FOR {_ROWS}{_ORDER}", [-(2**63), 0])
        while True:
            cursor.execute(f"FETCH {RUN} FROM audit_export")
            rows = cursor.fetchall()
            yield from map(canonical, rows)
            if not rows:
                break
        cursor.execute("CLOSE audit_export")


def as_json(value: object) -> bytes:
    """JSON as bytes that are the same on every machine: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def canonical(row: Row) -> bytes:
    """A row as bytes that are the same on every machine: JSON, sorted keys, UTC, no spaces."""
    xid, key, at, organisation, verb, actor, user, role, subject, detail, request = row
    value = {
        "xid": xid,
        "id": key,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "organisation": organisation,
        "verb": verb,
        "actor": actor,
        "user": user,
        "role": role,
        "subject": subject,
        "detail": json.loads(detail),
        "request_id": request,
    }
    return as_json(value)


def _rows_between(after: tuple[int, int], last: tuple[int, int]) -> Iterator[Row]:
    with connection.cursor() as cursor:
        cursor.execute(f"{_ROWS} AND (xid, id) <= (%s, %s){_ORDER}", [*after, *last])
        yield from cursor.fetchall()


def _count_after(place: tuple[int, int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_action WHERE (xid, id) > (%s, %s)", [*place])
        return int(cursor.fetchone()[0])
