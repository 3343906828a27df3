"""Patients: finding them, registering, and the page where all that concerns one of them stands."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core import clashes
from clearway.core.layout.times import local
from clearway.core.organisation.queries import site_by_code
from clearway.core.people import kept
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.rectification import Value
from clearway.domain.shared.errors import NotAllowed

from ..booking import queries as booking
from ..clocks import queries as pathways
from ..directory import presenters as directory
from ..equality import actions as equality
from ..equality import queries as background
from ..keeping import queries as keeping
from ..letters import presenters as letter_words
from ..letters import queries as letters
from ..openings.guard import by_need
from ..records import rectified
from ..referrals import queries as referrals
from ..waiting import standing as waiting
from . import actions, presenters, queries
from .forms import CHANNELS, DAYS, SEXES, STATUSES, WEEKEND, PersonForm, SearchForm, known, shown
from .models import Carer, Flag, Need, Patient

Request = Any
CONTACTS_SHOWN = 20


@needs("patients.read")
def search(request: Request) -> HttpResponse:
    """Find a patient by name, number, NHS number or birth date."""
    form = SearchForm(request.GET or None, at=request.at)
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    found = queries.search(request.organisation.pk, given.get("text", ""), given.get("born_on"))
    actions.look([row.pk for row in found], "search", **_scope(request))
    context = {
        "form": form,
        "asked": bool(given.get("text") or given.get("born_on")),
        "rows": presenters.rows(found, _today(request)),
        "most": queries.MOST,
        "may_change": request.reach.allows("patients.write"),
    }
    return render(request, "patients/search.html", context, status=422 if form.errors else 200)


@needs("patients.write")
def register(request: Request) -> HttpResponse:
    """Register a patient; records that look alike are shown first."""
    data = request.POST if request.method == "POST" else None
    form = PersonForm(data, at=request.at, sites=_sites(request).items(), initial=kept.take(request) or None)
    alike: list[Patient] = []
    if form.is_valid():
        try:
            row = actions.register(
                actions.New(**form.values()),
                though_alike=form.cleaned_data["though_alike"],
                **_scope(request),
            )
            messages.success(request, "Registered.")
            return HttpResponseRedirect(reverse("op-patients:patient", args=[row.pk]))
        except actions.LooksAlike as refusal:
            alike = [queries.one(request.organisation.pk, key) for key in refusal.alike]
            form.add_error("though_alike", refusal.why)
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
    return _form(request, form, "Register a patient", alike)


@needs("patients.write")
@by_need
def edit(request: Request, patient: int) -> HttpResponse:
    """Change who a patient is and how to reach them."""
    row = _read(request, patient)
    data = request.POST if request.method == "POST" else None
    typed = kept.take(request)
    opened = typed.get("seen") or clashes.seal(known(row), f"patient {row.pk}")
    form = PersonForm(data, at=request.at, sites=_sites(request).items(), initial=typed or shown(row))
    if form.is_valid():
        try:
            seen = clashes.unseal(request.POST.get("seen", ""), "Changing this patient", f"patient {row.pk}")
            actions.change(row.pk, form.values(), seen=seen, **_scope(request))
            messages.success(request, "Saved.")
            return HttpResponseRedirect(reverse("op-patients:patient", args=[row.pk]))
        except clashes.ChangedMeanwhile as refusal:
            return _both(request, form, seen, refusal, _read(request, patient))
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
    if data is not None:
        opened = request.POST.get("seen", "")
    return _form(request, form, f"Change {row}", [], row, opened)


def _both(
    request: Request,
    form: PersonForm,
    seen: Mapping[str, Any],
    refusal: clashes.ChangedMeanwhile,
    row: Patient,
) -> HttpResponse:
    """The form with what this person changed, elsewhere what is saved now; both values where they clash."""
    mine = {name for name, value in form.values().items() if clashes.plain(value) != seen.get(name)}
    merged = request.POST.copy()
    for name, value in shown(row).items():
        if name not in mine and name in form.fields:
            _put(merged, name, value)
    again = PersonForm(merged, at=request.at, sites=_sites(request).items())
    if again.is_valid():
        again.add_error(None, refusal.why)
    names = presenters.clashes(refusal.clashes)
    # Of what is not this person's own the page shows what stands; of the rest, what was compared with.
    compared = refusal.now if isinstance(refusal.now, Mapping) else {}
    stands = known(row) | {name: value for name, value in compared.items() if name in mine}
    opened = clashes.seal(stands, f"patient {row.pk}")
    return _form(request, again, f"Change {row}", [], row, opened, names, status=409)


def _put(sent: Any, name: str, value: Any) -> None:
    """Put a value into what a form sent, as its browser would."""
    sent.pop(name, None)
    if isinstance(value, (list, tuple)):
        sent.setlist(name, [str(each) for each in value])
    elif value is True:
        sent[name] = "yes"
    elif value not in (False, None):
        sent[name] = str(value)


@needs("patients.read")
@by_need
def patient(request: Request, patient: int) -> HttpResponse:
    """Everything that concerns one patient. The look is recorded first."""
    return _page(request, _read(request, patient))


@needs("patients.write")
@require_POST
@by_need
def step(request: Request, patient: int, step: str) -> HttpResponse:
    """One small change to the record: a need, a flag, a carer, a death, a merger."""
    row = _read(request, patient)
    if step not in STEPS:
        raise Http404
    do, said = STEPS[step]
    try:
        do(row, request.POST, _scope(request))
    except clashes.ChangedMeanwhile as refusal:
        return _page(request, row, {"step": step, "problem": refusal.why}, refusal)
    except NotAllowed as refusal:
        return _page(request, row, {"step": step, "problem": refusal.why})
    except (Need.DoesNotExist, Flag.DoesNotExist, Carer.DoesNotExist, Patient.DoesNotExist):
        raise Http404 from None
    messages.success(request, said)
    return HttpResponseRedirect(reverse("op-patients:patient", args=[row.pk]))


def _add_need(row: Patient, sent: Mapping[str, str], scope: dict[str, Any]) -> None:
    kind, detail = sent.get("kind", ""), sent.get("detail", "")[:120]
    actions.add_need(row.pk, kind, detail, for_carer="for_carer" in sent, **scope)


def _add_flag(row: Patient, sent: Mapping[str, str], scope: dict[str, Any]) -> None:
    actions.raise_flag(row.pk, sent.get("kind", ""), sent.get("words", "")[:300], **scope)


def _add_carer(row: Patient, sent: Mapping[str, str], scope: dict[str, Any]) -> None:
    actions.add_carer(
        row.pk,
        sent.get("name", "")[:150],
        sent.get("relation", "")[:60],
        phone=sent.get("phone", "")[:20],
        may_decide="may_decide" in sent,
        **scope,
    )


def _died(row: Patient, sent: Mapping[str, str], scope: dict[str, Any]) -> None:
    try:
        day = date.fromisoformat(sent.get("died_on", ""))
    except ValueError:
        raise NotAllowed("not said", "Recording the death", "Enter the day of the death.") from None
    actions.record_death(row.pk, day, **scope)


def _lives(row: Patient, sent: Mapping[str, str], scope: dict[str, Any]) -> None:
    actions.withdraw_death(row.pk, sent.get("why", "")[:200], **scope)


def _merge(row: Patient, sent: Mapping[str, str], scope: dict[str, Any]) -> None:
    number = sent.get("into", "").strip()
    found = [each for each in queries.search(scope["organisation_id"], number) if each.number == number]
    if not found:
        raise NotAllowed("not found", "Merging", "Enter the hospital number of the record that is to stay.")
    actions.merge(row.pk, found[0].pk, sent.get("why", "")[:200], **scope)


def _ethnicity(row: Patient, sent: Mapping[str, str], scope: dict[str, Any]) -> None:
    seen = clashes.unseal(sent.get("seen", ""), equality.RECORDING, f"ethnicity {row.pk}")
    equality.record({row.pk: sent.get("ethnicity", "")}, seen={row.pk: seen.get("ethnicity", "")}, **scope)


def _key(sent: Mapping[str, str]) -> int:
    text = sent.get("key", "")
    if not text.isdecimal() or len(text) > 18:
        raise Http404
    return int(text)


Step = Callable[[Patient, Mapping[str, str], dict[str, Any]], object]
STEPS: Mapping[str, tuple[Step, str]] = {
    "confirm": (
        lambda row, sent, scope: actions.confirm_contacts(row.pk, **scope),
        "The contacts count as confirmed today.",
    ),
    "need": (_add_need, "The need was recorded and is shown wherever somebody books or rings."),
    "review-need": (
        lambda row, sent, scope: actions.review_need(_key(sent), **scope),
        "The need counts as asked about today.",
    ),
    "end-need": (lambda row, sent, scope: actions.review_need(_key(sent), ends=True, **scope), "Ended."),
    "flag": (_add_flag, "The flag is up."),
    "end-flag": (lambda row, sent, scope: actions.end_flag(_key(sent), **scope), "The flag is down."),
    "carer": (_add_carer, "The carer was recorded."),
    "end-carer": (lambda row, sent, scope: actions.end_carer(_key(sent), **scope), "Ended."),
    "ethnicity": (
        _ethnicity,
        "The ethnic category was recorded. It is for comparing groups alone.",
    ),
    "died": (
        _died,
        "The death was recorded: clocks stopped, appointments, referrals and places on lists ended.",
    ),
    "lives": (
        _lives,
        "The death was withdrawn: all stands as before, but what was cancelled is to be booked anew.",
    ),
    "merge": (_merge, "The record was merged. It can be undone on this page."),
    "unmerge": (
        lambda row, sent, scope: actions.unmerge(row.pk, sent.get("why", "")[:200], **scope),
        "The merger was undone.",
    ),
}


def _page(
    request: Request,
    row: Patient,
    wrong: dict[str, str] | None = None,
    clash: clashes.ChangedMeanwhile | None = None,
) -> HttpResponse:
    organisation_id = request.organisation.pk
    actions.look([row.pk], "patient", **_scope(request))
    others = queries.merged_into(row.pk)
    people = [row.pk, *(each.pk for each in others)]
    context = {
        "row": row,
        "born": presenters.born(row, _today(request)),
        "nhs_number": presenters.number(row),
        "sex": presenters.SEX[row.sex],
        "general_practice": directory.named(organisation_id, row.practice, _today(request)),
        "preferences": presenters.preferences(row, _sites(request)),
        "flags": presenters.flags(queries.flags_of([row.pk]).get(row.pk, [])),
        "needs": presenters.needs(queries.needs_of([row.pk]).get(row.pk, [])),
        "carers": queries.carers_of(row.pk),
        "others": others,
        "referrals": [each for key in people for each in referrals.of_patient(organisation_id, key)],
        "pathways": [each for key in people for each in pathways.of_patient(organisation_id, key)],
        "entries": waiting.of_people(people),
        "appointments": booking.of_people(people),
        "cancelled_by_death": booking.ended_by_death(people),
        "letters": _letters(request, people),
        "may_see_requests": request.reach.allows("records.work"),
        "corrections": rectified.of_patient(people),
        "corrected": {each.value: each.meaning for each in Value},
        "holds": _holds(request, [*people, row.merged_into_id or row.pk]),
        "contacts": waiting.contacts_of(people, CONTACTS_SHOWN),
        "background": background.of_patient(row.pk),
        "seen": clashes.opened({}, background.says(row.pk), f"ethnicity {row.pk}", clash),
        "both": clashes.both_in_words(
            clash.clashes if clash else (),
            {"ethnicity": "Ethnic category"},
            lambda field, value: background.names_of_ethnicities()[value],
        ),
        "ethnicities": background.names_of_ethnicities(),
        "need_kinds": Need.Kind.choices,
        "flag_kinds": Flag.Kind.choices,
        "may_change": request.reach.allows("patients.write") and row.merged_into_id is None,
        "may_undo": request.reach.allows("patients.write"),
        "wrong": wrong or {},
        "sent": request.POST,
    }
    status = 409 if clash else 422 if wrong else 200
    return render(request, "patients/patient.html", context, status=status)


def _holds(request: Request, people: list[int]) -> list[Any]:
    return list(keeping.of_people(people)) if request.reach.allows("holds.read") else []


def _letters(request: Request, people: list[int]) -> list[letter_words.Row]:
    if not request.reach.allows("letters.read"):
        return []
    return letter_words.rows(letters.of_patient(request.organisation.pk, people))


def _form(
    request: Request,
    form: PersonForm,
    title: str,
    alike: list[Patient],
    row: Patient | None = None,
    seen: str = "",
    both: Sequence[tuple[str, str, str]] = (),
    status: int = 0,
) -> HttpResponse:
    actions.look([each.pk for each in (row, *alike) if each], "form", **_scope(request))
    context = {
        "seen": seen,
        "both": both,
        "form": form,
        "title": title,
        "row": row,
        "alike": presenters.rows(alike, _today(request)),
        "sexes": SEXES,
        "statuses": STATUSES,
        "channels": CHANNELS,
        "days": [*DAYS, *WEEKEND],
        "sites": list(_sites(request).items()),
    }
    status = status or (422 if form.errors else 200)
    return render(request, "patients/form.html", context, status=status)


def _read(request: Request, key: int) -> Patient:
    try:
        return queries.one(request.organisation.pk, key)
    except Patient.DoesNotExist:
        raise Http404 from None


def _sites(request: Request) -> dict[str, str]:
    return {site.code: site.name for site in dict.fromkeys(site_by_code(request.organisation.pk).values())}


def _today(request: Request) -> date:
    return local(request.at).date()


def _scope(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
