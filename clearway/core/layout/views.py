"""The one setting in the frame of every page: a light or a dark screen."""

from typing import Any

from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from ..people.permissions import needs
from . import actions


@needs("home.read")
@require_POST
def theme(request: Any) -> HttpResponse:
    """Set the theme and go back to where the person was."""
    organisation = request.organisation
    try:
        actions.choose_theme(
            request.user,
            request.POST.get("theme", ""),
            organisation_id=organisation.pk,
            by=request.actor,
            at=request.at,
        )
    except ValueError as refused:
        return HttpResponseBadRequest(str(refused), content_type="text/plain")
    return HttpResponseRedirect(safe_address(request, request.POST.get("back", "/")))


def safe_address(request: Any, address: str) -> str:
    """The address if it lies on this host, else the first page."""
    return address if url_has_allowed_host_and_scheme(address, {request.get_host()}) else "/"
