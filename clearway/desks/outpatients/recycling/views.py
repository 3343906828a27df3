"""Freed seats: whom to ring now, what can be filled, one seat with all on its list, and the fill rate."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.layout import keys
from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.recycling import KEYS
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..booking import actions as booking
from ..waiting import queries as waiting
from . import actions, presenters, queries
from .forms import PeriodForm, WithdrawForm
from .models import FreedSlot, SlotOffer

Request = Any
ON_KEYS = [(letter, said.meaning) for letter, said in KEYS.items()]
SHOWN = timedelta(days=7)
PERIOD = timedelta(days=28)


@needs("bookings.read")
def freed(request: Request) -> HttpResponse:
    """Whom to ring now, and every seat that can still be filled. Answers are typed in the row."""
    organisation_id = request.organisation.pk
    calls, thanks = queries.calls(organisation_id), queries.to_thank(organisation_id)
    ended = queries.ended(organisation_id, request.at - SHOWN)
    _looked(request, [each.entry_id for each in (*calls, *thanks)], "freed")
    context = {
        "calls": calls,
        "thanks": thanks,
        "rows": [_row(row, request) for row in queries.standing_open(organisation_id)],
        "ended": [_row(row, request) for row in ended],
        "mode": presenters.MODES[policy.recycling(organisation_id, request.at).mode],
        "keys": ON_KEYS,
        "may_change": request.reach.allows("bookings.write"),
        "wrong": request.GET.get("wrong", ""),
        "typing": "typing" in request.GET,
    }
    return render(request, "recycling/freed.html", context)


def _row(row: FreedSlot, request: Request) -> dict[str, Any]:
    return {
        "row": row,
        "session": row.slot.session,
        "when": presenters.when(row),
        "left": presenters.left(row, request.at),
        "how": presenters.HOW.get(row.how, row.how),
        "asked": presenters.asked(row, request.at),
    }


@needs("bookings.read", change="bookings.write")
def slot(request: Request, key: int) -> HttpResponse:
    """One freed seat: whom to ask, in order, why each, and why the others are not asked."""
    form, problem = WithdrawForm(at=request.at), ""
    if request.method == "POST":
        form = WithdrawForm(request.POST, at=request.at)
        try:
            return _done(request, key, form)
        except NotAllowed as refusal:
            problem = refusal.why
    row = _freed(request, key)
    held, holds = policy.recycling_and_holds(request.organisation.pk, request.at)
    found, wave = queries.NOBODY, None
    if row.state == FreedSlot.State.OPEN:
        found = queries.suited(row, held, request.at)
        wave = actions.next_wave(row, found.ranked.chosen, held, holds, request.at)
    offers = list(row.offers.all())
    _looked(request, [*found.entries, *(each.entry_id for each in offers)], f"freed:{key}")
    context = {
        **_row(row, request),
        "people": presenters.people(found, wave),
        "left_out": presenters.left_out(found),
        "plan": presenters.plan(wave, found),
        "wave": wave,
        "offers": offers,
        "is_asked": any(each.state == SlotOffer.State.OUT for each in offers),
        "form": form,
        "problem": problem,
        "may_change": request.reach.allows("bookings.write") and row.state == FreedSlot.State.OPEN,
    }
    return render(request, "recycling/slot.html", context, status=422 if problem or form.errors else 200)


def _done(request: Request, key: int, form: WithdrawForm) -> HttpResponse:
    """What was asked of a freed seat, done. Raises NotAllowed."""
    try:
        if request.POST.get("what") == "ask":
            made = actions.ask(key, **_who(request))
            messages.success(request, f"{presenters.asked_by(made)}. The seat is kept.")
            return HttpResponseRedirect(f"{reverse('op-recycling:freed')}?typing=1")
        if not form.is_valid():
            raise NotAllowed("open", "Withdrawing this slot", str(form.errors["why"][0]))
        actions.withdraw(key, form.cleaned_data["why"], **_who(request))
        messages.success(request, "Withdrawn. Nobody is asked any more.")
    except FreedSlot.DoesNotExist:
        raise Http404("No such slot.") from None
    return HttpResponseRedirect(reverse("op-recycling:slot", args=[key]))


@needs("bookings.write")
@require_POST
def answer(request: Request, key: int) -> HttpResponse:
    """One key of a row: what the patient said. A yes is booked at once."""
    typed = keys.typed(request)
    if typed not in KEYS:
        return _back(request, keys.is_none(typed, ON_KEYS), key)
    try:
        made = actions.answer(key, KEYS[typed], **_who(request))
    except (SlotOffer.DoesNotExist, booking.NotThere):
        raise Http404("No such offer.") from None
    except NotAllowed as refusal:
        return _back(request, refusal.why, key)
    said = "Booked. A confirmation is written." if made else f"Saved: {KEYS[typed].meaning}."
    messages.success(request, said)
    return HttpResponseRedirect(f"{reverse('op-recycling:freed')}?typing=1")


@needs("bookings.write")
@require_POST
def told(request: Request, key: int) -> HttpResponse:
    """Somebody who was not first was told so."""
    try:
        actions.thank(key, **_who(request))
    except SlotOffer.DoesNotExist:
        raise Http404("No such offer.") from None
    except NotAllowed as refusal:
        return _back(request, refusal.why, key)
    messages.success(request, "Kept as a contact. They keep their place on the list.")
    return HttpResponseRedirect(reverse("op-recycling:freed"))


@needs("bookings.read")
def figures(request: Request) -> HttpResponse:
    """How many freed seats were filled, by notice, gross and net."""
    form = PeriodForm(request.GET or {}, at=request.at)
    given = form.cleaned_data if form.is_valid() else {}
    today = local(request.at).date()
    until: date = given.get("until") or today
    since: date = given.get("since") or until - PERIOD
    found = queries.fill(
        request.organisation.pk,
        waiting.midnight(since),
        waiting.midnight(until + timedelta(days=1)),
    )
    context = {"lines": presenters.lines(found), "since": since, "until": until, "form": form}
    return render(request, "recycling/figures.html", context, status=422 if form.errors else 200)


def _back(request: Request, problem: str, key: int) -> HttpResponse:
    """To the list, in the row that went wrong: this address cannot be read again."""
    messages.error(request, problem)
    return HttpResponseRedirect(f"{reverse('op-recycling:freed')}?wrong={key}")


def _freed(request: Request, key: int) -> FreedSlot:
    try:
        return queries.one(key, request.organisation.pk)
    except FreedSlot.DoesNotExist:
        raise Http404("No such slot.") from None


def _looked(request: Request, keys: list[int], page: str) -> None:
    booking.looked(keys, page, **_who(request))


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
