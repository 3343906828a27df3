"""Rosters: given as a file, looked at row by row, taken; and planned against actual unit-hours."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.feeds.queries import first_heard
from clearway.core.layout.times import day
from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.domain.ambulance.availability import ResourceStanding
from clearway.domain.ambulance.rosters import attended, unplanned
from clearway.domain.ambulance.words import Availability
from clearway.domain.shared.errors import CannotParse, NotAllowed
from clearway.domain.shared.freshness import Freshness
from clearway.engine.ambulance.feeds import basis
from clearway.interchange import roster_file, sheets

from .. import situation as situations
from ..unavailability import queries as out
from ..unavailability.policy import unavailability
from . import actions, presenters, queries
from .models import Roster
from .policy import attendance

SINGLE_CREWED = "single_crewed"  # the code of the policy `unavailability`
NEWEST = 20


@needs("cover.read", change="rosters.load")
def listed(request: Any) -> HttpResponse:
    """The rosters that came, and giving another: it is kept as it came and looked at before it counts."""
    organisation_id, problem = request.organisation.pk, ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None or upload.size > sheets.MOST_BYTES:
            problem = "Choose a file." if upload is None else "The file is larger than 5 MB. Split it."
        else:
            scope = {"organisation_id": organisation_id, "at": request.at}
            raw = upload.read()
            try:
                actions.look(raw, **scope)
                row = actions.keep(upload.name, raw, by=request.actor, **scope)
                return HttpResponseRedirect(reverse("rosters:one", args=[row.pk]))
            except CannotParse as refusal:
                problem = f"The file cannot be read. {refusal}"
    context = {
        "problem": problem,
        "rows": queries.rosters(organisation_id)[:NEWEST],
        "may_load": request.reach.allows("rosters.load"),
        "most": roster_file.MOST_ROWS,
        "stations": sorted(queries.station_names(organisation_id).values(), key=lambda site: site.town),
    }
    return render(request, "rosters/list.html", context, status=422 if problem else 200)


@needs("cover.read", change="rosters.load")
def one(request: Any, key: int) -> HttpResponse:
    """One roster row by row: what cannot be used and why, what it would change, and taking it."""
    organisation_id, at, problem = request.organisation.pk, request.at, ""
    row = Roster.objects.filter(organisation_id=organisation_id, pk=key).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        try:
            taken, looked = actions.take(key, organisation_id=organisation_id, by=request.actor, at=at)
            said = f"{taken.added} shifts added, {taken.replaced} replaced."
            left = f" {len(looked.bad)} rows were left out." if looked.bad else ""
            messages.success(request, said + left)
            return HttpResponseRedirect(reverse("rosters:one", args=[key]))
        except NotAllowed as refusal:
            problem = refusal.why
    looked = actions.look(bytes(row.raw), organisation_id=organisation_id, at=at)
    stations = queries.station_names(organisation_id)
    context = {
        "row": row,
        "problem": problem,
        "looked": looked,
        "lines": presenters.lines(looked, stations),
        "days": presenters.by_day(looked),
        "may_take": request.reach.allows("rosters.load") and row.taken_at is None and looked.change.changes,
    }
    return render(request, "rosters/one.html", context, status=422 if problem else 200)


@needs("cover.read")
def hours(request: Any) -> HttpResponse:
    """Today's unit-hours by hour and area, planned, there and lost, and who did not book on."""
    organisation_id, at, live_after = request.organisation.pk, request.at, newest_push()
    reading = situations.reading(organisation_id, at)
    feed = basis(reading.situation, reading.ground.policy.freshness).cad
    edges = queries.day_edges(queries.today(at))
    policy = attendance(organisation_id, at)
    area_of, areas = reading.home_areas(), reading.ground.areas
    shifts = list(queries.between(organisation_id, edges[0], edges[-1]))
    seen = {name: each.standing for name, each in reading.seen.items()}
    names = {row.call_sign for row in shifts}
    duties = queries.duties(organisation_id, seen, names, edges[0], at)
    # A source may tell of times before it was first heard; what lies before both nobody knows.
    said = [first_heard(organisation_id) or at, *(each.began for each in duties)]
    known_from = max(edges[0], min(said))
    planned = [(row.area, queries.value_of(row)) for row in shifts]
    home = {row.call_sign: row.area for row in shifts}
    there = [(area_of.get(each.call_sign) or home.get(each.call_sign, ""), each) for each in duties]
    lost = [
        (row.area, row.since, row.ended_at)
        for row in out.of_late(organisation_id, edges[0]).filter(since__lt=at)
    ]
    values = [each for _, each in planned]
    chosen = request.GET.get("area", "")
    known = sorted({row.area for row in shifts} | {name for name, _ in there} - {""})
    relied_on = feed.freshness.may_be_relied_on
    context = {
        "day": day(at),
        "feed": None if feed.freshness is Freshness.FRESH else feed,
        "relied_on": relied_on,
        "known_from": known_from if known_from > edges[0] else None,
        "loaded_at": queries.newest_taken(organisation_id),
        "areas": known,
        "chosen": chosen if chosen in known else "",
        "hours": presenters.hours(
            edges, planned, there, lost, chosen if chosen in known else None, at, known_from
        ),
        "by_area": presenters.by_area((known_from, edges[-1]), planned, there, lost, at),
        "missing": presenters.missing(
            attended(values, duties, _single(organisation_id, seen, at), policy, at),
            areas,
            queries.station_names(organisation_id),
            at,
        )
        if relied_on
        else [],
        "extra": [
            (each.call_sign, area_of.get(each.call_sign) or presenters.NO_AREA, each.began)
            for each in unplanned(values, duties, policy)
            if each.ended is None
        ],
        "policy": policy,
        "may_load": request.reach.allows("rosters.load"),
        "live_topics": "feeds tasks",
        "live_after": live_after,
    }
    return render(request, "rosters/hours.html", context)


def _single(organisation_id: int, seen: Mapping[str, ResourceStanding], at: datetime) -> frozenset[str]:
    """Who says now that it waits for a crew mate."""
    policy = unavailability(organisation_id, at)
    return frozenset(
        name
        for name, each in seen.items()
        if each.availability is Availability.UNAVAILABLE
        and policy.reason(each.reason or "", "").code == SINGLE_CREWED
    )
