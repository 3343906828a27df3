"""Asking whether places are still needed, and the answers in two keys."""

from collections import Counter
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.layout import keys
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.asking import KEYS, AskStep
from clearway.domain.outpatients.waiting import Answer
from clearway.domain.shared.errors import NotAllowed

from . import actions, queries
from . import asking as reading
from .models import Entry

Request = Any
ROWS = 100
VAIN = "rung, no answer"
ON_KEYS = [(letter, answer.meaning if answer else VAIN) for letter, answer in KEYS.items()]


@needs("waiting.read")
def asking(request: Request) -> HttpResponse:
    """Who is to be asked now, by step; answers are typed in the row. `?wrong=` the row that went wrong."""
    today = local(request.at).date()
    found = reading.to_ask(request.organisation.pk, request.at)
    step = request.GET.get("step", "")
    shown = [each for each in found if not step or each.due.step == step]
    page = Paginator(shown, ROWS).get_page(request.GET.get("page"))
    people = reading.answered(request.organisation.pk)
    _looked(request, [*(each.entry for each in page), *(each.entry.pk for each in people)], "asking")
    context = {
        "page": page,
        "entries": queries.listed([each.entry for each in page]),
        "people": people,
        "steps": list(AskStep),
        "step": step,
        "counts": Counter(row.due.step for row in found),
        "due": sum(each.due.on <= today for each in found),
        "in_writing": sum(bool(each.channel) and each.due.on <= today for each in found),
        "keys": ON_KEYS,
        "today": today,
        "may_change": request.reach.allows("waiting.write"),
        "wrong": request.GET.get("wrong", ""),
        "typing": "typing" in request.GET,
    }
    return render(request, "waiting/asking.html", context)


def _back(request: Request, problem: str, key: int) -> HttpResponse:
    """To the list, in the row that went wrong: the address of an answer cannot be read again."""
    messages.error(request, problem)
    return HttpResponseRedirect(f"{reverse('op-waiting:asking')}?wrong={key}")


@needs("waiting.write")
@require_POST
def prepare(request: Request) -> HttpResponse:
    """Prepare the question for everybody to whom it is due in writing, and show what is to be sent."""
    today = local(request.at).date()
    due = reading.to_ask(request.organisation.pk, request.at)
    entries = [each.entry for each in due if each.channel and each.due.on <= today]
    made = actions.ask_in_writing(entries, **_scope(request))
    messages.success(request, f"{len(made)} question{'' if len(made) == 1 else 's'} prepared.")
    return HttpResponseRedirect(reverse("op-waiting:to-send"))


@needs("waiting.write")
@require_POST
def answer(request: Request, key: int) -> HttpResponse:
    """One key of a row: what the patient said, or that nobody answered."""
    typed = keys.typed(request)
    if typed not in KEYS:
        return _back(request, keys.is_none(typed, ON_KEYS), key)
    said = KEYS[typed]
    try:
        if said is None:
            actions.rang_in_vain(key, **_scope(request))
        else:
            actions.validate(key, said.value, **_scope(request))
    except Entry.DoesNotExist:
        raise Http404 from None
    except NotAllowed as refusal:
        if said is Answer.UNAVAILABLE:  # its days are typed on the page of the entry
            messages.error(request, refusal.why)
            return HttpResponseRedirect(f"{reverse('op-waiting:entry', args=[key])}?answer=unavailable")
        return _back(request, refusal.why, key)
    messages.success(request, f"Saved: {said.meaning if said else VAIN}.")
    return HttpResponseRedirect(f"{reverse('op-waiting:asking')}?typing=1")


@needs("waiting.read")
def to_send(request: Request) -> HttpResponse:
    """The questions prepared today, to print and to send."""
    today = local(request.at).date()
    rows = reading.prepared(request.organisation.pk, today)
    _looked(request, [each.entry_id for each in rows], "to_send")
    return render(request, "waiting/to_send.html", {"rows": rows, "today": today})


def _looked(request: Request, keys: list[Any], page: str) -> None:
    actions.looked(keys, page, **_scope(request))


def _scope(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
