"""Signing in and out, and what is said to somebody who may not."""

from typing import Any
from urllib.parse import urlencode

from axes.decorators import axes_dispatch
from django.conf import settings
from django.contrib import auth
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from ..factors import half, strength
from ..factors import queries as factors
from . import actions
from .permissions import public
from .presenters import why_signed_out
from .provider import recovery, sessions
from .signing_in import begin, next_page

Request = Any
WRONG = "The user name or the password is not right. Check both and try again"


@public
@never_cache
@sensitive_post_parameters("password")
@axes_dispatch  # type: ignore[untyped-decorator]
def sign_in(request: Request) -> HttpResponse:
    """The sign-in page. One message for every wrong pair, so that it tells nobody who has an account."""
    if request.method != "POST":
        return _first_page(request)
    name, password = request.POST.get("username", "").strip(), request.POST.get("password", "")
    missing = {
        field: f"Enter your {words}"
        for field, words, value in (("username", "user name", name), ("password", "password", password))
        if not value
    }
    if missing:
        return _sign_in_page(request, username=name, errors=missing, status=422)
    user = auth.authenticate(request, username=name, password=password)
    if user is not None and not recovery.may_come_in(user):
        recovery.turn_away(user, request)
        user = None
    if user is None:
        return _sign_in_page(request, username=name, errors={"username": WRONG}, status=422)
    if factors.has_one(user):
        half.begin(request, user)
        return HttpResponseRedirect(f"{reverse('factors:second')}?{urlencode({'next': next_page(request)})}")
    begin(request, user, strength.PASSWORD)
    return HttpResponseRedirect(next_page(request))


@public
@require_POST
def sign_out(request: Request) -> HttpResponse:
    """Ends the session, and asks the browser to forget what it kept."""
    if request.user.is_authenticated:
        actions.record_sign_out(request.user, by=request.actor, at=request.at)
    began = request.session.get(sessions.KEY)
    auth.logout(request)
    on = reverse("openid:gone") if sessions.left(request.session, began) else settings.LOGOUT_REDIRECT_URL
    response = HttpResponseRedirect(on)
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


def locked_out(request: Request, *_arguments: Any, **_named: Any) -> HttpResponse:
    """Shown by the lock-out after too many wrong passwords, instead of the sign-in page."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    return render(request, "people/locked_out.html", {"minutes": minutes}, status=429)


def refused(request: Request, exception: Exception | None = None) -> HttpResponse:
    """The 403 page for what a view refuses by itself, for instance another hospital's site."""
    context: dict[str, Any] = {"what": None, "roles": [], "why": str(exception or "")}
    return render(request, "people/refused.html", context, status=403)


def _sign_in_page(request: Request, status: int = 200, **context: Any) -> HttpResponse:
    blank: dict[str, Any] = {"username": "", "errors": {}, "notice": None, "next": next_page(request)}
    blank |= {"is_recovery": recovery.is_only_for_recovery(), "provider": settings.OPENID["name"]}
    return render(request, "people/sign_in.html", blank | context, status=status)


def _first_page(request: Request) -> HttpResponse:
    """The way in: through the provider, where there is one."""
    notice = why_signed_out(request.session.get("ended"))
    if not recovery.is_only_for_recovery() or "recovery" in request.GET:
        return _sign_in_page(request, notice=notice)
    shown = {"provider": settings.OPENID["name"], "notice": notice, "next": next_page(request)}
    return render(request, "people/sign_in_provider.html", shown)
