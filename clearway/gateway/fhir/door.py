"""Who may come in, and how: key, method, form and size of a request; refusals as OperationOutcomes."""

import base64
import binascii
import json
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

from clearway.core.audit.actions import Actor
from clearway.core.feeds.models import Source
from clearway.core.feeds.queries import who_holds
from clearway.core.organisation import own_rows
from clearway.core.people.permissions import public
from clearway.interchange.fhir import outcome
from clearway.interchange.fhir.outcome import Refused, refused

log = logging.getLogger(__name__)
KIND = "fhir"
TYPE = "application/fhir+json"
TAKEN_TYPES = (TYPE, "application/json")
MAX_BODY_BYTES = 1024 * 1024
A_SECOND, AT_ONCE = 50, 200  # requests of one source that one process takes: assumed, for a trust to judge
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered: a resource, or its bytes as they were kept."""

    status: int
    resource: dict[str, Any] | bytes
    version: str = ""
    location: str = ""

    @property
    def body(self) -> bytes:
        if isinstance(self.resource, bytes):
            return self.resource
        return json.dumps(self.resource, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, when, and where the answer is given. target  the service that the standard's header names"""

    source: Source
    by: Actor
    at: datetime
    address: str
    target: str = ""

    @property
    def organisation_id(self) -> int:
        return self.source.organisation_id


Work = Callable[..., Answer]


def door(*methods: str, needs_key: bool = True) -> Callable[[Work], Callable[..., HttpResponse]]:
    """Let a request through to a view that returns an Answer or raises Refused; answer whatever happens."""

    def decorate(work: Work) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @public  # the bearer key is its own sign-in
        @wraps(work)
        def view(request: Any, **named: Any) -> HttpResponse:
            try:
                answer = _let_in(request, methods, needs_key, work, named)
            except Refused as refusal:
                return _refusal(request, refusal, methods)
            except Exception:
                log.exception("A FHIR request failed")
                why = f"It failed here, and nothing was changed. Reference {request.id}."
                failed = refused(
                    500, "exception", "server", why, "Send it again, with the same X-Request-Id."
                )
                return _refusal(request, failed, methods)
            return respond(request, answer)

        return view

    return decorate


def _let_in(
    request: Any, methods: tuple[str, ...], needs_key: bool, work: Work, named: dict[str, Any]
) -> Answer:
    asking = _asking(request) if needs_key else None
    method = "GET" if request.method == "HEAD" else request.method
    if method not in methods:
        fix = f"Use {', '.join(methods)}." if methods else "See the CapabilityStatement at metadata."
        raise refused(405, "not-supported", "method", "This is not done here.", fix)
    _check_accept(request)
    if request.method in ("POST", "PUT"):
        check_body(request)
    return work(request, asking, **named) if asking is not None else work(request, **named)


def _asking(request: Any) -> Asking:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    found = who_holds(key, KIND) if scheme == "Bearer" and key else None
    if found is None:
        fix = "Send the key of a FHIR source as Authorization: Bearer."
        raise refused(401, "login", "header Authorization", "It holds no key that is known.", fix)
    source = Source.objects.select_related("organisation").get(name=found[1])
    own_rows.only(source.organisation_id)
    LIMITS.take(source.pk, request.at)
    by = Actor(f"feed:{source.name}", request_id=request.id)
    return Asking(source, by, request.at, address(request), _target(request))


def address(request: Any) -> str:
    """Where this server answers."""
    return str(request.build_absolute_uri("/fhir/R4"))


def _target(request: Any) -> str:
    """The service of NHSD-Target-Identifier: base64 of JSON with system and value. "" without the header."""
    name = "NHSD-Target-Identifier"
    given = request.headers.get(name, "")
    if not given:
        return ""
    try:
        said = json.loads(base64.b64decode(given, validate=True).decode())
        value = said["value"]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        value = None
    if not isinstance(value, str) or not value:
        fix = 'Send base64 of {"system": "...", "value": "..."}.'
        raise refused(400, "invalid", f"header {name}", "It cannot be read.", fix)
    return value


def _check_accept(request: Any) -> None:
    said = request.headers.get("Accept", "*/*").casefold()
    kinds = [each.partition(";")[0].strip() for each in said.split(",")]
    if not {*TAKEN_TYPES, "*/*", "application/*", ""} & set(kinds):
        raise refused(406, "processing", "header Accept", "It is not spoken here.", f"Ask for {TYPE}.")


def check_body(request: Any) -> None:
    """Refuse what is not to be read at all. Raises Refused."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().casefold()
    if kind not in TAKEN_TYPES:
        raise refused(415, "not-supported", "header Content-Type", "It is not read here.", f"Send {TYPE}.")
    length = request.headers.get("Content-Length", "")
    if not length.isdigit():  # sent in chunks: the body would be read as empty
        fix = "Send it whole with a Content-Length header, not in chunks."
        raise refused(411, "required", "header Content-Length", "It is missing.", fix)
    if int(length) > MAX_BODY_BYTES:
        raise refused(413, "too-long", "body", "It is over 1 MiB.", "Send less at once.")
    if not request.body.strip():
        raise refused(400, "required", "body", "It is empty.", "Send a resource.")
    if request.headers.get("If-None-Exist"):
        fix = "Leave it out: X-Request-Id tells a repeat."
        raise refused(400, "not-supported", "header If-None-Exist", "It is not followed here.", fix)
    request_key(request)


def request_key(request: Any) -> str:
    """The sender's own name of a request. Raises Refused without one."""
    key = request.headers.get("X-Request-Id", "")
    if not _REQUEST_ID.fullmatch(key):
        fix = "Send a UUID, a new one for each request and the same one with a repeat."
        raise refused(400, "invalid", "header X-Request-Id", "It is missing, or no name of a request.", fix)
    return str(key)


@dataclass
class Limits:
    """How much each source asks of this process: a bucket that fills again with time."""

    left: dict[int, tuple[float, datetime]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, source_id: int, at: datetime) -> None:
        """Count one request. Raises Refused (429) when the source has asked too much."""
        with self.lock:
            left, since = self.left.get(source_id, (float(AT_ONCE), at))
            left = min(AT_ONCE, left + max(0.0, (at - since).total_seconds()) * A_SECOND)
            if left >= 1:
                self.left[source_id] = (left - 1, at)
                return
            self.left[source_id] = (left, at)
        issue = outcome.Issue(
            "throttled", "source", f"It asks more than {A_SECOND} times a second.", "Wait a second."
        )
        raise Refused(429, [issue], again_in=1)


LIMITS = Limits()


def respond(request: Any, answer: Answer) -> HttpResponse:
    """The answer as HTTP."""
    response = HttpResponse(answer.body, status=answer.status, content_type=f"{TYPE}; charset=utf-8")
    if answer.version:
        response["ETag"] = f'W/"{answer.version}"'
    if answer.location:
        response["Location"] = answer.location
    return _dressed(request, response)


def _refusal(request: Any, refusal: Refused, methods: tuple[str, ...]) -> HttpResponse:
    response = respond(request, Answer(refusal.status, outcome.write(refusal)))
    if refusal.status == 405:
        response["Allow"] = ", ".join(methods)
    if refusal.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="fhir"'
    if refusal.again_in is not None:
        response["Retry-After"] = str(refusal.again_in)
    return response


def _dressed(request: Any, response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    correlation = request.headers.get("X-Correlation-Id", "")
    if _REQUEST_ID.fullmatch(correlation):
        response["X-Correlation-Id"] = correlation
    return response
