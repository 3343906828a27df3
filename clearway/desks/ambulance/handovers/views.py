"""The handover board, the page of one hospital, and the wallboard."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.layout import past
from clearway.core.layout.queries import columns_of, saved_views
from clearway.core.layout.times import clock
from clearway.core.live.queries import newest_push
from clearway.core.organisation.queries import site_codes
from clearway.core.people.permissions import needs
from clearway.domain.ambulance.situation import JOB_STATES
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.ambulance.handovers import HospitalPicture, last_day

from ..contacts import presenters as contact_words
from ..contacts import queries as contacts
from ..contacts.policy import contact_policy
from ..liaison import presenters as stands
from ..liaison import queries as liaison
from ..messages import actions as desk_messages
from ..messages import presenters as message_words
from ..messages import queries as written
from ..pressure import presenters as pressed
from ..pressure import queries as pressure
from . import actions, charts, columns, presenters, queries, walls

SORTS = {"name": "Name", "longest": "Longest wait", "lost": "Minutes lost"}


# What the buttons say. The statuses are those that people may give (see actions.MARKS).
LABELS = {
    JobStatus.QUEUING: "Queuing with crew",
    JobStatus.COHORT_STARTED: "In cohort",
    JobStatus.HANDOVER: "Handed over",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One button beside a vehicle."""

    address: str
    status: str
    label: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address of the board asks for."""

    area: str
    sort: str
    open: frozenset[str]


@needs("handovers.read")
def board(request: Any) -> HttpResponse:
    """Every hospital in a row, its vehicles under it."""
    chosen = _choice(request)
    asked = past.asked(request)
    live_after = newest_push()
    read = queries.board(request.organisation.pk, request.at, asked.known_at)
    pictures = [each for each in read.pictures if request.reach.allows_site(each.code)]
    shown = [each for each in pictures if not chosen.area or _area(read, each) == chosen.area]
    rows = [presenters.hospital_row(read, each) for each in shown]
    hidden = [presenters.hospital_row(read, each) for each in pictures if each not in shown]
    context = {
        "rows": presenters.in_order(rows, chosen.sort),
        "totals": presenters.totals(shown, read.basis),
        "hidden": len(hidden),
        "hidden_alarmed": sum(1 for row in hidden if row.level),
        "areas": sorted({_area(read, each) for each in pictures} - {""}),
        "chosen": chosen,
        "sorts": SORTS,
        "limits": read.policy.handover,
        "saved": saved_views(request.user, "handovers"),
        "columns": columns_of(request.user, columns.BOARD, columns.every(read.policy.handover)),
        "levels": _levels(request, asked.known_at),
        **_frame(asked, live_after, "handovers levels"),
    }
    return render(request, "handovers/board.html", context)


def _levels(request: Any, known_at: datetime | None) -> tuple[pressed.Panel, ...]:
    """The levels of the trust now, for who sees the whole region."""
    if known_at or request.reach.sites is not None or not request.reach.allows("pressure.read"):
        return ()
    return pressed.strip(pressure.set_now(request.organisation.pk, request.at), request.at)


@needs("handovers.read")
def hospital(request: Any, code: str) -> HttpResponse:
    """One hospital in depth: its vehicles with all their times, the last 24 hours, its findings."""
    asked = past.asked(request)
    if not request.reach.allows_site(code):
        raise Http404
    live_after = newest_push()
    read = queries.board(request.organisation.pk, request.at, asked.known_at)
    picture = _picture(read.pictures, code)
    day = last_day(read.situation, code, read.policy.handover)
    context = {
        "row": presenters.hospital_row(read, picture),
        "day": day,
        "chart": charts.drawn(day, read.policy.handover),
        "knows_handover": read.basis.knows_handover,
        "is_heard": read.basis.cad.heard_at is not None,
        "columns": columns_of(request.user, columns.BOARD, columns.every(read.policy.handover)),
        "findings": queries.findings(read, request.organisation.pk, code, asked.known_at),
        "limits": read.policy.handover,
        **_said(request, read, code, asked.known_at),
        "mine": None if asked.known_at else _mine(request),
        "contacts": None if asked.known_at else _contacts(request, code),
        "actions": {} if asked.known_at else _marks(request, code, read),
        "may_release": not asked.known_at and request.reach.allows_site(code, "handovers.release"),
        **_frame(asked, live_after, "handovers stands"),
    }
    return render(request, "handovers/hospital.html", context)


def _said(request: Any, read: queries.Board, code: str, known_at: datetime | None) -> dict[str, Any]:
    """What the hospital says of itself, now and over 24 hours. Who said it is known of the present."""
    organisation_id = request.organisation.pk
    codes = site_codes(organisation_id, code)
    said = liaison.said_since(organisation_id, codes, read.at - timedelta(hours=24), known_at)
    hours = liaison.by_hour(said, read.at)
    told = None if known_at else liaison.tellings(organisation_id).get(code)
    may_say = not known_at and request.reach.allows_site(code, "hospitals.say")
    return {
        "said": stands.said_of(read.said[code], told),
        "said_hours": hours if said else (),
        "said_chart": charts.said(hours),
        "remarks": stands.remarks(said),
        "say_address": reverse("liaison:say", args=[code]) if may_say else "",
    }


def _mine(request: Any) -> list[message_words.Mine] | None:
    """What the control room wrote to those who work here; showing it is a step of theirs."""
    sites = request.reach.sites_for("desk_messages.answer")
    if not sites:  # who sees the region reads its messages on their own page
        return None
    scope = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
    found = written.for_person(request.organisation.pk, sites, (), request.at)
    for each in found:
        if written.step_of(each, "shown") is None:
            desk_messages.came(each.pk, "shown", **scope)
    return message_words.mine(found)


def _contacts(request: Any, code: str) -> list[contact_words.Row] | None:
    """What was said with it of late; None for whom that is not open to."""
    if not request.reach.allows_site(code, "contacts.read"):
        return None
    organisation_id = request.organisation.pk
    found = contacts.of_site(organisation_id, site_codes(organisation_id, code), request.at)
    return contact_words.rows(found, contact_policy(organisation_id, request.at))


@needs("handovers.mark")
@require_POST
def mark(request: Any, code: str) -> HttpResponse:
    """Record what a person says of a vehicle at this hospital, and go back to its page."""
    if not request.reach.allows_site(code):
        raise Http404
    status = request.POST.get("status", "")
    if status not in LABELS:
        return HttpResponseBadRequest("No such status.", content_type="text/plain")
    try:
        actions.mark(
            request.POST.get("assignment", ""),
            JobStatus(status),
            organisation_id=request.organisation.pk,
            site_code=code,
            by=request.actor,
            at=request.at,
        )
    except (NotAllowed, actions.NoSuchAssignment) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Recorded: {LABELS[JobStatus(status)].lower()}, {clock(request.at)}.")
    return HttpResponseRedirect(reverse("handovers:hospital", args=[code]))


def _marks(request: Any, code: str, read: queries.Board) -> dict[str, list[Mark]]:
    """What this person may say of each vehicle here now."""
    if not request.reach.allows_site(code, "handovers.mark"):
        return {}
    address = reverse("handovers:mark", args=[code])
    table = read.situation.assignments
    return {
        key: [Mark(address, status.value, LABELS[status]) for status in actions.possible(JOB_STATES[state])]
        for key, state in zip(table.key, table.state, strict=True)
    }


@needs("handovers.read")
def wallboard(request: Any) -> HttpResponse:
    """At most twelve tiles in big type, to be read from across the room."""
    live_after = newest_push()
    read = queries.board(request.organisation.pk, request.at)
    area = request.GET.get("area", "")
    pictures = [
        each
        for each in read.pictures
        if request.reach.allows_site(each.code) and (not area or _area(read, each) == area)
    ]
    context = {
        **walls.tiles(read, pictures),
        "areas": sorted(set(read.areas.values())),
        "area": area,
        **_frame(past.Asked(), live_after, "wall"),
    }
    return render(request, "handovers/wallboard.html", context)


def _choice(request: Any) -> Choice:
    sort = request.GET.get("sort", "name")
    return Choice(
        area=request.GET.get("area", ""),
        sort=sort if sort in SORTS else "name",
        open=frozenset(request.GET.getlist("open")),
    )


def _area(read: queries.Board, picture: HospitalPicture) -> str:
    return read.areas.get(picture.code or "", "")


def _picture(pictures: Iterable[HospitalPicture], code: str) -> HospitalPicture:
    for picture in pictures:
        if picture.code == code:
            return picture
    raise Http404(f"No hospital has the code {code}.")


def _frame(asked: past.Asked, live_after: int, topic: str) -> dict[str, Any]:
    return {
        "known_at": asked.known_at,
        "at_error": asked.error,
        "live_topics": f"{topic} feeds tasks",
        "live_after": live_after,
    }
