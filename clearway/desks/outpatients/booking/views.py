"""Booking an entry of the list, and the page of one appointment."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.times import clock
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from ..support import queries as support
from ..waiting import standing
from . import actions, presenters, queries
from .forms import WHY, CancelForm, MoveForm, SlotForm
from .models import Appointment

Request = Any
MOST = 9  # slots in one view: each has a key
MOST_OF_COURSE = 30


@needs("bookings.read", change="bookings.write")
def book(request: Request, key: int) -> HttpResponse:
    """The slots that suit an entry, best first; booking, holding or declining one of them."""
    form, status = SlotForm(at=request.at), 200
    if request.method == "POST":
        form = SlotForm(request.POST, at=request.at)
        if form.is_valid():
            try:
                return _done(request, key, form.cleaned_data["slot"])
            except NotAllowed as refusal:
                form.add_error("slot", refusal.why)
        status = 422
    entry = _entry(request, key)
    actions.looked([key], "book", **_who(request))
    missing = queries.missing(entry)
    most = MOST if missing == 1 else min(max(MOST, 2 * missing), MOST_OF_COURSE)
    choices = queries.suitable_for(entry, request.at, most)
    context = {
        "entry": entry,
        "form": form,
        "missing": missing,
        "wants": presenters.wants(entry),
        "priority": presenters.priority(entry),
        "lines": presenters.lines(choices),
        "fitting": choices.fitting,
        "left_out": presenters.left_out(choices),
        "offers": presenters.offers(queries.offers(key), request.at),
        "appointments": [(row, presenters.when(row)) for row in queries.of_entry(key, request.at)],
        "may_book": request.reach.allows("bookings.write") and entry.state == "waiting",
    }
    return render(request, "booking/book.html", context, status=status)


def _done(request: Request, key: int, chosen: list[int]) -> HttpResponse:
    """What was asked, done. Raises NotAllowed."""
    what, who = request.POST.get("what", "book"), _who(request)
    try:
        if what == "decline":
            offer = actions.decline(chosen[0], key, **who)
            messages.success(request, f"Declined {offer.offered_for:%-d %b %Y}: recorded. The wait goes on.")
        elif what == "hold":
            held = actions.hold(chosen[0], key, **who)
            messages.success(request, f"Held until {clock(held.held_until)}. Book it by then.")
        elif what == "series":
            made = actions.book_series(chosen, key, **who)
            messages.success(request, presenters.booked(made))
        else:
            one = actions.book(chosen[0], key, **who)
            messages.success(request, presenters.booked([one]))
            return HttpResponseRedirect(reverse("op-booking:appointment", args=[one.pk]))
    except actions.NotThere:
        raise Http404("No such slot or entry.") from None
    return HttpResponseRedirect(reverse("op-booking:book", args=[key]))


@needs("bookings.read", change="bookings.write")
def appointment(request: Request, key: int) -> HttpResponse:
    """One appointment; confirming, moving or cancelling it."""
    row = _appointment(request, key)
    form: CancelForm = MoveForm(at=request.at)
    status = 200
    if request.method == "POST":
        what = request.POST.get("what", "")
        form = (MoveForm if what == "move" else CancelForm)(request.POST, at=request.at)
        if what == "confirm" or form.is_valid():
            try:
                return _changed(request, row, what, form)
            except NotAllowed as refusal:
                form.add_error("slot" if what == "move" else "why", refusal.why)
        status, row = 422, _appointment(request, key)
    actions.looked([row.entry_id], f"appointment:{key}", **_who(request))
    is_booked = row.state == Appointment.State.BOOKED and row.starts_at > request.at
    choices = queries.suitable_for(row.entry, request.at, MOST) if row.entry and is_booked else None
    session = row.slot.session
    context = {
        "row": row,
        "form": form,
        "session": session,
        "when": presenters.when(row),
        "cancelled": presenters.cancelled(row),
        "lines": presenters.lines(choices) if choices else [],
        "why": WHY,
        "support": support.of_visits([row]).get(row.pk, []),
        "may_change": request.reach.allows("bookings.write") and is_booked,
    }
    return render(request, "booking/appointment.html", context, status=status)


def _changed(request: Request, row: Appointment, what: str, form: CancelForm) -> HttpResponse:
    """What was asked of an appointment, done. Raises NotAllowed."""
    who = _who(request)
    if what == "confirm":
        actions.confirm(row.pk, **who)
        messages.success(request, "Confirmed by the patient.")
        return HttpResponseRedirect(reverse("op-booking:appointment", args=[row.pk]))
    side, reason = form.side_and_reason()
    if what == "move":
        try:
            moved = actions.move(row.pk, form.cleaned_data["slot"][0], by_whom=side, reason=reason, **who)
        except actions.NotThere:
            raise Http404("No such slot.") from None
        messages.success(request, presenters.booked([moved]))
        return HttpResponseRedirect(reverse("op-booking:appointment", args=[moved.pk]))
    actions.cancel(row.pk, by_whom=side, reason=reason, **who)
    messages.success(request, "Cancelled. The clock goes on; offer another date in the same call.")
    if row.entry_id is None:
        return HttpResponseRedirect(reverse("op-booking:appointment", args=[row.pk]))
    return HttpResponseRedirect(reverse("op-booking:book", args=[row.entry_id]))


def _entry(request: Request, key: int) -> Any:
    try:
        return standing.one(key, request.organisation.pk)
    except standing.NotThere:
        raise Http404("No such entry.") from None


def _appointment(request: Request, key: int) -> Appointment:
    try:
        return queries.appointment(key, request.organisation.pk)
    except Appointment.DoesNotExist:
        raise Http404("No such appointment.") from None


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
