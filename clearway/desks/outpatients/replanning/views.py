"""Clinics that do not take place: which, the plan for their patients, and whom to ring until none is left."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.replanning import KEYS, WHOLE_CLINICS
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..booking import actions as booking
from ..clinics import queries as clinics
from . import actions, presenters, queries
from .forms import ReasonForm, ScopeForm
from .models import Displaced, Replan
from .queries import Scope, Stands

Request = Any


@needs("bookings.read")
def register(request: Request) -> HttpResponse:
    """The clinics that were cancelled, newest first, and choosing others."""
    organisation_id, form = request.organisation.pk, ScopeForm(at=request.at)
    if request.GET:
        form = ScopeForm(request.GET, at=request.at)
        if form.is_valid():
            return HttpResponseRedirect(f"{reverse('op-replanning:new')}?{request.GET.urlencode()}")
    today = local(request.at).date().isoformat()
    found = queries.register(organisation_id)
    context = {
        "rows": [(each, presenters.title(each.sessions.all()), presenters.reason(each)) for each in found],
        "form": form if request.GET else ScopeForm(at=request.at, initial={"first": today}),
        "clinicians": list(clinics.clinicians(organisation_id).values_list("pk", "name")),
        "sites": [(each.code, each.name) for each in clinics.sites(organisation_id)],
        "may_change": request.reach.allows("clinics.write"),
    }
    return render(request, "replanning/register.html", context, status=422 if form.errors else 200)


@needs("clinics.write")
def new(request: Request) -> HttpResponse:
    """Which clinics and patients it would be; freezing them and beginning the plan."""
    asked = ScopeForm(request.GET, at=request.at)
    if not asked.is_valid():
        return HttpResponseRedirect(reverse("op-replanning:register"))
    scope = asked.scope()
    try:
        found = queries.sessions(scope, request.organisation.pk, request.at)
    except ObjectDoesNotExist:
        raise Http404("No such clinic or leave.") from None
    why = next((each.why for each in found if each.why), "")
    form = ReasonForm(at=request.at, initial={"why": why})
    if request.method == "POST":
        form = ReasonForm(request.POST, at=request.at)
        if form.is_valid() and (made := _begin(request, scope, form)):
            return HttpResponseRedirect(reverse("op-replanning:replan", args=[made.pk]))
    people = queries.affected(found, request.at)
    before = queries.over([each.pk for each in found], request.organisation.pk)
    booking.looked([row.entry_id for row in people if row.entry_id], "cancelled-clinics:new", **_who(request))
    counts: dict[int, int] = {}
    for row in people:
        counts[row.slot.session_id] = counts.get(row.slot.session_id, 0) + 1
    context = {
        "title": presenters.title(found) if found else "No clinic",
        "rows": [(each, counts.get(each.pk, 0)) for each in found],
        "to_freeze": 0 if scope.leave else sum(each.state == "open" for each in found),
        "people": len(people),
        "before": before,
        "form": form,
        "reasons": list(WHOLE_CLINICS.items()),
        "back": urlencode({name: value for name, value in request.GET.items() if value}),
    }
    return render(request, "replanning/new.html", context, status=422 if form.errors else 200)


def _begin(request: Request, scope: Scope, form: ReasonForm) -> Replan | None:
    given = form.cleaned_data
    try:
        return actions.begin(scope, given["reason"], given["why"], **_who(request))
    except NotAllowed as refusal:
        form.add_error("why", refusal.why)
    return None


@needs("bookings.read", change="bookings.write")
def replan(request: Request, key: int) -> HttpResponse:
    """Who is affected, the plan for all of them, and whom to ring; carried out as ticked."""
    problem = ""
    if request.method == "POST":
        try:
            _carry(request, key)
            return HttpResponseRedirect(f"{reverse('op-replanning:replan', args=[key])}?typing=1")
        except Replan.DoesNotExist:
            raise Http404("No such plan.") from None
        except NotAllowed as refusal:
            problem = refusal.why
    return _page(request, key, problem)


def _carry(request: Request, key: int) -> None:
    """Do what was asked of a re-plan, and say what came of it. Raises NotAllowed."""
    if request.POST.get("what") == "undo":
        done = actions.undo(key, **_who(request))
        if not done.ordered:
            messages.success(request, f"Open again. {done.moved} have the old date back.")
    else:
        chosen = _chosen(request.POST.getlist("row"))
        if not chosen:
            raise NotAllowed("nobody is ticked", "Carrying out the plan", "Tick at least one patient.")
        done = actions.carry_out(key, chosen, **_who(request))
        words = [f"{done.moved} moved"] + ([f"{done.returned} wait again"] if done.returned else [])
        if not done.ordered:
            messages.success(request, f"{', '.join(words)}. A letter to each is written.")
    if done.ordered:
        messages.success(request, f"{done.ordered} are in hand: the workers do one after the other.")
    if done.refused:
        left = "1 stays" if done.refused == 1 else f"{done.refused} stay"
        messages.error(request, f"{left} as before: the reason stands with each, and the rest is done.")


def _chosen(ticked: list[str]) -> dict[int, int | None]:
    """Row -> slot, None for back to the list, of "12:345" and "12:"; anything else is passed over."""
    found: dict[int, int | None] = {}
    for each in ticked:
        row, colon, slot = each.partition(":")
        if colon and row.isdecimal() and len(row) < 18 and len(slot) < 18 and (not slot or slot.isdecimal()):
            found[int(row)] = int(slot) if slot else None
    return found


def _page(request: Request, key: int, problem: str = "") -> HttpResponse:
    organisation_id, at = request.organisation.pk, request.at
    try:
        row = queries.one(key, organisation_id)
    except Replan.DoesNotExist:
        raise Http404("No such plan.") from None
    found = queries.rows(key)
    planned = queries.plan(found, organisation_id, policy.replanning(organisation_id, at), at)
    booking.looked(
        [each.entry_id for each in found if each.entry_id], f"cancelled-clinics:{key}", **_who(request)
    )
    sessions = list(row.sessions.all())
    frozen = [each for each in sessions if each.state == "frozen" and each.ends_at > at]
    may_change = request.reach.allows("bookings.write")
    by_hand = [
        each for each in found if each.entry_id is None and queries.stands(each, at) == Stands.TO_PLACE
    ]
    context = {
        "row": row,
        "title": presenters.title(sessions),
        "reason": presenters.reason(row),
        "sessions": sessions,
        "people": len(found),
        "left": queries.remaining(found, at),
        "placed": presenters.placed(planned),
        "not_placed": presenters.not_placed(planned),
        "proof": presenters.proof(planned),
        "by_hand": [(each.appointment_id, str(each.appointment.patient)) for each in by_hand],
        "in_hand": presenters.told(found, Stands.IN_HAND, at),
        "to_ring": presenters.told(found, Stands.TO_RING, at),
        "by_letter": presenters.told(found, Stands.BY_LETTER, at),
        "told": presenters.told(found, Stands.TOLD, at),
        "settled": presenters.settled(found, at),
        "moved": sum(each.state == Displaced.State.MOVED for each in found),
        "returned": sum(each.state == Displaced.State.RETURNED for each in found),
        "refilled": queries.booked_again(row, at),
        "can_undo": may_change and row.undone_at is None and bool(frozen),
        "may_change": may_change,
        "keys": [(letter, said.meaning) for letter, said in KEYS.items()],
        "problem": problem,
        "wrong": request.GET.get("wrong", ""),
        "typing": "typing" in request.GET,
    }
    return render(request, "replanning/replan.html", context, status=422 if problem else 200)


@needs("bookings.write")
@require_POST
def answer(request: Request, key: int) -> HttpResponse:
    """One key of a row: what came of ringing the patient."""
    typed = request.POST.get("key", "").strip().casefold()
    rows: Mapping[str, Any] = {"pk": key, "organisation_id": request.organisation.pk}
    replan_id = Displaced.objects.filter(**rows).values_list("replan_id", flat=True).first()
    if replan_id is None:
        raise Http404("No such patient.")
    if typed not in KEYS:
        letters = ", ".join(f"{letter} ({said.meaning})" for letter, said in KEYS.items())
        return _back(request, replan_id, f"“{typed[:20]}” is no key. Type one of: {letters}.", key)
    try:
        actions.answer(key, KEYS[typed], **_who(request))
    except NotAllowed as refusal:
        return _back(request, replan_id, refusal.why, key)
    messages.success(request, f"Saved: {KEYS[typed].meaning}.")
    return HttpResponseRedirect(f"{reverse('op-replanning:replan', args=[replan_id])}?typing=1")


def _back(request: Request, replan_id: int, problem: str, key: int) -> HttpResponse:
    """To the page of the plan, in the row that went wrong: this address cannot be read again."""
    messages.error(request, problem)
    return HttpResponseRedirect(f"{reverse('op-replanning:replan', args=[replan_id])}?wrong={key}")


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
