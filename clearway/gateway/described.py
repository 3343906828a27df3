"""GET /api/v1/openapi.json: what the interfaces besides FHIR do, for people and tools who write to them."""

from typing import Any

from django.http import HttpResponse, JsonResponse

from clearway.core.feeds.door import door
from clearway.interchange import api_description
from clearway.interchange.api import DESCRIPTION


@door(DESCRIPTION)
def described(request: Any) -> HttpResponse:
    """The OpenAPI document. It names nobody and is told to everybody."""
    return JsonResponse(api_description.write(request.build_absolute_uri("/").rstrip("/")))
