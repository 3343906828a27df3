"""A request that asks for something: stored before it is read, done once, and answered the same again.

The sender's X-Request-Id is its key. The same key with the same request hears what the first one heard, also
when that was a refusal; with another request it is refused. What nobody could answer at once the workers do.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zlib import crc32

from django.db import OperationalError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.feeds import actions as feeds
from clearway.core.feeds import queries
from clearway.core.feeds.models import Batch, Source
from clearway.core.locks import GIVEN_UP, Lock, one_at_a_time
from clearway.domain.shared.errors import CannotParse
from clearway.interchange.fhir import outcome
from clearway.interchange.fhir.outcome import Refused, refused

from . import changing
from .changing import Request
from .door import Answer, Asking, request_key

log = logging.getLogger(__name__)
TRIES = 3
# What a person may mend here, so that the request is read again: a code that was not known, a patient who was
# not registered. Everybody else was told at once what to send instead.
MENDED_HERE = (422,)


def take(request: Any, asking: Asking, what: str) -> Answer:
    """Store a request, do it and answer; 202 where it is stored and could not be done at once."""
    header = {
        "request": request_key(request),
        "method": request.method,
        "what": what,
        "if_match": request.headers.get("If-Match", ""),
        "target": asking.target,
        "address": asking.address,
    }
    batch = feeds.store(
        asking.source, request.body, at=asking.at, header=json.dumps(header, sort_keys=True).encode()
    )
    try:
        return read(batch.pk, request_id=asking.by.request_id, at=asking.at)
    except Exception:
        log.exception("Batch %s could not be answered at once; the workers will read it", batch.pk)
        return Answer(202, _later())


def _later() -> dict[str, Any]:
    words = (
        "It is stored and will be read. Send it again with the same X-Request-Id to hear what became of it."
    )
    issue = {"severity": "information", "code": "informational", "diagnostics": words}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def read(batch_id: int, *, request_id: str, at: datetime) -> Answer:
    """Do a stored request and close its account; one that is done already is only answered."""
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                return _read(batch_id, request_id, at)
        except OperationalError as lost:
            if getattr(lost.__cause__, "sqlstate", "") not in GIVEN_UP or not left:
                raise
    raise AssertionError("unreachable")


def _read(batch_id: int, request_id: str, at: datetime) -> Answer:
    rows = Batch.objects.select_for_update(of=("self",)).select_related("source__organisation")
    batch = rows.get(pk=batch_id)
    answer, verdict = _answered(batch, batch.source, bytes(batch.body), request_id, at)
    if batch.done_at is None:
        feeds.close(batch, account(batch, verdict), at=at)
        feeds.heard(batch.source, at=at)
    return answer


def account(batch: Batch, verdict: bool | Refused) -> feeds.Account:
    """How a request counts: done, a repeat, or refused and kept with its bytes."""
    if isinstance(verdict, Refused):
        told = verdict.status not in MENDED_HERE
        return feeds.Account(0, 0, (feeds.Rejected(1, bytes(batch.body), verdict.error, answered=told),))
    return feeds.Account(int(verdict), int(not verdict), ())


def record(source: Source, batch: Batch, body: bytes, *, at: datetime) -> bool | CannotParse:
    """What a worker does with a stored request, and a person who reads it again; whether it was new.

    A refusal of this same request is no answer any more once it is read again.
    """
    _, verdict = _answered(batch, source, body, "", at, again=True)
    return verdict.error if isinstance(verdict, Refused) else verdict


def _answered(
    batch: Batch, source: Source, body: bytes, request_id: str, at: datetime, again: bool = False
) -> tuple[Answer, bool | Refused]:
    """The answer; and whether it is new, a repeat, or why it was refused."""
    header: Mapping[str, str] = json.loads(bytes(batch.header))
    key, digest = header["request"], _digest(header, body)
    one_at_a_time(Lock.ANSWERS, crc32(f"{source.pk}:{key}".encode()))
    before = queries.answered(source.pk, key)
    if before is not None and not (again and before.batch_id == batch.pk and before.status >= 400):
        if bytes(before.body_hash) != digest:
            fix = "Give every request a key of its own."
            why = "This key was used before for another request."
            refusal = refused(409, "duplicate", "header X-Request-Id", why, fix)
            return Answer(refusal.status, outcome.write(refusal)), refusal
        kept = Answer(before.status, bytes(before.body), before.version, before.location)
        return kept, False
    by = Actor(f"feed:{source.name}", request_id=request_id)
    answer, verdict = _done(Request(source, header, body, digest, by, at))
    told = feeds.Told(key, digest, answer.status, answer.body, answer.location, answer.version)
    feeds.answer(batch, told, at=at, again=before is not None)
    return answer, verdict


def _done(request: Request) -> tuple[Answer, bool | Refused]:
    try:
        with transaction.atomic():
            return changing.do(request), True
    except Refused as refusal:
        return Answer(refusal.status, outcome.write(refusal)), refusal


def _digest(header: Mapping[str, str], body: bytes) -> bytes:
    """Of what was asked: the same bytes to another address are another request."""
    said = "\n".join(header[name] for name in ("method", "what", "if_match", "target"))
    return hashlib.sha256(said.encode() + b"\n" + body).digest()
