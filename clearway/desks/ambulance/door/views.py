"""The phone at the door of a hospital: one page to read, one tap to say."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core import clashes
from clearway.core.layout.times import clock
from clearway.core.organisation.queries import ReceivingSite, receiving_sites
from clearway.core.people.permissions import needs
from clearway.domain.ambulance.events import ExpectedRelief
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.freshness import Freshness

from ..handovers import actions as handovers
from ..handovers import queries as boards
from ..liaison import actions as liaison
from ..liaison import presenters as stands
from ..liaison import queries as told
from ..release import presenters as releases
from . import presenters
from .forms import OneWordForm, ReliefForm

LABELS = {
    JobStatus.QUEUING: "Queuing",
    JobStatus.COHORT_STARTED: "In cohort",
    JobStatus.HANDOVER: "Handed over",
}


@needs("handovers.read")
def choose(request: Any) -> HttpResponse:
    """The hospitals in reach; who has one goes straight to it."""
    sites = _sites(request)
    if len(sites) == 1:
        return HttpResponseRedirect(reverse("door:at", args=[sites[0].code]))
    return render(request, "door/choose.html", {"sites": sites})


@needs("handovers.read")
def at(request: Any, code: str) -> HttpResponse:
    """One hospital: its queue, who is with whom, how it stands, and what disagrees."""
    return _page(request, _site(request, code), OneWordForm(None, at=request.at))


@needs("handovers.mark")
@require_POST
def mark(request: Any, code: str) -> HttpResponse:
    """Say of one vehicle that it queues, is in the cohort, or has handed over."""
    site, status = _site(request, code), request.POST.get("status", "")
    try:
        if status not in LABELS:
            raise NotAllowed("on this page", status[:40], "Choose one of the buttons beside the vehicle.")
        handovers.mark(
            request.POST.get("assignment", ""),
            JobStatus(status),
            organisation_id=request.organisation.pk,
            site_code=site.code,
            by=request.actor,
            at=request.at,
        )
        messages.success(request, f"Recorded: {LABELS[JobStatus(status)].lower()}, {clock(request.at)}.")
    except (NotAllowed, handovers.NoSuchAssignment) as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(reverse("door:at", args=[code]))


@needs("hospitals.say")
@require_POST
def say(request: Any, code: str) -> HttpResponse:
    """Say one figure or one remark of this hospital."""
    site = _site(request, code)
    form = OneWordForm(request.POST, at=request.at)
    if not form.is_valid():
        return _page(request, site, form)
    spoken = liaison.Spoken(site=code, counts=form.counts(), note=form.cleaned_data["note"], once=form.once())
    who = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
    try:
        liaison.say(spoken, seen=form.seen(), **who)
    except clashes.ChangedMeanwhile as refused:
        form.add_error(None, refused.why)
        return _page(request, site, form, both=stands.clashes(refused.clashes))
    messages.success(request, f"Saved at {clock(request.at)}.")
    return HttpResponseRedirect(reverse("door:at", args=[code]))


@needs("hospitals.say")
@require_POST
def relief(request: Any, code: str) -> HttpResponse:
    """Say what is expected to relieve those who wait, or that it came."""
    site = _site(request, code)
    form = ReliefForm(request.POST, at=request.at)
    if "came" in request.POST:
        expected, once = ExpectedRelief(), f"came:{request.POST.get('came', '')[:40]}"
    elif form.is_valid():
        due = request.at + timedelta(minutes=form.cleaned_data["minutes"])
        expected = ExpectedRelief(due.replace(second=0, microsecond=0), form.cleaned_data["what"])
        once = f"relief:{form.cleaned_data['key'] or uuid4()}"
        if expected.expected_at is not None and expected.expected_at < request.at:
            expected = ExpectedRelief(due, form.cleaned_data["what"])
    else:
        return _page(request, site, OneWordForm(None, at=request.at), form)
    spoken = liaison.Spoken(site=code, counts={}, relief=expected, once=once)
    liaison.say(spoken, organisation_id=request.organisation.pk, by=request.actor, at=request.at)
    messages.success(request, f"Saved at {clock(request.at)}.")
    return HttpResponseRedirect(reverse("door:at", args=[code]))


def _sites(request: Any) -> list[ReceivingSite]:
    return [each for each in receiving_sites(request.organisation.pk) if request.reach.allows_site(each.code)]


def _site(request: Any, code: str) -> ReceivingSite:
    for site in _sites(request):
        if site.code == code:
            return site
    raise Http404(f"No hospital in reach has the code {code}.")


def _page(
    request: Any,
    site: ReceivingSite,
    form: OneWordForm,
    relief_form: ReliefForm | None = None,
    both: Sequence[tuple[str, str, str]] = (),
) -> HttpResponse:
    expected = relief_form or ReliefForm(None, at=request.at)
    read = boards.board(request.organisation.pk, request.at, only=[site.code])
    rows = [row for row in releases.rows_of(read, request.at) if row.site == site.code]
    found = boards.findings(read, request.organisation.pk, site.code, None)
    states = {each.key: each.state for picture in read.pictures for each in picture.vehicles}
    telling = told.tellings(request.organisation.pk).get(site.code)
    may_mark = request.reach.allows_site(site.code, "handovers.mark")
    context = {
        "site": site,
        "rows": rows,
        "marks": {
            row.key: [(status.value, LABELS[status]) for status in handovers.possible(states[row.key])]
            for row in rows
            if may_mark
        },
        "inbound": [
            each
            for picture in read.pictures
            if picture.code == site.code
            for each in picture.vehicles
            if each.stage == "inbound"
        ],
        "said": stands.said_of(read.said[site.code], telling),
        "figures": presenters.stepped(read.said[site.code]),
        "levels": stands.LEVELS,
        "level": read.said[site.code].level,
        "conflicts": presenters.disagreements(rows, found),
        "cad": read.basis.cad,
        "is_doubted": read.basis.cad.freshness is not Freshness.FRESH,
        "form": form,
        "both": both,
        "relief_form": expected,
        "awaited": read.awaited.get(site.code),
        "cohort": presenters.cohort(told.by_site(request.organisation.pk, _codes(site)).values(), read),
        "key": uuid4(),
        "may_release": request.reach.allows_site(site.code, "handovers.release"),
        "may_say": request.reach.allows_site(site.code, "hospitals.say"),
    }
    status = 409 if both else 422 if form.errors or expected.errors else 200
    return render(request, "door/at.html", context, status=status)


def _codes(site: ReceivingSite) -> list[str]:
    return [site.code, *site.former_codes]
