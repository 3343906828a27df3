"""The standing queue of what the checks find, and whether services keep up."""

from collections import Counter
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.core.people.roles import name_of
from clearway.domain.outpatients.validation import CHECKS, NOT_ASKED
from clearway.engine.outpatients.capacity import DEMAND_DAYS, HORIZON_DAYS

from .. import policy
from . import actions, checks, figures

ROWS = 100


@needs("waiting.read")
def validation(request: Any) -> HttpResponse:
    """What the checks find now, with who mends it and since when; by rule or by owner."""
    found = checks.all_found(request.organisation.pk, request.at)
    rule, owner = request.GET.get("rule", ""), request.GET.get("owner", "")
    shown = [
        each
        for each in found
        if (not rule or each.code == rule) and (not owner or CHECKS[each.code].fixer == owner)
    ]
    page = Paginator(shown, ROWS).get_page(request.GET.get("page"))
    rows = list(page)
    actions.looked(
        [each.subject for each in rows],
        "validation",
        organisation_id=request.organisation.pk,
        by=request.actor,
        at=request.at,
    )
    context = {
        "page": page,
        "rows": rows,
        "named": checks.named(rows, request.organisation.pk),
        "checks": CHECKS,
        "not_asked": NOT_ASKED,
        "counts": Counter(each.code for each in found),
        "figures": figures.of_checks(found),
        "total": len(found),
        "owners": {code: name_of(code) for code in sorted({check.fixer for check in CHECKS.values()})},
        "rule": rule,
        "owner": owner,
        "today": local(request.at).date(),
    }
    return render(request, "waiting/validation.html", context)


@needs("waiting.read")
def capacity(request: Any) -> HttpResponse:
    """Demand, capacity, queue load, target list and relief capacity of every line."""
    aim = policy.capacity(request.organisation.pk, request.at)
    context = {
        "figures": figures.capacity(request.organisation.pk, request.at),
        "target": aim.target_weeks,
        "relief": aim.relief_weeks,
        "back": DEMAND_DAYS // 7,
        "ahead": HORIZON_DAYS // 7,
    }
    return render(request, "waiting/capacity.html", context)
