"""The register of recurring duties, and one of them with its evidence."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.recurring import Kind, Unit
from clearway.domain.shared.errors import NotAllowed

from . import actions, forms, queries
from .models import RecurringDuty

KINDS = {each.value: each.meaning[:1].upper() + each.meaning[1:] for each in Kind}


@needs("office.read", change="duties.manage")
def register(request: Any) -> HttpResponse:
    """Every duty, the first due first; entering another one."""
    form = forms.EnterForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            row = actions.enter(form.wanted(), **_who(request))
        except NotAllowed as refusal:
            form.add_error("name", refusal.why)
        else:
            messages.success(request, "Entered.")
            return HttpResponseRedirect(reverse("op-recurring:duty", args=[row.pk]))
    context = {
        "rows": queries.register(request.organisation.pk),
        "today": local(request.at).date(),
        "form": form,
        "kinds": list(KINDS.items()),
        "names": KINDS,
        "units": [(each.value, each.meaning) for each in Unit],
        "may_change": request.reach.allows("duties.manage"),
    }
    return render(request, "recurring/register.html", context, status=422 if form.errors else 200)


@needs("office.read", change="duties.work")
def duty(request: Any, key: int) -> HttpResponse:
    """One duty: that it was done, with what shows it; ending it."""
    row = _duty(request, key)
    today = local(request.at).date()
    form: DeskForm = forms.DoneForm(at=request.at, initial={"done_on": today.isoformat()})
    may_manage = request.reach.allows("duties.manage")
    if request.method == "POST":
        is_end = request.POST.get("what") == "end"
        if is_end and not may_manage:
            raise Http404("No such form.")
        form = (forms.EndForm if is_end else forms.DoneForm)(request.POST, at=request.at)
        if form.is_valid():
            try:
                if is_end:
                    actions.end(key, form.cleaned_data["why"], **_who(request))
                else:
                    actions.done(key, **form.cleaned_data, **_who(request))
            except NotAllowed as refusal:
                form.add_error(None, refusal.why)
            else:
                messages.success(request, "Ended." if is_end else "Kept, with its next day.")
                return HttpResponseRedirect(reverse("op-recurring:duty", args=[key]))
    context = {
        "row": row,
        "kind": KINDS[row.kind],
        "today": today,
        "form": form,
        "may_change": request.reach.allows("duties.work") and row.ended_at is None,
        "may_manage": may_manage and row.ended_at is None,
    }
    return render(request, "recurring/duty.html", context, status=422 if form.errors else 200)


def _duty(request: Any, key: int) -> RecurringDuty:
    try:
        return queries.one(request.organisation.pk, key)
    except RecurringDuty.DoesNotExist as missing:
        raise Http404(f"There is no duty {key}.") from missing


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
