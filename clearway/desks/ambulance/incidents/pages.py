"""Reading everything about one incident for its page."""

from dataclasses import dataclass

from clearway.core.organisation.queries import areas, site_by_code
from clearway.core.people.reach import Sites
from clearway.domain.ambulance.events import Event
from clearway.domain.shared.facts import Fact
from clearway.domain.shared.findings import Finding

from ..facts import queries as facts
from ..quality import queries as quality
from .models import Assignment, Incident


@dataclass(frozen=True, slots=True)
class Everything:
    """An incident with its assignments, findings by stream, and facts in the order they happened.

    incident  None when assignments speak of it but no call does
    beside    the value that was agreed or proposed for what a finding is about
    sites     code -> name, former codes included
    areas     code -> name
    """

    key: str
    incident: Incident | None
    assignments: tuple[Assignment, ...]
    findings: dict[str, list[Finding]]
    beside: quality.Beside
    facts: tuple[Fact[Event], ...]
    sites: dict[str, str]
    areas: dict[str, str]


def everything(organisation_id: int, key: str, sites: Sites = None) -> Everything | None:
    """One incident; None when nothing is known of it, or nothing of it went to the sites in reach.

    Who sees some sites only sees the vehicles that went there, and of the others neither times nor facts.
    Seven queries.
    """
    incident = Incident.objects.filter(organisation_id=organisation_id, key=key).first()
    rows = Assignment.objects.filter(organisation_id=organisation_id, incident=key)
    assignments = tuple(
        row for row in rows.select_related("destination").order_by("id") if _is_in_reach(row, sites)
    )
    if not assignments and (incident is None or sites is not None):
        return None
    streams = [f"incident:{key}", *(f"assignment:{row.key}" for row in assignments)]
    told = facts.by_stream(organisation_id, streams)
    return Everything(
        key=key,
        incident=incident,
        assignments=assignments,
        findings=quality.by_stream(organisation_id, streams),
        beside=quality.beside(organisation_id, streams),
        facts=tuple(sorted((fact for stream in told.values() for fact in stream), key=_when)),
        sites={code: site.name for code, site in site_by_code(organisation_id).items()},
        areas=areas(organisation_id),
    )


def _is_in_reach(row: Assignment, sites: Sites) -> bool:
    return sites is None or (row.destination is not None and row.destination.code in sites)


def _when(fact: Fact[Event]) -> tuple[object, object]:
    return fact.event.occurred_at, fact.known_at
