"""Situation reports: the list, one of them as page, text and PDF, making one, adding to one."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.layout.papers import PDF, TEXT, as_file
from clearway.core.layout.times import local
from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from . import actions, presenters, queries
from .forms import AddForm
from .models import Sitrep


@needs("command.read")
def sitreps(request: Any) -> HttpResponse:
    """Every report of the last days, newest first."""
    live_after = newest_push()
    rows = [
        presenters.sitrep_row(each) for each in queries.sitreps(request.organisation.pk)[: queries.LISTED]
    ]
    context = {
        "rows": rows,
        "may_make": request.reach.allows("sitreps.make"),
        "live_topics": "sitreps feeds tasks",
        "live_after": live_after,
    }
    return render(request, "command/sitreps.html", context)


@needs("sitreps.make")
@require_POST
def make_sitrep(request: Any) -> HttpResponse:
    """Make one now."""
    row = actions.make_sitrep(actions.BY_HAND, **_who(request))
    messages.success(request, f"Situation report {row.number} is made.")
    return HttpResponseRedirect(reverse("command:sitrep", args=[row.number]))


@needs("command.read", change="sitreps.make")
def sitrep(request: Any, number: int) -> HttpResponse:
    """One report with what was added to it."""
    row = _sitrep(request, number)
    form = AddForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            actions.add(number, form.cleaned_data["words"], **_who(request))
            messages.success(request, "Added. The report itself stays as it was.")
            return HttpResponseRedirect(reverse("command:sitrep", args=[number]))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "row": row,
        "parts": presenters.sitrep_parts(row),
        "form": form,
        "may_add": request.reach.allows("sitreps.make"),
    }
    return render(request, "command/sitrep.html", context, status=422 if form.errors else 200)


@needs("command.read")
def sitrep_text(request: Any, number: int) -> HttpResponse:
    """One report as plain text."""
    answer = HttpResponse(presenters.sitrep_text(_sitrep(request, number)), content_type=TEXT)
    answer["Cache-Control"] = "no-store"
    return answer


@needs("command.read")
def sitrep_pdf(request: Any, number: int) -> HttpResponse:
    """One report for print."""
    row = _sitrep(request, number)
    return as_file(presenters.sitrep_pdf(row), f"sitrep-{number}-{local(row.at).date()}.pdf", PDF)


def _sitrep(request: Any, number: int) -> Sitrep:
    try:
        return queries.sitrep(request.organisation.pk, number)
    except queries.SitrepNotThere:
        raise Http404(f"There is no situation report {number}.") from None


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
