"""Raising a safeguarding concern; that there are some; and what was written, for its queue and its author."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.people import kept
from clearway.core.people.permissions import needs
from clearway.core.people.roles import name_of
from clearway.domain.shared.errors import NotAllowed

from ..contacts.whom import back_of, in_hand, known
from . import actions, queries
from .forms import KINDS, ConcernForm
from .models import Safeguarding

LARGEST = 2**63


@needs("safeguarding.raise")
def listed(request: Any) -> HttpResponse:
    """That there are some: for whom, when, who has them. Nothing of what was written is read.

    Who sees a site alone sees only their own: a concern belongs to an incident, not to a site.
    """
    own = None if request.reach.sites is None else request.user.pk
    rows = queries.listed(request.organisation.pk, request.at, own)
    context = {"rows": [(each, KINDS[each.kind], name_of(each.queue)) for each in rows]}
    return render(request, "safeguarding/list.html", context)


@needs("safeguarding.raise")
def new(request: Any) -> HttpResponse:
    """Raise one, for the incident of the page before; what a session that ended kept is shown once."""
    organisation_id, at = request.organisation.pk, request.at
    data = request.POST if request.method == "POST" else None
    beginning = {}
    if data is None:
        hand = in_hand(organisation_id, back_of(request), "", known(organisation_id, at))
        beginning = kept.take(request) or {"incident": hand.incident}
    form = ConcernForm(data, at=at, initial=beginning)
    if form.is_valid():
        given = form.cleaned_data
        scope = {"organisation_id": organisation_id, "by": request.actor, "at": at}
        try:
            row = actions.concern(given["kind"], given["words"], given["incident"], **scope)
            messages.success(
                request,
                f"Raised. The {name_of(row.queue).lower()} has it; others see only that there is one.",
            )
            return HttpResponseRedirect(reverse("safeguarding:list"))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {"form": form, "kinds": list(KINDS.items())}
    response = render(request, "safeguarding/new.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


@needs("safeguarding.raise")
def one(request: Any, key: int) -> HttpResponse:
    """That there is one, and a button for whom may look."""
    return _page(request, _get(request, key))


@needs("safeguarding.raise")
@require_POST
def look(request: Any, key: int) -> HttpResponse:
    """The same with what was written, for this response only. The look is recorded first."""
    row = _get(request, key)
    try:
        return _page(request, row, actions.look(row, request.roles, by=request.actor, at=request.at))
    except NotAllowed as refused:
        messages.error(request, refused.why)
        return HttpResponseRedirect(reverse("safeguarding:one", args=[key]))


@needs("safeguarding.read")
@require_POST
def take(request: Any, key: int) -> HttpResponse:
    """Somebody of the queue acknowledges it."""
    try:
        actions.take(_get(request, key), request.roles, by=request.actor, at=request.at)
        messages.success(request, "Acknowledged in your name.")
    except NotAllowed as refused:
        messages.error(request, refused.why)
    return HttpResponseRedirect(reverse("safeguarding:one", args=[key]))


def _get(request: Any, key: int) -> Safeguarding:
    row = queries.one(request.organisation.pk, key) if key < LARGEST else None
    if row is None or (request.reach.sites is not None and row.by_id != request.user.pk):
        raise Http404
    return row


def _page(request: Any, row: Safeguarding, written: str = "") -> HttpResponse:
    taken = getattr(row, "taken", None)
    context = {
        "row": row,
        "kind": KINDS[row.kind],
        "queue": name_of(row.queue),
        "taken": taken,
        "written": written,
        "may_look": actions.may_look(row, request.roles, request.user.pk),
        "may_take": taken is None and row.queue in request.roles,
    }
    response = render(request, "safeguarding/one.html", context)
    response["Cache-Control"] = "no-store"
    return response
