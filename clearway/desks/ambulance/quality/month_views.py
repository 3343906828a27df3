"""Months of handovers, frozen and revised; and feedback about patterns of findings."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.ambulance.quality import RULES
from clearway.domain.shared.errors import NotAllowed

from ..incidents import queries as incidents
from . import feedback, months, presenters
from .forms import FeedbackForm, FreezeForm
from .models import Feedback
from .policy import queue_policy

Request = Any


@needs("quality.read")
def months_list(request: Request) -> HttpResponse:
    """The last twelve months, and which are frozen."""
    rows = [
        (month, frozen, presenters.figures_of(frozen.figures.get("", {})) if frozen else None)
        for month, frozen in months.listed(request.organisation.pk, request.at)
    ]
    return render(request, "quality/months.html", {"rows": rows})


@needs("quality.read")
def month(request: Request, year: int, number: int) -> HttpResponse:
    """One month by hospital: as it stands, as it was frozen, what changed, and what looks like gaming."""
    organisation_id, at = request.organisation.pk, request.at
    begins = _month(year, number, at)
    may_sign = request.reach.allows("quality.sign")
    form = FreezeForm(request.POST if request.method == "POST" and may_sign else None, at=at)
    if form.is_valid():
        try:
            row = months.freeze(organisation_id, begins, form.cleaned_data["signed"], by=request.actor, at=at)
            messages.success(request, f"Frozen as revision {row.revision}.")
            return HttpResponseRedirect(reverse("quality:month", args=[year, number]))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        **_shown(request, begins),
        "begins": begins,
        "is_over": months.after(begins) <= local(at).date(),
        "headings": presenters.FIGURES.values(),
        "form": form,
        "may_sign": may_sign,
    }
    return render(request, "quality/month.html", context, status=422 if form.errors else 200)


def _shown(request: Request, begins: date) -> dict[str, Any]:
    """The figures, changes and signs of gaming of a month, at the sites in reach."""
    organisation_id, at, sites = request.organisation.pk, request.at, request.reach.sites
    names = incidents.site_names(organisation_id)
    stands = months.standing(organisation_id, begins, at)

    def seen(site: str) -> bool:
        return sites is None or site in sites

    return {
        "stands": stands,
        "sees_all": sites is None,
        "rows": [
            (names.get(code, code) if code else "All", presenters.figures_of(asdict(each)))
            for code, each in sorted(stands.figures.items(), key=lambda row: names.get(row[0], row[0]))
            if seen(code)
        ],
        "changed": [presenters.change(each, names) for each in stands.changed if seen(each.site)],
        "revisions": [
            (row, [presenters.change_of(each, names) for each in row.changes if seen(each["site"])])
            for row in months.revisions(organisation_id, begins)
        ],
        "gaming": presenters.gaming(months.gaming(organisation_id, begins, at), names, sites),
    }


def _month(year: int, number: int, at: datetime) -> date:
    """The month that an address names. Raises Http404 for none, and for one to come."""
    if not 2000 <= year <= 2099 or not 1 <= number <= 12 or date(year, number, 1) > local(at).date():
        raise Http404(f"There is no month {number} of {year} yet.")
    return date(year, number, 1)


@needs("quality.read")
def patterns(request: Request) -> HttpResponse:
    """Who has findings of one rule often, what feedback was given, and what came after."""
    organisation_id, at, sites = request.organisation.pk, request.at, request.reach.sites
    names = incidents.site_names(organisation_id)
    may_work = request.reach.allows("quality.work")
    found = feedback.patterns(organisation_id, sites, at)
    form = FeedbackForm(
        request.POST if request.method == "POST" and may_work else None,
        patterns=[(presenters.pattern_key(each), presenters.pattern(each, names)) for each in found],
        at=at,
    )
    if form.is_valid():
        try:
            row = feedback.give(form.plan(), organisation_id=organisation_id, by=request.actor, at=at)
            messages.success(
                request, f"Recorded: {row.get_kind_display().lower()}, {row.before} findings before."
            )
            return HttpResponseRedirect(reverse("quality:patterns"))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    given = feedback.given(organisation_id, at) if sites is None else []
    context = {
        "found": [
            (presenters.who(each.about, each.key, names), RULES.get(each.code), each) for each in found
        ],
        "given": [
            (presenters.who(each.row.about, each.row.key, names), RULES.get(each.row.code), each)
            for each in given
        ],
        "days": queue_policy(organisation_id, at).pattern_days,
        "kinds": Feedback.Kind.choices,
        "options": [(presenters.pattern_key(each), presenters.pattern(each, names)) for each in found],
        "form": form,
        "may_work": may_work,
    }
    return render(request, "quality/patterns.html", context, status=422 if form.errors else 200)
