"""Trials of reminders: all of them, and one with its arms, its numbers and what can be said now."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.trials import Outcome, Varies
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.shared.trials import LEAST

from . import actions, forms, presenters, queries

MAY_MANAGE = "performance.manage"


@needs("performance.read", change=MAY_MANAGE)
def trials(request: Any) -> HttpResponse:
    """Every trial, and starting another one."""
    organisation_id = request.organisation.pk
    services = queries.services(organisation_id)
    form = forms.StartForm(
        request.POST if request.method == "POST" else None,
        at=request.at,
        services=services,
        initial={"planned": 3000},
    )
    if form.is_valid():
        try:
            row = actions.start(form.wanted(), **_who(request))
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
        else:
            messages.success(request, "Started: patients come into it as they are reminded.")
            return HttpResponseRedirect(reverse("op-trials:trial", args=[row.pk]))
    texts = queries.texts(organisation_id, local(request.at).date())
    context = {
        "rows": queries.every(organisation_id),
        "form": form,
        "texts": [(row.pk, presenters.text_name(row)) for row in texts],
        "services": [(str(key), name) for key, name in services],
        "varies": [(each.value, each.meaning) for each in Varies],
        "outcomes": [(each.value, each.meaning) for each in Outcome],
        "said": presenters,
        "may_change": request.reach.allows(MAY_MANAGE),
    }
    return render(request, "trials/trials.html", context, status=422 if form.errors else 200)


@needs("performance.read", change=MAY_MANAGE)
def trial(request: Any, key: int) -> HttpResponse:
    """One trial, its effect over time, and stopping it."""
    try:
        row = queries.one(key, request.organisation.pk)
    except queries.NotThere:
        raise Http404(f"There is no trial {key}.") from None
    form = forms.StopForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        keep = form.cleaned_data["keep"]
        try:
            actions.stop(key, form.cleaned_data["why"], "" if keep == "none" else keep, **_who(request))
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
        else:
            messages.success(request, "Stopped.")
            return HttpResponseRedirect(reverse("op-trials:trial", args=[key]))
    found = queries.analysis(row, request.at)
    context = {
        "row": row,
        "arms": list(zip(row.arms.all(), found.arms, strict=True)),
        "found": found,
        "chart": presenters.chart(found.looks),
        "form": form,
        "said": presenters,
        "least": LEAST,
        "may_change": request.reach.allows(MAY_MANAGE) and row.stopped_at is None,
    }
    return render(request, "trials/trial.html", context, status=422 if form.errors else 200)


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
