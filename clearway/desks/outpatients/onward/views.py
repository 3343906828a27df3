"""What other desks ask of this department: registering, refusing, and holding a slot."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.layout.times import local
from clearway.core.live.queries import newest_push
from clearway.core.onward import actions as onward
from clearway.core.onward import presenters, queries
from clearway.core.onward.models import OnwardRequest
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.identity import spaced
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.onward import State

from ..booking import presenters as slots
from ..booking import queries as booking
from ..patients import actions as patient_actions
from ..patients import presenters as people
from ..patients import queries as patients
from ..referrals.actions import Repeated
from . import actions
from .forms import KeepForm, ReceiveForm, RefuseForm, SlotForm

Request = Any
MOST = 6  # slots to choose from


@needs("referrals.read")
def come(request: Request) -> HttpResponse:
    """What other desks ask for: what nobody has read first."""
    live_after = newest_push()
    rows = queries.come(request.organisation.pk, request.at)
    context = {
        "rows": [presenters.row_of(row, row.sender.name) for row in rows],
        "live_topics": "onward_come",
        "live_after": live_after,
    }
    return render(request, "onward_in/come.html", context)


@needs("referrals.read", change="referrals.write")
def one(request: Request, key: int) -> HttpResponse:
    """One request; the form registers it as a referral."""
    row = _read(request, key)
    form = ReceiveForm(request.POST if request.method == "POST" else None, at=request.at)
    alike: tuple[int, ...] = ()
    if form.is_valid():
        given = form.cleaned_data
        try:
            row = actions.receive(
                key,
                patient_id=_chosen(request, given["patient"]),
                though_alike=given["though_alike"],
                again_why=given["again_why"],
                **_who(request),
            )
            messages.success(request, f"Registered as {row.number}. The sender sees it.")
            return _back(key)
        except (patient_actions.LooksAlike, actions.AnotherBirthDate) as refusal:
            alike = refusal.alike
            form.add_error("patient", refusal.why)
        except Repeated as refusal:
            form.add_error("again_why", refusal.why)
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
        row = _read(request, key)
    return _page(request, row, form, alike=alike)


@needs("referrals.write")
@require_POST
def refuse(request: Request, key: int) -> HttpResponse:
    """Send a request back with the reason."""
    return _answer(request, key, RefuseForm, onward.refuse, "It went back with your reason.")


@needs("referrals.write")
@require_POST
def keep(request: Request, key: int) -> HttpResponse:
    """Go on with a request that its sender wanted back."""
    return _answer(request, key, KeepForm, onward.keep, "It goes on, and the sender is told.")


@needs("bookings.write")
@require_POST
def hold(request: Request, key: int) -> HttpResponse:
    """Hold a slot for it, or book it."""
    row = _read(request, key)
    form = SlotForm(request.POST, at=request.at)
    books = request.POST.get("what") == "book"
    if form.is_valid():
        try:
            actions.hold(key, form.cleaned_data["slot"][0], book=books, **_who(request))
            messages.success(request, "Booked. The sender sees it." if books else "Held. The sender sees it.")
            return _back(key)
        except NotAllowed as refusal:
            form.add_error("slot", refusal.why)
        except ObjectDoesNotExist:
            raise Http404 from None
    return _page(request, row, form)


def _answer(request: Request, key: int, kind: Any, action: Any, said: str) -> HttpResponse:
    row = _read(request, key)
    form = kind(request.POST, at=request.at)
    if form.is_valid():
        try:
            action(key, form.cleaned_data["why"], **_who(request))
            messages.success(request, said)
            return _back(key)
        except NotAllowed as refusal:
            form.add_error("why", refusal.why)
    return _page(request, row, form)


def _page(request: Request, row: OnwardRequest, form: Any, alike: tuple[int, ...] = ()) -> HttpResponse:
    """The request with who it is about: the look is recorded first."""
    onward.look(row.pk, "onward", **_who(request))
    if alike:
        patient_actions.look(alike, "onward", **_who(request))
    compared = [patients.one(request.organisation.pk, each) for each in alike]
    who = getattr(row, "person", None)
    may_change, may_book = (request.reach.allows(each) for each in ("referrals.write", "bookings.write"))
    entry = actions.entry_of(row)
    at = request.at
    choices = booking.suitable(entry, request.organisation.pk, at, MOST) if entry and may_book else None
    context = {
        "row": row,
        "who": who,
        "nhs_number": spaced(who.nhs_number) if who and who.nhs_number else "",
        "line": presenters.row_of(row, row.sender.name),
        "steps": presenters.steps(row, request.organisation.pk),
        "form": form,
        "problems": form.problems,
        "alike": people.rows(compared, local(request.at).date()),
        "entry": entry,
        "lines": slots.lines(choices) if choices else [],
        "is_late": choices is not None and all(each.starts_at > row.due_at for each in choices.best),
        "left_out": slots.left_out(choices) if choices else [],
        "held": _held(entry, request.at) if row.state == State.HELD else [],
        "may_receive": may_change and row.state == State.SENT,
        "may_decide": may_change and row.is_wanted_back,
    }
    return render(request, "onward_in/request.html", context, status=422 if form.errors else 200)


def _held(entry: int | None, at: datetime) -> list[tuple[Any, str]]:
    """The seat that is held for an entry, with its time in words."""
    rows = booking.of_entry(entry, at) if entry else []
    return [(row, slots.when(row)) for row in rows if row.state == "held"]


def _chosen(request: Request, patient_id: int | None) -> int | None:
    """The patient whom somebody recognised, of this trust."""
    if patient_id is None:
        return None
    try:
        return int(patients.one(request.organisation.pk, patient_id).pk)
    except (ObjectDoesNotExist, OverflowError):
        raise Http404 from None


def _read(request: Request, key: int) -> OnwardRequest:
    try:
        return queries.one_come(request.organisation.pk, key)
    except OnwardRequest.DoesNotExist:
        raise Http404 from None


def _back(key: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("op-onward:request", args=[key]))


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
