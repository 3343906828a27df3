"""The patient tracking list, and one entry of it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.waiting import CHANNELS, CONTACT_OUTCOMES, KINDS, PURPOSES, Answer, Removal
from clearway.domain.shared.errors import NotAllowed

from ..clinics import queries as clinics
from ..referrals import actions as referrals
from . import actions, forms, presenters, queries
from .models import Entry


@needs("waiting.read")
def ptl(request: Any) -> HttpResponse:
    """Who waits, in the order in which they are to be seen."""
    asked = forms.filters(request.GET)
    number = request.GET.get("page", "1")
    page = queries.ptl(
        asked,
        int(number) if number.isdecimal() and len(number) < 7 else 1,
        organisation_id=request.organisation.pk,
        at=request.at,
    )
    _looked(request, queries.ids(page.rows), "list")
    context = {
        "page": page,
        "rows": presenters.lines(page, request.at),
        "filters": asked,
        "services": queries.services(request.organisation.pk),
        "sites": queries.sites(request.organisation.pk),
        "priorities": presenters.PRIORITIES,
        "kinds": KINDS,
        "needs": presenters.NEEDS,
        "first": (page.number - 1) * queries.ROWS,
    }
    return render(request, "waiting/list.html", context)


@needs("waiting.read", change="waiting.write")
def entry(request: Any, key: int) -> HttpResponse:
    """One entry: what is known, who was reached how, and what can be done."""
    row = _entry(request, key)
    form: DeskForm | None = None
    if request.method == "POST":
        make, act, said = _asked(request)
        form = make(request.POST, at=request.at)
        if form.is_valid():
            try:
                act(row, form.cleaned_data)
            except NotAllowed as refusal:
                form.add_error(None, refusal.why)
            else:
                messages.success(request, said)
                return HttpResponseRedirect(reverse("op-waiting:entry", args=[key]))
    else:
        _looked(request, [key], "entry")
    context = {
        "entry": row,
        "line": presenters.alone(queries.alone(row), request.at),
        "form": form or forms.RemovalForm(at=request.at),
        "removals": [(each.value, each.meaning) for each in Removal],
        "answers": [(each.value, each.meaning) for each in Answer],
        "purposes": PURPOSES,
        "channels": CHANNELS,
        "outcomes": CONTACT_OUTCOMES,
        "clinicians": clinics.clinicians(request.organisation.pk),
    }
    return render(request, "waiting/entry.html", context, status=422 if form and form.errors else 200)


Act = Callable[[Entry, dict[str, Any]], object]


def _asked(request: Any) -> tuple[type[DeskForm], Act, str]:
    """The form that was sent, what it does, and what is said when it is done."""
    who: dict[str, Any] = {
        "organisation_id": request.organisation.pk,
        "by": request.actor,
        "at": request.at,
    }

    def remove(row: Entry, typed: dict[str, Any]) -> object:
        return referrals.leave_list(row.pk, typed["why"], clinician=typed["clinician"], **who)

    def contact(row: Entry, typed: dict[str, Any]) -> object:
        attempt = actions.Attempt(row.patient_id, entry_id=row.pk, referral_id=row.referral_id, **typed)
        return actions.contact(attempt, **who)

    def answer(row: Entry, typed: dict[str, Any]) -> object:
        first, last = typed["away_from"], typed["away_to"]
        return actions.validate(
            row.pk, typed["answer"], away=(first, last) if first and last else None, **who
        )

    chosen: dict[str, tuple[type[DeskForm], Act, str]] = {
        "remove": (forms.RemovalForm, remove, "Taken off the list."),
        "contact": (forms.ContactForm, contact, "Contact saved."),
        "answer": (forms.AnswerForm, answer, "Answer saved."),
    }
    name = request.POST.get("what", "")
    if name not in chosen:
        raise Http404("No such form.")
    return chosen[name]


def _entry(request: Any, key: int) -> Entry:
    try:
        return queries.entry(key, request.organisation.pk)
    except Entry.DoesNotExist as missing:
        raise Http404(str(missing)) from missing


def _looked(request: Any, keys: list[int], page: str) -> None:
    actions.looked(keys, page, organisation_id=request.organisation.pk, by=request.actor, at=request.at)
