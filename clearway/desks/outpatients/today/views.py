"""The first page of the outpatient desk: the day at a glance."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from clearway.core.people.permissions import needs

from . import presenters, queries


@needs("outpatients.read")
def today(request: Any) -> HttpResponse:
    """What waits for somebody, since when, and where to go with it."""
    seen = queries.today(request.organisation.pk, request.at)
    return render(request, "today/today.html", {"groups": presenters.groups(seen), "address": _address})


def _address(request: Any, line: presenters.Line) -> str:
    """Where a number leads; "" for who may not go there."""
    if not request.reach.allows(line.permission):
        return ""
    return reverse(line.view) + (f"?{line.query}" if line.query else "")
