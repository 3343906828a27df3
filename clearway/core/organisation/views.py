"""The policies in force: the limits that boards go by, whose they are, and when they are looked at again."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from ..layout.times import local
from ..people.permissions import needs
from . import presenters, queries


@needs("policies.read")
def policies(request: Any) -> HttpResponse:
    """Every policy of the organisation that is valid today, by name."""
    today = local(request.at).date()
    versions = queries.policies_in_force(request.organisation.pk, today)
    rows = [presenters.policy_row(version, today) for version in versions]
    context = {"rows": rows, "overdue": sum(row.is_overdue for row in rows)}
    return render(request, "organisation/policies.html", context)
