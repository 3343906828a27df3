"""Releases: who waits and what was recorded, one record on one screen, and figures of a period."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from clearway.core import clashes
from clearway.core.layout.times import clock
from clearway.core.live.queries import newest_push
from clearway.core.organisation.queries import receiving_sites
from clearway.core.people.permissions import needs
from clearway.domain.ambulance.release import Kind
from clearway.domain.ambulance.release import figures as counted
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.freshness import Freshness

from ..handovers import queries as handovers
from ..incidents import queries as incidents
from . import actions, presenters, queries
from .forms import FORMS, RecordForm, begun
from .models import Release
from .policy import release_policy
from .wording import in_words

PERIODS = {"24": "24 hours", "168": "7 days", "672": "28 days"}
USUAL = "24"


@needs("handovers.read")
def board(request: Any) -> HttpResponse:
    """Everybody who waits at a hospital, the longest first, with the newest record and when to look again."""
    live_after = newest_push()
    read = handovers.board(request.organisation.pk, request.at)
    rows = [row for row in presenters.rows_of(read, request.at) if request.reach.allows_site(row.site)]
    cad = read.basis.cad
    context = {
        "rows": rows,
        "due": sum(row.is_due for row in rows),
        "policy": read.policy.release,
        "doubt": cad if cad.freshness is not Freshness.FRESH else None,
        "knows_handover": read.basis.knows_handover,
        "live_topics": "releases feeds tasks",
        "live_after": live_after,
    }
    return render(request, "release/board.html", context)


@needs("handovers.read")
def figures(request: Any) -> HttpResponse:
    """What was recorded over a period, by hospital, beside what its patients waited."""
    organisation_id, hours = request.organisation.pk, request.GET.get("hours", USUAL)
    hours = hours if hours in PERIODS else USUAL
    since = request.at - timedelta(hours=int(hours))
    names = {
        each.code: each.name
        for each in receiving_sites(organisation_id)
        if request.reach.allows_site(each.code)
    }
    policy = release_policy(organisation_id, request.at)
    told = [each for each in queries.told(organisation_id, since, request.at) if each.site in names]
    found = counted(told, queries.ended(organisation_id, since, request.at, names), policy)
    context = {
        "rows": presenters.figure_rows(found, names, policy),
        "policy": policy,
        "period": hours,
        "periods": PERIODS,
    }
    return render(request, "release/figures.html", context)


@needs("handovers.read", change="handovers.release")
def record(request: Any, code: str, kind: str) -> HttpResponse:
    """One patient at one hospital: what was recorded, and a release, an exception or a relief to record."""
    if kind not in FORMS or not request.reach.allows_site(code):
        raise Http404
    organisation_id, key = request.organisation.pk, request.GET.get("assignment", "")
    folded = incidents.at_site(organisation_id, key, code)
    if (folded is None or not folded.patient_is_waiting) and request.method != "POST":
        messages.error(request, "This patient does not wait there any more.")
        return HttpResponseRedirect(reverse("release:board"))
    policy = release_policy(organisation_id, request.at)
    past, clash = queries.history(organisation_id, key), None
    form = FORMS[Kind(kind)](
        request.POST if request.method == "POST" else None,
        policy=policy,
        waited=_waited(folded, request.at),
        at=request.at,
    )
    try:
        if form.is_valid():
            _record(request, form, key, code)
            is_at_the_door = request.reach.sites is not None
            return HttpResponseRedirect(
                reverse("door:at", args=[code]) if is_at_the_door else reverse("release:board")
            )
    except clashes.ChangedMeanwhile as refused:
        form.add_error(None, refused.why)
        past, clash = queries.history(organisation_id, key), refused
    except NotAllowed as refused:
        form.add_error(None, refused.why)
    if folded is None:
        form.add_error(None, "This patient does not wait there any more. Nothing was recorded.")
    context = {
        "folded": folded,
        "call_sign": folded.call_sign if folded else "",
        "arrived": folded.stamps.get(JobStatus.AT_HOSPITAL) if folded else None,
        "tabs": _tabs(request, code, key, folded, kind),
        "newest": past[0] if past else None,
        "seen": clashes.opened(request.POST, past[0].pk if past else None, refusal=clash),
        **_shown(request, form, past, clash),
    }
    return render(request, "release/record.html", context, status=_status(form, clash))


def _status(form: RecordForm, clash: clashes.ChangedMeanwhile | None) -> int:
    return 409 if clash else 422 if form.errors else 200


def _waited(folded: Assignment | None, at: Any) -> float:
    arrived = folded.stamps.get(JobStatus.AT_HOSPITAL) if folded else None
    return (at - arrived).total_seconds() / 60 if arrived else 0


def _record(request: Any, form: RecordForm, key: str, code: str) -> None:
    row = actions.record(
        key,
        form.record(),
        seen=form.cleaned_data["seen"],
        site_code=code,
        organisation_id=request.organisation.pk,
        by=request.actor,
        at=request.at,
    )
    policy = release_policy(request.organisation.pk, request.at)
    what = in_words(queries.record_of(row), policy)
    messages.success(request, f"{row.call_sign}, {clock(row.at)}: {what}.")


def _tabs(request: Any, code: str, key: str, folded: Assignment | None, here: str) -> list[dict[str, Any]]:
    """The records that this person may make of this patient, as links."""
    is_there = folded is None or not folded.state.is_over
    return [
        {
            "text": presenters.KINDS[kind],
            "href": reverse("release:record", args=[code, kind]) + "?" + urlencode({"assignment": key}),
            "here": kind == here,
        }
        for kind in presenters.possible(is_there, request.actor.role)
    ]


@needs("handovers.read", change="handovers.release")
def correct(request: Any, key: int) -> HttpResponse:
    """Put a better record in the place of one: the same event, told right."""
    organisation_id = request.organisation.pk
    row = queries.one(organisation_id, key)
    if row is None or not request.reach.allows_site(row.site):
        raise Http404
    before, clash = queries.record_of(row), None
    form = FORMS[before.kind](
        request.POST if request.method == "POST" else None,
        policy=release_policy(organisation_id, row.first_at),
        waited=(row.first_at - row.arrived_at).total_seconds() / 60,
        at=row.first_at,
        initial=begun(before, row.first_at),
    )
    if form.is_valid():
        try:
            actions.correct(
                key, form.record(), organisation_id=organisation_id, by=request.actor, at=request.at
            )
            messages.success(request, f"The record of {row.call_sign} is corrected; the first one stays.")
            return HttpResponseRedirect(reverse("release:board"))
        except clashes.ChangedMeanwhile as refused:
            form.add_error(None, refused.why)
            clash = refused
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "call_sign": row.call_sign,
        "arrived": row.arrived_at,
        "corrects": row,
        "tabs": [],
        "seen": str(key),
        # Once both were shown, what is sent again corrects the record that stands.
        "address": reverse("release:correct", args=[(clash and clash.newest) or key]),
        **_shown(request, form, queries.history(organisation_id, row.assignment), clash),
    }
    return render(request, "release/record.html", context, status=_status(form, clash))


def _shown(
    request: Any, form: RecordForm, past: list[Release], clash: clashes.ChangedMeanwhile | None
) -> dict[str, Any]:
    """What both pages of a record show."""
    return {
        "form": form,
        "both": presenters.clashes(clash.clashes if clash else ()),
        "kind": form.kind,
        "title": presenters.TITLES[form.kind],
        "policy": form.policy,
        "place_choices": [(each.code, each.says) for each in form.policy.places],
        "reason_choices": [(each.code, f"{each.says}, {each.look:g} min") for each in form.policy.reasons],
        "history": presenters.history([(row, queries.record_of(row)) for row in past], form.policy),
        "may_record": request.reach.allows("handovers.release"),
    }
