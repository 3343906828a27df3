"""Letters and scans that came in, filing them, and where the paper volumes of patients are."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.filing import MOST_BYTES, Identifier, Kind, Where
from clearway.domain.shared.errors import NotAllowed

from ..openings.guard import by_need
from ..patients import actions as patient_actions
from ..patients import presenters as patient_presenters
from ..patients import queries as patients
from ..referrals import queries as referrals
from . import actions, forms, queries
from .models import Document, Volume

KINDS = {each.value: each.meaning[:1].upper() + each.meaning[1:] for each in Kind}
PLACES = {each.value: each.meaning for each in Where}
IDENTIFIERS = {each.value: each.meaning for each in Identifier}


@needs("filing.work")
def scans(request: Any) -> HttpResponse:
    """What is nobody's yet, oldest first; taking another document."""
    today = local(request.at).date()
    data = request.POST if request.method == "POST" else None
    form = forms.TakeForm(data, at=request.at, initial={"came_on": today.isoformat()})
    if data is not None:
        sent = request.FILES.get("file")
        if sent is None or sent.size > MOST_BYTES:
            form.add_error(None, "Choose a PDF, PNG or JPEG file of at most 7 MB")
        if form.is_valid() and sent is not None:
            try:
                row = actions.take(form.wanted(sent.name or "scan", sent.read()), **_who(request))
            except NotAllowed as refusal:
                form.add_error(None, refusal.why)
            else:
                messages.success(request, "Taken. Now say whose it is.")
                return HttpResponseRedirect(reverse("op-filing:scan", args=[row.pk]))
    context = {
        "rows": queries.unfiled(request.organisation.pk),
        "today": today,
        "form": form,
        "kinds": list(KINDS.items()),
        "names": KINDS,
    }
    return render(request, "filing/scans.html", context, status=422 if form.errors else 200)


@needs("filing.work")
def scan(request: Any, key: int) -> HttpResponse:
    """One document: whose it is, filing it, taking it back. `?find=` finds the patient."""
    row = _document(request, key)
    form: DeskForm = forms.FileForm(at=request.at)
    if request.method == "POST":
        form, told = _scan_changed(request, key)
        if told:
            messages.success(request, told)
            return HttpResponseRedirect(reverse("op-filing:scan", args=[key]))
    history = queries.filings(row)
    current = next((each for each in history if each.taken_back_at is None), None)
    asked = (request.POST if request.method == "POST" else request.GET).get("find", "")[:80]
    found = [] if current or row.put_aside else patients.search(request.organisation.pk, asked, most=9)
    _looked(request, [*(each.patient_id for each in history), *(each.pk for each in found)], f"scan:{key}")
    context = {
        "row": row,
        "kind": KINDS[row.kind],
        "history": history,
        "current": current,
        "identifiers": IDENTIFIERS,
        "find": asked,
        "found": patient_presenters.rows(found, local(request.at).date()),
        "referrals": {each.pk: referrals.of_patient(request.organisation.pk, each.pk) for each in found},
        "form": form,
    }
    return render(request, "filing/scan.html", context, status=422 if form.errors else 200)


def _scan_changed(request: Any, key: int) -> tuple[DeskForm, str]:
    """The form that was sent, and what is said when it was done; "" when it was not."""
    what = request.POST.get("what")
    form: DeskForm
    if what == "file":
        form = forms.FileForm(request.POST, at=request.at)
    elif what in ("take_back", "put_aside"):
        form = forms.WhyForm(request.POST, at=request.at)
    else:
        raise Http404("No such form.")
    if not form.is_valid():
        return form, ""
    try:
        if isinstance(form, forms.FileForm):
            actions.file(key, **form.wanted(), **_who(request))
            return form, "Filed."
        if what == "take_back":
            actions.take_back(key, form.cleaned_data["why"], **_who(request))
            return form, "Taken back. It is nobody's again: find the right patient."
        actions.put_aside(key, form.cleaned_data["why"], **_who(request))
        return form, "Put aside."
    except NotAllowed as refusal:
        form.add_error("identifier" if what == "file" else None, refusal.why)
        return form, ""


@needs("patients.read")
def copy(request: Any, key: int) -> HttpResponse:
    """The document itself. What is nobody's is for who files; what is filed, for who sees the patient."""
    row = _document(request, key)
    current = [each.patient_id for each in queries.filings(row) if each.taken_back_at is None]
    if not current and not request.reach.allows("filing.work"):
        raise Http404(f"There is no document {key}.")
    if current:
        _looked(request, current, f"document:{key}")
    else:
        actions.look(key, **_who(request))
    answer = HttpResponse(bytes(row.body), content_type=row.media_type)
    answer["Content-Disposition"] = f'inline; filename="document-{row.pk}.{row.media_type.split("/")[1]}"'
    answer["Cache-Control"] = "no-store"
    return answer


@needs("patients.read")
@by_need
def filed(request: Any, patient: int) -> HttpResponse:
    """What is filed to one patient, and where the paper volumes are."""
    if not patients.exists(request.organisation.pk, patient):
        raise Http404("There is no such patient.")
    _looked(request, [patient], "filed")
    context = {
        "patient": patients.one(request.organisation.pk, patient),
        "rows": queries.filed_to(request.organisation.pk, patient),
        "names": KINDS,
        "volumes": [
            (row, PLACES[row.where], queries.out_now(row))
            for row in queries.volumes_of(request.organisation.pk, patient)
        ],
        "may_file": request.reach.allows("filing.work"),
    }
    return render(request, "filing/filed.html", context)


@needs("filing.work")
def notes(request: Any) -> HttpResponse:
    """The volumes that are out or missing; entering one. `?find=` finds the patient."""
    data = request.POST if request.method == "POST" else None
    form = forms.AddVolumeForm(data, at=request.at)
    if form.is_valid():
        given = form.cleaned_data
        try:
            row = actions.add_volume(given["patient"], given["home"], **_who(request))
        except NotAllowed as refusal:
            form.add_error("patient", refusal.why)
        else:
            messages.success(request, "Entered, on its shelf.")
            return HttpResponseRedirect(reverse("op-filing:volume", args=[row.pk]))
    rows = queries.away(request.organisation.pk)
    asked = (data if data is not None else request.GET).get("find", "")[:80]
    found = patients.search(request.organisation.pk, asked, most=9)
    _looked(request, [*(row.patient_id for row in rows), *(each.pk for each in found)], "notes")
    context = {
        "rows": [(row, PLACES[row.where], queries.out_now(row)) for row in rows],
        "today": local(request.at).date(),
        "find": asked,
        "found": patient_presenters.rows(found, local(request.at).date()),
        "volumes": {each.pk: queries.volumes_of(request.organisation.pk, each.pk) for each in found},
        "form": form,
    }
    return render(request, "filing/notes.html", context, status=422 if form.errors else 200)


@needs("filing.work")
def volume(request: Any, key: int) -> HttpResponse:
    """One volume: where it is, and every time it was out."""
    row = _volume(request, key)
    form: DeskForm = forms.NothingForm(at=request.at)
    if request.method == "POST":
        what = request.POST.get("what", "")
        if what not in STEPS:
            raise Http404("No such form.")
        make, act, told = STEPS[what]
        form = make(request.POST, at=request.at)
        if form.is_valid():
            try:
                act(key, **form.cleaned_data, **_who(request))
            except NotAllowed as refusal:
                form.add_error(None, refusal.why)
            else:
                messages.success(request, told)
                return HttpResponseRedirect(reverse("op-filing:volume", args=[key]))
    _looked(request, [row.patient_id], f"volume:{key}")
    context = {
        "row": row,
        "place": PLACES[row.where],
        "out": queries.out_now(row),
        "today": local(request.at).date(),
        "form": form,
    }
    return render(request, "filing/volume.html", context, status=422 if form.errors else 200)


def _missing(key: int, why: str, **scope: Any) -> object:
    return actions.call_missing(key, why, **scope)


Act = Callable[..., object]
STEPS: dict[str, tuple[type[DeskForm], Act, str]] = {
    "send": (forms.SendForm, actions.send, "Sent out."),
    "chase": (forms.SaidForm, actions.chase, "Kept, with the next day to ask."),
    "return": (forms.NothingForm, actions.bring_back, "It is on its shelf."),
    "miss": (forms.WhyForm, _missing, "It is on the list of what is missing."),
    "find": (forms.NothingForm, actions.find, "Found."),
}


def _document(request: Any, key: int) -> Document:
    try:
        return queries.document(request.organisation.pk, key)
    except Document.DoesNotExist as missing:
        raise Http404(f"There is no document {key}.") from missing


def _volume(request: Any, key: int) -> Volume:
    try:
        return queries.volume(request.organisation.pk, key)
    except Volume.DoesNotExist as missing:
        raise Http404(f"There is no volume {key}.") from missing


def _looked(request: Any, patient_ids: list[int], page: str) -> None:
    patient_actions.look(sorted(set(patient_ids)), page, **_who(request))


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
