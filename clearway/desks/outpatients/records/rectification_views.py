"""Requests to correct a record: the list, a new one, and one with its steps and whom to tell."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.steps import Step, carried_out
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.rectification import Asker, Decision, Given, Value
from clearway.domain.shared.errors import NotAllowed

from ..patients import actions as patient_actions
from ..patients import presenters as patient_presenters
from ..patients import queries as patients
from . import forms, rectified, rectifying
from . import rectification_forms as typed_as
from .models import Recipient, Rectification

ASKERS, VALUES, DECISIONS, GIVEN = (
    {each.value: each.meaning[:1].upper() + each.meaning[1:] for each in code}
    for code in (Asker, Value, Decision, Given)
)
LEADERS = ("correct", "refuse")  # steps that a team leader takes


@needs("records.work")
def rectifications(request: Any) -> HttpResponse:
    """What is to be decided or told, the first due first; `?closed=1` what was."""
    is_closed = bool(request.GET.get("closed"))
    rows = (rectified.closed if is_closed else rectified.open_)(request.organisation.pk)
    _looked(request, [row.patient_id for row in rows], "corrections")
    today = local(request.at).date()
    context = {
        "rows": rows,
        "values": VALUES,
        "decisions": DECISIONS,
        "is_closed": is_closed,
        "today": today,
    }
    return render(request, "records/rectifications.html", context)


@needs("records.work")
def rectify(request: Any) -> HttpResponse:
    """Enter a request. `?find=` finds the patient."""
    data = request.POST if request.method == "POST" else None
    today = local(request.at).date()
    form = typed_as.RectifyForm(data, at=request.at, initial={"received_on": today.isoformat()})
    if form.is_valid():
        try:
            row = rectifying.take(form.wanted_by(), **_who(request))
        except NotAllowed as refusal:
            form.add_error("wanted", refusal.why)
        else:
            messages.success(request, f"Entered. Due by {row.due_on:%-d %b %Y}.")
            return HttpResponseRedirect(reverse("op-records:rectification", args=[row.pk]))
    asked = (request.POST if data else request.GET).get("find", "")[:80]
    found = patients.search(request.organisation.pk, asked, most=9)
    _looked(request, [each.pk for each in found], "corrections:new")
    context = {
        "form": form,
        "find": asked,
        "found": patient_presenters.rows(found, today),
        "askers": list(ASKERS.items()),
        "values": list(VALUES.items()),
    }
    return render(request, "records/rectify.html", context, status=422 if form.errors else 200)


@needs("records.work")
def rectification(request: Any, key: int) -> HttpResponse:
    """One request: who asks, the decision with its reason, both values, and whom to tell."""
    row = _one(request, key)
    form: DeskForm = typed_as.CorrectForm(at=request.at)
    if request.method == "POST":
        form, told = _changed(request, row)
        if told:
            messages.success(request, told)
            return HttpResponseRedirect(reverse("op-records:rectification", args=[key]))
    _looked(request, [row.patient_id], f"corrections:{key}")
    found = rectified.recipients(row) if row.decided_at else rectified.given_to(row)
    context = {
        "row": row,
        "form": form,
        "asker": ASKERS[row.asker],
        "value": VALUES[row.value],
        "decision": DECISIONS.get(row.decision, ""),
        "is_elsewhere": row.value == Value.ELSEWHERE,
        "is_identified": row.identified_at is not None or row.asker == Asker.STAFF,
        "recipients": found,
        "given": GIVEN,
        "today": local(request.at).date(),
        "may_decide": request.reach.allows("records.review"),
    }
    return render(request, "records/rectification.html", context, status=422 if form.errors else 200)


def _changed(request: Any, row: Rectification) -> tuple[DeskForm, str]:
    try:
        return carried_out(request, _asked(request, row.pk))
    except Recipient.DoesNotExist as missing:
        raise Http404("There is no such recipient.") from missing


def _asked(request: Any, key: int) -> Step:
    who = _who(request)
    chosen: dict[str, Step] = {
        "identify": (
            forms.IdentifyForm,
            lambda typed: rectifying.identify(key, typed["how"], **who),
            "Checked.",
        ),
        "extend": (
            forms.ExtendForm,
            lambda typed: rectifying.extend(key, typed["extended"], **who),
            "Two further months. Tell the person why, within the first month.",
        ),
        "correct": (
            typed_as.CorrectForm,
            lambda typed: rectifying.correct(key, typed["because"], typed["became"], **who),
            "Corrected. Tell the person, and whoever was given the old value.",
        ),
        "refuse": (
            typed_as.RefuseForm,
            lambda typed: rectifying.refuse(key, typed["reason"], typed["statement"], **who),
            "Refused. Tell the person why, and that they may complain to the Information Commissioner.",
        ),
        "statement": (
            typed_as.StatementForm,
            lambda typed: rectifying.add_statement(key, typed["words"], **who),
            "Kept beside the record.",
        ),
        "tell": (
            typed_as.TellForm,
            lambda typed: rectifying.tell(typed["recipient"], typed["told"], **who),
            "Kept.",
        ),
        "withdraw": (
            forms.WithdrawForm,
            lambda typed: rectifying.withdraw(key, typed["why"], **who),
            "Withdrawn.",
        ),
    }
    what = request.POST.get("what")
    if what not in chosen or (what in LEADERS and not request.reach.allows("records.review")):
        raise Http404("No such form.")
    return chosen[what]


def _one(request: Any, key: int) -> Rectification:
    try:
        return rectified.one(request.organisation.pk, key)
    except Rectification.DoesNotExist as missing:
        raise Http404(f"There is no request {key}.") from missing


def _looked(request: Any, patient_ids: list[int], page: str) -> None:
    patient_actions.look(sorted(set(patient_ids)), page, **_who(request))


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
