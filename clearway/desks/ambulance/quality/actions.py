"""Keeping the findings of each stream as its facts stand."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from clearway.domain.shared.findings import Finding as Found

from .models import Finding


def replace(found: Mapping[str, Sequence[Found]], organisation_id: int, at: datetime) -> None:
    """Replace the findings of these streams by what their facts now show."""
    Finding.objects.filter(organisation_id=organisation_id, stream__in=found).delete()
    Finding.objects.bulk_create(
        _finding(organisation_id, stream, place, finding, at)
        for stream, findings in found.items()
        for place, finding in enumerate(findings)
    )


def _finding(organisation_id: int, stream: str, place: int, found: Found, at: datetime) -> Finding:
    return Finding(
        organisation_id=organisation_id,
        stream=stream,
        place=place,
        code=found.code,
        what=found.what,
        evidence=found.evidence[:300],
        known_at=at,
    )


def add(found: Found, *, organisation_id: int, stream: str, at: datetime) -> None:
    """Put one more finding behind those of its stream."""
    place = Finding.objects.filter(organisation_id=organisation_id, stream=stream).count()
    Finding.objects.bulk_create([_finding(organisation_id, stream, place, found, at)])


def forget(organisation_id: int, streams: Collection[str]) -> None:
    """Take away the findings of streams that have no facts any more."""
    Finding.objects.filter(organisation_id=organisation_id, stream__in=streams).delete()
