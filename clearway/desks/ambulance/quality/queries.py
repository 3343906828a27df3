"""Reading findings back."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from clearway.core.people.reach import Sites
from clearway.domain.shared.findings import Finding as Found

from ..incidents import queries as incidents
from .models import Finding

MOST = 50


def by_stream(organisation_id: int, streams: Collection[str]) -> dict[str, list[Found]]:
    """The findings of these streams, in their order. One query."""
    found: dict[str, list[Found]] = defaultdict(list)
    rows = Finding.objects.filter(organisation_id=organisation_id, stream__in=streams).order_by("place")
    for row in rows:
        found[row.stream].append(Found(row.code, row.what, row.evidence))
    return found


def of_assignments(
    organisation_id: int, keys: Iterable[str], known_by: datetime | None = None
) -> list[Finding]:
    """The newest findings on these assignments, at most 50; those known by an instant if one is given."""
    streams = [f"assignment:{key}" for key in keys]
    found = Finding.objects.filter(organisation_id=organisation_id, stream__in=streams)
    if known_by is not None:
        found = found.filter(known_at__lte=known_by)
    return list(found.order_by("-known_at", "stream", "place")[:MOST])


def newest(organisation_id: int, sites: Sites, code: str | None = None) -> QuerySet[Finding]:
    """Findings in reach of these sites, newest first; of one rule if given."""
    rows = _within(organisation_id, sites).order_by("-known_at", "stream", "place")
    return rows.filter(code=code) if code else rows


def by_rule(organisation_id: int, sites: Sites) -> dict[str, int]:
    """How many findings in reach of these sites there are of each rule, by code."""
    counted = _within(organisation_id, sites).values("code").annotate(n=Count("id"))
    return dict(counted.order_by("code").values_list("code", "n"))


def _within(organisation_id: int, sites: Sites) -> QuerySet[Finding]:
    """Every finding, or those on assignments that went to one of the sites.

    What belongs to no site (a resource, an unknown destination) is for those who see the whole region.
    """
    found = Finding.objects.filter(organisation_id=organisation_id)
    if sites is None:
        return found
    spoken_of = Q(stream__in=[f"hospital:{code}" for code in sites])
    return found.filter(spoken_of | Q(stream__in=incidents.streams_to(organisation_id, sites)))
