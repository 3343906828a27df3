"""What coming visits need, and the needs of one visit: arranged, and met or not."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..patients import actions as patient_actions
from . import actions, queries
from .models import Appointment

SHOWN = 28  # days ahead


@needs("reception.work")
def coming(request: Any) -> HttpResponse:
    """The visits of four weeks of patients who need something there, soonest first."""
    organisation_id = request.organisation.pk
    rows = queries.coming(organisation_id, request.at, SHOWN)
    asked = queries.of_visits(rows)
    lines = [(row, asked[row.pk]) for row in rows if row.pk in asked]
    patient_actions.look([row.patient_id for row, _ in lines], "support", **_who(request))
    context = {
        "lines": lines,
        "lacking": sum(any(not each.is_arranged for each in found) for _, found in lines),
        "soon": policy.support(organisation_id, request.at).days_before,
        "days": SHOWN,
        "kept": queries.kept(organisation_id, request.at),
    }
    return render(request, "support/coming.html", context)


@needs("reception.work")
def visit(request: Any, key: int) -> HttpResponse:
    """The needs of one visit, with what is arranged and how it went."""
    try:
        row = queries.visit(key, request.organisation.pk)
    except Appointment.DoesNotExist:
        raise Http404("No such appointment.") from None
    problem, wrong = "", ""
    if request.method == "POST":
        wrong = request.POST.get("need", "")
        try:
            messages.success(request, _done(request, key, wrong))
            return HttpResponseRedirect(reverse("op-support:visit", args=[key]))
        except NotAllowed as refusal:
            problem = refusal.why
    patient_actions.look([row.patient_id], f"support:{key}", **_who(request))
    context = {
        "row": row,
        "asked": queries.of_visits([row]).get(key, []),
        "may_arrange": row.state in actions.OPEN,
        "may_mark": row.state in actions.CAME,
        "problem": problem,
        "wrong": wrong,
        "typed": request.POST.get("words", ""),
    }
    return render(request, "support/visit.html", context, status=422 if problem else 200)


def _done(request: Any, key: int, need: str) -> str:
    """What was asked of a need, done, in words. Raises NotAllowed."""
    number = int(need) if need.isdecimal() and len(need) < 10 else 0
    what, words, who = request.POST.get("what"), request.POST.get("words", ""), _who(request)
    if what == "arrange":
        actions.arrange(key, number, words, **who)
        return "Kept: it is arranged."
    if what == "undo":
        actions.undo(key, number, **who)
        return "Kept: it is to be arranged again."
    if what in ("met", "not_met"):
        actions.met(key, number, was_met=what == "met", why=words, **who)
        return "Kept: the patient had it." if what == "met" else "Kept: the patient had it not."
    raise Http404("No such form.")


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
