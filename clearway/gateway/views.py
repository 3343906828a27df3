"""Where other systems deliver: store, commit, answer. Reading happens later, in a worker."""

import hmac
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from clearway.core.feeds.actions import key_hash, store
from clearway.core.feeds.models import Source
from clearway.core.people.permissions import public

MAX_BODY_BYTES = 8 * 1024 * 1024
# What comes through this door. Every other kind has a door of its own, or only reads.
DELIVERS = ("cad", "hospital", "positions")


@csrf_exempt
@public  # the bearer key below is its own sign-in
@require_POST
def deliver(request: HttpRequest, kind: str, source: str) -> HttpResponse:
    """Accept a batch of JSON lines from a source: 202 once it is stored.

    The answer names the batch; its account is on the feeds page. 401 for a wrong key, 411 for a batch that
    does not say how long it is, 413 for one over 8 MiB, 400 for an empty one. The key of a source of a kind
    that does not deliver here, as of a dashboard that only reads, is a wrong one.
    """
    rows = Source.objects.filter(name=source, kind=kind, enabled=True)
    sender = rows.first() if kind in DELIVERS else None
    if sender is None or not _has_key(request, sender):
        return _problem(
            401, "Unknown source or wrong key.", "Send the source's key as Authorization: Bearer."
        )
    length = request.headers.get("Content-Length")
    if not length:  # sent in chunks: the body would be read as empty
        return _problem(
            411,
            "The batch does not say how long it is.",
            "Send it whole with a Content-Length header, not in chunks (Transfer-Encoding: chunked).",
        )
    if int(length) > MAX_BODY_BYTES:
        return _problem(413, "The batch is over 8 MiB.", "Send it in smaller batches.")
    body = request.body
    if not body.strip():
        return _problem(400, "The batch is empty.", "Send one JSON object a line.")
    batch = store(sender, body, at=datetime.now(UTC))
    return JsonResponse({"batch": batch.pk, "bytes": len(body)}, status=202)


def _has_key(request: HttpRequest, source: Source) -> bool:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    known = source.key_hash
    return bool(known) and scheme == "Bearer" and hmac.compare_digest(key_hash(key), known)


def _problem(status: int, title: str, fix: str) -> JsonResponse:
    return JsonResponse(
        {"status": status, "title": title, "fix": fix}, status=status, content_type="application/problem+json"
    )
