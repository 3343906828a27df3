"""What a screen on a wall asks for: its board, or the code by which it is put up.

The key is sent to these addresses alone (the path of its cookie), and only they look at it: to every other
page a screen is somebody who has not signed in. Nothing here can be posted to.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ..organisation import own_rows
from ..people.middleware import OF_NOBODY
from ..people.permissions import public
from . import actions, codes, queries
from .boards import BOARDS
from .models import Screen

Request = Any
PATH = OF_NOBODY
KEY, ASKS = "clearway_screen", "clearway_screen_asks"  # cookies
SAID_FOR = timedelta(minutes=5)  # how long a screen says that it was taken off; then it shows a code again
KEPT = timedelta(days=400)  # as long as browsers keep any cookie; begun anew with each newer key
_signer = Signer(salt="clearway.core.screens.asks")


@public  # whoever holds the key is the screen; without one it shows a code, which opens nothing by itself
@never_cache
@require_safe
def screen(request: Request) -> HttpResponse:
    """The board of this screen, or that it was taken off, or the code by which it is put up."""
    del request._messages  # what is to be told to a person who is signed in beside it stays theirs
    token = request.COOKIES.get(KEY, "")
    row = queries.with_key(token) if token else None
    standing = _standing(row, request.at)
    if row is not None and standing == "on":
        return _board(request, row, token)
    if standing == "off" and "again" not in request.GET:
        request.screen = row
        return render(request, "screens/off.html", {"row": row})
    return _asking(request, row)


@public  # as above
@never_cache
@require_safe
def state(request: Request) -> HttpResponse:
    """What /screen/ would show now, in a word: the page on the wall asks, and loads anew where it differs."""
    token = request.COOKIES.get(KEY, "")
    row = queries.with_key(token) if token else None
    standing = _standing(row, request.at)
    if row is None or not standing:
        secret = _secret(request)
        ready = secret and queries.waiting_for(codes.code_of(secret), request.at)
        return JsonResponse({"state": "ready" if ready else "asking" if secret else "new"})
    if standing == "on":
        actions.seen(row, at=request.at)
    return JsonResponse({"state": standing})


def _standing(row: Screen | None, at: datetime) -> str:
    """ "on"; "off" for one taken off of late, or whose board is no more; else empty: it shows a code."""
    if row is None:
        return ""
    if row.taken_off_at is None:
        return "on" if row.board in BOARDS else "off"
    return "off" if at - row.taken_off_at < SAID_FOR else ""


def _board(request: Request, row: Screen, token: str) -> HttpResponse:
    """Its board. own_rows: from here on the database shows the rows of its own trust alone."""
    own_rows.only(row.organisation_id)
    newer = actions.turn(row, token, at=request.at)
    actions.seen(row, at=request.at)
    request.screen, request.organisation = row, row.organisation
    response = BOARDS[row.board].draw(request, queries.place_of(row), queries.sites_of(row))
    return _keeping(response, newer) if newer else response


def _asking(request: Request, former: Screen | None) -> HttpResponse:
    """The code; and once somebody has entered it, the key.

    A key that is not known is left where it is: the answer to a late request with the key before it must not
    take away the one that counts.
    """
    brought = _secret(request)
    secret = brought or secrets.token_urlsafe(32)
    code = codes.code_of(secret)
    if token := actions.answer(code, at=request.at):
        response: HttpResponse = HttpResponseRedirect(PATH)
        _forget(response, ASKS)
        return _keeping(response, token)
    minutes = round(queries.LIFE.total_seconds() / 60)
    shown = {"code": codes.spaced(code), "minutes": minutes, "is_new": not brought}
    response = render(request, "screens/asking.html", shown)
    if former is not None:
        _forget(response, KEY)
    if not brought:
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
