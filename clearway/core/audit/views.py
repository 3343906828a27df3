"""The audit: who did what to what, when; and looks at identities, to be reviewed. Reading is recorded."""

import json
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from ..layout.fields import DeskForm
from ..layout.steps import carried_out
from ..layout.times import local
from ..organisation.queries import policies
from ..people.permissions import needs
from ..people.roles import name_of
from . import presenters, queries, reviewing
from .actions import Entry, record
from .forms import AuditForm, LooksForm, ReviewForm
from .models import LookReview

Request = Any


@needs("audit.read")
def audit(request: Request) -> HttpResponse:
    """The newest actions that fit the filter, and the head of the chain over all of them."""
    form = AuditForm(request.GET, at=request.at)
    form.is_valid()
    actions = queries.actions(request.organisation.pk, form.wanted())
    _record_reading(request, "audit", form)
    following = request.GET.copy()
    if len(actions) == queries.PAGE:
        following["before"] = str(actions[-1].pk)
    context = {
        "form": form,
        "rows": [(action, name_of(action.role), _detail(action.detail)) for action in actions],
        "following": following.urlencode() if "before" in following and actions else "",
        "head": queries.head(),
    }
    response = render(request, "audit/audit.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


@needs("looks.review")
def looks(request: Request) -> HttpResponse:
    """Who looked at who a patient is, and why: what waits for a review, and what was found of late."""
    form = LooksForm(request.GET, at=request.at)
    form.is_valid()
    asked, organisation_id = form.asked(), request.organisation.pk
    _record_reading(request, "looks", form)
    context = {
        "form": form,
        "waiting": presenters.waiting(
            queries.looks_to_review(organisation_id, **asked), _within(request), request.at
        ),
        "reviewed": presenters.reviewed(queries.looks_reviewed(organisation_id, request.at, **asked)),
        "most": queries.PAGE,
    }
    response = render(request, "audit/looks.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


@needs("looks.review")
def look(request: Request, key: int) -> HttpResponse:
    """One look, and what somebody else finds of it."""
    organisation_id = request.organisation.pk
    row = queries.look(organisation_id, key)
    if row is None:
        raise Http404
    form: DeskForm = ReviewForm(at=request.at)
    if request.method == "POST":

        def act(given: dict[str, Any]) -> object:
            return reviewing.review(
                key, **given, organisation_id=organisation_id, by=request.actor, at=request.at
            )

        form, told = carried_out(request, (ReviewForm, act, "Reviewed."))
        if told:
            messages.success(request, told)
            return HttpResponseRedirect(reverse("audit:looks"))
    (shown,) = presenters.waiting([row], _within(request), request.at)
    context = {
        "row": shown,
        "review": getattr(row, "review", None),
        "findings": LookReview.Finding.choices,
        "form": form,
    }
    return render(request, "audit/look.html", context, status=422 if form.errors else 200)


def _within(request: Request) -> timedelta:
    values = policies(request.organisation.pk, [reviewing.POLICY], local(request.at).date())
    return reviewing.review_within(values.get(reviewing.POLICY, {}))


def _record_reading(request: Request, page: str, form: DeskForm) -> None:
    asked = {name: value for name, value in request.GET.items() if name in form.fields and value}
    with transaction.atomic():
        entry = Entry("audit.read", page, {"asked": asked})
        record([entry], organisation_id=request.organisation.pk, by=request.actor, at=request.at)


def _detail(detail: dict[str, Any]) -> str:
    return json.dumps(detail, ensure_ascii=False, sort_keys=True) if detail else ""
