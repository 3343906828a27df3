"""Requests for records: the list, a new one, one with its steps, and its pack as a file."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.steps import Step, carried_out
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.records import Kind
from clearway.domain.shared.errors import NotAllowed

from ..patients import actions as patient_actions
from ..patients import presenters as patient_presenters
from ..patients import queries as patients
from . import actions, forms, queries
from .models import DisclosurePack, RecordsRequest

KINDS = {each.value: each.meaning[:1].upper() + each.meaning[1:] for each in Kind}


@needs("records.work")
def requests(request: Any) -> HttpResponse:
    """What is to be answered, the first due first; `?closed=1` what was."""
    is_closed = bool(request.GET.get("closed"))
    rows = (queries.closed if is_closed else queries.open_)(request.organisation.pk)
    _looked(request, [row.patient_id for row in rows], "records")
    today = local(request.at).date()
    context = {"rows": rows, "kinds": KINDS, "is_closed": is_closed, "today": today}
    return render(request, "records/requests.html", context)


@needs("records.work")
def take(request: Any) -> HttpResponse:
    """Enter a request. `?find=` finds the patient."""
    data = request.POST if request.method == "POST" else None
    today = local(request.at).date()
    form = forms.TakeForm(data, at=request.at, initial={"received_on": today.isoformat()})
    if form.is_valid():
        try:
            row = actions.take(form.wanted(), **_who(request))
        except NotAllowed as refusal:
            form.add_error("received_on", refusal.why)
        else:
            messages.success(request, f"Entered. Due by {row.due_on:%-d %b %Y}.")
            return HttpResponseRedirect(reverse("op-records:request", args=[row.pk]))
    asked = (request.POST if data else request.GET).get("find", "")[:80]
    found = patients.search(request.organisation.pk, asked, most=9)
    _looked(request, [each.pk for each in found], "records:new")
    context = {
        "form": form,
        "find": asked,
        "found": patient_presenters.rows(found, today),
        "kinds": list(KINDS.items()),
    }
    return render(request, "records/take.html", context, status=422 if form.errors else 200)


@needs("records.work")
def one(request: Any, key: int) -> HttpResponse:
    """One request: who asks, gathering, the review by somebody else, sending."""
    row = _one(request, key)
    form: DeskForm = forms.SendForm(at=request.at)
    if request.method == "POST":
        form, told = carried_out(request, _asked(request, row.pk))
        if told:
            messages.success(request, told)
            return HttpResponseRedirect(reverse("op-records:request", args=[key]))
    _looked(request, [row.patient_id], f"records:{key}")
    packs = queries.packs(row)
    context = {
        "row": row,
        "kind": KINDS[row.kind],
        "form": form,
        "packs": packs,
        "pack": packs[0] if packs else None,
        "today": local(request.at).date(),
        "may_review": request.reach.allows("records.review"),
    }
    return render(request, "records/request.html", context, status=422 if form.errors else 200)


def _asked(request: Any, key: int) -> Step:
    who, left_out = _who(request), request.POST.getlist("left_out")
    chosen: dict[str, Step] = {
        "identify": (
            forms.IdentifyForm,
            lambda typed: actions.identify(key, typed["how"], **who),
            "Checked.",
        ),
        "extend": (
            forms.ExtendForm,
            lambda typed: actions.extend(key, typed["extended"], **who),
            "Two further months. Tell the person why, within the first month.",
        ),
        "gather": (
            DeskForm,
            lambda typed: actions.gather(key, **who),
            "Gathered. Somebody else reviews it before it is sent.",
        ),
        "review": (
            forms.ReviewForm,
            lambda typed: actions.review(key, typed["review"], left_out, **who),
            "Reviewed. It can be sent.",
        ),
        "send": (
            forms.SendForm,
            lambda typed: actions.send(key, typed["to"], typed["by_way"], **who),
            "Kept as sent.",
        ),
        "withdraw": (
            forms.WithdrawForm,
            lambda typed: actions.withdraw(key, typed["why"], **who),
            "Withdrawn.",
        ),
    }
    what = request.POST.get("what")
    if what not in chosen or (what == "review" and not request.reach.allows("records.review")):
        raise Http404("No such form.")
    return chosen[what]


@needs("records.work")
def download(request: Any, key: int) -> HttpResponse:
    """A pack as a ZIP file; that it was taken is in the audit."""
    try:
        made = queries.pack(request.organisation.pk, key)
    except DisclosurePack.DoesNotExist as missing:
        raise Http404(f"There is no pack {key}.") from missing
    actions.downloaded(made, **_who(request))
    answer = HttpResponse(bytes(made.bundle), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="records-{made.request_id}-{made.pk}.zip"'
    answer["Cache-Control"] = "no-store"
    return answer


def _one(request: Any, key: int) -> RecordsRequest:
    try:
        return queries.one(request.organisation.pk, key)
    except RecordsRequest.DoesNotExist as missing:
        raise Http404(f"There is no request {key}.") from missing


def _looked(request: Any, patient_ids: list[int], page: str) -> None:
    patient_actions.look(sorted(set(patient_ids)), page, **_who(request))


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
