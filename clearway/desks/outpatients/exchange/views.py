"""What other systems have not taken, and where they differ from us."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.people.permissions import needs
from clearway.domain.outpatients.reconciling import Todo
from clearway.domain.shared.errors import NotAllowed

from . import queries, reconciling
from .models import Reconciliation

LARGEST = 2**63
BUTTONS = {Todo.SEND.value: "Send again", Todo.MOVE.value: "Move here"}
ASKS = {
    Todo.READ.value: "Read their waiting message",
    Todo.ASK.value: "Ask there what stands",
}


@needs("feeds.read", change="feeds.replay")
def exchange(request: Any) -> HttpResponse:
    """Messages that stopped, the last reconciliation of each system, and a button for what can be done."""
    if request.method == "POST":
        _do(request)
        return HttpResponseRedirect(reverse("op-exchange:exchange"))
    found = [(row, _shown(row)) for row in queries.reconciliations(request.organisation.pk)]
    context = {
        "away": queries.away(request.organisation.pk),
        "tellings": queries.stopped(request.organisation.pk),
        "reconciliations": found,
        "buttons": BUTTONS,
        "asks": ASKS,
        "may_change": request.reach.allows("feeds.replay"),
    }
    return render(request, "exchange/exchange.html", context)


def _do(request: Any) -> None:
    who = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
    key, what = _number(request, "key"), request.POST.get("what")
    try:
        if what == "settle":
            said = reconciling.settle(key, _number(request, "row"), **who)
        elif what == "again":
            reconciling.send_again(key, **who)
            said = "It is sent again"
        elif what == "by_hand":
            reconciling.put_right(key, **who)
            said = "It is not sent any more"
        elif what == "now":
            said = f"It is asked again now: {reconciling.try_now(key, **who)} waiting"
        else:
            raise Http404("No such form.")
    except NotAllowed as refusal:
        messages.error(request, refusal.why)
    except ObjectDoesNotExist as missing:
        raise Http404("There is no such row.") from missing
    else:
        messages.success(request, f"{said}.")


def _number(request: Any, name: str) -> int:
    said = request.POST.get(name, "")
    if not (said.isascii() and said.isdigit() and int(said) < LARGEST):
        raise Http404("No such row.")
    return int(said)


def _shown(row: Reconciliation) -> list[dict[str, Any]]:
    return [
        {**each, "number": number, "here": _side(each["here"]), "there": _side(each["there"])}
        for number, each in enumerate(row.rows)
    ]


def _side(said: dict[str, Any] | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {**said, "starts_at": said["starts_at"] and datetime.fromisoformat(said["starts_at"])}
