"""What is on loan, the store, one item with its loans, and recalls."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.loans import State
from clearway.domain.outpatients.waiting import CHANNELS, CONTACT_OUTCOMES
from clearway.domain.shared.errors import NotAllowed

from ..patients import actions as patient_actions
from ..patients import presenters as patient_presenters
from ..patients import queries as patients
from . import actions, forms, queries
from .models import Item

STATES = {each.value: each.meaning[:1].upper() + each.meaning[1:] for each in State}


@needs("office.read")
def loans(request: Any) -> HttpResponse:
    """What is with patients, the first due first."""
    rows = queries.out(request.organisation.pk)
    _looked(request, [row.patient_id for row in rows], "loans")
    context = {
        "rows": rows,
        "today": local(request.at).date(),
        "may_change": request.reach.allows("loans.work"),
    }
    return render(request, "loans/loans.html", context)


@needs("office.read", change="loans.work")
def store(request: Any) -> HttpResponse:
    """Every item and where it is; entering another one."""
    form = forms.ItemForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            row = actions.add(form.wanted(), **_who(request))
        except NotAllowed as refusal:
            form.add_error("serial", refusal.why)
        else:
            messages.success(request, "Entered. It is ready to be lent.")
            return HttpResponseRedirect(reverse("op-loans:item", args=[row.pk]))
    context = {
        "rows": queries.store(request.organisation.pk),
        "states": STATES,
        "form": form,
        "may_change": request.reach.allows("loans.work"),
    }
    return render(request, "loans/store.html", context, status=422 if form.errors else 200)


@needs("office.read", change="loans.work")
def recall(request: Any) -> HttpResponse:
    """Recall a make or a batch; who has one of what is recalled."""
    form = forms.RecallForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        given = form.cleaned_data
        try:
            found = actions.recall(given["make"], given["why"], batch=given["batch"], **_who(request))
        except NotAllowed as refusal:
            form.add_error("make", refusal.why)
        else:
            messages.success(request, f"Recalled: {len(found)}. Ring everybody who has one.")
            return HttpResponseRedirect(reverse("op-loans:recall"))
    rows = queries.recalled(request.organisation.pk)
    _looked(request, [row.patient_id for row in rows], "recall")
    context = {
        "rows": rows,
        "makes": queries.makes(request.organisation.pk),
        "form": form,
        "may_change": request.reach.allows("loans.work"),
    }
    return render(request, "loans/recall.html", context, status=422 if form.errors else 200)


@needs("office.read", change="loans.work")
def item(request: Any, key: int) -> HttpResponse:
    """One item: what can be done with it as it stands, and every loan of it. `?find=` finds the patient."""
    row = _item(request, key)
    form: DeskForm = forms.IssueForm(at=request.at)
    if request.method == "POST":
        make, act, told = _asked(request, key)
        form = make(request.POST, at=request.at)
        if form.is_valid():
            try:
                act(form.cleaned_data)
            except NotAllowed as refusal:
                form.add_error(None, refusal.why)
            else:
                messages.success(request, told)
                return HttpResponseRedirect(reverse("op-loans:item", args=[key]))
    history = queries.of_item(row)
    asked = (request.POST if request.method == "POST" else request.GET).get("find", "")[:80]
    found = patients.search(request.organisation.pk, asked, most=9) if row.state == State.READY else []
    _looked(request, [*(each.patient_id for each in history), *(each.pk for each in found)], f"item:{key}")
    context = {
        "row": row,
        "state": STATES[row.state],
        "history": history,
        "loan": next((each for each in history if each.ended_at is None), None),
        "find": asked,
        "found": patient_presenters.rows(found, local(request.at).date()),
        "form": form,
        "channels": CHANNELS,
        "outcomes": CONTACT_OUTCOMES,
        "may_change": request.reach.allows("loans.work") and row.state != State.GONE,
    }
    return render(request, "loans/item.html", context, status=422 if form.errors else 200)


Act = Callable[[dict[str, Any]], object]


def _asked(request: Any, key: int) -> tuple[type[DeskForm], Act, str]:
    """The form that was sent, what it does, and what is said when it is done."""
    who = _who(request)
    chosen: dict[str, tuple[type[DeskForm], Act, str]] = {
        "issue": (
            forms.IssueForm,
            lambda typed: actions.issue(key, typed["patient"], typed["due_on"], **who),
            "Lent.",
        ),
        "chase": (
            forms.ChaseForm,
            lambda typed: actions.chase(key, typed["channel"], typed["outcome"], typed["words"], **who),
            "Kept as a contact of the patient.",
        ),
        "return": (
            forms.ReturnForm,
            lambda typed: actions.take_back(key, typed["condition"], **who),
            "Taken back. Decontaminate it before it is lent again.",
        ),
        "clean": (
            forms.CleanForm,
            lambda typed: actions.clean(key, typed["how"], **who),
            "Decontaminated.",
        ),
        "write_off": (
            forms.WriteOffForm,
            lambda typed: actions.write_off(key, typed["why"], **who),
            "Written off.",
        ),
        "end_recall": (DeskForm, lambda typed: actions.end_recall(key, **who), "No longer recalled."),
    }
    if request.POST.get("what") not in chosen:
        raise Http404("No such form.")
    return chosen[request.POST["what"]]


def _item(request: Any, key: int) -> Item:
    try:
        return queries.item(request.organisation.pk, key)
    except Item.DoesNotExist as missing:
        raise Http404(f"There is no item {key}.") from missing


def _looked(request: Any, patient_ids: list[int], page: str) -> None:
    patient_actions.look(sorted(set(patient_ids)), page, **_who(request))


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
