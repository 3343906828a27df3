"""Keeping what hospitals say as their facts add up."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from clearway.core.feeds.models import Source
from clearway.core.live.actions import announce
from clearway.core.organisation.queries import site_by_code
from clearway.domain.ambulance.events import HospitalEvent
from clearway.domain.ambulance.hospitals import HospitalStanding, apply, fold, inspect
from clearway.domain.shared.facts import Fact

from ..facts import queries as facts_of
from ..quality import actions as findings
from .models import HospitalState
from .queries import by_site, columns_of


def follow(reports: Sequence[HospitalEvent], *, source: Source, at: datetime) -> None:
    """Bring the hospitals that these newly appended reports speak of to the present.

    Late and early reports alike are applied on top: what they add up to does not hang on their order.
    """
    organisation_id = source.organisation_id
    standings = by_site(organisation_id, {event.site for event in reports})
    for event in reports:
        before = standings.get(event.site, HospitalStanding(event.site))
        standings[event.site] = apply(before, Fact(event, source.name, at))
    _keep(standings, organisation_id, at)


def fold_anew(sites: Collection[str], *, organisation_id: int, at: datetime) -> None:
    """Bring hospitals to what the facts that are left add up to; of one without any, nothing is known."""
    HospitalState.objects.filter(organisation_id=organisation_id, site__in=sites).delete()
    findings.forget(organisation_id, [f"hospital:{site}" for site in sites], at)
    streams = facts_of.by_stream(organisation_id, [f"hospital:{site}" for site in sites])
    folded = [fold(facts_of.of_kind(HospitalEvent, facts)) for facts in streams.values()]
    _keep({standing.site: standing for standing in folded}, organisation_id, at)


def _keep(standings: Mapping[str, HospitalStanding], organisation_id: int, at: datetime) -> None:
    _save(organisation_id, standings.values())
    found = {f"hospital:{site}": inspect(standing) for site, standing in standings.items()}
    findings.replace(found, organisation_id, at)
    present = site_by_code(organisation_id)
    codes = {present[site].code if site in present else site for site in standings}
    announce("site", codes, organisation_id=organisation_id, at=at)


def _save(organisation_id: int, standings: Iterable[HospitalStanding]) -> None:
    rows = [
        HospitalState(organisation_id=organisation_id, site=each.site, **columns_of(each))
        for each in sorted(standings, key=lambda standing: standing.site)
    ]
    HospitalState.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["organisation", "site"],
        update_fields=["figures", "note", "cohort", "relief"],
    )
