"""The cover of the coming hours by area, the moves that gain most, and who will finish late."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.live.queries import newest_push
from clearway.core.organisation.queries import site_by_code
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.freshness import Freshness

from .. import situation as situations
from . import actions, placing, planning, presenters, queries
from .forms import MoveForm, RefuseForm, WithdrawForm
from .policy import cover, standby

LOOK_BACK = timedelta(hours=8)  # moves that ended or were refused: a shift is not to forget them


@needs("cover.read")
def board(request: Any, problem: str = "", status: int = 200) -> HttpResponse:
    """Who will be there beside what is needed, the moves that gain most, and late finishes seen coming."""
    organisation_id, at = request.organisation.pk, request.at
    live_after = newest_push()
    reading = situations.reading(organisation_id, at)
    policy, moved = cover(organisation_id, at), standby(organisation_id, at)
    seen = planning.look(organisation_id, reading, policy, at)
    may_move = request.reach.allows("cover.move")
    found = placing.proposals(placing.field(organisation_id, reading, policy, moved, at)) if may_move else []
    late = planning.late_finishes(seen.jobs, policy)
    context = {
        "problem": problem,
        "can_say": seen.can_say,
        "feed": None if seen.feed.freshness is Freshness.FRESH else seen.feed,
        "steps": tuple(presenters.steps(seen)),
        "rows": presenters.rows(seen) if seen.can_say else [],
        "summary": presenters.summary(seen),
        "basis": presenters.basis(seen),
        "late": presenters.late(late, at) if seen.can_say else [],
        "policy": policy,
        "moved": moved,
        "may_move": may_move,
        "proposed": presenters.proposed(found, at) if seen.can_say else [],
        "standing": [presenters.move_row(row) for row in queries.open_moves(organisation_id)],
        "over": [presenters.move_row(row) for row in queries.of_late(organisation_id, at - LOOK_BACK)],
        "live_topics": "cover moves lates feeds tasks",
        "live_after": live_after,
    }
    return render(request, "coverage/board.html", context, status=status)


@needs("cover.move")
@require_POST
def accept(request: Any) -> HttpResponse:
    """Accept one proposed move."""
    form = MoveForm(request.POST, at=request.at)
    if not form.is_valid():
        return board(request, problem="This move cannot be read. Choose one of the list.", status=422)
    chosen = form.cleaned_data
    scope = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
    try:
        row = actions.accept(chosen["call_sign"], chosen["place"], **scope)
    except NotAllowed as refused:
        return board(request, problem=f"Nobody was moved. {refused.event}: {refused.why}", status=409)
    where = "on the resource board, and on the crew's own page"
    messages.success(request, f"{row.call_sign} is asked to go to {row.place.name}: {where}.")
    return HttpResponseRedirect(reverse("coverage:board"))


@needs("cover.read", change="cover.move")
def refuse(request: Any, call_sign: str, place: str) -> HttpResponse:
    """Refuse one proposed move, with a reason: it is not proposed again for a while."""
    organisation_id = request.organisation.pk
    sent = {"call_sign": call_sign, "place": place, "why": request.POST.get("why", "")}
    form = RefuseForm(sent if request.method == "POST" else None, at=request.at)
    site = site_by_code(organisation_id).get(place)
    if form.is_valid():
        chosen = form.cleaned_data
        scope = {"organisation_id": organisation_id, "by": request.actor, "at": request.at}
        try:
            actions.refuse(call_sign, place, chosen["why"], **scope)
            messages.success(request, f"Kept: {call_sign} is not moved to {site.name if site else place}.")
            return HttpResponseRedirect(reverse("coverage:board"))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "form": form,
        "title": f"Refuse to move {call_sign}" + (f" to {site.name}" if site else ""),
        "label": "Why it is refused",
        "words": "Refuse it",
        "may": request.reach.allows("cover.move"),
        "row": None,
    }
    return render(request, "coverage/answer.html", context, status=422 if form.errors else 200)


@needs("cover.read", change="cover.move")
def withdraw(request: Any, key: int) -> HttpResponse:
    """Take one standing move back, with a reason."""
    organisation_id = request.organisation.pk
    row = queries.open_moves(organisation_id).filter(pk=key).first()
    form = WithdrawForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        scope = {"organisation_id": organisation_id, "by": request.actor, "at": request.at}
        try:
            done = actions.withdraw(key, form.cleaned_data["why"], **scope)
            messages.success(request, f"The move of {done.call_sign} is taken back.")
            return HttpResponseRedirect(reverse("coverage:board"))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "form": form,
        "title": f"Take back the move of {row.call_sign}" if row else "This move stands no more",
        "label": "Why it is taken back",
        "words": "Take it back",
        "may": request.reach.allows("cover.move") and row is not None,
        "row": presenters.move_row(row) if row else None,
    }
    return render(request, "coverage/answer.html", context, status=422 if form.errors else 200)
