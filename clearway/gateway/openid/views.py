"""Signing in through the trust's OpenID provider, and out again: code flow with PKCE (docs/adr/0106).

begin → the provider → come_back; sign-out → gone → the provider; and the provider → logout, by itself.
"""

import logging
import secrets
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.factors import strength
from clearway.core.people import signing_in
from clearway.core.people.permissions import public
from clearway.core.people.provider import actions, sessions
from clearway.core.people.roles import name_of
from clearway.domain.shared.errors import CannotParse, NotAllowed
from clearway.interchange.openid import asking, tokens
from clearway.interchange.openid.access import Gift

from . import client, limits
from .configuration import BACK, SIGNED_OUT, Configuration, read

log = logging.getLogger(__name__)
Request = Any

PENDING = "openid_asked"  # in the session: state -> what was asked
MOST_PENDING = 5  # windows in which somebody signs in at once
ASKED_FOR = timedelta(minutes=15)  # to sign in at the provider
BACKEND = "django.contrib.auth.backends.ModelBackend"
LONGEST_LOGOUT = 100_000  # bytes
UNMET = "unmet_authentication_requirements"  # OpenID Connect Core Error Code of that name, 1.0


def _limited(view: Any) -> Any:
    """So often for one address: each of these requests makes us ask the provider, and anybody can send it."""

    @wraps(view)
    def counted(request: Request) -> HttpResponse:
        if limits.take(request.META.get("REMOTE_ADDR", ""), request.at):
            return cast(HttpResponse, view(request))
        response = _page(request, "too_often", 429)
        response["Retry-After"] = "10"
        return response

    return counted


@public
@never_cache
@require_GET
@_limited
def begin(request: Request) -> HttpResponse:
    """To the provider, which has whoever signed in longer ago than the idle limit do it again.

    `anew` asks it to have the person sign in again, whoever it still knows; `strong` to do so in a way that
    no false page can ask for, where the access file names one.
    """
    try:
        ours = _ours()
        found = client.provider(ours.issuer, request.at)
    except (CannotParse, client.Away) as problem:
        return _away(request, problem, signing_in.next_page(request))
    if request.user.is_authenticated:
        sessions.tried(request.session, request.at)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    least = (ours.access.resistant if "strong" in request.GET else "") or ours.access.least
    anew = bool({"anew", "strong"} & request.GET.keys()) or sessions.must_be_anew(request.session)
    kept = dict(list(request.session.get(PENDING, {}).items())[1 - MOST_PENDING :])
    asked: dict[str, Any] = {"nonce": nonce, "verifier": verifier, "next": signing_in.next_page(request)}
    asked |= {"anew": anew, "least": least, "at": request.at.timestamp(), "strong": "strong" in request.GET}
    request.session[PENDING] = {**kept, state: asked}
    question = {
        "response_type": "code",
        "client_id": ours.client_id,
        "redirect_uri": f"{ours.address}{BACK}",
        "scope": ours.scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": asking.challenge(verifier),
        "code_challenge_method": "S256",
        **({"acr_values": " ".join(reversed(enough))} if (enough := ours.access.at_least(least)) else {}),
        **({"prompt": "login", "max_age": "0"} if anew else {"max_age": str(settings.SESSION_IDLE_SECONDS)}),
    }
    joint = "&" if "?" in found.authorization else "?"
    return HttpResponseRedirect(f"{found.authorization}{joint}{urlencode(question)}")


@public
@never_cache
@require_GET
@_limited
def come_back(request: Request) -> HttpResponse:
    """From the provider, with a code: who it is, what the claims give, and a session of ours."""
    try:
        ours = _ours()
    except CannotParse as problem:
        return _away(request, problem)
    asked = _asked(request)
    if asked is None:
        return _begin_again(request)
    try:
        return _let_in(request, ours, asked)
    except (client.Away, CannotParse) as problem:
        return _away(request, problem, asked["next"])
    except (tokens.Untrusted, client.Refused) as problem:
        return _not_believed(request, problem)
    except NotAllowed as refusal:
        return _page(request, "refused", 403, why=refusal.why)


def _let_in(request: Request, ours: Configuration, asked: dict[str, Any]) -> HttpResponse:
    found = client.provider(ours.issuer, request.at)
    _check_who_sends_back(request, ours, found)
    if error := request.GET.get("error"):
        return _nobody_came(request, ours, asked, error)
    given = client.tokens(
        ours,
        found,
        code=request.GET.get("code", ""),
        verifier=asked["verifier"],
        token_id=secrets.token_urlsafe(16),
        at=request.at,
    )
    raw = str(given.get("id_token", ""))
    ago = timedelta() if asked["anew"] else timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    since = datetime.fromtimestamp(asked["at"], UTC) - ago
    question = tokens.Asked(ours.issuer, ours.client_id, asked["nonce"], since)
    now = datetime.now(UTC)  # the provider's answer is younger than the request
    said = _with_keys(ours, request.at, lambda keys: tokens.id_token(raw, keys, question, now))
    claims = dict(said)
    if any(name.split(".")[0] not in said and name not in said for name in ours.access.claims):
        bearer = str(given.get("access_token", ""))
        claims = {**client.more_claims(found, bearer, said["sub"], now), **said}
    acr = said["acr"] if isinstance(said.get("acr"), str) else ""
    if ours.access.order and acr not in ours.access.at_least(asked["least"]):
        _record_refusal(request, "not strongly enough (acr)")
        return _too_weak(request, ours, asked)
    who = _recognised(ours, claims, acr)
    try:
        user = actions.come_in(who, request_id=request.id, at=request.at)
    except actions.GivenNothing as refusal:
        stronger = [name_of(role) for role in who.told["too_weak_for"]]
        shown = {"claims": ours.access.claims, "why": refusal.why, "stronger": stronger}
        shown["again"] = _again(asked)
        return _page(request, "given_nothing", 403, **shown)
    began = actions.Began(str(said.get("sid", ""))[:255], acr[:255], tokens.signed_in_at(said) or since)
    _start(request, user, raw, began, ours)
    return HttpResponseRedirect(asked["next"])


def _start(request: Request, user: Any, raw: str, began: actions.Began, ours: Configuration) -> None:
    with transaction.atomic():
        actions.check_still_there(user, began)
        user.backend = BACKEND
        signing_in.begin(request, user, _strength(ours, began.acr), through_provider=True)
        ways = ours.access.reached(began.acr)
        sessions.began(request.session, raw, ways, can_be_stronger=bool(ours.access.resistant))
        actions.begin(user, request.session.session_key, began, at=request.at)


def _strength(ours: Configuration, acr: str) -> str:
    """What the access file says that this acr proves."""
    if ours.access.reaches(ours.access.resistant, acr):
        return strength.PROVIDER
    return strength.CODE if ours.access.reaches(ours.access.two_factors, acr) else strength.PLAIN


@public
@require_GET
def keys(request: Request) -> HttpResponse:
    """Our public keys, with which the provider checks that it is us who ask."""
    try:
        return JsonResponse(asking.published(_ours().keys))
    except CannotParse as problem:
        return _away(request, problem)


@csrf_exempt
@public  # the provider's signature is its own sign-in
@require_POST
def logout(request: Request) -> HttpResponse:
    """The provider says that sessions have ended: they end here (OpenID Connect Back-Channel Logout 1.0).

    400 for a token that says nothing or was used, 503 while the provider's keys cannot be had.
    """
    if int(request.headers.get("Content-Length") or 0) > LONGEST_LOGOUT:
        return _answer({"error": "invalid_request"}, 400)
    raw = request.POST.get("logout_token", "")
    try:
        ours = _ours()
        said = _with_keys(
            ours,
            request.at,
            lambda found: tokens.logout_token(raw, found, ours.issuer, ours.client_id, request.at),
        )
        ended = actions.end_sessions(
            ours.issuer,
            actions.Logout(said.token_id, said.subject, said.sid, said.made, said.until),
            request_id=request.id,
            at=request.at,
        )
    except (tokens.Untrusted, NotAllowed) as problem:
        log.warning("A logout token was refused: %s", problem)
        return _answer({"error": "invalid_request", "error_description": str(problem)}, 400)
    except (client.Away, CannotParse) as problem:
        log.warning("A logout token could not be checked: %s", problem)
        return _answer({"error": "temporarily_unavailable"}, 503)
    log.info("The provider ended %s sessions", ended)
    return _answer({}, 200)


@public
@never_cache
@require_GET
def gone(request: Request) -> HttpResponse:
    """Signed out here; the page goes on to the provider, to sign out there too.

    By the page itself and not by an answer to the form that signed out: our forms go to nobody else (CSP).
    """
    raw = request.session.pop(sessions.LEAVING, None)
    try:
        ours = _ours()
        address = client.provider(ours.issuer, request.at).end_session
    except (CannotParse, client.Away) as problem:
        log.warning("Signed out here alone: %s", problem)
        address = ""
    if not raw or not address:
        return HttpResponseRedirect(settings.LOGOUT_REDIRECT_URL)
    there = {
        "id_token_hint": raw,
        "client_id": ours.client_id,
        "post_logout_redirect_uri": f"{ours.address}{SIGNED_OUT}",
    }
    joint = "&" if "?" in address else "?"
    return _page(request, "gone", 200, address=f"{address}{joint}{urlencode(there)}")


def _ours() -> Configuration:
    if not settings.OPENID["issuer"]:
        raise Http404("People sign in with local accounts here.")
    return read(settings.OPENID)


def _asked(request: Request) -> dict[str, Any] | None:
    """What was asked under the state that comes back, once; None where nothing was, or too long ago."""
    pending = dict(request.session.get(PENDING, {}))
    asked = pending.pop(request.GET.get("state", ""), None)
    if asked is None:
        return None
    request.session[PENDING] = pending
    request.session.save()  # used up, whatever comes of it
    old = request.at.timestamp() - asked["at"] > ASKED_FOR.total_seconds()
    return None if old else dict(asked)


def _check_who_sends_back(request: Request, ours: Configuration, found: client.Provider) -> None:
    """RFC 9207: another provider may not pass its codes off as this one's."""
    named = request.GET.get("iss", "" if found.names_itself else ours.issuer)
    if not constant_time_compare(named, ours.issuer):
        raise tokens.Untrusted("Another provider sent the person back (iss).")


def _with_keys(ours: Configuration, at: datetime, judge: Any) -> Any:
    """What `judge` says with the provider's keys; asked again, once, where it has new ones."""
    try:
        return judge(client.keys(ours.issuer, at))
    except tokens.UnknownKey:
        return judge(client.keys(ours.issuer, at, anew=True))


def _recognised(ours: Configuration, claims: dict[str, Any], acr: str) -> actions.Recognised:
    given, stronger = ours.access.given(claims, acr), ours.access.stronger(claims, acr)
    name = claims.get("name") or " ".join(
        str(claims[part]) for part in ("given_name", "family_name") if claims.get(part)
    )
    told = {"acr": acr, "access": ours.version, "looked_at": list(ours.access.claims)}
    too_weak_for = sorted({gift.role for gift in stronger})
    return actions.Recognised(
        issuer=ours.issuer,
        subject=claims["sub"],
        name=str(name or ""),
        places=tuple(_place(gift) for gift in given),
        told={**told, "too_weak_for": too_weak_for},
        kept=tuple(_place(gift) for gift in stronger),
    )


def _place(gift: Gift) -> actions.Place:
    return actions.Place(gift.role, gift.organisation, gift.site, gift.area, gift.strength)


def _begin_again(request: Request) -> HttpResponse:
    return _page(request, "again", 400)


def _not_believed(request: Request, problem: Exception) -> HttpResponse:
    """Somebody tried, or the provider is set up wrongly: said without a word of the token."""
    log.warning("A sign-in through the provider was refused: %s", problem)
    if not isinstance(problem, tokens.Unsigned | client.Refused):
        _record_refusal(request, str(problem))
    return _page(request, "not_believed", 403, why=str(problem))


def _nobody_came(request: Request, ours: Configuration, asked: dict[str, Any], error: str) -> HttpResponse:
    """The provider sends back an error and no code: nothing is signed, so nothing is recorded."""
    if error == UNMET and ours.access.order:
        return _too_weak(request, ours, asked)
    if error == "access_denied":
        return _page(request, "cancelled", 403, again=_again(asked))
    raise tokens.Unsigned("The provider let nobody in.")


def _too_weak(request: Request, ours: Configuration, asked: dict[str, Any]) -> HttpResponse:
    least = asked["least"] or ours.access.order[0]
    return _page(request, "too_weak", 403, least=least, again=_again(asked))


def _again(asked: dict[str, Any]) -> str:
    """The query with which the same is asked of the provider anew."""
    return urlencode({"strong" if asked.get("strong") else "anew": "yes", "next": asked["next"]})


def _record_refusal(request: Request, why: str) -> None:
    """On record, once the provider has signed something: what anybody can send would fill the audit."""
    with transaction.atomic():
        entry = Entry("people.refused_sign_in", "provider", {"why": why})
        record([entry], organisation_id=None, by=Actor("provider", request_id=request.id), at=request.at)


def _away(request: Request, problem: Exception, wanted: str = "") -> HttpResponse:
    log.error("Signing in through the provider is not possible: %s", problem)
    if request.user.is_authenticated:
        sessions.tried(request.session, request.at, sessions.AWAY)
        request.session.save()  # which Django leaves out where the answer is a failure
    return _page(request, "away", 503, wanted=wanted)


def _page(request: Request, name: str, status: int, **context: Any) -> HttpResponse:
    shown = {"provider": settings.OPENID["name"], **context}
    return render(request, f"openid/{name}.html", shown, status=status)


def _answer(body: dict[str, str], status: int) -> HttpResponse:
    response = JsonResponse(body, status=status) if body else HttpResponse(status=status)
    response["Cache-Control"] = "no-store"
    return response
