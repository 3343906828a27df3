"""The cover of the coming hours by area, and who will finish late."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.domain.shared.freshness import Freshness

from .. import situation as situations
from . import planning, presenters
from .policy import cover


@needs("cover.read")
def board(request: Any) -> HttpResponse:
    """Who will be there beside what is needed, step by step, and late finishes seen coming."""
    organisation_id, at = request.organisation.pk, request.at
    live_after = newest_push()
    reading = situations.reading(organisation_id, at)
    policy = cover(organisation_id, at)
    seen = planning.look(organisation_id, reading, policy, at)
    context = {
        "can_say": seen.can_say,
        "feed": None if seen.feed.freshness is Freshness.FRESH else seen.feed,
        "steps": presenters.steps(seen),
        "rows": presenters.rows(seen) if seen.can_say else [],
        "worst": presenters.worst(seen),
        "basis": presenters.basis(seen),
        "late": presenters.late(planning.late_finishes(seen.jobs, policy), at) if seen.can_say else [],
        "policy": policy,
        "live_topics": "feeds tasks",
        "live_after": live_after,
    }
    return render(request, "coverage/board.html", context)
