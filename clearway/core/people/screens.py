"""A session that became a screen on a wall: it may only show, and nobody has to touch it.

What it may do is narrowed first, and for good; only then is it excused from the idle limit. To do anything
else on that machine somebody signs in, which ends the screen.
"""

from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from .reach import Reach

KEY = "screen_since"
MOST_SECONDS = 7 * 24 * 60 * 60
ALLOWED = frozenset({"handovers.read", "home.read"})


def keep(session: Any, at: datetime) -> None:
    """Make this session a screen from now on. One that is a screen already gains no time."""
    session.setdefault(KEY, at.timestamp())
    session.set_expiry(MOST_SECONDS)


def end(session: Any) -> None:
    """Somebody signed in on this machine: an ordinary session again, with ordinary clocks."""
    if session.pop(KEY, None) is not None:
        session.set_expiry(None)
        session.pop("signed_in_at", None)
        session.pop("seen_at", None)


def is_one(session: Any) -> bool:
    return KEY in session


def is_over(session: Any, at: datetime) -> bool:
    """Whether a screen has been kept for as long as one may be."""
    return bool(at.timestamp() - session[KEY] > MOST_SECONDS)


def narrowed(reach: Reach, session: Any) -> Reach:
    """What this session may do of what its person may do."""
    if not is_one(session):
        return reach
    kept = {name: scope for name, scope in reach.scopes.items() if name in ALLOWED}
    return replace(reach, scopes=MappingProxyType(kept))
