"""What a screen on a wall asks for: its board, or the code by which it is put up.

The key is sent to these addresses alone (the path of its cookie), and only they look at it: to every other
page a screen is somebody who has not signed in. Nothing here can be posted to.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.signing import BadSignature, Signer
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ..organisation import own_rows
from ..people.permissions import public
from . import actions, codes, queries
from .boards import BOARDS
from .models import Screen

Request = Any
PATH = "/screen/"
KEY, ASKS = "clearway_screen", "clearway_screen_asks"  # cookies
KEPT = timedelta(days=400)  # as long as browsers keep any cookie; begun anew with each newer key
_signer = Signer(salt="clearway.core.screens.asks")


@public  # whoever holds the key is the screen; without one it shows a code, which opens nothing by itself
@never_cache
@require_safe
def screen(request: Request) -> HttpResponse:
    """The board of this screen, or that it was taken off, or the code by which it is put up."""
    request.user = AnonymousUser()  # whoever may be signed in beside it: a screen is nobody
    token = request.COOKIES.get(KEY, "")
    row = queries.with_key(token) if token else None
    if row is not None and row.taken_off_at is None:
        return _board(request, row, token)
    if row is not None and "again" not in request.GET:
        request.screen = row
        return render(request, "screens/off.html", {"row": row})
    return _asking(request)


@public  # as above
@never_cache
@require_safe
def state(request: Request) -> HttpResponse:
    """What /screen/ would show now, in a word: the page on the wall asks, and loads anew where it differs."""
    token = request.COOKIES.get(KEY, "")
    row = queries.with_key(token) if token else None
    if row is None:
        secret = _secret(request)
        ready = secret and queries.waiting_for(codes.code_of(secret), request.at)
        return JsonResponse({"state": "ready" if ready else "asking" if secret else "new"})
    if row.taken_off_at is not None:
        return JsonResponse({"state": "off"})
    actions.seen(row, at=request.at)
    return JsonResponse({"state": "on"})


def _board(request: Request, row: Screen, token: str) -> HttpResponse:
    """Its board. own_rows: from here on the database shows the rows of its own trust alone."""
    own_rows.only(row.organisation_id)
    newer = actions.turn(row, token, at=request.at)
    actions.seen(row, at=request.at)
    request.screen, request.organisation = row, row.organisation
    response = BOARDS[row.board].draw(request, queries.place_of(row), queries.sites_of(row))
    return _keeping(response, newer) if newer else response


def _asking(request: Request) -> HttpResponse:
    """The code; and once somebody has entered it, the key."""
    secret = _secret(request) or secrets.token_urlsafe(32)
    code = codes.code_of(secret)
    if token := actions.answer(code, at=request.at):
        response: HttpResponse = HttpResponseRedirect(PATH)
        _forget(response, ASKS)
        return _keeping(response, token)
    shown = {"code": codes.spaced(code), "minutes": round(queries.LIFE.total_seconds() / 60)}
    response = render(request, "screens/asking.html", shown)
    _forget(response, KEY)
    if not _secret(request):
        _keep(response, ASKS, _signer.sign(f"{secret}.{request.at.timestamp():.0f}"), queries.LIFE)
    return response


def _secret(request: Request) -> str:
    """The secret of a screen that asks, while its code is good; else empty."""
    try:
        secret, _, since = _signer.unsign(request.COOKIES.get(ASKS, "")).rpartition(".")
    except BadSignature:
        return ""
    begun = datetime.fromtimestamp(int(since), tz=request.at.tzinfo)
    return secret if request.at - begun < queries.LIFE else ""


def _keeping(response: HttpResponse, token: str) -> HttpResponse:
    _keep(response, KEY, token, KEPT)
    return response


def _keep(response: HttpResponse, name: str, value: str, life: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=life,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _forget(response: HttpResponse, name: str) -> None:
    response.delete_cookie(name, path=PATH, samesite="Strict")
