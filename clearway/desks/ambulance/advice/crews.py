"""The page of one crew, on a phone or a terminal: its address is its key, and it shows one message."""

import re
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from clearway.core.audit.actions import Actor
from clearway.core.people.permissions import public
from clearway.core.repeats.once import once

from ..breaks import queries as breaks
from ..coverage import queries as coverage
from ..delays import queries as delays
from ..messages import actions as desk_messages
from ..messages import presenters as message_words
from ..messages import queries as written
from ..messages.forms import AnswerForm
from . import actions, queries
from .models import Advice

STEPS = ("read", "acknowledged")
ONE_KEY = re.compile(r"[0-9]{1,18}")


@public  # whoever holds the address is the crew: it is given to one call sign for one shift
@once
def page(request: Any, token: str) -> HttpResponse:
    """The newest message of the crew. Showing it is its delivery; reading and acknowledging are sent back."""
    link = queries.link(token, request.at)
    if link is None:
        raise Http404
    if request.method == "POST":
        return _answered(request, link) if "note" in request.POST else _heard(request, link)
    message = actions.message_came(link, None, "delivered", at=request.at)
    standing = queries.standing_for(link.organisation_id, message.advice.assignment) if message else None
    changing = standing is not None and standing.state == Advice.State.TO_TELL
    notes = _notes(link, request.at)
    planned = breaks.planned(link.organisation_id, request.at).get(link.call_sign)
    stack = delays.open_scene(link.organisation_id, link.call_sign)
    context = {
        "token": token,
        "stack": stack,
        "report": stack.reports.last() if stack else None,
        "link": link,
        "message": message,
        "changing": changing,
        "planned": planned,
        "moved": coverage.standing(link.organisation_id, request.at).get(link.call_sign),
        "notes": notes,
        "at": request.at,
    }
    response = render(request, "advice/crew_page.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _notes(link: Any, at: datetime) -> list[message_words.Mine]:
    """What the desk wrote to the crew beside its advice; showing it is a step of the crew."""
    found = written.for_crew(link.organisation_id, link.call_sign, at)
    scope = {"organisation_id": link.organisation_id, "by": Actor(f"crew:{link.call_sign}"), "at": at}
    for each in found:
        if written.step_of(each, "shown") is None:
            desk_messages.came(each.pk, "shown", **scope)
    return message_words.mine(found)


def _answered(request: Any, link: Any) -> HttpResponse:
    """The crew acknowledges what the desk wrote, or replies in a few words."""
    key = request.POST["note"]
    mine = {
        str(each.pk): each.pk for each in written.for_crew(link.organisation_id, link.call_sign, request.at)
    }
    form = AnswerForm(request.POST, at=request.at)
    if key not in mine or not form.is_valid():
        why = "There is no such message any more." if key not in mine else form.problems["reply"]
        return HttpResponse(why, status=400, content_type="text/plain")
    reply = form.cleaned_data["reply"]
    scope = {"organisation_id": link.organisation_id, "by": Actor(f"crew:{link.call_sign}"), "at": request.at}
    desk_messages.came(mine[key], "replied" if reply else "acknowledged", words=reply, **scope)
    return HttpResponseRedirect(request.path)


def _heard(request: Any, link: Any) -> HttpResponse:
    step, key = request.POST.get("step", ""), request.POST.get("message", "")
    if step not in STEPS or not ONE_KEY.fullmatch(key):
        return HttpResponse("No such step.", status=400, content_type="text/plain")
    message = actions.message_came(link, int(key), step, at=request.at)
    if step == "read":
        return JsonResponse({"message": message.pk if message else None})
    return HttpResponseRedirect(request.path)
