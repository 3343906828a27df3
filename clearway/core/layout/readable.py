"""Refusing what no table can hold before any page reads it."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse

NUL = "\0"


def without_nul(get_response: Callable[[Any], HttpResponse]) -> Callable[[Any], HttpResponse]:
    """Answer 400 where an address or a form holds the character 0, which PostgreSQL keeps in no text."""

    def answer(request: Any) -> HttpResponse:
        if NUL in request.path or any(_holds(each) for each in (request.GET, request.POST)):
            raise BadRequest("The address or the form holds the character 0. Type it again.")
        return get_response(request)

    return answer


def _holds(sent: Any) -> bool:
    return any(NUL in value for _, values in sent.lists() for value in values)
