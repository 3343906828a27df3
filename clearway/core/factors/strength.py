"""How strongly a session proved who it is of, and what it may therefore do.

Everything is judged from the session and the roles held now, without a query: a role that is given during a
session is asked for its passkey at the next click.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.conf import settings

from ..people.reach import Reach
from ..people.roles import ROLES

KEY, PROVED = "factor", "proved_at"
PASSWORD, CODE, RECOVERY, PASSKEY, PROVIDER = "", "code", "recovery", "passkey", "provider"
PLAIN = "plain"  # the provider vouches for somebody, and not that there was a second factor
STRONG = frozenset({PASSKEY, PROVIDER})  # no false page can ask for them
NONE, PRIVILEGED, EVERYBODY = "none", "privileged", "everybody"
FRESH_SECONDS = 10 * 60  # after which an account's own factors are changed only by who proves it again
# What only a phishing-resistant sign-in may do: administer people, and read and review the audit.
GUARDED = frozenset({"people.manage", "audit.read", "looks.review"})
ALWAYS = frozenset({"account.keep"})  # a session that proved too little may still add what it lacks


def mark(session: Any, strength: str, at: datetime) -> None:
    """Say how this session has proved who it is of, and that it did so now."""
    session[KEY], session[PROVED] = strength, at.timestamp()


def spend(session: Any) -> None:
    """Ask for a new proof before anything more is changed; what the session opens stays."""
    session[PROVED] = 0


def of(session: Any) -> str:
    return str(session.get(KEY, PASSWORD))


def is_fresh(session: Any, at: datetime) -> bool:
    """Whether the person proved who they are within the last ten minutes."""
    return at.timestamp() - float(session.get(PROVED, 0)) <= FRESH_SECONDS


def is_enough(permission: str, strength: str) -> bool:
    """Whether a session of this strength may do this, where its person may."""
    asked = settings.SECOND_FACTOR
    if permission in ALWAYS:
        return True
    if strength == PASSWORD and settings.OPENID["issuer"]:
        return False  # an account for recovery: a password alone is not enough beside a provider
    if asked == NONE:
        return True
    if permission in GUARDED:
        return strength in STRONG
    return asked == PRIVILEGED or strength not in (PASSWORD, PLAIN)


def narrowed(reach: Reach, session: Any) -> Reach:
    """What this session may do of what its person may do."""
    strength = of(session)
    kept = {name: scope for name, scope in reach.scopes.items() if is_enough(name, strength)}
    if len(kept) == len(reach.scopes):
        return reach
    withheld = frozenset(reach.scopes.keys() - kept.keys())
    return replace(reach, scopes=MappingProxyType(kept), withheld=withheld)


def asked_of(roles: Iterable[str]) -> str:
    """What a person with these roles is asked for besides the password: PASSKEY, CODE (any factor) or ""."""
    if settings.SECOND_FACTOR == NONE:
        return PASSWORD
    if holds_guarded(roles):
        return PASSKEY
    return PASSWORD if settings.SECOND_FACTOR == PRIVILEGED else CODE


def holds_guarded(roles: Iterable[str]) -> bool:
    """Whether one of these roles may do what only a phishing-resistant sign-in may."""
    return any(GUARDED & ROLES[code].permissions for code in roles if code in ROLES)
