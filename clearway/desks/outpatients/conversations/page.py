"""The patient's own page: one appointment, without signing in. Whoever holds its address speaks for them.

It shows when, where and what to bring, and nothing of who it is. What is done there goes through the same
actions as at the desk.
"""

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from clearway.core.audit.actions import Actor
from clearway.core.layout.times import local
from clearway.core.people.permissions import public
from clearway.core.repeats.once import once
from clearway.domain.outpatients.booking import ASKED_OF_PATIENTS, UNSAID
from clearway.domain.outpatients.letters import (
    INSTRUCTION_FIELDS,
    NotKnown,
    blocks,
    clock_for_patients,
    day_for_patients,
    fill,
    when_for_patients,
)
from clearway.domain.outpatients.waiting import Answer
from clearway.domain.outpatients.words import CancelledBy, Medium
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..booking import actions as booking
from ..booking import queries as appointments
from ..letters import queries as letters
from ..waiting import actions as waiting
from ..waiting import standing
from . import actions, links, making

Request = Any
WRONG_AN_HOUR = 20  # addresses that are none, from one machine
OPENED_AN_HOUR = 60  # of one appointment
SHOWN = 6  # other times
PATIENT = "patient:page"
BETTER = "patient_better"
GONE = "This page has ended"
DONE = {
    "confirmed": "Thank you. We know that you will come.",
    "cancelled": "Your appointment is cancelled. Thank you for telling us: somebody else can have the time.",
    "better": "Your appointment is cancelled. Somebody will ask you before we take you off our list.",
    "moved": "Your appointment has moved. We will send you a letter.",
}


@public  # whoever holds the address: it is given to one patient for one appointment, and ends with it
@once
def page(request: Request, token: str) -> HttpResponse:
    """One appointment: what it is, and to confirm, move or cancel it."""
    key = links.appointment_of(token)
    machine = f"machine:{request.META.get('REMOTE_ADDR', '')}"
    if key is None:
        return _too_many(request) if _is_over(machine, WRONG_AN_HOUR, request.at) else _gone(request, 404)
    if _is_over(f"appointment:{key}", OPENED_AN_HOUR, request.at):
        return _too_many(request)
    row = appointments.for_patient(key)
    if row is None or row.starts_at <= request.at or row.state != "booked":
        said = request.GET.get("done", "") if row is not None and row.state == "cancelled" else ""
        done = DONE[said] if said in ("cancelled", "better") else ""
        return _gone(request, 200 if done else 410, done)
    return _posted(request, row) if request.method == "POST" else _shown(request, row)


def _posted(request: Request, row: Any) -> HttpResponse:
    """What was asked on the page, done; back to a page that can be read again."""
    what = request.POST.get("what", "")
    scope = {
        "organisation_id": row.organisation_id,
        "by": Actor(PATIENT, request_id=request.id),
        "at": request.at,
    }
    try:
        if what == "confirm":
            booking.confirm(row.pk, **scope)
            return _back(row.pk, "confirmed")
        if what == "cancel":
            return _cancelled(row, _reason(request), scope)
        if what == "move":
            return _moved(request, row, scope)
    except NotAllowed as refusal:
        return _shown(request, row, str(refusal.why))
    return _shown(request, row, "Choose what you want to do.")


def _cancelled(row: Any, reason: str, scope: dict[str, Any]) -> HttpResponse:
    """Cancelled; who says that it is not needed any more is asked by a person, and leaves no list by it."""
    booking.cancel(row.pk, by_whom=CancelledBy.PATIENT, reason=reason, **scope)
    if reason != BETTER or row.entry_id is None:
        return _back(row.pk, "cancelled")
    waiting.validate(row.entry_id, Answer.NO_LONGER_NEEDED, channel="text", **scope)
    return _back(row.pk, "better")


def _moved(request: Request, row: Any, scope: dict[str, Any]) -> HttpResponse:
    slot = request.POST.get("slot", "")
    offered = {each.slot for each in _others(row, request.at)}
    if slot not in map(str, offered):
        why = "Choose one of the times." if not slot else "Somebody else has that time now. Choose another."
        return _shown(request, row, why)
    try:
        made = booking.move(
            row.pk,
            int(slot),
            by_whom=CancelledBy.PATIENT,
            reason=_reason(request),
            channel="text",
            **scope,
        )
    except booking.SlotGone:
        return _shown(request, row, "Somebody else has that time now. Choose another.")
    booking.confirm(made.pk, **scope)
    return _back(made.pk, "moved")


def _reason(request: Request) -> str:
    """Why, in the words of the page; nobody has to say. Raises NotAllowed for words that it does not have."""
    said = request.POST.get("reason") or UNSAID[CancelledBy.PATIENT]
    if said not in ASKED_OF_PATIENTS:
        raise NotAllowed("booked", "Cancelling", "Choose one of the reasons, or none.")
    return str(said)


def _back(key: int, done: str) -> HttpResponse:
    return _private(HttpResponseRedirect(f"/a/{links.token(key)}/?done={done}"))


def _others(row: Any, at: datetime) -> list[Any]:
    """Other times that suit, soonest first, none after the treat-by date; whom a person has to arrange
    something for books with a person."""
    if row.entry_id is None:
        return []
    entry = standing.one(row.entry_id, row.organisation_id)
    asked = appointments.wanted(entry, at)
    if asked.needs:
        return []
    found = appointments.suitable_for(entry, at, limit=SHOWN + 1).best
    others = [
        each
        for each in found
        if each.slot != row.slot_id
        and (asked.treat_by is None or local(each.starts_at).date() <= asked.treat_by)
    ]
    return sorted(others, key=lambda each: each.starts_at)[:SHOWN]


def _shown(request: Request, row: Any, problem: str = "") -> HttpResponse:
    slot, office = row.slot, policy.letters(row.organisation_id, request.at)
    asks = request.GET.get("ask", "")
    others = _others(row, request.at) if asks == "move" or request.POST.get("what") == "move" else []
    context = {
        "trust": row.organisation.name,
        "when": when_for_patients(local(row.starts_at)),
        "place": making.place_of(slot),
        "in_person": slot.medium == Medium.FACE_TO_FACE,
        "room": slot.session.room.name,
        "clinician": slot.session.clinician.name,
        "minutes": round((row.ends_at - row.starts_at).total_seconds() / 60),
        "confirmed": row.confirmed_at is not None,
        "instructions": _instructions(row, office, request.at),
        "others": [_other(each) for each in others],
        "asks": "move" if others or asks == "move" else "cancel" if _cancels(request) else "",
        "reasons": ASKED_OF_PATIENTS,
        "chosen": request.POST.get("reason", ""),
        "office": office,
        "address": f"/a/{links.token(row.pk)}/",
        "done": DONE.get(request.GET.get("done", ""), ""),
        "problem": problem,
    }
    return _private(render(request, "conversations/page.html", context, status=422 if problem else 200))


def _cancels(request: Request) -> bool:
    return "cancel" in (request.GET.get("ask"), request.POST.get("what"))


def _other(choice: Any) -> dict[str, Any]:
    there = local(choice.starts_at)
    return {
        "slot": choice.slot,
        "day": day_for_patients(there.date()),
        "clock": clock_for_patients(there),
        "place": f"{choice.clinician}, {choice.site}",
    }


def _instructions(row: Any, office: Any, at: datetime) -> list[tuple[str, Any]]:
    """The instructions in force for this visit, with their headings."""
    slot = row.slot
    visit = {
        "services": slot.session.service.code,
        "kinds": slot.kind,
        "sites": slot.session.room.site.code,
        "media": slot.medium,
    }
    values = {
        "office_phone": office.office_phone,
        "office_hours": office.office_hours,
        "site": slot.session.room.site.name,
        "room": slot.session.room.name,
        "service": slot.session.service.name,
        "trust": row.organisation.name,
        "minutes": str(round((row.ends_at - row.starts_at).total_seconds() / 60)),
    }
    assert set(values) == set(INSTRUCTION_FIELDS)
    found = []
    for each in letters.instructions(row.organisation_id, visit, local(at).date()):
        try:
            found.append((each.title, blocks(fill(each.body, values))))
        except NotKnown:
            continue
    return found


def _is_over(what: str, most: int, at: datetime) -> bool:
    """Whether this was done more often within the hour than it may be. Counted without keeping who it was."""
    key = hashlib.sha256(f"{settings.SECRET_KEY}:{what}".encode()).hexdigest()
    return actions.knocked(key, at) > most


def _gone(request: Request, status: int, done: str = "") -> HttpResponse:
    context = {"title": GONE if not done else "Cancelled", "done": done}
    return _private(render(request, "conversations/page_gone.html", context, status=status))


def _too_many(request: Request) -> HttpResponse:
    context = {"title": "Please try again later", "later": True}
    return _private(render(request, "conversations/page_gone.html", context, status=429))


def _private(response: HttpResponse) -> HttpResponse:
    """Kept by nobody on the way, told to no other site, found by no search.

    Forms need their origin: with no referrer at all the browser withholds it, and they are refused.
    """
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex"
    return response
