"""The audit: who did what to what, when. Reading it is itself recorded."""

import json
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render

from ..people.permissions import needs
from ..people.roles import name_of
from . import queries
from .actions import Entry, record
from .forms import AuditForm

Request = Any


@needs("audit.read")
def audit(request: Request) -> HttpResponse:
    """The newest actions that fit the filter, and the head of the chain over all of them."""
    form = AuditForm(request.GET, at=request.at)
    form.is_valid()
    actions = queries.actions(request.organisation.pk, form.wanted())
    _record_reading(request, form)
    following = request.GET.copy()
    if len(actions) == queries.PAGE:
        following["before"] = str(actions[-1].pk)
    context = {
        "form": form,
        "rows": [(action, name_of(action.role), _detail(action.detail)) for action in actions],
        "following": following.urlencode() if "before" in following and actions else "",
        "head": queries.head(),
    }
    response = render(request, "audit/audit.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


def _record_reading(request: Request, form: AuditForm) -> None:
    asked = {name: value for name, value in request.GET.items() if name in form.fields and value}
    with transaction.atomic():
        entry = Entry("audit.read", "audit", {"asked": asked})
        record([entry], organisation_id=request.organisation.pk, by=request.actor, at=request.at)


def _detail(detail: dict[str, Any]) -> str:
    return json.dumps(detail, ensure_ascii=False, sort_keys=True) if detail else ""
