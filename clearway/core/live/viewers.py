"""Who is behind a live stream, at connect and each minute: the session of its page, or a screen on a wall."""

from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import close_old_connections
from django.utils.crypto import constant_time_compare

from ..factors import strength
from ..people.middleware import why_ended
from ..people.models import User
from ..people.provider import sessions
from ..people.reach import standing
from ..screens import queries as screens
from ..screens.boards import BOARDS
from ..screens.views import KEY as KEY_OF_A_SCREEN
from .stream import Scope, Viewer

OF_PEOPLE, OF_SCREENS = "/live/", "/screen/live/"
LIVE = (OF_PEOPLE, OF_SCREENS)
# A screen gets only the topics that its viewer may read.
PERMISSION_OF_TOPIC = {
    "handovers": "handovers.read",
    "wall": "handovers.read",
    "stands": "handovers.read",
    "releases": "handovers.read",
    "forecast": "forecast.read",
    "resources": "resources.read",
    "tasks": "tasks.read",
    "diary": "clinics.read",
    "onward_sent": "onward.read",
    "breaks": "breaks.read",
    "cover": "cover.read",
    "moves": "cover.read",
    "lates": "cover.read",
    "barriers": "resources.read",
    "unavailable": "resources.read",
    "contacts": "contacts.read",
    "messages": "desk_messages.send",
    "pressure": "pressure.read",
    "levels": "pressure.read",
    "cards": "pressure.read",
    "sitreps": "command.read",
    "packs": "command.read",
    "shift": "command.read",
    "shifts": "command.read",
    "calls": "command.read",
    "major": "command.read",
    "downtime": "downtime.read",
    "delays": "resources.read",
    "stacks": "resources.read",
    "wrapups": "resources.read",
    "findings": "quality.read",
    "onward_come": "referrals.read",
    "feeds": "home.read",
    "notices": "home.read",
}


def authenticate(scope: Scope, topics: frozenset[str]) -> Viewer | None:
    """The viewer behind an ASGI request, or None when nobody is signed in or no topic is allowed.

    The address says whether a session or a screen is asked for; one never stands in for the other.
    """
    try:
        if scope.get("path") == OF_SCREENS:
            return _on_a_wall(scope, topics)
        at = datetime.now(UTC)
        session = _session(scope, at)
        user = None if session is None else _user(session)
        if user is None:
            return None
        now = standing(user, at, sessions.proved(session))
        reach = strength.narrowed(now.reach, session)
        scopes = frozenset(
            (topic, reach.sites_for(permission))
            for topic, permission in PERMISSION_OF_TOPIC.items()
            if topic in topics and reach.allows(permission)
        )
        return Viewer(now.organisation.pk, scopes) if now.organisation and scopes else None
    finally:
        close_old_connections()


def _on_a_wall(scope: Scope, topics: frozenset[str]) -> Viewer | None:
    """A screen follows its own board, at the sites that it shows, and the age of the feeds."""
    token = _cookie(scope, KEY_OF_A_SCREEN)
    screen = screens.with_key(token) if token else None
    board = BOARDS.get(screen.board) if screen and screen.taken_off_at is None else None
    if screen is None or board is None:
        return None
    sites = screens.sites_of(screen)
    scopes = frozenset((topic, sites) for topic in (board.topics | {"feeds"}) & topics)
    return Viewer(screen.organisation_id, scopes) if scopes else None


def _cookie(scope: Scope, name: str) -> str:
    """What the request brought under this name; empty when it brought nothing."""
    try:
        cookies = SimpleCookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""


def _session(scope: Scope, at: datetime) -> Any:
    """The session that the request names, or None when there is none or it is over."""
    session = import_module(settings.SESSION_ENGINE).SessionStore(
        _cookie(scope, settings.SESSION_COOKIE_NAME) or None
    )
    if BACKEND_SESSION_KEY not in session or why_ended(session, at):
        return None
    return session


def _user(session: Any) -> User | None:
    user = User.objects.filter(pk=session[SESSION_KEY], is_active=True).first()
    if user is None:
        return None
    known = constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    return user if known else None
