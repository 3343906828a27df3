"""Reading findings back."""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Count, QuerySet

from clearway.domain.shared.findings import Finding as Found

from .models import Finding


def by_stream(organisation_id: int, streams: Collection[str]) -> dict[str, list[Found]]:
    """The findings of these streams, in their order. One query."""
    found: dict[str, list[Found]] = defaultdict(list)
    rows = Finding.objects.filter(organisation_id=organisation_id, stream__in=streams).order_by("place")
    for row in rows:
        found[row.stream].append(Found(row.code, row.what, row.evidence))
    return found


def newest(organisation_id: int, code: str | None = None) -> QuerySet[Finding]:
    """Findings, newest first; of one rule if given."""
    rows = Finding.objects.filter(organisation_id=organisation_id).order_by("-known_at", "stream", "place")
    return rows.filter(code=code) if code else rows


def by_rule(organisation_id: int) -> dict[str, int]:
    """How many findings there are of each rule, by code."""
    counted = Finding.objects.filter(organisation_id=organisation_id).values("code").annotate(n=Count("id"))
    return dict(counted.order_by("code").values_list("code", "n"))
