"""Unavailable resources: which to look at now, what was said, what it costs, and signed limits."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from .. import situation as situations
from ..pressure import queries as pressure
from . import actions, presenters, queries
from .forms import LimitForm, WordForm
from .models import Unavailability
from .policy import unavailability

HALF_A_DAY = timedelta(hours=12)


@needs("resources.read")
def listed(request: Any) -> HttpResponse:
    """Who is unavailable, in the order in which it is looked at; what the last twelve hours have cost."""
    organisation_id, at = request.organisation.pk, request.at
    policy = unavailability(organisation_id, at)
    live_after = newest_push()
    free = presenters.free_by_area(situations.reading(organisation_id, at))
    rows = presenters.review(queries.lasting(organisation_id, policy, at), free)
    areas, lost = presenters.lost(queries.lost(organisation_id, policy, at - HALF_A_DAY, at), policy)
    context = {
        "rows": rows,
        "areas": areas,
        "lost": lost,
        "limits": presenters.limits(list(queries.signed_limits(organisation_id, at)), policy),
        "may_sign": request.reach.allows("unavailability.sign"),
        "live_topics": "unavailable feeds tasks",
        "live_after": live_after,
    }
    return render(request, "unavailability/list.html", context)


@needs("resources.read", change="unavailability.record")
def one(request: Any, key: int) -> HttpResponse:
    """One time of being unavailable with what was said; another record in half a minute."""
    organisation_id, at = request.organisation.pk, request.at
    policy = unavailability(organisation_id, at)
    row = Unavailability.objects.filter(organisation_id=organisation_id, pk=key).first()
    if row is None:
        raise Http404
    form = WordForm(request.POST if request.method == "POST" else None, policy=policy, at=at)
    if form.is_valid():
        try:
            actions.say(key, form.word(), organisation_id=organisation_id, by=request.actor, at=at)
            messages.success(request, f"Recorded for {row.call_sign}.")
            return HttpResponseRedirect(reverse("unavailability:list"))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    stands = queries.judged(row, policy, queries.decisions(organisation_id, at), at)
    context = {
        "row": row,
        "stands": stands,
        "words": presenters.TIMERS[stands.timer],
        "kinds": [
            each
            for each in presenters.KINDS.items()
            if stands.reason.pressed or each[0] != actions.Kind.CHALLENGED
        ],
        "reasons": [(each.code, each.says) for each in policy.reasons.values()],
        "history": presenters.history(list(row.words.all()), policy),
        "form": form,
        "may_record": request.reach.allows("unavailability.record") and row.ended_at is None,
    }
    return render(request, "unavailability/one.html", context, status=422 if form.errors else 200)


@needs("unavailability.sign")
def limits(request: Any) -> HttpResponse:
    """Sign other limits for a time."""
    organisation_id, at = request.organisation.pk, request.at
    policy = unavailability(organisation_id, at)
    form = LimitForm(request.POST if request.method == "POST" else None, policy=policy, at=at)
    if form.is_valid():
        try:
            actions.sign(form.limit(), organisation_id=organisation_id, by=request.actor, at=at)
            messages.success(request, "Signed. Every timer goes by it at once, until it ends by itself.")
            return HttpResponseRedirect(reverse("unavailability:list"))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    reasons = [(each.code, each.says) for each in policy.reasons.values() if each.pressed]
    levels = [(each, each) for each in pressure.names(organisation_id, at)]
    context = {"form": form, "reasons": reasons, "levels": levels}
    return render(request, "unavailability/limits.html", context, status=422 if form.errors else 200)
