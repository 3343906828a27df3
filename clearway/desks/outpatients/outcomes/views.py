"""Clinics to be cashed up, the sheet of one, and those who did not come."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.core.repeats.once import keep
from clearway.domain.outpatients.outcomes import Decision, Mistake
from clearway.domain.outpatients.waiting import CHANNELS, CONTACT_OUTCOMES
from clearway.domain.shared.errors import NotAllowed

from ..clinics import queries as clinicians
from ..waiting.actions import looked
from . import actions, figures, forms, presenters, queries
from .models import Appointment, Miss

Act = Callable[[dict[str, Any]], object]


@needs("outcomes.write")
def clinics(request: Any) -> HttpResponse:
    """Every clinic of today and before in which somebody's outcome is still to be said."""
    organisation_id = request.organisation.pk
    clinics, found = (
        queries.clinics(organisation_id, request.at),
        queries.unoutcomed(organisation_id, request.at),
    )
    context = {
        "clinics": clinics,
        "open": found,
        "figures": figures.of_clinics(clinics, found),
        "misses": len(queries.misses(organisation_id)),
    }
    return render(request, "outcomes/clinics.html", context)


@needs("outcomes.write")
def sheet(request: Any, key: int) -> HttpResponse:
    """The sheet of one clinic: a key per row. The legal rows are saved, the others say why not."""
    try:
        session = queries.session(key, request.organisation.pk)
    except Appointment.DoesNotExist as missing:
        raise Http404(str(missing)) from missing
    rows = queries.sheet(key, request.organisation.pk)
    typed: dict[int, forms.Typed] = {}
    saved = 0
    if request.method == "POST":
        typed, saved = _cash_up(request, rows)
        if not typed:
            messages.success(request, _told(saved, 0))
            return HttpResponseRedirect(reverse("op-outcomes:sheet", args=[key]))
        messages.warning(request, _told(saved, len(typed)))
        rows = queries.sheet(key, request.organisation.pk)
    _looked(request, [row.entry_id for row in rows if row.entry_id], f"outcomes:{key}")
    context = {
        "session": session,
        "rows": presenters.lines(rows, typed, request.at),
        "keys": presenters.keys(),
        "reasons": presenters.reasons(),
        "statuses": presenters.STATUSES,
        "usual_weeks": forms.USUAL_WEEKS,
        "left": sum(not row.attended for row in rows),
    }
    page = render(request, "outcomes/sheet.html", context, status=422 if typed else 200)
    there = HttpResponseRedirect(reverse("op-outcomes:sheet", args=[key]))
    return keep(page, instead=there) if saved else page


@needs("outcomes.write")
def take_back(request: Any, key: int) -> HttpResponse:
    """An outcome that was recorded wrongly: what it made is undone, and the sheet asks for it again."""
    try:
        row = queries.one(key, request.organisation.pk)
    except Appointment.DoesNotExist:
        raise Http404("No outcome is recorded of such an appointment.") from None
    form = forms.MistakeForm(at=request.at)
    if request.method == "POST":
        form = forms.MistakeForm(request.POST, at=request.at)
        if form.is_valid():
            try:
                actions.take_back(key, form.cleaned_data["why"], **_who(request))
            except NotAllowed as refusal:
                form.add_error(None, refusal.why)
            else:
                messages.success(request, f"Taken back: {row.patient}. Say now what happened.")
                return HttpResponseRedirect(reverse("op-outcomes:sheet", args=[row.slot.session_id]))
    else:
        _looked(request, [row.entry_id] if row.entry_id else [], f"outcomes:take-back:{key}")
    context = {
        "row": row,
        "done": presenters.done(row),
        "undone": presenters.undone(row),
        "form": form,
        "mistakes": [(each.value, each.meaning) for each in Mistake],
    }
    return render(request, "outcomes/take_back.html", context, status=422 if form.errors else 200)


def _cash_up(request: Any, rows: list[Appointment]) -> tuple[dict[int, forms.Typed], int]:
    """What was typed in the rows that were not saved, with the reason; and how many were."""
    sent = forms.read(request.POST, rows)
    outcomes = actions.cash_up(sent.said, **_who(request))
    refused = {each.appointment_id: each.why for each in outcomes if not each.is_saved}
    wrong = {key: each for key, each in sent.typed.items() if each.problem}
    for key, why in refused.items():
        wrong[key] = replace(sent.typed[key], problem=why)
    return wrong, len(outcomes) - len(refused)


def _told(saved: int, refused: int) -> str:
    if not saved and not refused:
        return "Nothing was chosen, so nothing was saved."
    said = f"{saved} {'outcome' if saved == 1 else 'outcomes'} saved."
    return f"{said} {refused} not: the reason stands in each row." if refused else said


@needs("outcomes.write")
def on_request(request: Any) -> HttpResponse:
    """Who asks for the next visit when they need it: those whose time is over first."""
    return _requests(request)


@needs("outcomes.write")
def requested(request: Any, key: int) -> HttpResponse:
    """The patient asked for the next visit; or it ends by a clinician's decision."""
    if request.method != "POST":  # back from signing in again
        return HttpResponseRedirect(reverse("op-outcomes:on_request"))
    form = forms.EndForm(request.POST if "why" in request.POST else None, at=request.at)
    try:
        if request.POST.get("what") == "ask":
            actions.request_visit(key, **_who(request))
            told = "On the list as a follow-up that is due today: book it from there."
        elif form.is_valid():
            actions.end_request(key, form.cleaned_data["why"], **_who(request))
            told = "Ended."
        else:
            return _requests(request, form)
    except queries.NoRequest:
        raise Http404(f"There is no patient-initiated follow-up {key}.") from None
    except NotAllowed as refusal:
        messages.warning(request, refusal.why)
        return _requests(request)
    messages.success(request, told)
    return HttpResponseRedirect(reverse("op-outcomes:on_request"))


def _requests(request: Any, form: DeskForm | None = None) -> HttpResponse:
    rows = queries.on_request(request.organisation.pk)
    _looked(request, [row.appointment.entry_id for row in rows if row.appointment.entry_id], "on-request")
    context = {
        "rows": rows,
        "today": local(request.at).date(),
        "form": form or DeskForm(at=request.at),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "outcomes/on_request.html", context, status=status)


@needs("misses.read")
def misses(request: Any) -> HttpResponse:
    """Those who did not come and of whom nobody has decided."""
    rows = queries.misses(request.organisation.pk)
    _looked(request, [row.appointment.entry_id for row in rows if row.appointment.entry_id], "misses")
    context = {"rows": rows, "own": _own(request), "may_cash_up": request.reach.allows("outcomes.write")}
    return render(request, "outcomes/misses.html", context)


@needs("misses.read", change="outcomes.write")
def miss(request: Any, key: int) -> HttpResponse:
    """One of them: reach them, see that they are safe, ask the clinician, or write down what was decided."""
    if request.method != "POST":
        return _miss_page(request, key, forms.DecisionForm(at=request.at))
    return _done(request, key, *_asked(request, key))


@needs("misses.decide")
def decide(request: Any, key: int) -> HttpResponse:
    """The decision of the clinician who is signed in; who has no clinics of their own names who decided."""
    if request.method != "POST":  # back from signing in again
        return HttpResponseRedirect(reverse("op-outcomes:miss", args=[key]))
    own = _own(request)
    make = forms.OwnDecisionForm if own else forms.DecisionForm
    return _done(request, key, make, _decision(request, key, own.name if own else ""), "Decision saved.")


def _own(request: Any) -> Any:
    """The clinician as whom the account is known, where it may decide."""
    if not request.reach.allows("misses.decide"):
        return None
    return clinicians.clinician_of(request.organisation.pk, request.user.pk)


def _done(request: Any, key: int, make: type[DeskForm], act: Act, told: str) -> HttpResponse:
    _miss(request, key)
    form = make(request.POST, at=request.at)
    if form.is_valid():
        try:
            act(form.cleaned_data)
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
        else:
            messages.success(request, told)
            return HttpResponseRedirect(reverse("op-outcomes:miss", args=[key]))
    return _miss_page(request, key, form)


def _miss_page(request: Any, key: int, form: DeskForm) -> HttpResponse:
    row = _miss(request, key)
    if row.appointment.entry_id is not None:
        _looked(request, [row.appointment.entry_id], "miss")
    context = {
        "miss": row,
        "form": form,
        "channels": CHANNELS,
        "outcomes": CONTACT_OUTCOMES,
        "decisions": [(each.value, each.meaning) for each in Decision],
        "clinicians": clinicians.clinicians(request.organisation.pk),
        "booked": queries.still_booked(row.appointment, request.at),
        "own": _own(request),
        "may_decide": request.reach.allows("misses.decide"),
        "may_change": request.reach.allows("outcomes.write"),
    }
    return render(request, "outcomes/miss.html", context, status=422 if form.errors else 200)


def _decision(request: Any, key: int, clinician: str) -> Act:
    return lambda typed: actions.decide(
        key,
        typed["decision"],
        clinician=clinician or typed["clinician"],
        reason=typed["reason"],
        follows_policy=typed["policy"],
        cancels_booked=typed["rest"],
        **_who(request),
    )


def _asked(request: Any, key: int) -> tuple[type[DeskForm], Act, str]:
    who = _who(request)
    chosen: dict[str, tuple[type[DeskForm], Act, str]] = {
        "reach": (forms.ReachForm, lambda typed: _reach(request, key, typed), "Contact saved."),
        "safeguard": (
            forms.SafeguardForm,
            lambda typed: actions.safeguard(key, typed["done"], **who),
            "Safeguarding step saved.",
        ),
        "ask": (
            forms.AskForm,
            lambda typed: actions.ask(key, typed["asked"], **who),
            "Asked. The decision will stand here.",
        ),
        "decide": (forms.DecisionForm, _decision(request, key, ""), "Decision saved."),
    }
    if request.POST.get("what") not in chosen:
        raise Http404("No such form.")
    return chosen[request.POST["what"]]


def _reach(request: Any, key: int, typed: dict[str, Any]) -> Miss:
    asked_on = (typed["asked_on"] or local(request.at).date()) if typed["again"] else None
    said = (typed["channel"], typed["outcome"], typed["words"])
    return actions.reach(key, *said, asked_on=asked_on, **_who(request))


def _miss(request: Any, key: int) -> Miss:
    try:
        return queries.miss(key, request.organisation.pk)
    except Miss.DoesNotExist as missing:
        raise Http404(f"There is no miss {key}.") from missing


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}


def _looked(request: Any, entries: list[int], page: str) -> None:
    looked(entries, page, **_who(request))
