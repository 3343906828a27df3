"""The board of meal breaks: who is due, the plan, and what was accepted."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.freshness import Freshness
from clearway.engine.ambulance.feeds import Basis, basis

from .. import situation as situations
from . import actions, planning, presenters, queries
from .forms import PlanForm, WithdrawForm
from .policy import MealBreaks, meal_breaks

LOOK_BACK = timedelta(hours=2)
FRESH = Freshness.FRESH


@needs("breaks.read")
def board(request: Any, problem: str = "", status: int = 200) -> HttpResponse:
    """Every crew on shift with its break; for who plans them, the cheapest plan of the next hours."""
    organisation_id, at = request.organisation.pk, request.at
    live_after = newest_push()
    policy = meal_breaks(organisation_id, at)
    rows = presenters.rows(queries.on_shift(organisation_id, at), queries.plans(organisation_id), at, policy)
    reading = situations.reading(organisation_id, at)
    rests_on = basis(reading.situation, reading.ground.policy.freshness)
    may_plan = request.reach.allows("breaks.plan")
    area = request.GET.get("area", "")
    context = {
        "rows": [row for row in rows if not area or row.area == area],
        "areas": sorted({row.area for row in rows}),
        "area": area,
        "counts": presenters.counts(rows),
        "failed": queries.missed_plans(organisation_id, at - LOOK_BACK),
        "policy": policy,
        "may_plan": may_plan,
        "doubts": [each for each in (rests_on.cad, rests_on.positions) if each.freshness is not FRESH],
        "unknown": sorted(
            each.call_sign for each in planning.crews_of(reading) if not (each.shift_start and each.shift_end)
        ),
        "problem": problem,
        "live_topics": "breaks feeds tasks",
        "live_after": live_after,
        **(_plan(request, reading, policy, area) if may_plan and _is_heard(rests_on) else {}),
    }
    return render(request, "breaks/board.html", context, status=status)


def _is_heard(rests_on: Basis) -> bool:
    """Whether the control room's source may be relied on: without it nobody knows who is free."""
    return rests_on.cad.freshness.may_be_relied_on


def _plan(request: Any, reading: situations.Reading, policy: MealBreaks, area: str) -> dict[str, Any]:
    organisation_id, at = request.organisation.pk, request.at
    stand = queries.standing(organisation_id, planning.crews_of(reading), policy, at)
    made = planning.propose(organisation_id, reading, stand, policy, at)
    lines = [each for each in presenters.proposed(made) if not area or each.area == area]
    return {"proposed": lines, "unplaced": presenters.unplaced(made), "is_proved": made.plan.is_proved}


@needs("breaks.plan")
@require_POST
def accept(request: Any) -> HttpResponse:
    """Accept the ticked lines of a plan: all of them, or none."""
    form = PlanForm(request.POST)
    if not form.is_valid():
        return board(request, problem=" ".join(str(each) for each in form.non_field_errors()), status=422)
    try:
        made = actions.accept(
            form.cleaned_data["chosen"],
            organisation_id=request.organisation.pk,
            by=request.actor,
            at=request.at,
        )
    except NotAllowed as refused:
        return board(request, problem=f"Nothing was planned. {refused.event}: {refused.why}", status=409)
    number = len(made)
    where = "on the resource board, and on each crew's own page"
    messages.success(request, f"{number} break{'' if number == 1 else 's'} planned: {where}.")
    return HttpResponseRedirect(reverse("breaks:board"))


@needs("breaks.read", change="breaks.plan")
def withdraw(request: Any, call_sign: str) -> HttpResponse:
    """Take one plan back, with a reason."""
    plan = queries.plans(request.organisation.pk).get(call_sign)
    form = WithdrawForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            actions.withdraw(
                call_sign,
                form.cleaned_data["why"],
                organisation_id=request.organisation.pk,
                by=request.actor,
                at=request.at,
            )
            messages.success(request, f"The plan of {call_sign} is taken back.")
            return HttpResponseRedirect(reverse("breaks:board"))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {"call_sign": call_sign, "plan": plan, "form": form}
    return render(request, "breaks/withdraw.html", context, status=422 if form.errors else 200)
