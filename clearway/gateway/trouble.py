"""What is refused before any view is reached: an OperationOutcome to who speaks FHIR, a problem to who asks
another interface, a page to people."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from clearway.core.feeds.door import problem
from clearway.core.layout import trouble
from clearway.interchange.api import DESCRIPTION, Refusal
from clearway.interchange.fhir import outcome
from clearway.interchange.fhir.outcome import refused

from .fhir.door import TYPE

FHIR, API = "/fhir/", "/api/"


@dataclass(frozen=True, slots=True)
class _Trouble:
    """The same in the words of FHIR and of the other interfaces. where  in FHIR; see  for who speaks it"""

    status: int
    code: str
    where: str
    why: str
    fix: str
    see: str


_NOT_FOUND = _Trouble(
    *(404, "not-found", "address", "Nothing is served there."),
    *(f"See {DESCRIPTION.path}.", "See /fhir/R4/metadata."),
)
_NOT_UNDERSTOOD = _Trouble(
    *(400, "invalid", "request", "It cannot be read.", "Send it again, mended.", "Send it again, mended."),
)


def not_found(request: Any, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _told(request, _NOT_FOUND) or trouble.not_found(request, exception)


def not_understood(request: Any, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _told(request, _NOT_UNDERSTOOD) or trouble.not_understood(request, exception)


def failed(request: Any) -> HttpResponse:
    """500."""
    return _told(request, _failed(request)) or trouble.failed(request)


def no_delivery(request: Any, exception: Exception | None = None) -> HttpResponse:
    """404 where systems deliver and nobody reads pages."""
    return _as_problem(_NOT_FOUND)


def unreadable_delivery(request: Any, exception: Exception | None = None) -> HttpResponse:
    """400 there."""
    return _as_problem(_NOT_UNDERSTOOD)


def failed_delivery(request: Any) -> HttpResponse:
    """500 there."""
    return _as_problem(_failed(request))


def _failed(request: Any) -> _Trouble:
    why = f"It failed here. Reference {getattr(request, 'id', '')}."
    same = "Send it again, with the same X-Request-Id."
    return _Trouble(500, "exception", "server", why, "Send it again.", same)


def _told(request: Any, said: _Trouble) -> HttpResponse | None:
    """To a system, in the form that it speaks; None to people."""
    if request.path.startswith(FHIR):
        return _as_outcome(said)
    return _as_problem(said) if request.path.startswith(API) else None


def _as_problem(said: _Trouble) -> HttpResponse:
    return problem(Refusal(said.status, said.why, said.fix))


def _as_outcome(said: _Trouble) -> HttpResponse:
    body = json.dumps(outcome.write(refused(said.status, said.code, said.where, said.why, said.see)))
    response = HttpResponse(body, status=said.status, content_type=f"{TYPE}; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response
