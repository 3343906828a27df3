"""What the feeds said that cannot be right, at the sites in reach."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from clearway.core.people.permissions import needs
from clearway.domain.ambulance.quality import RULES

from . import queries

ROWS = 100


@needs("quality.read")
def findings(request: Any) -> HttpResponse:
    """Every finding as the facts now stand, newest first; by rule."""
    chosen = request.GET.get("rule", "")
    organisation_id, sites = request.organisation.pk, request.reach.sites
    rows = Paginator(queries.newest(organisation_id, sites, chosen if chosen in RULES else None), ROWS)
    context = {
        "page": rows.get_page(request.GET.get("page")),
        "counts": queries.by_rule(organisation_id, sites),
        "rules": RULES,
        "chosen": chosen,
    }
    return render(request, "quality/findings.html", context)
