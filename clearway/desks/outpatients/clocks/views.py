"""The page of a pathway: what its clock says, why, and the form to record what happened."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from ..patients import actions as patients
from . import actions, presenters, queries
from .forms import KINDS, PROOFS, AsOfForm, DoneForm, EventForm
from .models import Pathway

Request = Any


@needs("pathways.read", change="pathways.write")
def pathway(request: Request, key: int) -> HttpResponse:
    """A pathway with its clock explained; sent, the form records an event or a correction."""
    row = _read(request, key)
    if request.method == "POST" and "done" in request.POST:
        return _done(request, row)
    form = EventForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            actions.say(
                row.pk,
                form.event(),
                organisation_id=request.organisation.pk,
                by=request.actor,
                at=request.at,
            )
            messages.success(request, "Recorded. The clock was worked out again.")
            return HttpResponseRedirect(reverse("op-clocks:pathway", args=[row.pk]))
        except NotAllowed as refusal:
            form.add_error("kind", refusal.why)
        except ValueError as problem:
            form.add_error("on", str(problem))
    return _page(request, row, form, status=422 if form.errors else 200)


def _done(request: Request, row: Pathway) -> HttpResponse:
    """What the clock asks for has been done, says the form under it."""
    form = DoneForm(request.POST, at=request.at)
    if form.is_valid():
        try:
            said = form.cleaned_data
            who = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
            actions.done(row.pk, said["done"], said["words"], **who)
            messages.success(request, "Saved: it is done.")
            return HttpResponseRedirect(reverse("op-clocks:pathway", args=[row.pk]))
        except NotAllowed as refusal:
            form.add_error("words", refusal.why)
    problem = ", ".join(form.problems.values())
    return _page(request, row, EventForm(None, at=request.at), status=422, problem=problem)


def _read(request: Request, key: int) -> Pathway:
    try:
        return queries.one(request.organisation.pk, key)
    except Pathway.DoesNotExist:
        raise Http404 from None


def _page(request: Request, row: Pathway, form: EventForm, status: int, problem: str = "") -> HttpResponse:
    asked = AsOfForm(request.GET or None, at=request.at)
    given = asked.cleaned_data if asked.is_bound and asked.is_valid() else {}
    as_of = given.get("as_of") or local(request.at).date()
    explained = queries.explained(row.pk, as_of, given.get("known_by"))
    events = list(queries.events_of([row.pk]))
    patients.look(
        [row.patient_id],
        "pathway",
        organisation_id=request.organisation.pk,
        by=request.actor,
        at=request.at,
    )
    context = {
        "row": row,
        "title": presenters.title(row),
        "headline": presenters.headline(explained),
        "explained": explained,
        "done": {each.detail["key"]: each for each in queries.done([row.pk])},
        "problem": problem,
        "clocks": presenters.clocks(explained),
        "steps": presenters.steps(explained, events),
        "event_options": [(each.key, presenters.event_words(each)) for each in events],
        "form": form,
        "asked": asked,
        "as_of": as_of,
        "is_today": not given.get("as_of") and not given.get("known_by"),
        "kinds": KINDS,
        "proofs": PROOFS,
        "may_change": request.reach.allows("pathways.write"),
    }
    return render(request, "clocks/pathway.html", context, status=status)
