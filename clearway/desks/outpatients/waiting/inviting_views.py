"""Partial booking: whose next step is due, and the letters that can be written in one go."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.partial_booking import Step

from . import actions, inviting, queries

Request = Any
ROWS = 100


@needs("waiting.read")
def partial(request: Request) -> HttpResponse:
    """The next step of partial booking for everybody who waits, those due first."""
    today = local(request.at).date()
    found = inviting.next_steps(request.organisation.pk, request.at)
    step = request.GET.get("step", "")
    shown = [each for each in found if not step or each.due.step == step]
    page = Paginator(shown, ROWS).get_page(request.GET.get("page"))
    keys = [each.entry for each in page]
    actions.looked(keys, "partial", **_scope(request))
    context = {
        "page": page,
        "entries": queries.listed(keys),
        "steps": list(Step),
        "step": step,
        "counts": Counter(each.due.step for each in found),
        "due": sum(each.due.on <= today for each in found),
        "to_write": len(inviting.to_write(found, request.organisation.pk, today)),
        "to_message": len(inviting.to_message(found, request.organisation.pk, today, _connected())),
        "today": today,
        "may_change": request.reach.allows("waiting.write"),
    }
    return render(request, "waiting/partial.html", context)


@needs("waiting.write")
@require_POST
def invite(request: Request) -> HttpResponse:
    """Put the invitations and last letters that are due into the outbox."""
    made = actions.invite_in_writing(connected=_connected(), **_scope(request))
    letters = sum(each.channel == "letter" for each in made)
    if made:
        messages.success(request, f"{_how_many(letters, len(made) - letters)} in the outbox.")
    else:
        messages.success(request, "Nothing is due now: somebody else has just written them.")
    return HttpResponseRedirect(reverse("op-waiting:partial"))


def _connected() -> Collection[str]:
    """The ways that leave by themselves: a provider takes them away."""
    return settings.NOTIFY_TEMPLATES.keys()


def _how_many(letters: int, others: int) -> str:
    said = [f"{letters} letter{'' if letters == 1 else 's'}"] if letters else []
    if others:
        said.append(f"{others} text or email" if others == 1 else f"{others} texts or emails")
    return " and ".join(said)


def _scope(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
