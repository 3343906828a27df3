"""Referrals from other systems: POST /api/v1/referrals, and what the workers do with what was stored.

A message is stored and committed before anything of it is read. Then it is read at once, because the sender
waits for an answer to each referral; should that fail, the workers read it later and nothing is lost.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpResponse, JsonResponse

from clearway.core.audit.actions import Actor
from clearway.core.feeds import actions as feeds
from clearway.core.feeds import door
from clearway.core.feeds.models import Batch, Source
from clearway.desks.outpatients.intake import actions as intake
from clearway.desks.outpatients.intake.actions import REFUSED, REGISTERED, REPEAT, Result, Taking
from clearway.domain.outpatients.completeness import Route
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import referral_message
from clearway.interchange.api import REFERRALS

log = logging.getLogger(__name__)
KIND = "referrals"
Part = tuple[int, bytes]


def record(source: Source, parts: Sequence[Part], batch_id: int | None, *, at: datetime) -> list[Result]:
    """Register the referrals of a message that can be; one result per part, in order."""
    rows = [referral_message.parse(body, number) for number, body in parts]
    taking = Taking(source.name, Route.API, batch_id)
    by = Actor(f"feed:{source.name}")
    return intake.take(rows, taking, organisation_id=source.organisation_id, by=by, at=at)


def refusal_of(result: Result) -> CannotParse | None:
    """What the quarantine keeps of a refused referral; None where it was taken."""
    if result.verdict != REFUSED:
        return None
    where = f"field {referral_message.name_of(result.where)}" if result.where else "message"
    return CannotParse(where, result.why, result.fix)


@door.door(REFERRALS)
def deliver(request: Any) -> HttpResponse:
    """Take one message of referrals.

    401 without the key of such a source, 411 for one sent in chunks, 413 over 1 MiB, 400 when empty.
    """
    _, name = door.holder(request, REFERRALS)
    body = door.sent(request, REFERRALS)
    source = Source.objects.get(name=name)
    batch = feeds.store(source, body, at=request.at)
    try:
        results = read(batch.pk, at=request.at)
    except Exception:
        log.exception("Batch %s could not be read at once; the workers will", batch.pk)
        later = "It is stored and will be read; send it again to hear what became of it."
        return JsonResponse({"batch": batch.pk, "title": later}, status=202)
    return _answer(batch.pk, results)


@transaction.atomic
def read(batch_id: int, *, at: datetime) -> list[Result]:
    """Read a stored message and close its account; one that a worker has read already is only answered."""
    batch = Batch.objects.select_for_update(of=("self",)).select_related("source").get(pk=batch_id)
    parts = referral_message.split(bytes(batch.body))
    results = record(batch.source, parts, batch.pk, at=at)
    if batch.done_at is None:
        rejected = [
            feeds.Rejected(number, body, error)
            for (number, body), result in zip(parts, results, strict=True)
            if (error := refusal_of(result)) is not None
        ]
        applied = sum(each.verdict == REGISTERED for each in results)
        repeats = sum(each.verdict == REPEAT for each in results)
        feeds.close(batch, feeds.Account(applied, repeats, tuple(rejected)), at=at)
        feeds.heard(batch.source, at=at)
    return results


def _answer(batch_id: int, results: Sequence[Result]) -> JsonResponse:
    counts = {
        verdict: sum(each.verdict == verdict for each in results) for verdict in (REGISTERED, REPEAT, REFUSED)
    }
    status = 200 if not counts[REFUSED] else 422 if counts[REFUSED] == len(results) else 207
    rows = [_row(each, number) for number, each in enumerate(results, start=1)]
    return JsonResponse({"batch": batch_id, **counts, "rows": rows}, status=status)


def _row(result: Result, number: int) -> dict[str, Any]:
    known: dict[str, Any] = {"reference": result.reference, "referral": result.number}
    if result.verdict == REGISTERED:
        known["gaps"] = list(result.gaps)
    elif result.verdict == REPEAT:
        known["why"] = result.why
    else:
        known |= {"field": result.where, "why": result.why, "fix": result.fix}
    return referral_message.answer(result.verdict, number, **known)
