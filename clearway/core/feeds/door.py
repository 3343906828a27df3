"""Who may come in to an interface besides FHIR, and how: method, key and size as its table of operations says
(interchange/api.py). What is refused is told as a problem (RFC 9457)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from clearway.interchange.api import FORMS, KIB, MIB, PROBLEM, Body, Operation, Refusal

from ..people.permissions import public
from .queries import who_holds

View = Callable[..., HttpResponse]


def door(*operations: Operation) -> Callable[[View], View]:
    """Serve the methods of these operations of one address; a Refusal that the view raises is told."""
    methods = tuple(dict.fromkeys(each.method for each in operations))

    def decorate(view: View) -> View:
        @csrf_exempt
        @public  # the bearer key is its own sign-in
        @wraps(view)
        def served(request: Any, *arguments: Any, **named: Any) -> HttpResponse:
            try:
                _check_method(request, methods)
                answer = view(request, *arguments, **named)
            except Refusal as refusal:
                answer = problem(refusal)
                if refusal.status == 405:
                    answer["Allow"] = ", ".join(methods)
            answer["Cache-Control"] = "no-store"
            return answer

        return served

    return decorate


def _check_method(request: Any, methods: tuple[str, ...]) -> None:
    method = "GET" if request.method == "HEAD" else request.method
    if method not in methods:
        raise Refusal(405, "This is not done here.", f"Use {', '.join(methods)}.")


def key_of(request: Any) -> str:
    """The bearer key that was sent, "" without one."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key if scheme == "Bearer" else ""


def holder(request: Any, operation: Operation, name: str = "") -> tuple[int, str]:
    """Organisation and name of the source whose key was sent. Raises Refusal (401).

    name  the source that the address names; "" where the key alone says who asks
    """
    key = key_of(request)
    for kind in operation.kinds if key else ():
        if found := who_holds(key, kind, name):
            return found
    raise nobody(operation)


def nobody(operation: Operation) -> Refusal:
    """Why somebody who shows no key for this is not let in."""
    kinds = " or ".join(operation.kinds)
    fix = f"Send the key of a source of the kind {kinds} as Authorization: Bearer."
    return Refusal(401, "No key that may do this.", fix)


def sent(request: Any, operation: Operation) -> bytes:
    """The body, whole. Raises Refusal: of a form, of no length, too long, empty."""
    body = operation.body
    assert body is not None
    if request.content_type in FORMS:
        fix = f"Send it as {body.type}, not as a form."
        raise Refusal(415, f"A form is not read as a {body.called}.", fix)
    length = request.headers.get("Content-Length") or ""
    if not length.isdigit():  # sent in chunks: the body would be read as empty
        fix = "Send it whole with a Content-Length header, not in chunks (Transfer-Encoding: chunked)."
        raise Refusal(411, f"The {body.called} does not say how long it is.", fix)
    if int(length) > body.most:
        raise Refusal(413, f"The {body.called} is over {_size(body)}.", f"Send it in smaller {body.many}.")
    raw: bytes = request.body
    if not raw.strip():
        raise Refusal(400, f"The {body.called} is empty.", body.holds)
    return raw


def _size(body: Body) -> str:
    return f"{body.most // MIB} MiB" if body.most >= MIB else f"{body.most // KIB} KiB"


def problem(refusal: Refusal) -> HttpResponse:
    """The answer to what is refused."""
    answer = JsonResponse(refusal.problem, status=refusal.status, content_type=PROBLEM)
    if refusal.status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="clearway"'
    answer["Cache-Control"] = "no-store"
    return answer
