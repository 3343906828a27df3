"""What came into the office, taking a call, seeing to one, and the messages of a clinician."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core import clashes
from clearway.core.layout.fields import DeskForm
from clearway.core.layout.times import local, moment
from clearway.core.people.permissions import needs
from clearway.core.people.queries import may_be_asked
from clearway.domain.outpatients.enquiries import About, Caller, Urgency, Way
from clearway.domain.shared.errors import NotAllowed

from ..clinics import actions as clinic_actions
from ..clinics import queries as clinics
from ..directory import presenters as directory
from ..patients import actions as patient_actions
from ..patients import presenters as patient_presenters
from ..patients import queries as patients
from . import actions, forms, presenters, queries
from .models import Enquiry

ASKED_BY_NUMBER = re.compile(r"[\d\s-]{6,}|[A-Za-z]\d{4,}")


@needs("office.read")
def enquiries(request: Any) -> HttpResponse:
    """What is open, answered first, then by the promised time; `?closed=1` what was closed this week."""
    organisation_id, is_closed = request.organisation.pk, bool(request.GET.get("closed"))
    if is_closed:
        rows = queries.closed_since(organisation_id, queries.recent(request.at))
    else:
        rows = queries.open_(organisation_id)
    _looked(request, rows, "enquiries")
    context = {
        "rows": presenters.lines(rows, request.at),
        "is_closed": is_closed,
        "may_change": request.reach.allows("enquiries.work"),
    }
    return render(request, "enquiries/enquiries.html", context)


@needs("enquiries.work")
def take(request: Any) -> HttpResponse:
    """A call or message while the caller speaks. The patient is found by name or number, and confirmed."""
    named = _clinicians(request)
    data = request.POST if request.method == "POST" else None
    asked = request.GET.get("patient", "")
    initial = {"caller": "patient", "way": "phone", "patient": asked if asked.isdecimal() else ""}
    form = forms.TakeForm(data, at=request.at, clinicians=named, initial=initial)
    found: list[Any] = _found(request, form)
    if form.is_valid() and form.cleaned_data["patient"] is None and form.cleaned_data["find"]:
        only = found[0] if len(found) == 1 and ASKED_BY_NUMBER.fullmatch(form.cleaned_data["find"]) else None
        if only is None:
            form.add_error("find", _which(len(found)))
        else:
            form.cleaned_data["patient"] = only.pk
    if form.is_bound and form.is_valid():
        try:
            row = actions.take(form.wanted(form.cleaned_data["patient"]), **_who(request))
        except NotAllowed as refusal:
            form.add_error("caller_name", refusal.why)
        else:
            messages.success(request, f"Kept. Promised by {moment(row.promised_by, request.at)}.")
            return HttpResponseRedirect(reverse("op-enquiries:enquiry", args=[row.pk]))
    patient_actions.look([each.pk for each in found], "enquiry", **_who(request))
    context = {
        "form": form,
        "found": patient_presenters.rows(found, local(request.at).date()),
        "abouts": presenters.options(About),
        "callers": presenters.options(Caller),
        "ways": presenters.options(Way),
        "urgencies": presenters.options(Urgency),
        "clinicians": [(str(key), name) for key, name in named],  # as they are typed
    }
    return render(request, "enquiries/take.html", context, status=422 if form.errors else 200)


def _found(request: Any, form: forms.TakeForm) -> list[Any]:
    """The patients that are to choose from: the one that was chosen, else those that were looked for."""
    organisation_id, key = request.organisation.pk, str(form.typed("patient"))
    if key.isdecimal() and len(key) < 10 and patients.exists(organisation_id, int(key)):
        return [patients.one(organisation_id, int(key))]
    return patients.search(organisation_id, str(form.typed("find")), most=9)


def _which(count: int) -> str:
    if not count:
        return "Nobody was found. Try less of the name, or leave it empty and write who calls"
    return "Is it this patient? Choose" if count == 1 else "Choose which patient it is"


@needs("office.read", change="enquiries.work")
def enquiry(request: Any, key: int) -> HttpResponse:
    """One of them: pass it on, acknowledge, escalate, take over, close."""
    row = _one(request, key)
    form: DeskForm = forms.CloseForm(at=request.at)
    clash: clashes.ChangedMeanwhile | None = None
    if request.method == "POST":
        form, act, told = _asked(request, key)
        if form.is_valid():
            try:
                act(form.cleaned_data)
            except clashes.ChangedMeanwhile as refusal:
                form.add_error(None, refusal.why)
                clash, row = refusal, _one(request, key)
            except NotAllowed as refusal:
                form.add_error(None, refusal.why)
            else:
                messages.success(request, told)
                return HttpResponseRedirect(reverse("op-enquiries:enquiry", args=[key]))
    else:
        _looked(request, [row], f"enquiry:{key}")
    may_change = request.reach.allows("enquiries.work") and row.closed_at is None
    context = {
        "row": row,
        "facts": presenters.facts(row),
        "practice": directory.named(row.organisation_id, row.patient.practice, local(request.at).date())
        if row.patient
        else None,
        "stands": presenters.stands(row),
        "late": presenters.is_late(row, request.at),
        "form": form,
        "seen": clashes.opened({}, actions.says(row), f"enquiry {row.pk}", clash),
        "both": _both(clash, dict(_clinicians(request))),
        "results": presenters.results(row),
        "clinicians": _clinicians(request),
        "may_change": may_change,
        "may_lead": may_change and request.reach.allows("enquiries.lead"),
    }
    status = 409 if clash else 422 if form.errors else 200
    return render(request, "enquiries/enquiry.html", context, status=status)


def _pass(request: Any, key: int, clinician: int) -> None:
    seen = clashes.unseal(request.POST.get("seen", ""), actions.PASSING, f"enquiry {key}")
    actions.pass_to(key, clinician, seen=seen, **_who(request))


def _both(clash: clashes.ChangedMeanwhile | None, named: Mapping[int, str]) -> list[tuple[str, str, str]]:
    """Who was chosen by two people, by name."""
    found = clash.clashes if clash else ()
    return clashes.both_in_words(
        found, {"user": "Account"}, lambda field, value: named.get(value) or clashes.said(value)
    )


Act = Callable[[dict[str, Any]], object]


def _asked(request: Any, key: int) -> tuple[DeskForm, Act, str]:
    """The form that was sent, what it does, and what is said when it is done."""
    who, data, at = _who(request), request.POST, request.at
    what = data.get("what", "")
    if what == "lead" and not request.reach.allows("enquiries.lead"):
        raise Http404("No such form.")
    if what == "pass":
        passing = forms.PassForm(data, at=at, clinicians=_clinicians(request))
        return passing, lambda typed: _pass(request, key, typed["clinician"]), "Left for them."
    chosen: dict[str, tuple[type[DeskForm], Act, str]] = {
        "acknowledge": (DeskForm, lambda typed: actions.acknowledge(key, **who), "Acknowledged."),
        "lead": (DeskForm, lambda typed: actions.lead(key, **who), "It is yours now."),
        "escalate": (
            forms.EscalateForm,
            lambda typed: actions.escalate(key, typed["why"], **who),
            "Passed to the team leader, who finds a task.",
        ),
        "close": (
            forms.CloseForm,
            lambda typed: actions.close(key, typed["result"], typed["closing"], **who),
            "Closed.",
        ),
    }
    if what not in chosen:
        raise Http404("No such form.")
    make, act, told = chosen[what]
    return make(data, at=at), act, told


@needs("messages.answer", change="messages.of_all")
def messages_(request: Any) -> HttpResponse:
    """One's own messages; for who sees all of them every clinician, with how many wait and their account."""
    sees_all = request.reach.allows("messages.of_all")
    own = clinics.clinician_of(request.organisation.pk, request.user.pk)
    if own is not None and not sees_all:
        return HttpResponseRedirect(reverse("op-enquiries:messages-of", args=[own.pk]))
    people = may_be_asked(request.organisation.pk, request.at) if sees_all else []
    form = forms.LinkForm(request.POST if request.method == "POST" else None, at=request.at)
    clash: clashes.ChangedMeanwhile | None = None
    if form.is_valid():
        try:
            given = form.cleaned_data
            of = f"clinician {given['clinician']}"
            seen = clashes.unseal(request.POST.get("seen", ""), clinic_actions.LINKING, of)
            clinic_actions.link(given["clinician"], given["user"], seen=seen, **_who(request))
        except clashes.ChangedMeanwhile as refusal:
            form.add_error("user", refusal.why)
            clash = refusal
        except NotAllowed as refusal:
            form.add_error("user", refusal.why)
        else:
            messages.success(request, "Kept.")
            return HttpResponseRedirect(reverse("op-enquiries:messages"))
    waiting = queries.waiting_by_clinician(request.organisation.pk)
    every = clinics.clinicians(request.organisation.pk).select_related("user") if sees_all else []
    rows = [
        (
            each.pk,
            each.name,
            waiting.get(each.pk, 0),
            each.user,
            clashes.opened(
                {},
                {"user": each.user_id},
                f"clinician {each.pk}",
                clash if each.pk == form.cleaned_data["clinician"] else None,
            )
            if clash
            else clashes.seal({"user": each.user_id}, f"clinician {each.pk}"),
        )
        for each in every
    ]
    named = {each.pk: str(each) for each in people}
    context = {
        "rows": sorted(rows, key=lambda row: -row[2]),
        "sees_all": sees_all,
        "people": list(named.items()),
        "form": form,
        "both": _both(clash, named),
    }
    status = 409 if clash else 422 if form.errors else 200
    return render(request, "enquiries/clinicians.html", context, status=status)


@needs("messages.answer")
def messages_of(request: Any, clinician: int) -> HttpResponse:
    """The messages that wait for one clinician, answered where they stand; another's only by role."""
    own = clinics.clinician_of(request.organisation.pk, request.user.pk)
    if not request.reach.allows("messages.of_all") and (own is None or own.pk != clinician):
        raise Http404("These are the messages of somebody else.")
    names = dict(_clinicians(request))
    if clinician not in names:
        raise Http404("There is no such clinician here.")
    form, sent = forms.AnswerForm(at=request.at), 0
    if request.method == "POST":
        form = forms.AnswerForm(request.POST, at=request.at)
        asked = request.POST.get("key", "")
        sent = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
        if form.is_valid():
            try:
                if _one(request, sent).clinician_id != clinician:
                    raise Http404("This is a message for somebody else.")
                actions.answer(sent, form.cleaned_data["answer"], **_who(request))
            except NotAllowed as refusal:
                form.add_error(None, refusal.why)
            else:
                messages.success(request, "Answered. The office tells them.")
                return HttpResponseRedirect(reverse("op-enquiries:messages-of", args=[clinician]))
    rows = queries.messages_for(request.organisation.pk, clinician)
    _looked(request, rows, f"messages:{clinician}")
    context = {
        "name": names[clinician],
        "rows": [(row, line) for row, line in zip(rows, presenters.lines(rows, request.at), strict=True)],
        "form": form,
        "sent": sent,
    }
    return render(request, "enquiries/messages.html", context, status=422 if form.errors else 200)


def _one(request: Any, key: int) -> Enquiry:
    try:
        return queries.one(request.organisation.pk, key)
    except Enquiry.DoesNotExist as missing:
        raise Http404(f"There is no enquiry {key}.") from missing


def _clinicians(request: Any) -> list[tuple[int, str]]:
    return list(clinics.clinicians(request.organisation.pk).values_list("pk", "name"))


def _looked(request: Any, rows: list[Enquiry], page: str) -> None:
    patient_actions.look([row.patient_id for row in rows if row.patient_id], page, **_who(request))


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
