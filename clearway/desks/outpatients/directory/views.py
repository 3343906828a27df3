"""The directory: finding a practice, its history, and the codes of our records that stand for none."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from ..patients import actions as patient_actions
from ..patients import presenters as patient_presenters
from ..patients import queries as patients
from . import actions, presenters, queries
from .forms import ChooseForm, SearchForm


@needs("patients.read")
def search(request: Any) -> HttpResponse:
    """Find an organisation by code, name or postcode."""
    form = SearchForm(request.GET or None, at=request.at)
    text = form.cleaned_data.get("text", "") if form.is_bound and form.is_valid() else ""
    found = queries.search(request.organisation.pk, text)
    context = {
        "form": form,
        "asked": bool(text),
        "rows": found,
        "most": queries.MOST,
        "today": local(request.at).date(),
        "loads": queries.loads(request.organisation.pk),
        "checks": len(queries.checks(request.organisation.pk, request.at)),
    }
    return render(request, "directory/search.html", context, status=422 if form.errors else 200)


@needs("patients.read")
def checks(request: Any) -> HttpResponse:
    """The codes of patients' records that stand for no open practice, each with place, field and fix."""
    rows = [
        (each, presenters.of(each.resolved), presenters.FIX[each.resolved.found.standing])
        for each in queries.checks(request.organisation.pk, request.at)
    ]
    return render(request, "directory/checks.html", {"rows": rows})


@needs("patients.read", change="patients.write")
def organisation(request: Any, practice: str) -> HttpResponse:
    """One organisation: what it is now, what it was, who came before and after it, and who names it."""
    code, organisation_id = practice.upper()[:12], request.organisation.pk
    found = queries.history(organisation_id, code)
    carried = patients.of_practices(organisation_id, [code])
    if found is None and not carried:
        raise Http404
    form = ChooseForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        given, scope = form.cleaned_data, _scope(request)
        try:
            actions.choose(code, given["new"], given["why"], **scope)
        except NotAllowed as refusal:
            form.add_error("new", refusal.why)
        else:
            messages.success(request, "Kept. Records that name this practice stand for the one you chose.")
            return HttpResponseRedirect(reverse("op-directory:organisation", args=[code]))
    return _page(request, code, found, carried, form)


def _page(request: Any, code: str, found: Any, carried: list[Any], form: ChooseForm) -> HttpResponse:
    organisation_id, today = request.organisation.pk, local(request.at).date()
    patient_actions.look([row.pk for row in carried], "directory", **_scope(request))
    others = [each.new for each in found.after] + [each.old for each in found.before] if found else []
    parent = [found.versions[0].parent] if found and found.versions else []
    resolved = queries.resolved(organisation_id, code, today)
    context = {
        "code": code,
        "history": found,
        "now": found.versions[0] if found and found.versions else None,
        "steps": presenters.steps(found.versions) if found else [],
        "names": queries.names(organisation_id, [*others, *parent]),
        "named": presenters.of(resolved) if resolved else None,
        "patients": patient_presenters.rows(carried, today),
        "most": patients.MOST,
        "form": form,
        "may_choose": request.reach.allows("patients.write") and found is not None and len(found.after) > 1,
    }
    return render(request, "directory/organisation.html", context, status=422 if form.errors else 200)


def _scope(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
