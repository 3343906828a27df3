"""Beginning a session for somebody who was recognised, in whatever way."""

from typing import Any

from django.conf import settings
from django.contrib import auth, messages
from django.utils.http import url_has_allowed_host_and_scheme

from ..audit.models import Action
from ..factors import queries as factors
from ..factors import strength
from ..layout.times import clock, day
from . import actions
from .provider import recovery

NEWS = {
    "factors.reset": "{who} took away your second factors on {when}.",
    "factors.locked": "Five wrong codes were typed for your account on {when}, after your password.",
    "factors.add": "Your {kind} {name} was added on {when}.",
    "factors.remove": "Your {kind} {name} was taken away on {when}.",
    "factors.new_codes": "New recovery codes were made for your account on {when}.",
    "people.end_sessions": "{who} ended all your sessions on {when}.",
    "people.set_password": "{who} set your password on {when}.",
    "people.enable_user": "{who} enabled your account on {when}.",
}
KINDS = {"code": "authenticator app", "passkey": "passkey"}
ASK = " If you did not ask for it, tell your privacy officer now."


def begin(request: Any, user: Any, proved: str, *, through_provider: bool = False) -> None:
    """Sign somebody in on this machine, on record, and tell them what others did to their account.

    proved            how the session is known to be theirs: one of factors.strength
    through_provider  the trust's provider vouches for them; a local account beside one is told of
    """
    since = user.last_login
    auth.login(request, user)
    for name in ("ended", "half", "signed_in_at", "seen_at"):
        request.session.pop(name, None)
    strength.mark(request.session, proved, request.at)
    how = "provider" if through_provider else proved or "password"
    actions.record_sign_in(user, how=how, request_id=request.id, at=request.at)
    if recovery.is_only_for_recovery() and not through_provider:
        recovery.record_use(user, request_id=request.id, at=request.at)
    for each in factors.news(user, since):
        messages.warning(request, _told(each) + ASK)


def _told(done: Action) -> str:
    what = {"kind": KINDS.get(done.detail.get("kind", ""), ""), "name": done.detail.get("name", "")}
    return NEWS[done.verb].format(who=done.actor, when=f"{day(done.at)}, {clock(done.at)}", **what)


def next_page(request: Any) -> str:
    """Where to go afterwards: never to another site."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if safe else settings.LOGIN_REDIRECT_URL
