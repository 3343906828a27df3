"""Logs as lines of JSON, each with the request it belongs to and nothing about a person.

A line holds what was done and how long it took, by the pattern of the route and not by the path asked for.
Text that looks like an NHS number is blotted out even where a library logs it.
"""

import contextvars
import json
import logging
import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from clearway.config.metrics import REQUESTS

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

REQUEST_ID: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
REQUEST_LOG = logging.getLogger("clearway.requests")

_NHS_NUMBER = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")
_GIVEN_ID = re.compile(r"[A-Za-z0-9-]{8,40}")


class Lines(logging.Formatter):
    """One JSON object a line: at, level, source, said, request, and what extra={"fields": …} gives."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "source": record.name,
            "said": without_identity(record.getMessage()),
        }
        if request_id := REQUEST_ID.get():
            line["request"] = request_id
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = _places(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _places(exc_info: Any) -> list[str]:
    # Places only, no values: the text of an error may quote a patient.
    import traceback

    frames = traceback.extract_tb(exc_info[2])
    return [
        f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames
    ]


def without_identity(text: str) -> str:
    """The text with everything that looks like an NHS number blotted out."""
    return _NHS_NUMBER.sub("[number removed]", text)


def settings(level: str = "INFO") -> dict[str, Any]:
    """Django's LOGGING: every logger to standard error in this form."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "clearway.config.logs.Lines"}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["lines"], "level": level},
        "loggers": {
            # Our own request line says the same with the route in place of the path.
            "django.request": {"level": "CRITICAL"},
            "django.server": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            "fontTools": {"level": "WARNING"},  # it lists every sign that a letter uses
            "uvicorn.access": {"level": "CRITICAL"},
        },
    }


def request_line(
    get_response: "Callable[[HttpRequest], HttpResponse]",
) -> "Callable[[HttpRequest], HttpResponse]":
    """Middleware, outermost: names the request, counts it, and writes one line when it is done.

    An id given by a proxy in X-Request-ID is kept when it is plain; the response carries the id, and so
    does an error page, so that a person can read it out.
    """

    def middleware(request: "HttpRequest") -> "HttpResponse":
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(16)
        request.id = request_id  # type: ignore[attr-defined]
        token, began = REQUEST_ID.set(request_id), time.perf_counter()
        try:
            response = get_response(request)
            seconds = time.perf_counter() - began
            _note(request, response, seconds)
        finally:
            REQUEST_ID.reset(token)
        response["X-Request-Id"] = request_id
        return response

    return middleware


def _note(request: "HttpRequest", response: "HttpResponse", seconds: float) -> None:
    match = request.resolver_match
    route = f"/{match.route}" if match else "(none)"
    method = request.method or ""
    REQUESTS.add(method, route, response.status_code, seconds)
    if route.startswith("/static/"):
        return
    fields = {
        "method": method,
        "route": route,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
    }
    level = logging.ERROR if response.status_code >= 500 else logging.INFO
    REQUEST_LOG.log(level, "request", extra={"fields": fields})
