"""Messages: for oneself, those that were sent with what became of them, writing one, answering one."""

from typing import Any

from django.contrib import messages as said
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from clearway.core import clashes
from clearway.core.layout.numbers import whole_number
from clearway.core.live.queries import newest_push
from clearway.core.people import kept
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from ..contacts.whom import back_of, in_hand, known
from . import actions, presenters, queries
from .forms import AnswerForm, MessageForm
from .models import DeskMessageTo


@needs("desk_messages.answer")
def listed(request: Any) -> HttpResponse:
    """One's own messages, which are shown by this; and what the desk sent, for who may send."""
    live_after = newest_push()
    may_send = request.reach.allows("desk_messages.send")
    context = {
        "mine": shown(request),
        "rows": [presenters.row(each) for each in queries.sent(request.organisation.pk, request.at)]
        if may_send
        else [],
        "may_send": may_send,
        "live_topics": "messages feeds tasks" if may_send else "",
        "live_after": live_after,
    }
    return render(request, "desk_messages/list.html", context)


@needs("desk_messages.send")
def new(request: Any) -> HttpResponse:
    """Write one to as many as one names. `?corrects=` begins one that takes another's place."""
    organisation_id, at = request.organisation.pk, request.at
    who = known(organisation_id, at)
    data = request.POST if request.method == "POST" else None
    beginning = (kept.take(request) or _beginning(request, who)) if data is None else {}
    form, clash = MessageForm(data, known=who, at=at, initial=beginning), None
    if form.is_valid():
        given = form.cleaned_data
        scope = {"organisation_id": organisation_id, "by": request.actor, "at": at}
        try:
            actions.send(given["words"], given["to"], corrects=given["corrects"], **scope)
            number = len(given["to"])
            said.success(request, f"Sent to {number} recipient{'' if number == 1 else 's'}.")
            return HttpResponseRedirect(reverse("desk-messages:list"))
        except clashes.ChangedMeanwhile as refused:
            form.add_error(None, refused.why)
            clash = refused
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "form": form,
        "both": clashes.both_in_words(clash.clashes if clash else (), {"words": "Message"}),
        "names": who.names,
        "corrects": (clash and clash.newest) or form.typed("corrects"),
    }
    status = 409 if clash else 422 if form.errors else 200
    return render(request, "desk_messages/new.html", context, status=status)


@needs("desk_messages.answer")
@require_POST
def answer(request: Any, key: int) -> HttpResponse:
    """Acknowledge a message, or reply to it."""
    row = next((each for each in of_mine(request) if each.pk == key), None)
    if row is None:
        raise Http404
    form = AnswerForm(request.POST, at=request.at)
    if not form.is_valid():
        said.error(request, form.problems["reply"])
    else:
        reply = form.cleaned_data["reply"]
        scope = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
        actions.came(key, "replied" if reply else "acknowledged", words=reply, **scope)
    back = request.POST.get("back", "")
    ours = url_has_allowed_host_and_scheme(back, {request.get_host()}) and back.startswith("/")
    return HttpResponseRedirect(back if ours else reverse("desk-messages:list"))


def of_mine(request: Any) -> list[DeskMessageTo]:
    """What stands for the person who asks: to the sites of their reach, and to the roles that they hold."""
    sites = request.reach.sites_for("desk_messages.answer")
    return queries.for_person(request.organisation.pk, sites or (), request.roles, request.at)


def shown(request: Any) -> list[presenters.Mine]:
    """The same in words; showing them is a step of theirs."""
    scope = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
    found = of_mine(request)
    for each in found:
        if queries.step_of(each, "shown") is None:
            actions.came(each.pk, "shown", **scope)
    return presenters.mine(found)


def _beginning(request: Any, who: Any) -> dict[str, Any]:
    corrects = whole_number(request.GET.get("corrects", ""))
    if corrects is not None:
        row = queries.one(request.organisation.pk, corrects)
        if row is None:
            raise Http404
        names = ", ".join(each.name for each in row.to.all())
        return {"to": names, "words": row.words, "corrects": row.pk}
    hand = in_hand(request.organisation.pk, back_of(request), request.GET.get("row", ""), who)
    return {"to": hand.whom}
