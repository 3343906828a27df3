"""The map: an outline, the hospitals and the resources. The boards are its equal tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from clearway.core.layout import past
from clearway.core.layout.times import clock
from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.engine.ambulance.handovers import HospitalPicture
from clearway.engine.ambulance.resources import Doing, ResourceRow, resource_rows
from clearway.engine.ambulance.travel import in_force

from ..forecast.presenters import Ahead
from ..handovers import presenters
from ..handovers import queries as handovers
from ..handovers.presenters import HospitalRow
from ..resources.boards import DOING
from . import drawing

# What a dot looks like: shapes differ, because colour alone may not carry a meaning.
SHAPES = {
    Doing.AVAILABLE: "disc",
    Doing.GOING: "diamond",
    Doing.ON_SCENE: "diamond",
    Doing.CONVEYING: "arrow",
    Doing.AT_HOSPITAL: "ring",
    Doing.WRAP_UP: "ring",
}
OTHER_SHAPE = "cross"
LEGEND = (
    ("disc", "Available"),
    ("diamond", "Going to a job or on scene"),
    ("arrow", "Conveying"),
    ("ring", "At hospital or wrap-up"),
    ("cross", "Break, unavailable or no status"),
)


@dataclass(frozen=True, slots=True)
class Dot:
    """One resource on the drawing."""

    x: float
    y: float
    shape: str
    title: str


@dataclass(frozen=True, slots=True)
class Hospital:
    """One hospital on the drawing and in the table beside it; label None where its name has no room.

    soon, later  minutes that who arrives now and in an hour will wait, with the span; "" where none is known
    """

    x: float
    y: float
    row: HospitalRow
    waiting: str
    soon: str
    later: str
    label: drawing.Label | None


@dataclass(frozen=True, slots=True)
class Closure:
    """One road disruption on the drawing, its radius in user units, and when it ends."""

    x: float
    y: float
    radius: float
    kind: str
    place: str
    until: str


@needs("map.read")
def region(request: Any) -> HttpResponse:
    """The region, or one area of it, now or as it was known."""
    asked, live_after = past.asked(request), newest_push()
    read = handovers.board(request.organisation.pk, request.at, asked.known_at)
    area = request.GET.get("area", "")
    sites = read.situation.sites
    frame = drawing.frame_of(
        (float(sites.latitude[row]), float(sites.longitude[row]))
        for row, code in enumerate(sites.code)
        if not area or read.areas.get(code) == area
    )
    resources = resource_rows(read.situation, read.policy.resources)
    context = {
        "frame": frame,
        "outline": drawing.outline(frame) if frame else "",
        "hospitals": _hospitals(read, frame) if frame else [],
        "dots": [dot for each in resources if frame for dot in _dots(each, frame)],
        "limits": read.policy.handover,
        "closures": list(_closures(read, frame)) if frame else [],
        "without_position": sum(1 for each in resources if each.position is None),
        "legend": LEGEND,
        "areas": sorted({read.areas[code] for code in sites.code if code in read.areas}),
        "area": area,
        "doubt": read.basis.positions,
        "rests_on": read.basis.cad,
        "drawn_at": read.at,
        "known_at": asked.known_at,
        "at_error": asked.error,
        "live_topics": "feeds tasks",
        "live_after": live_after,
    }
    return render(request, "regionmap/region.html", context)


def _closures(read: handovers.Board, frame: drawing.Frame) -> Iterator[Closure]:
    """The road disruptions in force that touch the frame."""
    for each in in_force(read.situation.disruptions, read.situation.at):
        if frame.contains(*each.centre):
            x, y = frame.place(*each.centre)
            north = frame.place(each.centre.latitude + each.radius_km / 111.2, each.centre.longitude)[1]
            yield Closure(x, y, max(9.0, y - north), each.kind.value, each.words, clock(each.ends_at))


def _hospitals(read: handovers.Board, frame: drawing.Frame) -> list[Hospital]:
    """Those inside the frame, the longest wait first: they choose their label's place first."""
    sites = read.situation.sites
    found = [
        (*frame.place(float(sites.latitude[row]), float(sites.longitude[row])), picture)
        for row, picture in enumerate(read.pictures[: len(sites.code)])
        if frame.contains(float(sites.latitude[row]), float(sites.longitude[row]))
    ]
    found.sort(key=lambda each: -_wait(each[2]))
    places = drawing.labels([(x, y, picture.name or "") for x, y, picture in found], frame)
    return [
        Hospital(
            x, y, presenters.hospital_row(read, picture), _waiting(picture), *_expected(read, picture), label
        )
        for (x, y, picture), label in zip(found, places, strict=True)
    ]


def _wait(picture: HospitalPicture) -> float:
    return (picture.longest_wait.wait_minutes or 0) if picture.longest_wait else 0


def _waiting(picture: HospitalPicture) -> str:
    return "Unknown" if picture.waiting is None else str(picture.waiting.now)


def _expected(read: handovers.Board, picture: HospitalPicture) -> tuple[str, str]:
    pair = read.waits.get(picture.code or "")
    return ("", "") if pair is None else (_about(pair[0]), _about(pair[1]))


def _about(ahead: Ahead) -> str:
    return f"{ahead.middle} ({ahead.span.removesuffix(' min')})" if ahead.span else ""


def _dots(row: ResourceRow, frame: drawing.Frame) -> list[Dot]:
    if row.position is None or not frame.contains(row.position.latitude, row.position.longitude):
        return []
    x, y = frame.place(row.position.latitude, row.position.longitude)
    return [Dot(x, y, SHAPES.get(row.doing, OTHER_SHAPE), f"{row.call_sign}, {DOING[row.doing]}")]
