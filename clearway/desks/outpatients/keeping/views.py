"""Legal holds: whose records are held, placing one, and one with its reviews and its lifting."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.steps import Step, carried_out
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..patients import actions as patient_actions
from ..patients import presenters as patient_presenters
from ..patients import queries as patients
from . import actions, forms, queries
from .models import PatientHold

DONE = {
    "retention.hold": "Placed",
    "retention.review": "Reviewed",
    "retention.ask_to_lift": "Asked to lift it",
    "retention.keep_on": "Kept on",
    "retention.release": "Lifted",
}


@needs("holds.read")
def holds(request: Any) -> HttpResponse:
    """Who and what is held, the first to be reviewed first; `?closed=1` what was lifted."""
    organisation_id, is_closed = request.organisation.pk, bool(request.GET.get("closed"))
    rows = list((queries.lifted if is_closed else queries.in_force)(organisation_id))
    _looked(request, [row.patient_id for row in rows], "holds")
    context = {
        "rows": rows,
        "of_time": queries.of_time(organisation_id),
        "periods": queries.periods(organisation_id, request.at),
        "is_closed": is_closed,
        "may_place": request.reach.allows("holds.place"),
        "today": local(request.at).date(),
    }
    return render(request, "keeping/holds.html", context)


@needs("holds.place")
def place(request: Any) -> HttpResponse:
    """Place a hold on one patient's record. `?find=` finds the patient."""
    today = local(request.at).date()
    days = policy.records(request.organisation.pk, request.at).hold_review_days
    data = request.POST if request.method == "POST" else None
    again = (today + timedelta(days=days)).isoformat()
    form = forms.PlaceForm(data, at=request.at, initial={"review_on": again})
    if form.is_valid():
        given = form.cleaned_data
        try:
            row = actions.place_hold(
                given["patient"], given["reason"], review_on=given["review_on"], **_who(request)
            )
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
        else:
            messages.success(request, "Held. Nothing of this record goes until two people lift it.")
            return HttpResponseRedirect(reverse("op-keeping:hold", args=[row.pk]))
    asked = (request.POST if data else request.GET).get("find", "")[:80]
    found = patients.search(request.organisation.pk, asked, most=9)
    _looked(request, [each.pk for each in found], "holds:new")
    context = {"form": form, "find": asked, "found": patient_presenters.rows(found, today)}
    return render(request, "keeping/place.html", context, status=422 if form.errors else 200)


@needs("holds.read", change="holds.lift")
def hold(request: Any, key: int) -> HttpResponse:
    """One hold: why, by whom, since when, what was done with it, and its review and lifting."""
    row = _one(request, key)
    form: DeskForm = forms.ReviewForm(at=request.at)
    if request.method == "POST":
        form, told = carried_out(request, _asked(request, row.pk))
        if told:
            messages.success(request, told)
            return HttpResponseRedirect(reverse("op-keeping:hold", args=[key]))
        row = _one(request, key)
    _looked(request, [row.patient_id], f"holds:{key}")
    context = {
        "row": row,
        "form": form,
        "history": [(each, DONE.get(each.verb, each.verb)) for each in queries.history(row)],
        "today": local(request.at).date(),
        "may_lift": request.reach.allows("holds.lift"),
        "is_mine": row.lift_asked_by == request.actor.name,
    }
    return render(request, "keeping/hold.html", context, status=422 if form.errors else 200)


def _asked(request: Any, key: int) -> Step:
    who = _who(request)
    chosen: dict[str, Step] = {
        "review": (
            forms.ReviewForm,
            lambda typed: actions.review(key, typed["found"], typed["review_on"], **who),
            "Reviewed. It stays in force.",
        ),
        "ask": (
            forms.AskForm,
            lambda typed: actions.ask_to_lift(key, typed["why"], **who),
            "Asked. It stays in force until somebody else lifts it.",
        ),
        "keep": (
            forms.KeepForm,
            lambda typed: actions.keep_on(key, typed["because"], **who),
            "It stays in force.",
        ),
        "lift": (DeskForm, lambda typed: actions.lift(key, **who), "Lifted."),
    }
    what = request.POST.get("what")
    if what not in chosen:
        raise Http404("No such form.")
    return chosen[what]


def _one(request: Any, key: int) -> PatientHold:
    try:
        return queries.one(request.organisation.pk, key)
    except PatientHold.DoesNotExist as missing:
        raise Http404(f"There is no hold {key}.") from missing


def _looked(request: Any, patient_ids: list[int], page: str) -> None:
    patient_actions.look(sorted(set(patient_ids)), page, **_who(request))


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
