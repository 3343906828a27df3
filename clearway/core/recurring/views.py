"""The register of recurring duties, and one of them with its evidence."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.recurring import Unit
from clearway.domain.shared.region import Desk

from ..layout.fields import DeskForm
from ..layout.times import local
from ..people.permissions import needs
from ..people.queries import may_be_asked
from . import actions, forms, queries
from .models import RecurringDuty
from .policy import recurring_policy


@needs("duties.read", change="duties.manage")
def register(request: Any) -> HttpResponse:
    """Every duty, the first due first; a lead sees the team's and enters another one."""
    policy, people = _policy(request), may_be_asked(request.organisation.pk, request.at)
    data = request.POST if request.method == "POST" else None
    form = forms.EnterForm(data, policy=policy, people=people, at=request.at)
    if form.is_valid():
        try:
            row = actions.enter(form.wanted(_desk(request)), **_who(request))
        except NotAllowed as refusal:
            form.add_error("name", refusal.why)
        else:
            messages.success(request, "Entered.")
            return HttpResponseRedirect(reverse("recurring:duty", args=[row.pk]))
    may_manage = request.reach.allows("duties.manage")
    context = {
        "rows": queries.register(request.organisation.pk, None if may_manage else request.user.pk),
        "today": local(request.at).date(),
        "form": form,
        "policy": policy,
        "kinds": [(each.code, each.says) for each in policy.kinds],
        "people": [(each.username, each.display_name) for each in people] if may_manage else [],
        "units": [(each.value, each.value) for each in Unit],
        "may_change": may_manage,
    }
    return render(request, "recurring/register.html", context, status=422 if form.errors else 200)


@needs("duties.read", change="duties.work")
def duty(request: Any, key: int) -> HttpResponse:
    """One duty: that it was done, with what shows it; ending it."""
    row = _duty(request, key)
    kind = _policy(request).kind(row.kind)
    today = local(request.at).date()
    may_manage = request.reach.allows("duties.manage")
    form: DeskForm = forms.DoneForm(items=kind.items, at=request.at, initial={"done_on": today.isoformat()})
    if request.method == "POST":
        is_end = request.POST.get("what") == "end"
        if is_end and not may_manage:
            raise Http404("No such form.")
        form = (
            forms.EndForm(request.POST, at=request.at)
            if is_end
            else forms.DoneForm(request.POST, items=kind.items, at=request.at)
        )
        if form.is_valid():
            try:
                _change(request, key, form)
            except NotAllowed as refusal:
                form.add_error(None, refusal.why)
            else:
                messages.success(request, "Ended." if is_end else "Kept, with its next day.")
                return HttpResponseRedirect(reverse("recurring:duty", args=[key]))
    context = {
        "row": row,
        "kind": kind,
        "today": today,
        "form": form,
        "may_change": request.reach.allows("duties.work") and row.ended_at is None,
        "may_manage": may_manage and row.ended_at is None,
    }
    return render(request, "recurring/duty.html", context, status=422 if form.errors else 200)


def _change(request: Any, key: int, form: DeskForm) -> None:
    given = form.cleaned_data
    if isinstance(form, forms.DoneForm):
        actions.done(key, given["done_on"], given["evidence"], form.found(), **_who(request))
    else:
        actions.end(key, given["why"], **_who(request))


def _duty(request: Any, key: int) -> RecurringDuty:
    seen_by = None if request.reach.allows("duties.manage") else request.user.pk
    try:
        return queries.one(request.organisation.pk, key, seen_by)
    except RecurringDuty.DoesNotExist as missing:
        raise Http404(f"There is no duty {key}.") from missing


def _policy(request: Any) -> Any:
    return recurring_policy(request.organisation.pk, request.at)


def _desk(request: Any) -> Desk:
    """Whose lead sees to it: that of the desk at which it is entered."""
    return Desk.OUTPATIENTS if request.reach.allows("office.read") else Desk.AMBULANCE


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
