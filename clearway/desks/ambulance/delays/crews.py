"""The STACK form on a crew's own page: its address is its key, as that of the page (advice/crews.py)."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.audit.actions import Actor
from clearway.core.people.permissions import public
from clearway.core.repeats.once import once
from clearway.domain.shared.errors import NotAllowed

from ..advice import queries as advice
from . import actions, queries
from .forms import StackForm
from .policy import delays


@public  # whoever holds the address is the crew: it is given to one call sign for one shift
@once
def stack(request: Any, token: str) -> HttpResponse:
    """Fill in a STACK on a telephone: ticks, a few words, minutes. Nothing of what control wrote is shown."""
    link = advice.link(token, request.at)
    if link is None:
        raise Http404
    policy = delays(link.organisation_id, request.at).scene
    form = StackForm(
        request.POST if request.method == "POST" else None,
        policy=policy,
        at=request.at,
        initial={"of": queries.phase_of(link.organisation_id, link.call_sign, request.at)},
    )
    if form.is_valid():
        try:
            actions.report(
                link.call_sign,
                form.stack(),
                by_crew=True,
                of=form.cleaned_data["of"],
                organisation_id=link.organisation_id,
                by=Actor(f"crew:{link.call_sign}"),
                at=request.at,
            )
            return HttpResponseRedirect(reverse("advice:crew-page", args=[token]))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    row = queries.open_scene(link.organisation_id, link.call_sign)
    context = {
        "link": link,
        "row": row,
        "form": form,
        "policy": policy,
        "choices": [(each.code, each.says) for each in policy.constraints],
        "back": reverse("advice:crew-page", args=[token]),
    }
    response = render(request, "delays/crew_stack.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response
