"""Figures for a regional dashboard: GET /api/v1/regional, with the key of a source that never sends."""

from typing import Any

from django.http import HttpResponse, JsonResponse

from clearway.core.feeds import door
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.command import regional
from clearway.domain.shared.region import Desk
from clearway.interchange import regional_figures
from clearway.interchange.api import FORMAT, REGIONAL, Refusal


@door.door(REGIONAL)
def figures(request: Any) -> HttpResponse:
    """The figures of the key's trust as known now: JSON, or CSV for ?format=csv.

    401 without the key of such a source, 400 for another format, 404 for a trust without an ambulance desk.
    """
    organisation_id, _ = door.holder(request, REGIONAL)
    form = _format(request)
    trust = Organisation.objects.get(pk=organisation_id)
    if Desk.AMBULANCE.value not in trust.desks:
        raise Refusal(404, "This trust has no ambulance desk.", "Use the key of one that has.")
    rows = regional.read(trust.pk, request.at)
    if form == "csv":
        body = regional_figures.as_csv(request.at, rows)
        return HttpResponse(body, content_type="text/csv; charset=utf-8")
    return JsonResponse(regional_figures.as_json(trust.code, request.at, rows))


def _format(request: Any) -> str:
    """The format asked for. Raises Refusal, also for a parameter that is not known or comes twice."""
    if set(request.GET) - {FORMAT.name}:
        raise Refusal(400, "There is no such parameter.", f"Ask with {FORMAT.name} alone, or without it.")
    said = request.GET.getlist(FORMAT.name) or ["json"]
    if said not in [[each] for each in FORMAT.words]:
        raise Refusal(400, "There is no such format.", f"Ask for one of: {', '.join(FORMAT.words)}.")
    return str(said[0])
