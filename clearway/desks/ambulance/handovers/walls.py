"""The wallboard as a screen on a wall shows it: in core.screens, without links, filters and tasks."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from clearway.core.live.queries import newest_push
from clearway.core.people.reach import Sites
from clearway.core.screens.boards import Board
from clearway.domain.shared.region import Desk
from clearway.engine.ambulance.handovers import HospitalPicture

from . import presenters, queries

MOST_TILES = 12


def draw(request: Any, place: str, sites: Sites) -> HttpResponse:
    """At most twelve tiles of counts and waits: no crew, no incident, no patient."""
    live_after = newest_push()
    read = queries.board(request.organisation.pk, request.at)
    context = {
        **tiles(read, [each for each in read.pictures if sites is None or each.code in sites]),
        "place": place,
        "live_topics": "wall feeds",
        "live_after": live_after,
    }
    return render(request, "handovers/screen.html", context)


def tiles(read: queries.Board, pictures: Sequence[HospitalPicture]) -> dict[str, Any]:
    """The most pressing of some hospitals, for the wallboard's template."""
    shown = presenters.most_pressing([presenters.hospital_row(read, each) for each in pictures], MOST_TILES)
    return {
        "rows": presenters.in_order(shown, "name"),
        "most": MOST_TILES,
        "more": len(pictures) - len(shown),
        "limits": read.policy.handover,
    }


BOARD = Board("Handovers", Desk.AMBULANCE, frozenset({"wall"}), draw)
