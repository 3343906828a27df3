"""The pages of people: who holds which role, acting up, accounts, and who is on call."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.domain.shared.errors import NotAllowed

from ..factors.queries import with_a_factor
from . import actions, presenters, queries
from .duties import DUTIES
from .forms import GrantForm, OnCallForm, ReasonForm
from .models import OnCall, RoleGrant, User
from .permissions import needs
from .roles import ROLES

Request = Any
ROTA_AHEAD = timedelta(days=7)


@needs("people.read")
def people(request: Request, problem: str = "", status: int = 200) -> HttpResponse:
    """Who holds which role, where and until when."""
    listed = presenters.people(queries.people(request.organisation.pk), request.at)
    held = with_a_factor(request.organisation.pk) if request.reach.allows("people.manage") else set()
    context = {"people": listed, "problem": problem, "with_a_factor": held}
    return render(request, "people/people.html", context, status=status)


@needs("people.stand_in")
def act_up(request: Request) -> HttpResponse:
    """Let somebody stand in for one shift."""
    shown = {"acting": True, "starts_at": request.at, "ends_at": request.at + timedelta(hours=12)}
    return _grant_page(request, shown, always_acting=True)


@needs("people.manage")
def grant(request: Request) -> HttpResponse:
    """Give a role, for good or for a time."""
    return _grant_page(request, {"starts_at": request.at}, always_acting=False)


@needs("people.stand_in")
@require_POST
def end_grant(request: Request, key: int) -> HttpResponse:
    """End a role now; command ends acting up, an administrator any."""
    form = ReasonForm(request.POST, at=request.at)
    if not form.is_valid():
        return people(request, problem=form.problems["reason"], status=422)
    try:
        actions.end_grant(
            key,
            form.cleaned_data["reason"],
            organisation_id=request.organisation.pk,
            reach=request.reach,
            by=request.actor,
            at=request.at,
        )
    except RoleGrant.DoesNotExist:
        raise Http404 from None
    except NotAllowed as refusal:
        return people(request, problem=refusal.why, status=409)
    return HttpResponseRedirect(reverse("people:people"))


@needs("people.manage")
@require_POST
def set_enabled(request: Request, username: str) -> HttpResponse:
    """Disable or enable an account."""
    form = ReasonForm(request.POST, at=request.at)
    if not form.is_valid():
        return people(request, problem=form.problems["reason"], status=422)
    try:
        actions.set_enabled(
            username,
            request.POST.get("enabled") == "yes",
            form.cleaned_data["reason"],
            organisation_id=request.organisation.pk,
            by=request.actor,
            at=request.at,
        )
    except User.DoesNotExist:
        raise Http404 from None
    except NotAllowed as refusal:
        return people(request, problem=refusal.why, status=409)
    return HttpResponseRedirect(reverse("people:people"))


@needs("people.manage")
@require_POST
def end_sessions(request: Request, username: str) -> HttpResponse:
    """End every session of an account."""
    form = ReasonForm(request.POST, at=request.at)
    if not form.is_valid():
        return people(request, problem=form.problems["reason"], status=422)
    who = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
    try:
        user = actions.end_sessions(username, form.cleaned_data["reason"], **who)
    except User.DoesNotExist:
        raise Http404 from None
    if user == request.user:
        update_session_auth_hash(request, user)  # this one goes on
    messages.success(request, f"Every session of {user.display_name} has ended.")
    return HttpResponseRedirect(reverse("people:people"))


@needs("on_call.read")
def on_call(request: Request) -> HttpResponse:
    """Who is on call now, and for the next seven days."""
    rows = queries.on_call_list(request.organisation.pk, request.at, request.at + ROTA_AHEAD)
    listed = presenters.turns(rows, request.at)
    held = {row.duty for row in rows if row.starts_at <= request.at}
    nobody = [name for code, name in DUTIES.items() if code not in held]
    may_change = request.reach.allows("on_call.manage")
    context = {"turns": listed, "nobody": nobody, "may_change": may_change}
    return render(request, "people/on_call.html", context)


@needs("on_call.manage")
def put_on_call(request: Request) -> HttpResponse:
    """Put somebody on call."""
    organisation = request.organisation
    candidates = queries.may_be_asked(organisation.pk, request.at)
    shown = {"starts_at": request.at, "ends_at": request.at + timedelta(hours=12)}
    data = request.POST if request.method == "POST" else None
    form = OnCallForm(data, organisation=organisation, at=request.at, people=candidates, initial=shown)
    if form.is_valid():
        given = form.cleaned_data
        try:
            actions.put_on_call(
                given["user"],
                given["duty"],
                given["area"],
                (given["starts_at"], given["ends_at"]),
                given["contact"],
                organisation_id=organisation.pk,
                by=request.actor,
                at=request.at,
            )
            return HttpResponseRedirect(reverse("people:on-call"))
        except NotAllowed as refusal:
            form.add_error("starts_at", refusal.why)
    context = {
        "form": form,
        "people": [(user.username, user.display_name) for user in candidates],
        "duties": list(DUTIES.items()),
        "areas": [(area.code, area.name) for area in organisation.areas.all()],
    }
    return render(request, "people/put_on_call.html", context, status=422 if form.errors else 200)


@needs("on_call.manage")
@require_POST
def end_on_call(request: Request, key: int) -> HttpResponse:
    """End a turn, or take a coming one off the list."""
    try:
        actions.end_on_call(key, organisation_id=request.organisation.pk, by=request.actor, at=request.at)
    except OnCall.DoesNotExist:
        raise Http404 from None
    return HttpResponseRedirect(reverse("people:on-call"))


def _grant_page(request: Request, shown: dict[str, Any], always_acting: bool) -> HttpResponse:
    organisation = request.organisation
    data = request.POST if request.method == "POST" else None
    candidates = queries.may_be_given_a_role(organisation.pk)
    form = GrantForm(data, organisation=organisation, at=request.at, people=candidates, initial=shown)
    if form.is_valid():
        try:
            wanted = _wanted(form, request, always_acting)
            actions.grant_role(wanted, reach=request.reach, by=request.actor, at=request.at)
            return HttpResponseRedirect(reverse("people:people"))
        except NotAllowed as refusal:
            form.add_error("role", refusal.why)
    context = {
        "form": form,
        "always_acting": always_acting,
        "people": [(user.username, user.display_name) for user in candidates],
        "roles": [(code, role.name) for code, role in ROLES.items()],
        "sites": [(site.code, site.name) for site in organisation.sites.exclude(kind="station")],
        "areas": [(area.code, area.name) for area in organisation.areas.all()],
    }
    return render(request, "people/grant.html", context, status=422 if form.errors else 200)


def _wanted(form: GrantForm, request: Request, always_acting: bool) -> actions.Grant:
    given = form.cleaned_data
    return actions.Grant(
        user=given["user"],
        role=given["role"],
        organisation=request.organisation,
        starts_at=given["starts_at"] or request.at,
        ends_at=given["ends_at"],
        site=given["site"],
        area=given["area"],
        acting=always_acting or given["acting"],
        reason=given["reason"],
    )
