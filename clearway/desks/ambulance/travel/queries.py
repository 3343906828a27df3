"""Reading road disruptions, and the places that one can be entered for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from clearway.core.layout.times import local
from clearway.core.organisation.models import Site
from clearway.core.organisation.queries import policies
from clearway.domain.ambulance.disruptions import Disruption, DisruptionKind
from clearway.domain.shared.geography import Point

from .models import RoadDisruption

POLICY = "road_disruptions"
POINT = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,3}(?:\.\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class Usual:
    """What a disruption of one kind is taken to be where nobody says otherwise."""

    radius_km: float = 1.0
    extra_minutes: float = 10.0
    hours: float = 4.0


def disruptions(organisation_id: int, at: datetime) -> tuple[Disruption, ...]:
    """Those that, as was known at `at`, are in force or begin later, by key. One query."""
    return tuple(_value(row) for row in rows_known(organisation_id, at).order_by("pk"))


def rows_known(organisation_id: int, at: datetime) -> QuerySet[RoadDisruption]:
    """The rows behind disruptions."""
    return RoadDisruption.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=at),
        organisation_id=organisation_id,
        entered_at__lte=at,
        ends_at__gt=at,
    )


def current(organisation_id: int, at: datetime) -> QuerySet[RoadDisruption]:
    """Rows in force or coming, the soonest to end first."""
    return RoadDisruption.objects.filter(
        organisation_id=organisation_id, ended_at__isnull=True, ends_at__gt=at
    ).order_by("ends_at", "pk")


def past(organisation_id: int, at: datetime, most: int = 20) -> QuerySet[RoadDisruption]:
    """The last ones that ended or were ended."""
    over = Q(ended_at__isnull=False) | Q(ends_at__lte=at)
    return RoadDisruption.objects.filter(over, organisation_id=organisation_id).order_by("-entered_at")[:most]


def usual(organisation_id: int, at: datetime) -> Mapping[DisruptionKind, Usual]:
    """The trust's figures for each kind, valid on the local day of `at`; one query."""
    values = policies(organisation_id, [POLICY], local(at).date()).get(POLICY, {})
    said = {row["kind"]: row for row in values.get("kinds", ())}
    return {
        kind: Usual(**{name: float(said[kind][name]) for name in ("radius_km", "extra_minutes", "hours")})
        if kind in said
        else Usual()
        for kind in DisruptionKind
    }


def places(organisation_id: int) -> dict[str, Point]:
    """Every place that can be picked by name: sites, towns and areas; a town or area is its sites' middle."""
    points: dict[str, list[Point]] = {}
    for site in Site.objects.filter(organisation_id=organisation_id).select_related("area"):
        names = {site.name, site.town, site.area.name if site.area else ""}
        for name in names - {""}:
            points.setdefault(name, []).append(Point(site.latitude, site.longitude))
    return {name: _middle(points[name]) for name in sorted(points, key=str.casefold)}


def find_place(text: str, known: Mapping[str, Point]) -> Point | None:
    """The point of a known name, whatever its case, or of "51.02, -3.10"; None for anything else."""
    if match := POINT.fullmatch(text):
        point = Point(float(match[1]), float(match[2]))
        return point if abs(point.latitude) <= 90 and abs(point.longitude) <= 180 else None
    by_name = {name.casefold(): point for name, point in known.items()}
    return by_name.get(" ".join(text.split()).casefold())


def _middle(points: list[Point]) -> Point:
    latitudes, longitudes = zip(*points, strict=True)
    return Point(sum(latitudes) / len(points), sum(longitudes) / len(points))


def _value(row: RoadDisruption) -> Disruption:
    return Disruption(
        key=str(row.pk),
        kind=DisruptionKind(row.kind),
        centre=Point(row.latitude, row.longitude),
        radius_km=row.radius_km,
        extra_minutes=row.extra_minutes,
        starts_at=row.starts_at,
        ends_at=min(row.ends_at, row.ended_at) if row.ended_at else row.ends_at,
        words=row.place,
    )
