"""Reminders: whom somebody rings, what was sent, and what came of it."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.layout import keys
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.booking import REASONS
from clearway.domain.outpatients.recycling import KEYS
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from . import actions, presenters, queries

Request = Any
ON_KEYS = [(letter, said.meaning) for letter, said in KEYS.items()]
SHOWN = timedelta(days=2)
COUNTED = timedelta(days=28)


@needs("bookings.read")
def reminders(request: Request) -> HttpResponse:
    """Whom to ring, with answers typed in the row; the reminders of two days; figures of four weeks."""
    organisation_id = request.organisation.pk
    calls = queries.to_ring(organisation_id)
    sent = queries.sent_since(organisation_id, request.at - SHOWN)
    keys = {each.appointment_id for each in (*calls, *sent)}
    actions.look(keys, **_who(request))
    context = {
        "calls": [presenters.row(each) for each in calls],
        "sent": [presenters.row(each) for each in sent if each.state != "to_ring"],
        "counted": queries.counted(organisation_id, request.at - COUNTED),
        "ways": presenters.WAYS,
        "plan": presenters.plan(policy.reminders(organisation_id, request.at)),
        "is_connected": bool(settings.NOTIFY_TEMPLATES),
        "keys": ON_KEYS,
        "reasons": list(REASONS[CancelledBy.PATIENT].items()),
        "may_change": request.reach.allows("bookings.write"),
        "wrong": request.GET.get("wrong", ""),
        "typing": "typing" in request.GET,
    }
    return render(request, "reminders/reminders.html", context)


@needs("bookings.write")
@require_POST
def rung(request: Request, key: int) -> HttpResponse:
    """One key of a row: what came of the call."""
    typed = keys.typed(request)
    if typed not in KEYS:
        return _back(request, keys.is_none(typed, ON_KEYS), key)
    try:
        actions.rung(key, KEYS[typed], reason=request.POST.get("reason", "")[:40], **_who(request))
    except queries.NotThere:
        raise Http404("No such reminder.") from None
    except NotAllowed as refusal:
        return _back(request, refusal.why, key)
    done = {"y": "Confirmed.", "n": "Cancelled; the slot is free for somebody else."}
    messages.success(request, done.get(typed, f"Saved: {KEYS[typed].meaning}."))
    return HttpResponseRedirect(f"{reverse('op-reminders:reminders')}?typing=1")


def _back(request: Request, problem: str, key: int) -> HttpResponse:
    messages.error(request, problem)
    return HttpResponseRedirect(f"{reverse('op-reminders:reminders')}?wrong={key}")


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
