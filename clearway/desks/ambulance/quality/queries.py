"""Reading findings back."""

from collections import defaultdict
from collections.abc import Collection

from clearway.domain.shared.findings import Finding as Found

from .models import Finding


def by_stream(organisation_id: int, streams: Collection[str]) -> dict[str, list[Found]]:
    """The findings of these streams, in their order. One query."""
    found: dict[str, list[Found]] = defaultdict(list)
    rows = Finding.objects.filter(organisation_id=organisation_id, stream__in=streams).order_by("place")
    for row in rows:
        found[row.stream].append(Found(row.code, row.what, row.evidence))
    return found
