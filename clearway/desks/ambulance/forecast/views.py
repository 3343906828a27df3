"""The forecast page: what an arrival will wait, how often that was right, and what warnings were worth."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from clearway.core.layout import past
from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.engine.ambulance.feeds import basis

from .. import situation as situations
from . import presenters, queries


@needs("forecast.read")
def board(request: Any) -> HttpResponse:
    """Every hospital in reach: the wait for an arrival now and later, with reasons, and the records."""
    asked = past.asked(request)
    live_after = newest_push()
    organisation_id = request.organisation.pk
    situation = situations.shown(organisation_id, request.at, asked.known_at).situation
    at = asked.known_at or request.at
    read = queries.read(organisation_id, situation, at)
    policy = read.policies.score
    names = dict(zip(situation.sites.code, situation.sites.name, strict=True))
    standing = [] if asked.known_at else queries.open_warnings(organisation_id)
    scored = [
        each
        for each in queries.scores(organisation_id, at, policy.window_days)
        if request.reach.allows_site(each.site_code)
    ]
    context = {
        "rows": [
            row for row in presenters.rows(situation, read, standing) if request.reach.allows_site(row.key)
        ],
        "shown": presenters.SHOWN,
        "doubt": basis(situation, read.policies.forecast.freshness).cad,
        "scores": presenters.score_rows(scored, names),
        "worth": queries.worth(organisation_id, at, policy.window_days, read.policies.warning.apart),
        "policy": policy,
        "warning": read.policies.warning,
        "fitted_on": read.policies.forecast.model.fitted_on,
        "known_at": asked.known_at,
        "at_error": asked.error,
        "live_topics": "forecast feeds tasks",
        "live_after": live_after,
    }
    return render(request, "forecast/board.html", context)


@needs("forecast.read")
def days(request: Any) -> HttpResponse:
    """The coming 14 days of the whole trust, for planning: as many days as its own facts allow."""
    context = {
        "series": queries.days_ahead(request.organisation.pk, request.at),
        "live_topics": "feeds tasks",
        "live_after": newest_push(),
    }
    return render(request, "forecast/days.html", context)
