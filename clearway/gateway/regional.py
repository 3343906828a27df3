"""Figures for a regional dashboard: GET /api/v1/regional, with the key of a source that never sends."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from clearway.core.feeds.models import READER
from clearway.core.feeds.queries import who_holds
from clearway.core.organisation.models import Organisation
from clearway.core.people.permissions import public
from clearway.desks.ambulance.command import regional
from clearway.domain.shared.region import Desk
from clearway.interchange import regional_figures

FORMATS = ("json", "csv")


@public  # the bearer key below is its own sign-in
@require_GET
def figures(request: Any) -> HttpResponse:
    """The figures of the key's trust as known now: JSON, or CSV for ?format=csv.

    401 without the key of such a source, 400 for another format, 404 for a trust without an ambulance desk.
    """
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    found = who_holds(key, READER) if scheme == "Bearer" and key else None
    if found is None:
        return _problem(401, "No key of a dashboard.", "Send it as Authorization: Bearer.")
    form = request.GET.get("format", "json")
    if form not in FORMATS:
        return _problem(400, "There is no such format.", f"Ask for one of: {', '.join(FORMATS)}.")
    trust = Organisation.objects.get(pk=found[0])
    if Desk.AMBULANCE.value not in trust.desks:
        return _problem(404, "This trust has no ambulance desk.", "Use the key of one that has.")
    rows = regional.read(trust.pk, request.at)
    if form == "csv":
        body = regional_figures.as_csv(request.at, rows)
        answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
    else:
        answer = JsonResponse(regional_figures.as_json(trust.code, request.at, rows))
    answer["Cache-Control"] = "no-store"
    return answer


def _problem(status: int, title: str, fix: str) -> JsonResponse:
    said = {"status": status, "title": title, "fix": fix}
    return JsonResponse(said, status=status, content_type="application/problem+json")
