"""What every request carries: its time, its name, who asks, for which trust, with what reach."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from ..audit.actions import Actor
from ..factors import strength
from ..organisation import own_rows
from . import kept
from .provider import sessions
from .reach import NOTHING, actor, standing

NOBODY = Actor(name="anonymous")
# Sent by scripts that ask on their own (a board that refreshes): nobody touched anything.
BACKGROUND = "X-Clearway-Background"
# Addresses of screens on walls, which are nobody: a person's session in the same browser is not even read.
OF_NOBODY = "/screen/"
TOUCH_EVERY = timedelta(seconds=60)  # the session is written at most so often


class WhoAndWhen:
    """Sets at, id, organisation, actor and reach, and ends sessions that are idle or too old.

    Grants are evaluated anew at every request, so a role that ends, and an account that is disabled, end
    with the next click.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        own_rows.begin()
        request.at = datetime.now(UTC)  # the one reading of the clock
        request.id = getattr(request, "id", None) or uuid.uuid4().hex  # named by the outermost middleware
        request.organisation, request.actor, request.reach = None, NOBODY, NOTHING
        request.actor = Actor(name=NOBODY.name, request_id=request.id)
        request.roles = ()
        if request.path.startswith(OF_NOBODY):
            request.user = AnonymousUser()
        if request.user.is_authenticated:
            self._recognise(request)
        response = self.get_response(request)
        response["X-Request-Id"] = request.id
        if request.user.is_authenticated and "Cache-Control" not in response:
            response["Cache-Control"] = "no-cache, private"
        return response

    def _recognise(self, request: Any) -> None:
        if ended := why_ended(request.session, request.at):
            written = kept.of(request)
            auth.logout(request)
            request.session["ended"] = ended
            if written:
                request.session[kept.KEY] = written
            return
        touch(request)
        now = standing(request.user, request.at, sessions.proved(request.session))
        request.organisation, request.roles = now.organisation, now.roles
        own_rows.only(now.organisation.pk if now.organisation else None)
        request.reach = strength.narrowed(now.reach, request.session)
        request.actor = actor(request.user, now.roles[0] if now.roles else "", request.id)


def touch(request: Any) -> None:
    """Somebody is there: start the idle clock again."""
    seen = request.session.get("seen_at", 0)
    if BACKGROUND not in request.headers and request.at.timestamp() - seen > TOUCH_EVERY.total_seconds():
        request.session["seen_at"] = request.at.timestamp()


def why_ended(session: Any, at: datetime) -> str | None:
    """Which limit has ended the session ("idle" or "age"), or None. Its first request starts it."""
    now = at.timestamp()
    if now - session.setdefault("signed_in_at", now) > settings.SESSION_COOKIE_AGE:
        return "age"
    if now - session.setdefault("seen_at", now) > settings.SESSION_IDLE_SECONDS:
        return "idle"
    return None
