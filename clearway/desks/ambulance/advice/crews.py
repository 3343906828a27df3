"""The page of one crew, on a phone or a terminal: its address is its key, and it shows one message."""

import re
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from clearway.core.people.permissions import public

from ..breaks import queries as breaks
from ..delays import queries as delays
from . import actions, queries
from .models import Advice

STEPS = ("read", "acknowledged")
ONE_KEY = re.compile(r"[0-9]{1,18}")


@public  # whoever holds the address is the crew: it is given to one call sign for one shift
def page(request: Any, token: str) -> HttpResponse:
    """The newest message of the crew. Showing it is its delivery; reading and acknowledging are sent back."""
    link = queries.link(token, request.at)
    if link is None:
        raise Http404
    if request.method == "POST":
        return _heard(request, link)
    message = actions.message_came(link, None, "delivered", at=request.at)
    standing = queries.standing_for(link.organisation_id, message.advice.assignment) if message else None
    changing = standing is not None and standing.state == Advice.State.TO_TELL
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
        "at": request.at,
    }
    response = render(request, "advice/crew_page.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _heard(request: Any, link: Any) -> HttpResponse:
    step, key = request.POST.get("step", ""), request.POST.get("message", "")
    if step not in STEPS or not ONE_KEY.fullmatch(key):
        return HttpResponse("No such step.", status=400, content_type="text/plain")
    message = actions.message_came(link, int(key), step, at=request.at)
    if step == "read":
        return JsonResponse({"message": message.pk if message else None})
    return HttpResponseRedirect(request.path)
