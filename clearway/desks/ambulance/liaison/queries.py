"""Reading what hospitals say."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db.models import QuerySet

from clearway.core.organisation.queries import ReceivingSite, receiving_sites
from clearway.domain.ambulance.events import HospitalEvent
from clearway.domain.ambulance.hospitals import HospitalStanding, merged
from clearway.domain.ambulance.situation import Around, compose
from clearway.domain.ambulance.words import HospitalMeasure
from clearway.domain.shared.facts import Fact
from clearway.engine.ambulance.reports import SiteReport, site_reports

from ..facts import queries as facts
from ..policy import desk_policy
from .models import HospitalState
from .presenters import Telling


def standings(organisation_id: int) -> tuple[HospitalStanding, ...]:
    """What the reports under every site code add up to, by code. One query."""
    return _standings(rows(organisation_id))


def rows(organisation_id: int) -> QuerySet[HospitalState]:
    """The rows behind standings."""
    return HospitalState.objects.filter(organisation_id=organisation_id)


def by_site(organisation_id: int, codes: Collection[str]) -> dict[str, HospitalStanding]:
    """The same of these codes. One query."""
    found = rows(organisation_id).filter(site__in=codes)
    return {standing.site: standing for standing in _standings(found)}


def columns_of(standing: HospitalStanding) -> dict[str, Any]:
    """The columns in which a standing is kept."""
    kept = msgspec.to_builtins(standing, enc_hook=dict)
    return {
        "figures": kept["figures"],
        "note": kept["note"],
        "cohort": kept["cohort"],
        "relief": kept["relief"],
    }


def _standings(chosen: QuerySet[HospitalState]) -> tuple[HospitalStanding, ...]:
    kept = chosen.order_by("site").values("site", "figures", "note", "cohort", "relief")
    return tuple(msgspec.convert(row, HospitalStanding) for row in kept)


def tellings(organisation_id: int) -> dict[str, Telling]:
    """Who said what of each site, by its present code. Two queries."""
    return tellings_of(receiving_sites(organisation_id), standings(organisation_id))


def tellings_of(sites: Iterable[ReceivingSite], said: Iterable[HospitalStanding]) -> dict[str, Telling]:
    """Who said what of each of these sites, by its present code."""
    present = {code: site.code for site in sites for code in (site.code, *site.former_codes)}
    told: dict[str, HospitalStanding] = {}
    for standing in said:
        code = present.get(standing.site, standing.site)
        told[code] = merged(told[code], standing) if code in told else standing
    return {code: _telling(standing) for code, standing in told.items()}


def _telling(told: HospitalStanding) -> Telling:
    return Telling({measure: said.by for measure, said in told.figures.items()}, told.note)


def said_since(
    organisation_id: int, codes: Collection[str], since: datetime, known_by: datetime | None = None
) -> list[Fact[HospitalEvent]]:
    """What was said of one site under these codes since an instant, newest first. One query."""
    streams = [f"hospital:{code}" for code in codes]
    found = facts.by_stream(organisation_id, streams, known_by, known_from=since)
    reports = [fact for each in found.values() for fact in facts.of_kind(HospitalEvent, each)]
    return sorted(reports, key=lambda fact: fact.placed_at, reverse=True)


def reports(organisation_id: int, at: datetime) -> dict[str, SiteReport]:
    """What every hospital says now, by its present code. Three queries."""
    sites = receiving_sites(organisation_id)
    codes = {code: site.code for site in sites for code in (site.code, *site.former_codes)}
    places = [(site.code, site.name, site.point) for site in sites]
    around = Around(hospitals=standings(organisation_id))
    seen = compose(at, places, (), (), {}, (), codes, around)
    return {each.code: each for each in site_reports(seen, desk_policy(organisation_id, at).reports)}


def figures(organisation_id: int, code: str, at: datetime) -> dict[HospitalMeasure, int]:
    """The figures that a hospital says now. Three queries."""
    return {measure: each.value for measure, each in reports(organisation_id, at)[code].figures.items()}


@dataclass(frozen=True, slots=True)
class Hour:
    """What a hospital said last in one hour."""

    begins_at: datetime
    figures: Mapping[HospitalMeasure, int] = field(default_factory=dict)


def by_hour(said: Sequence[Fact[HospitalEvent]], at: datetime) -> tuple[Hour, ...]:
    """The last 24 hours up to the running one, oldest first.

    said  newest first
    """
    running = at.replace(minute=0, second=0, microsecond=0)
    hours: dict[datetime, dict[HospitalMeasure, int]] = {
        running - timedelta(hours=back): {} for back in range(23, -1, -1)
    }
    for fact in said:
        figures = hours.get(fact.placed_at.replace(minute=0, second=0, microsecond=0), {})
        for measure, value in fact.event.counts.items():
            figures.setdefault(measure, value)
    return tuple(Hour(begins_at, figures) for begins_at, figures in hours.items())
