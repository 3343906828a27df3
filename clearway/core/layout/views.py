"""What a person sets in the frame of the pages: a light or a dark screen, views and columns of a board."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from ..people.permissions import needs
from . import actions, context


@needs("home.read")
def home(request: Any) -> HttpResponse:
    """To the first page that the person's roles may open."""
    pages = context.navigation(request)
    if pages:
        return HttpResponseRedirect(pages[0].address)
    return render(request, "layout/home.html")


@needs("home.read")
@require_POST
def theme(request: Any) -> HttpResponse:
    """Set the theme and go back to where the person was."""
    try:
        actions.choose_theme(request.user, request.POST.get("theme", ""), **_who(request))
    except ValueError as refused:
        return HttpResponseBadRequest(str(refused), content_type="text/plain")
    return HttpResponseRedirect(safe_address(request, request.POST.get("back", "/")))


@needs("home.read")
@require_POST
def save_view(request: Any) -> HttpResponse:
    """Keep the filter of the board that the person came from under a name."""
    back, name = safe_address(request, request.POST.get("back", "/")), request.POST.get("name", "")
    query = urlsplit(back).query
    try:
        actions.save_view(request.user, request.POST.get("board", "")[:40], name, query, **_who(request))
    except ValueError as refused:
        return HttpResponseBadRequest(str(refused), content_type="text/plain")
    return HttpResponseRedirect(back)


@needs("home.read")
@require_POST
def delete_view(request: Any) -> HttpResponse:
    """Forget one of the person's own views."""
    actions.delete_view(
        request.user, request.POST.get("board", ""), request.POST.get("name", ""), **_who(request)
    )
    return HttpResponseRedirect(safe_address(request, request.POST.get("back", "/")))


@needs("home.read")
@require_POST
def choose_columns(request: Any) -> HttpResponse:
    """Keep which columns of a board the person looks at, or go back to the usual ones."""
    board, columns = request.POST.get("board", "")[:40], request.POST.getlist("column")
    try:
        if "usual" in request.POST:
            actions.usual_columns(request.user, board, **_who(request))
        else:
            actions.choose_columns(request.user, board, columns, **_who(request))
    except ValueError as refused:
        return HttpResponseBadRequest(str(refused), content_type="text/plain")
    return HttpResponseRedirect(safe_address(request, request.POST.get("back", "/")))


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}


def safe_address(request: Any, address: str) -> str:
    """The address if it lies on this host, else the first page."""
    return address if url_has_allowed_host_and_scheme(address, {request.get_host()}) else "/"
