"""The guard before a patient's record: open by need, else with a reason (break-glass)."""

from collections.abc import Callable
from functools import wraps
from types import MappingProxyType
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from clearway.core.openings import asking
from clearway.core.openings.actions import Door
from clearway.core.openings.forms import OpenForm
from clearway.core.openings.queries import standing

from . import queries

View = Callable[..., HttpResponse]
RECORD = Door(
    doing="Opening this record",
    told="opened a record of which nothing is to be done",
    reasons=MappingProxyType(
        {
            "contact": "The patient, a carer or another service is in contact now",
            "found": "Something of the patient was found: a letter, a result, equipment",
            "safety": "A concern for somebody's safety or welfare",
            "complaint": "A complaint, a claim or an incident review",
            "correction": "The record may be wrong or double",
            "other": "Something else",
        }
    ),
)


def subject_of(patient_id: int) -> str:
    """How the audit and an opening name a record."""
    return f"patient:{patient_id}"


def by_need(view: View) -> View:
    """Serve the page of a patient, its second argument, to who has something to do for them or said why.

    Stands below `needs`. The view finds the opening that it is served by as `request.opening`, else None.
    """

    @wraps(view)
    def guarded(request: Any, patient: int, *arguments: Any, **named: Any) -> HttpResponse:
        request.opening = None
        records = queries.people(request.organisation.pk, patient)
        if records and not queries.has_work(request.organisation.pk, records, request.at):
            subjects = [subject_of(each) for each in records]
            request.opening = standing(request.organisation.pk, request.user.pk, subjects, request.at)
            if request.opening is None:
                return ask(request, patient, asking.closed(request, RECORD, subject_of(patient)))
        return view(request, patient, *arguments, **named)

    return guarded


def ask(request: Any, patient: int, form: OpenForm) -> HttpResponse:
    """The page that asks why. It shows nothing of the patient."""
    context = {
        "form": form,
        "patient": patient,
        "reasons": list(RECORD.reasons.items()),
        "minutes": asking.MINUTES,
        "next": request.POST.get("next") or (request.get_full_path() if request.method == "GET" else ""),
    }
    response = render(request, "openings/ask.html", context, status=422 if form.errors else 403)
    response["Cache-Control"] = "no-store"
    return response
