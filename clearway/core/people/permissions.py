"""What each page asks of the person who opens it. Every view says it, or says that it is public."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from ..audit.actions import Actor, Entry, record
from ..organisation import own_rows
from ..organisation.models import Organisation
from ..repeats.once import once
from . import kept
from .reach import Reach
from .roles import PERMISSIONS, roles_with

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class DeskRequest(HttpRequest):
    """A request after the middleware: what every view may rely on.

    at            the one reading of the clock for the whole request, aware, UTC
    id            names the request in the audit, in the log and to the person who reports a fault
    organisation  the trust of the person signed in; views behind `needs` always have one
    actor         who acts, in the role that gives the permission of this view
    reach         what the person may do, its `sites` those of this view's permission
    """

    at: datetime
    id: str
    organisation: Organisation
    actor: Actor
    reach: Reach


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a view asks: `read` to look, `change` to send a form. None: open to everybody."""

    read: str | None
    change: str | None

    def of(self, method: str) -> str | None:
        return self.read if method in SAFE else self.change


View = Callable[..., HttpResponse]


def needs(permission: str, *, change: str | None = None, unkeyed: str = "") -> Callable[[View], View]:
    """Serve the view only to those who hold the permission, and do what a form asks once (core/repeats).

    change   the permission for sending its form, where that differs from reading it
    unkeyed  why its forms are not done under the key that they carry; "" where they are
    Anybody signed out is asked to sign in; anybody else refused is told which roles can, and it is recorded.
    """
    requirement = Requirement(permission, change or permission)
    for name in (permission, requirement.change):
        if name not in PERMISSIONS:
            raise ValueError(f"There is no permission {name!r}; see clearway/core/people/roles.py")

    def decorate(view: View) -> View:
        work = view if unkeyed else once(view)

        @wraps(view)
        def guarded(request: Any, *arguments: Any, **named: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return ask_to_sign_in(request)
            asked = requirement.of(request.method) or permission
            if asked in request.reach.withheld:
                return ask_to_prove_more(request)
            if not request.reach.allows(asked):
                return refuse(request, asked)
            request.actor = replace(request.actor, role=request.reach.scopes[asked][1])
            request.reach = request.reach.within(asked)
            return work(request, *arguments, **named)

        guarded.requirement = requirement  # type: ignore[attr-defined]
        guarded.is_once = not unkeyed  # type: ignore[attr-defined]
        return guarded

    return decorate


def public(view: View) -> View:
    """Serve the view to everybody: signing in and out, and those who bring a key or the address of one page.

    Whose rows it may see it cannot know before it has looked; what it finds by its secret says that.
    """

    @wraps(view)
    def open_to_all(request: Any, *arguments: Any, **named: Any) -> HttpResponse:
        with own_rows.of_every_trust():
            return view(request, *arguments, **named)

    open_to_all.requirement = Requirement(None, None)  # type: ignore[attr-defined]
    return open_to_all


def requirement_of(view: Any) -> Requirement | None:
    """What a view asks, or None when it forgot to say (a test fails then)."""
    return getattr(view, "requirement", None)


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back again afterwards; to a form only when what it sent was kept."""
    can_go_back = request.method in SAFE or kept.KEY in request.session
    back = {"next": request.get_full_path()} if can_go_back else {}
    return HttpResponseRedirect(f"{settings.LOGIN_URL}?{urlencode(back)}" if back else settings.LOGIN_URL)


def ask_to_prove_more(request: HttpRequest) -> HttpResponse:
    """To the second factor, which this person's role asks for and this session has not seen; and back."""
    back = urlencode({"next": request.get_full_path()} if request.method in SAFE else {})
    return HttpResponseRedirect(f"{reverse('factors:mine')}?{back}")


def refuse(request: Any, permission: str) -> HttpResponse:
    """403: says what was not allowed and which roles can do it, and records the attempt."""
    with transaction.atomic():
        record(
            [Entry("people.refused", f"page:{request.path}"[:150], {"permission": permission})],
            organisation_id=request.organisation and request.organisation.pk,
            by=request.actor,
            at=request.at,
        )
    return render(
        request,
        "people/refused.html",
        {"what": PERMISSIONS[permission], "roles": [role.name for role in roles_with(permission)]},
        status=403,
    )
