"""What is refused before any view is reached: an OperationOutcome to who speaks FHIR, a page to others."""

import json
from typing import Any

from django.http import HttpResponse

from clearway.core.layout import trouble
from clearway.interchange.fhir import outcome
from clearway.interchange.fhir.outcome import refused

from .door import TYPE

UNDER = "/fhir/"


def not_found(request: Any, exception: Exception | None = None) -> HttpResponse:
    """404."""
    if not request.path.startswith(UNDER):
        return trouble.not_found(request, exception)
    return _told(404, "not-found", "address", "Nothing is served there.", "See /fhir/R4/metadata.")


def not_understood(request: Any, exception: Exception | None = None) -> HttpResponse:
    """400."""
    if not request.path.startswith(UNDER):
        return trouble.not_understood(request, exception)
    return _told(400, "invalid", "request", "It cannot be read.", "Send it again, mended.")


def failed(request: Any) -> HttpResponse:
    """500."""
    if not request.path.startswith(UNDER):
        return trouble.failed(request)
    why = f"It failed here. Reference {getattr(request, 'id', '')}."
    return _told(500, "exception", "server", why, "Send it again, with the same X-Request-Id.")


def _told(status: int, code: str, where: str, why: str, fix: str) -> HttpResponse:
    body = json.dumps(outcome.write(refused(status, code, where, why, fix)))
    response = HttpResponse(body, status=status, content_type=f"{TYPE}; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response
