"""How hospitals stand: the list for the desk, and the form for whoever says it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core import clashes
from clearway.core.layout.times import clock
from clearway.core.organisation.queries import ReceivingSite, receiving_sites
from clearway.core.people import kept
from clearway.core.people.permissions import needs
from clearway.engine.ambulance.reports import SiteReport

from . import actions, presenters, queries
from .forms import ReportForm, beginning


@needs("hospitals.say")
def reports(request: Any) -> HttpResponse:
    """Every hospital in reach with the age of its last word; who has one hospital goes straight to it."""
    sites = [
        each for each in receiving_sites(request.organisation.pk) if request.reach.allows_site(each.code)
    ]
    if len(sites) == 1:
        return HttpResponseRedirect(reverse("liaison:say", args=[sites[0].code]))
    said = queries.reports(request.organisation.pk, request.at)
    rows = [(site, presenters.stand(said[site.code])) for site in sites]
    return render(request, "liaison/reports.html", {"rows": rows})


@needs("hospitals.say")
def say(request: Any, code: str) -> HttpResponse:
    """The half-minute form: figures begin as they were last said, only what was changed is said."""
    site = _site(request, code)
    said = queries.reports(request.organisation.pk, request.at)[code]
    data = request.POST if request.method == "POST" else None
    form = ReportForm(
        data,
        at=request.at,
        by_telephone=request.reach.sites is None,
        initial=kept.take(request) or beginning({m: figure.value for m, figure in said.figures.items()}),
    )
    clash: clashes.ChangedMeanwhile | None = None
    if form.is_valid():
        try:
            return _said(request, site, form)
        except clashes.ChangedMeanwhile as refused:
            clash, now = refused, {measure: figure.value for measure, figure in said.figures.items()}
            form = ReportForm(form.following(now), at=request.at, by_telephone=request.reach.sites is None)
            form.add_error(None, refused.why)
    context = {
        "site": site,
        "form": form,
        "both": presenters.clashes(clash.clashes if clash else ()),
        "said": said,
        "cells": _cells(said),
        "levels": presenters.LEVELS,
    }
    status = 409 if clash else 422 if form.errors else 200
    return render(request, "liaison/say.html", context, status=status)


def _said(request: Any, site: ReceivingSite, form: ReportForm) -> HttpResponse:
    spoken = actions.Spoken(
        site=site.code,
        counts=form.counts(),
        note=form.cleaned_data["note"],
        told_by=form.cleaned_data.get("told_by", ""),
        once=form.once(),
    )
    who = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
    actions.say(spoken, seen=form.seen(), **who)
    count = len(spoken.counts)
    figures = f"{count} figure{'' if count == 1 else 's'}" if count else "the remark"
    messages.success(request, f"Saved at {clock(request.at)}: {figures} for {site.name}.")
    return HttpResponseRedirect(reverse("handovers:hospital", args=[site.code]))


def _site(request: Any, code: str) -> ReceivingSite:
    if request.reach.allows_site(code):
        for site in receiving_sites(request.organisation.pk):
            if site.code == code:
                return site
    raise Http404(f"No hospital in reach has the code {code}.")


def _cells(said: SiteReport) -> list[tuple[str, str, Any]]:
    """Name, label and last figure of every field but the level, in the order of the form."""
    return [
        (measure.value, label, said.figures.get(measure))
        for measure, label in presenters.LABEL.items()
        if measure is not presenters.M.PRESSURE_LEVEL
    ]
