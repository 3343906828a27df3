"""The page of the roads: what hinders travel, entering it, ending it, and what travel figures rest on."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import CannotParse, NotAllowed
from clearway.interchange import datex2

from . import actions, presenters, queries
from .forms import KINDS, DisruptionForm
from .models import RoadDisruption

Request = Any


@needs("roads.read", change="roads.write")
def roads(request: Request) -> HttpResponse:
    """What hinders travel now; a form to enter more, and the answer to it."""
    form = _form(request, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            row = actions.enter(
                form.entered(), organisation_id=request.organisation.pk, by=request.actor, at=request.at
            )
            messages.success(request, presenters.entered(row, request.at))
            return HttpResponseRedirect(reverse("travel:roads"))
        except NotAllowed as refusal:
            form.add_error("ends_at", refusal.why)
    return _page(request, form, status=422 if form.errors else 200)


@needs("roads.write")
@require_POST
def end(request: Request, key: int) -> HttpResponse:
    """End a disruption now."""
    try:
        actions.end(key, organisation_id=request.organisation.pk, by=request.actor, at=request.at)
    except RoadDisruption.DoesNotExist:
        raise Http404 from None
    messages.success(request, "Ended. Expected arrivals are worked out without it from now on.")
    return HttpResponseRedirect(reverse("travel:roads"))


@needs("roads.write")
@require_POST
def take_file(request: Request) -> HttpResponse:
    """Take the disruptions of a DATEX II file."""
    upload = request.FILES.get("file")
    if upload is None or upload.size > datex2.MOST_BYTES:
        problem = "Choose a file." if upload is None else "The file is larger than 20 MB. Split it."
        return _page(request, _form(request), problem, status=422)
    try:
        publication = datex2.parse(upload.read())
    except CannotParse as refusal:
        return _page(request, _form(request), f"The file cannot be read. {refusal}", status=422)
    result = actions.take(
        publication.records, organisation_id=request.organisation.pk, by=request.actor, at=request.at
    )
    messages.success(request, presenters.taken(result, publication.passed_over))
    return HttpResponseRedirect(reverse("travel:roads"))


def _form(request: Request, data: Any = None) -> DisruptionForm:
    organisation_id = request.organisation.pk
    return DisruptionForm(
        data,
        at=request.at,
        places=queries.places(organisation_id),
        usual=queries.usual(organisation_id, request.at),
    )


def _page(request: Request, form: DisruptionForm, problem: str = "", status: int = 200) -> HttpResponse:
    organisation_id = request.organisation.pk
    context = {
        "form": form,
        "problem": problem,
        "kinds": list(KINDS.items()),
        "places": list(form.places),
        "usual": presenters.usual(form.usual),
        "rows": presenters.rows(queries.current(organisation_id, request.at), request.at),
        "past": presenters.rows(queries.past(organisation_id, request.at), request.at),
        "may_change": request.reach.allows("roads.write"),
        "basis": presenters.basis(organisation_id, request.at),
    }
    return render(request, "travel/roads.html", context, status=status)
