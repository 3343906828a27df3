"""The diary, one clinic on one day, the weekly clinics and their versions, and leave."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core import clashes
from clearway.core.layout.times import local
from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.domain.outpatients import clinics as rules
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..booking import actions as bookings
from ..booking import queries as booking
from ..replanning import queries as replanning
from . import actions, presenters, queries
from .forms import WEEKDAYS, LeaveForm, TemplateForm, UntilForm, WhyForm, shown_day
from .models import Clinician, Leave, Session

Request = Any


@needs("clinics.read")
def diary(request: Request) -> HttpResponse:
    """A day of all clinics on one time axis, or a week by clinician; by site or clinician."""
    organisation_id, today = request.organisation.pk, local(request.at).date()
    live_after = newest_push()  # before anything is read, so that nothing falls between
    on = shown_day(request.GET.get("on", ""), today)
    site, asked = request.GET.get("site", "")[:12], request.GET.get("clinician", "")
    clinician_id = int(asked) if asked.isdecimal() and len(asked) < 10 else None
    is_week = request.GET.get("view") == "week"
    read = queries.week if is_week else queries.day
    sessions = read(organisation_id, on, site=site, clinician_id=clinician_id)
    seats = booking.of_slots((slot.pk for each in sessions for slot in each.slots.all()), request.at)
    if seats:
        named = sorted({row.entry_id for rows in seats.values() for row in rows if row.entry_id})
        bookings.looked(named, f"diary:{on}", **_who(request))
    step, monday = timedelta(days=7 if is_week else 1), on - timedelta(days=on.weekday())
    context = {
        "on": on,
        "is_week": is_week,
        "title": presenters.long_day(monday if is_week else on),
        "before": (on - step).isoformat(),
        "after": (on + step).isoformat(),
        "today": today,
        "holiday": BANK_HOLIDAYS.get(on, ""),
        "groups": [] if is_week else presenters.day(sessions, seats, request.at),
        "hours": presenters.hours(sessions),
        "rows": presenters.week(sessions, seats, monday, request.at) if is_week else [],
        "days": presenters.days_of(monday),
        "sites": [(each.code, each.name) for each in queries.sites(organisation_id)],
        "clinicians": list(queries.clinicians(organisation_id).values_list("pk", "name")),
        "site": site,
        "clinician_id": clinician_id,
        "count": len(sessions),
        "live_topics": "diary",
        "live_after": live_after,
        "followed": [monday + timedelta(days=number) for number in range(7)] if is_week else [on],
    }
    return render(request, "clinics/diary.html", context)


@needs("clinics.read", change="clinics.write")
def session(request: Request, key: int) -> HttpResponse:
    """One clinic on one day: who is in it; freezing, opening and cancelling it."""
    row = _session(request, key)
    form, status = WhyForm(at=request.at), 200
    if request.method == "POST":
        form = WhyForm(request.POST, at=request.at)
        what = request.POST.get("what", "")
        if what == "open" or form.is_valid():
            try:
                messages.success(request, _change_session(request, row, what, form))
                return HttpResponseRedirect(reverse("op-clinics:session", args=[key]))
            except NotAllowed as refusal:
                form.add_error("why", refusal.why)
        status, row = 422, _session(request, key)
    slots = list(row.slots.all())
    seats = booking.of_slots((slot.pk for slot in slots), request.at)
    to_move = [each for slot in slots if slot.blocked for each in seats.get(slot.pk, ())]
    named = sorted({each.entry_id for rows in seats.values() for each in rows if each.entry_id})
    bookings.looked(named, f"session:{key}", **_who(request))
    context = {
        "row": row,
        "form": form,
        "day": presenters.long_day(local(row.starts_at).date()),
        "cells": presenters.day([row], seats, request.at)[0].rows[0].cells,
        "slots": [(slot, seats.get(slot.pk, ())) for slot in slots],
        "kinds": presenters.KINDS,
        "to_move": [(each.pk, presenters.who(each)) for each in to_move if each.starts_at > request.at],
        "affected": sum(len(rows) for rows in seats.values()),
        "may_change": request.reach.allows("clinics.write") and row.ends_at > request.at,
    }
    return render(request, "clinics/session.html", context, status=status)


def _change_session(request: Request, row: Session, what: str, form: WhyForm) -> str:
    """What was asked of a session, done, in words. Raises NotAllowed."""
    who = _who(request)
    if what == "open":
        actions.unfreeze(row.pk, **who)
        return "Open again: it can be booked."
    why = form.cleaned_data["why"]
    if what == "cancel":
        actions.cancel_session(row.pk, why, **who)
        return "Cancelled. Nobody is told by this, and no clock changes: move each booking below."
    actions.freeze(row.pk, why, **who)
    return "Frozen: nobody is booked into it until it is opened again."


@needs("clinics.read", change="clinics.write")
def clinics(request: Request) -> HttpResponse:
    """The weekly clinics; making their sessions."""
    form, status, made = UntilForm(at=request.at), 200, None
    if request.method == "POST":
        form = UntilForm(request.POST, at=request.at)
        if form.is_valid():
            try:
                made = actions.make_sessions(until=form.cleaned_data["until"], **_who(request))
            except NotAllowed as refusal:
                form.add_error("until", refusal.why)
        status = 422 if form.errors else 200
    context = {
        "form": form,
        "made": made,
        "templates": [presenters.template(row) for row in queries.templates(request.organisation.pk)],
        "may_change": request.reach.allows("clinics.write"),
        "suggested": (local(request.at).date() + timedelta(weeks=12)).isoformat(),
    }
    return render(request, "clinics/clinics.html", context, status=status)


@needs("clinics.read", change="clinics.write")
def template(request: Request, code: str = "") -> HttpResponse:
    """A weekly clinic with its versions, and a new version of it: what would no longer fit is shown first."""
    versions = queries.versions(request.organisation.pk, code) if code else []
    if code and not versions:
        raise Http404("No such clinic.")
    form, status = TemplateForm(at=request.at, initial=_beginning(versions, request)), 200
    misfits: Sequence[tuple[int, str, str]] = ()
    clash: clashes.ChangedMeanwhile | None = None
    if request.method == "POST":
        data = request.POST.copy()
        if code:
            data["code"] = code
        form = TemplateForm(data, at=request.at)
        if form.is_valid():
            misfits = _misfits(request, form.wanted())
            if not misfits or request.POST.get("looked") == _looked(misfits):
                try:
                    seen = clashes.unseal(request.POST.get("seen", ""), actions.SAVING, f"clinic {code}")
                    row = actions.save_template(form.wanted(), seen=seen, **_who(request))
                    messages.success(request, f"Version {row.version} is saved. Make its sessions next.")
                    return HttpResponseRedirect(reverse("op-clinics:template", args=[row.code]))
                except clashes.ChangedMeanwhile as refusal:
                    form.add_error(None, refusal.why)
                    clash, versions = refusal, queries.versions(request.organisation.pk, form.wanted().code)
                except NotAllowed as refusal:
                    form.add_error("equipment" if "equipment" in refusal.why else "valid_from", refusal.why)
        status = 409 if clash else 422 if form.errors else 200
    organisation_id = request.organisation.pk
    outgrown = replanning.outgrown(code, organisation_id, request.at) if code else []
    context: dict[str, Any] = {
        "code": code,
        "outgrown": outgrown,
        "form": form,
        "misfits": misfits,
        "looked": _looked(misfits),
        "seen": clashes.opened(
            request.POST, actions.says(versions[0] if versions else None), f"clinic {code}", clash
        ),
        "versions": [presenters.template(row) for row in versions],
        "how": rules.HOW,
        "services": list(queries.services(organisation_id).values_list("pk", "name")),
        "rooms": [(room.pk, f"{room.site.name}, {room.name}") for room in queries.rooms(organisation_id)],
        "clinicians": list(queries.clinicians(organisation_id).values_list("pk", "name")),
        "equipment": [
            (thing.pk, f"{thing.room.site.name}, {thing.name}")
            for thing in queries.equipment(organisation_id)
        ],
        "weekdays": list(WEEKDAYS.items()),
        "may_change": request.reach.allows("clinics.write"),
    }
    chosen = {"service": "services", "room": "rooms", "clinician": "clinicians", "equipment": "equipment"}
    options = {field: dict(context[name]) for field, name in chosen.items()}
    context["both"] = presenters.clashes(clash.clashes if clash else (), options)
    return render(request, "clinics/template.html", context, status=status)


def _beginning(versions: Sequence[Any], request: Request) -> dict[str, Any]:
    """What the form begins with: the newest version, from tomorrow on."""
    tomorrow = (local(request.at).date() + timedelta(days=1)).isoformat()
    if not versions:
        return {"valid_from": tomorrow, "slots": "09:00 45 new\n09:45 30 follow-up"}
    row = versions[0]
    return {
        "code": row.code,
        "name": row.name,
        "service": row.service_id,
        "room": row.room_id,
        "clinician": row.clinician_id,
        "equipment": row.equipment_id or "",
        "weekday": row.weekday,
        "every": row.every,
        "valid_from": tomorrow,
        "valid_to": row.valid_to.isoformat() if row.valid_to else "",
        "slots": rules.typed(rules.plans_of(row.slots)),
    }


def _misfits(request: Request, wanted: actions.NewTemplate) -> list[tuple[int, str, str]]:
    """Every booking that would no longer fit a new version: its key, who, and why."""
    coming = queries.coming(request.organisation.pk, wanted.code, request.at)
    of_slot = {slot.pk: (each, slot) for each in coming for slot in each.slots.all()}
    found = []
    for row in booking.affected(of_slot, request.at):
        session, slot = of_slot[row.slot_id]
        minutes = int((slot.ends_at - slot.starts_at).total_seconds() // 60)
        booked = rules.Booked(slot.starts_at, minutes, slot.kind, slot.medium, row.seat)
        why = rules.no_longer_fits(booked, wanted.weeks, wanted.slots) or _other_hands(session, wanted)
        if why and local(slot.starts_at).date() >= wanted.weeks.valid_from:
            found.append((row.pk, presenters.who(row), why))
    return found


def _other_hands(session: Session, wanted: actions.NewTemplate) -> str:
    if session.service_id != wanted.service_id:
        return "The clinic becomes one of another service."
    if session.clinician_id != wanted.clinician_id:
        return "Another clinician takes the clinic."
    if session.room_id != wanted.room_id:
        return "The clinic moves to another room."
    return "" if session.equipment_id == wanted.equipment_id else "The clinic takes other equipment, or none."


def _looked(misfits: Sequence[tuple[int, str, str]]) -> str:
    """Names what somebody has been shown: a booking that came since is shown again."""
    return ",".join(str(key) for key, _, _ in misfits)


@needs("clinics.read", change="clinics.write")
def leave(request: Request) -> HttpResponse:
    """Leave asked for, with the slots it touches and the latest day to decide; asking for more."""
    form, status = LeaveForm(at=request.at), 200
    if request.method == "POST":
        form = LeaveForm(request.POST, at=request.at)
        if form.is_valid():
            try:
                row = actions.ask_leave(form.wanted(), **_who(request))
                messages.success(request, "Granted: sickness." if row.decided else "Asked for.")
                return HttpResponseRedirect(reverse("op-clinics:leave"))
            except NotAllowed as refusal:
                form.add_error("ends_on", refusal.why)
            except Clinician.DoesNotExist:
                form.add_error("clinician", "Choose a clinician of this trust")
        status = 422
    today, notice = local(request.at).date(), policy.clinics(request.organisation.pk, request.at).leave_notice
    rows = []
    for each in queries.leave(request.organisation.pk, today):
        slots = queries.touched(each)
        rows.append(presenters.leave(each, slots, booking.affected(slots, request.at), today, notice))
    context = {
        "form": form,
        "rows": rows,
        "clinicians": list(queries.clinicians(request.organisation.pk).values_list("pk", "name")),
        "kinds": list(actions.LEAVE_KINDS.items()),
        "may_change": request.reach.allows("clinics.write"),
        "may_decide": request.reach.allows("clinics.approve"),
    }
    return render(request, "clinics/leave.html", context, status=status)


@needs("clinics.approve")
@require_POST
def decide(request: Request, key: int) -> HttpResponse:
    """Grant or refuse leave."""
    granted = request.POST.get("granted") == "yes"
    try:
        actions.decide_leave(key, granted, **_who(request))
        messages.success(request, "Granted: its slots are blocked." if granted else "Refused.")
    except Leave.DoesNotExist:
        raise Http404("No such leave.") from None
    except NotAllowed as refusal:
        messages.error(request, f"Nothing was changed: {refusal}")
    return HttpResponseRedirect(reverse("op-clinics:leave"))


def _session(request: Request, key: int) -> Session:
    try:
        return queries.session(key, request.organisation.pk)
    except Session.DoesNotExist:
        raise Http404("No such clinic.") from None


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
