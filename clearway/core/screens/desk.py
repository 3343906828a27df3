"""The pages from which screens are put up and taken off."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.domain.shared.errors import NotAllowed

from ..organisation.models import Area, Site
from ..people.permissions import needs
from . import actions, presenters, queries
from .forms import THEMES, ScreenForm, boards_of, places_of
from .models import Screen

Request = Any


@needs("screens.manage")
def listed(request: Request) -> HttpResponse:
    """Every screen of the trust, when it was last seen, and the button that takes it off."""
    found = queries.screens(request.organisation.pk, request.at)
    context = {
        "rows": presenters.rows(found, request.at),
        "has_boards": bool(boards_of(request.organisation)),
        "address": request.build_absolute_uri(reverse("screens:screen")),
    }
    return render(request, "screens/list.html", context)


@needs("screens.manage")
def put_up(request: Request) -> HttpResponse:
    """Enter the code that a screen shows, and choose what it is to show."""
    organisation = request.organisation
    data = request.POST if request.method == "POST" else None
    form = ScreenForm(data, organisation=organisation, at=request.at, initial={"theme": "dark"})
    if form.is_valid():
        try:
            row = actions.put_up(
                _wanted(form), organisation_id=organisation.pk, by=request.actor, at=request.at
            )
        except NotAllowed as refusal:
            form.add_error("code" if refusal.state == "entered" else "name", refusal.why)
        else:
            messages.info(
                request, f"Waiting for {row.name} to answer: this list says when it shows its board."
            )
            return HttpResponseRedirect(reverse("screens:list"))
    context = {
        "form": form,
        "boards": boards_of(organisation),
        "places": places_of(organisation),
        "themes": list(THEMES.items()),
        "address": request.build_absolute_uri(reverse("screens:screen")),
    }
    return render(request, "screens/put_up.html", context, status=422 if form.errors else 200)


@needs("screens.manage")
@require_POST
def take_off(request: Request, key: int) -> HttpResponse:
    """Take a screen off its board."""
    try:
        row = actions.take_off(key, organisation_id=request.organisation.pk, by=request.actor, at=request.at)
    except Screen.DoesNotExist:
        raise Http404 from None
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _said_of(row))
    return HttpResponseRedirect(reverse("screens:list"))


def _said_of(row: Screen) -> str:
    if row.answered_at is None:
        return f"{row.name} will not be put up: no screen had answered, and its code counts no more."
    return f"{row.name} was taken off. If it is on, it says so within a minute."


def _wanted(form: ScreenForm) -> actions.Wanted:
    given = form.cleaned_data
    place = given["place"]
    return actions.Wanted(
        code=given["code"],
        name=given["name"],
        board=given["board"],
        area=place if isinstance(place, Area) else None,
        site=place if isinstance(place, Site) else None,
        theme=given["theme"],
    )
