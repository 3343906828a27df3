"""The guard before a patient's record: open by need, else with a reason (break-glass)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from . import actions, queries
from .forms import OpenForm

View = Callable[..., HttpResponse]


def by_need(view: View) -> View:
    """Serve the page of a patient, its second argument, to who has something to do for them or said why.

    Stands below `needs`. The view finds the opening that it is served by as `request.opening`, else None.
    """

    @wraps(view)
    def guarded(request: Any, patient: int, *arguments: Any, **named: Any) -> HttpResponse:
        request.opening = None
        records = queries.people(request.organisation.pk, patient)
        if records and not queries.has_work(request.organisation.pk, records, request.at):
            request.opening = queries.standing(request.user.pk, records, request.at)
            if request.opening is None:
                return ask(request, patient)
        return view(request, patient, *arguments, **named)

    return guarded


def ask(request: Any, patient: int, form: OpenForm | None = None) -> HttpResponse:
    """The page that asks why. It shows nothing of the patient; that somebody came is on record."""
    if form is None:
        who = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
        actions.note_closed(patient, **who)
    context = {
        "form": form or OpenForm(at=request.at),
        "patient": patient,
        "reasons": list(actions.REASONS.items()),
        "minutes": round(actions.LASTS.total_seconds() / 60),
        "next": request.POST.get("next") or (request.get_full_path() if request.method == "GET" else ""),
    }
    response = render(request, "openings/ask.html", context, status=422 if form else 403)
    response["Cache-Control"] = "no-store"
    return response
