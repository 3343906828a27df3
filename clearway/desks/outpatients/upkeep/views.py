"""The faults that stand, reporting one, and seeing to it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.upkeep import Kind, Mender, Weight
from clearway.domain.outpatients.words import Code
from clearway.domain.shared.errors import NotAllowed

from ..clinics import queries as clinics
from ..patients import actions as patient_actions
from . import actions, forms, queries
from .models import Fault

MEANINGS = {each.value: each.meaning for kind in (Kind, Weight, Mender) for each in kind}


@needs("office.read")
def faults(request: Any) -> HttpResponse:
    """What is not mended, the first to be asked about first; `?mended=1` what was."""
    is_mended = bool(request.GET.get("mended"))
    read = queries.mended if is_mended else queries.standing
    context = {
        "rows": read(request.organisation.pk),
        "is_mended": is_mended,
        "meanings": MEANINGS,
        "may_change": request.reach.allows("upkeep.work"),
    }
    return render(request, "upkeep/faults.html", context)


@needs("upkeep.work")
def report(request: Any) -> HttpResponse:
    """Report a fault. If it stops the room, its slots are blocked and who is booked into them is shown."""
    data = request.POST if request.method == "POST" else None
    form = forms.ReportForm(data, at=request.at, places=_places(request))
    if form.is_valid():
        try:
            row = actions.report(form.wanted(), **_who(request))
        except NotAllowed as refusal:
            form.add_error("until", refusal.why)
        else:
            messages.success(request, f"Kept. Now tell {MEANINGS[row.mender]}.")
            return HttpResponseRedirect(reverse("op-upkeep:fault", args=[row.pk]))
    context = {"form": form, "rooms": form.options(), "kinds": _options(Kind), "weights": _options(Weight)}
    return render(request, "upkeep/report.html", context, status=422 if form.errors else 200)


@needs("office.read", change="upkeep.work")
def fault(request: Any, key: int) -> HttpResponse:
    """One of them: who is to be moved, asking again, and that it is mended."""
    row = _one(request, key)
    form: DeskForm = forms.ChaseForm(at=request.at)
    if request.method == "POST":
        form, told = _changed(request, row)
        if told:
            messages.success(request, told)
            return HttpResponseRedirect(reverse("op-upkeep:fault", args=[key]))
    to_move = queries.to_move(row, request.at)
    patient_actions.look([each.patient_id for each in to_move], f"fault:{key}", **_who(request))
    context = {
        "row": row,
        "form": form,
        "meanings": MEANINGS,
        "to_move": to_move,
        "may_change": request.reach.allows("upkeep.work") and row.mended_at is None,
    }
    return render(request, "upkeep/fault.html", context, status=422 if form.errors else 200)


def _changed(request: Any, row: Fault) -> tuple[DeskForm, str]:
    """The form that was sent, and what is said when it was done; "" when it was not."""
    what = request.POST.get("what")
    form: DeskForm
    if what == "mend":
        form = forms.MendForm(request.POST, at=request.at)
    elif what == "chase":
        form = forms.ChaseForm(request.POST, at=request.at)
    else:
        raise Http404("No such form.")
    if not form.is_valid():
        return form, ""
    try:
        if what == "mend":
            actions.mend(row.pk, form.cleaned_data["how"], **_who(request))
            return form, "Mended. The slots that it blocked can be booked again."
        actions.chase(row.pk, **form.cleaned_data, **_who(request))
        return form, "Kept."
    except NotAllowed as refusal:
        form.add_error(None, refusal.why)
        return form, ""


def _places(request: Any) -> list[forms.Where]:
    """Every room, and behind it what clinics take turns with that is kept there."""
    kept: dict[int, list[Any]] = {}
    for thing in clinics.equipment(request.organisation.pk):
        kept.setdefault(thing.room_id, []).append(thing)
    found = []
    for room in clinics.rooms(request.organisation.pk).order_by("site__name", "name"):
        name = f"{room.site.name}, {room.name}"
        found.append(forms.Where(name, room.pk))
        found += [forms.Where(f"{name}: {each.name}", room.pk, each.pk) for each in kept.get(room.pk, ())]
    return found


def _options(kind: type[Code]) -> list[tuple[str, str]]:
    return [(each.value, each.meaning[:1].upper() + each.meaning[1:]) for each in kind]


def _one(request: Any, key: int) -> Fault:
    try:
        return queries.one(request.organisation.pk, key)
    except Fault.DoesNotExist as missing:
        raise Http404(f"There is no fault {key}.") from missing


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
