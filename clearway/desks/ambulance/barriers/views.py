"""Barriers: who lacks what, what of the register helps, and what was agreed and done."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from clearway.core.layout.times import clock
from clearway.core.live.queries import newest_push
from clearway.core.organisation.queries import stations
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from .. import situation as situations
from . import actions, presenters, queries
from .forms import STATES, STEPS, AgreeForm, AidForm, StepForm
from .models import Aid, Barrier, BarrierStep
from .policy import barriers


@needs("resources.read")
@require_safe
def listed(request: Any) -> HttpResponse:
    """Crews that lack a vehicle, kit or a mate; the register; how long such barriers lasted."""
    organisation_id, at, live_after = request.organisation.pk, request.at, newest_push()
    policy, reading = barriers(organisation_id, at), situations.reading(organisation_id, at)
    context = {
        "rows": [presenters.row(each) for each in queries.stopped(organisation_id, reading, policy, at)],
        "register": queries.register(organisation_id),
        "lasted": queries.lasted(organisation_id, policy, at),
        "policy": policy,
        "what_words": dict(Aid.What.choices),
        "state_words": dict(Aid.State.choices),
        "may_work": request.reach.allows("barriers.work"),
        "live_topics": "barriers feeds tasks",
        "live_after": live_after,
    }
    return render(request, "barriers/list.html", context)


@needs("barriers.work")
def enter(request: Any) -> HttpResponse:
    """Enter what can help, or say anew how it stands."""
    organisation_id, at = request.organisation.pk, request.at
    form = AidForm(request.POST if request.method == "POST" else None, at=at)
    if form.is_valid():
        try:
            row = actions.enter(form.entered(), organisation_id=organisation_id, by=request.actor, at=at)
            messages.success(request, f"{row.label} is entered.")
            return HttpResponseRedirect(reverse("barriers:list"))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "form": form,
        "whats": Aid.What.choices,
        "states": STATES,
        "places": [(site.code, site.town or site.name) for site in stations(organisation_id)],
    }
    return render(request, "barriers/enter.html", context, status=422 if form.errors else 200)


@needs("resources.read", change="barriers.work")
def one(request: Any, key: int) -> HttpResponse:
    """One crew's barrier: agree what helps, write down each step."""
    organisation_id, at = request.organisation.pk, request.at
    reading, policy = situations.reading(organisation_id, at), barriers(organisation_id, at)
    stopped = {each.key: each for each in queries.stopped(organisation_id, reading, policy, at)}
    row = stopped.get(key)
    barrier = queries.with_steps(organisation_id).filter(unavailability=key).first()
    if row is None and barrier is None:
        raise Http404
    sent = request.POST if request.method == "POST" else None
    agrees = sent is not None and "aid" in sent
    agree = AgreeForm(sent if agrees else None, at=at)
    step = StepForm(sent if sent is not None and not agrees else None, at=at)
    form = agree if agrees else step
    if form.is_valid():
        scope = {"organisation_id": organisation_id, "by": request.actor, "at": at}
        try:
            if agrees:
                actions.agree(key, agree.cleaned_data["aid"], agree.cleaned_data["whom"], **scope)
            else:
                actions.step(key, **step.said(), **scope)
            messages.success(request, "Written down.")
            return HttpResponseRedirect(reverse("barriers:one", args=[key]))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "key": key,
        "row": row,
        "call_sign": row.call_sign if row else barrier.call_sign if barrier else "",
        "barrier": barrier,
        "history": _history(barrier),
        "agree": agree,
        "step": step,
        "form": form,
        "aids": [(each.aid.key, f"{each.aid.label}: {each.why}") for each in (row.options if row else [])],
        "steps": STEPS,
        # What was promised is settled when the crew is available again too, or nobody else ever has it.
        "may_work": request.reach.allows("barriers.work")
        and (row is not None or (barrier is not None and bool(barrier.aids.all()))),
    }
    return render(request, "barriers/one.html", context, status=422 if form.errors else 200)


def _history(barrier: Barrier | None) -> list[tuple[str, str]]:
    names = dict(BarrierStep.Step.choices)
    steps = barrier.steps.all() if barrier else ()
    return [(f"{clock(each.at)}, {each.by}", f"{names[each.step]}: {each.words}") for each in steps]
