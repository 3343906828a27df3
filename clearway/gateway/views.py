"""Where other systems deliver: store, commit, answer. Reading happens later, in a worker."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse, JsonResponse

from clearway.core.feeds import door
from clearway.core.feeds.actions import store
from clearway.core.feeds.models import Source
from clearway.interchange.api import DELIVERIES, Refusal


@door.door(*DELIVERIES.values())
def deliver(request: Any, kind: str, source: str) -> HttpResponse:
    """Accept a batch of JSON lines from a source: 202 once it is stored.

    The answer names the batch; its account is on the feeds page. 401 for a wrong key, 411 for a batch that
    does not say how long it is, 413 for one over 8 MiB, 400 for an empty one. The key of a source of a kind
    that does not deliver here, as of a dashboard that only reads, is a wrong one.
    """
    operation = DELIVERIES.get(kind)
    if operation is None:
        title = "Nothing is delivered as this kind."
        raise Refusal(
            401, title, f"Send the key of one of: {', '.join(DELIVERIES)}, as Authorization: Bearer."
        )
    _, name = door.holder(request, operation, source)
    body = door.sent(request, operation)
    batch = store(Source.objects.get(name=name), body, at=datetime.now(UTC))
    return JsonResponse({"batch": batch.pk, "bytes": len(body)}, status=202)
