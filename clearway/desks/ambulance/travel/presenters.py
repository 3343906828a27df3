"""Road disruptions and the basis of travel figures in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from clearway.core.layout.times import day, moment
from clearway.core.organisation.queries import site_by_code
from clearway.domain.ambulance.disruptions import DisruptionKind
from clearway.domain.shared.region import SiteKind
from clearway.engine.ambulance.curve import ROADS
from clearway.engine.ambulance.road_graph import ERROR_SHARE

from .actions import Import
from .forms import KINDS
from .models import RoadDisruption
from .network import columns_of, network
from .queries import Usual


@dataclass(frozen=True, slots=True)
class Row:
    """One disruption in a table."""

    key: int
    kind: str
    place: str
    extent: str
    extra: str
    starts: str
    ends: str
    entered: str
    is_coming: bool


def rows(found: Iterable[RoadDisruption], at: datetime) -> list[Row]:
    """In the order given."""
    return [
        Row(
            key=row.pk,
            kind=KINDS.get(row.kind, row.kind),
            place=row.place,
            extent=f"{row.radius_km:.3g} km around",
            extra=f"{row.extra_minutes:.0f} min",
            starts=moment(row.starts_at, at),
            ends=f"{moment(row.ended_at, at)}, ended" if row.ended_at else moment(row.ends_at, at),
            entered=f"{moment(row.entered_at, at)}, {row.entered_by}",
            is_coming=row.starts_at > at,
        )
        for row in found
    ]


def entered(row: RoadDisruption, at: datetime) -> str:
    """What is said after one was entered."""
    kind = KINDS.get(row.kind, row.kind)
    return f"{kind} at {row.place} is on every board until {moment(row.ends_at, at)}; then it ends by itself."


def taken(result: Import, passed_over: Mapping[str, int]) -> str:
    """What a file changed."""
    counts = {
        "entered": result.entered,
        "changed": result.changed,
        "ended": result.ended,
        "as they were": result.same,
        "too far away": result.elsewhere,
        "of kinds that do not hinder travel": sum(passed_over.values()),
    }
    said = [f"{count} {what}" for what, count in counts.items() if count]
    return f"The file was read: {', '.join(said) or 'nothing in it concerns this region'}."


def usual(figures: Mapping[DisruptionKind, Usual]) -> str:
    """The usual figures of every kind in one sentence."""
    return "; ".join(
        f"{KINDS[kind].lower()} {each.radius_km:g} km, {each.extra_minutes:g} min, {each.hours:g} h"
        for kind, each in figures.items()
    )


def basis(organisation_id: int, at: datetime) -> list[tuple[str, str, str]]:
    """What travel figures rest on: destinations, source and age, error."""
    departments = [
        site
        for site in dict.fromkeys(site_by_code(organisation_id).values())
        if site.kind == SiteKind.EMERGENCY_DEPARTMENT
    ]
    known = network(columns_of(departments))
    own: list[str] = []
    rest = [site.name for site in departments]
    if known.table is not None:
        columns = known.table.columns(
            np.array([site.latitude for site in departments]),
            np.array([site.longitude for site in departments]),
        )
        own = [site.name for site, has in zip(departments, columns.own, strict=True) if has]
        rest = [site.name for site, has in zip(departments, columns.own, strict=True) if not has]
    lines = []
    if known.graph is not None:
        as_of = datetime.fromtimestamp(known.graph.as_of, UTC)
        lines.append(
            (
                "Every destination that is on the road graph",
                f"Shortest way on the road graph, map as of {day(as_of)}; speeds by class of road",
                f"assumed: {ERROR_SHARE:.0%} of the minutes, until the trust has measured it",
            )
        )
    if own and known.table is not None:
        as_of = datetime.fromtimestamp(known.table.as_of, UTC)
        lines.append(
            (
                f"{len(own)} of {len(departments)} emergency departments",
                f"Modelled drive times of small areas, as of {day(as_of)}; one number for all hours",
                "0.6 to 2.8 min from the table itself, by how near a small area is",
            )
        )
    if rest:
        as_of = datetime.fromtimestamp(ROADS.fitted_at, UTC)
        lines.append(
            (
                ", ".join(rest) if own else "Every destination",
                f"Straight-line distance, fitted to drive times as of {day(as_of)}",
                f"{float(ROADS.error(10)):.0f} min at 10 km, {float(ROADS.error(50)):.0f} min at 50 km",
            )
        )
    return lines
