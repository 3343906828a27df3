"""Reading findings back."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Count, QuerySet

from clearway.domain.shared.findings import Finding as Found

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


def newest(organisation_id: int, code: str | None = None) -> QuerySet[Finding]:
    """Findings, newest first; of one rule if given."""
    rows = Finding.objects.filter(organisation_id=organisation_id).order_by("-known_at", "stream", "place")
    return rows.filter(code=code) if code else rows


def by_rule(organisation_id: int) -> dict[str, int]:
    """How many findings there are of each rule, by code."""
    counted = Finding.objects.filter(organisation_id=organisation_id).values("code").annotate(n=Count("id"))
    return dict(counted.order_by("code").values_list("code", "n"))
