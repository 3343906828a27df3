"""Who might not come: the list of calls by risk and reach, and the models behind it."""

from typing import Any

from django.conf import settings
from django.contrib import messages as notes
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.layout import keys
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.performance import SMALL
from clearway.domain.outpatients.recycling import KEYS
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from . import actions, forms, presenters, queries
from .reading import read

Request = Any
ON_KEYS = [(letter, said.meaning) for letter, said in KEYS.items()]
MAY_MANAGE = "performance.manage"


@needs("bookings.read")
def call_list(request: Request) -> HttpResponse:
    """The riskiest of a week with reasons, reach and what may be offered; answers typed in the row."""
    organisation_id = request.organisation.pk
    ours = policy.attendance(organisation_id, request.at)
    use = queries.in_use(organisation_id)
    rows, judged = queries.call_list(organisation_id, ours.share, request.at) if use else ([], 0)
    actions.look([row.visit.pk for row in rows], **_who(request))
    context = {
        "use": use,
        "lines": [presenters.line(row, settings.NOTIFY_TEMPLATES.keys()) for row in rows],
        "judged": judged,
        "policy": ours,
        "keys": ON_KEYS,
        "may_change": request.reach.allows("bookings.write"),
        "may_see_models": request.reach.allows("performance.read"),
        "wrong": request.GET.get("wrong", ""),
        "typing": "typing" in request.GET,
    }
    return render(request, "attendance/list.html", context)


@needs("bookings.write")
@require_POST
def rung(request: Request, key: int) -> HttpResponse:
    """One key of a row: what came of the call."""
    typed = keys.typed(request)
    if typed not in KEYS:
        return _back(request, keys.is_none(typed, ON_KEYS), key)
    try:
        actions.rung(key, KEYS[typed], **_who(request))
    except queries.NoBooking:
        raise Http404("No such appointment.") from None
    except NotAllowed as refusal:
        return _back(request, refusal.why, key)
    done = {"y": "Confirmed.", "n": "Cancelled; the slot is free for somebody else."}
    notes.success(request, done.get(typed, f"Saved: {KEYS[typed].meaning}."))
    return HttpResponseRedirect(f"{reverse('op-attendance:list')}?typing=1")


@needs("bookings.write")
@require_POST
def aside(request: Request, key: int) -> HttpResponse:
    """Somebody knows better: no call for the risk of this booking."""
    form = forms.AsideForm(request.POST, at=request.at)
    if not form.is_valid():
        return _back(request, f"{next(iter(form.problems.values()))}.", key)
    try:
        actions.set_aside(key, form.cleaned_data["why"], **_who(request))
    except queries.NoBooking:
        raise Http404("No such appointment.") from None
    except NotAllowed as refusal:
        return _back(request, refusal.why, key)
    notes.success(request, "Set aside: nobody rings for this risk.")
    return HttpResponseRedirect(reverse("op-attendance:list"))


def _back(request: Request, problem: str, key: int) -> HttpResponse:
    notes.error(request, problem)
    return HttpResponseRedirect(f"{reverse('op-attendance:list')}?wrong={key}")


@needs("performance.read", change=MAY_MANAGE)
def models(request: Request) -> HttpResponse:
    """What is in use, what was measured of it, whom it serves how well, and whether it has drifted."""
    organisation_id = request.organisation.pk
    form = forms.UseForm(None, at=request.at)
    if request.method == "POST":
        form = forms.UseForm(request.POST, at=request.at)
        if (said := _change(request, form)) is not None:
            notes.success(request, said)
            return HttpResponseRedirect(reverse("op-attendance:models"))
    every, use = queries.models(organisation_id), queries.in_use(organisation_id)
    shown = _shown(request, every, use)
    watched = None
    if shown is not None:
        ours = policy.attendance(organisation_id, request.at)
        past = read(organisation_id, request.at, ours.weeks_back)
        watched = queries.watched(shown, past, ours.days_before, request.at)
    context = {
        "models": every,
        "use": use,
        "uses": queries.uses(organisation_id),
        "shown": shown,
        "watched": watched,
        "said": presenters,
        "small": SMALL,
        "form": form,
        "slug": request.organisation.slug,
        "may_manage": request.reach.allows(MAY_MANAGE),
    }
    return render(request, "attendance/models.html", context, status=422 if form.errors else 200)


def _shown(request: Request, every: list[Any], use: Any) -> Any:
    """The model that is asked for, else the one in use, else the newest."""
    asked = request.GET.get("version", "")
    found = next((each for each in every if str(each.version) == asked), None)
    return found or (use.model if use else next(iter(every), None))


def _change(request: Request, form: forms.UseForm) -> str | None:
    """What was done, in words; None where the form says what is wrong."""
    if not form.is_valid():
        return None
    why, key = form.cleaned_data["why"], request.POST.get("key", "")
    try:
        if request.POST.get("what") == "withdraw":
            actions.withdraw(why, **_who(request))
            return "Withdrawn: nobody is rung for a risk."
        if not key.isdecimal() or len(key) > 15:
            raise Http404("No such model.")
        use = actions.put_in_use(int(key), why, **_who(request))
    except queries.NotThere:
        raise Http404("No such model.") from None
    except NotAllowed as refusal:
        form.add_error(None, refusal.why)
        return None
    return f"Model {use.model.version} is in use. Bookings are judged within a minute."


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
