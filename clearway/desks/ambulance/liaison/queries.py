"""Reading what hospitals say."""

from collections.abc import Collection
from typing import Any

import msgspec
from django.db.models import QuerySet

from clearway.domain.ambulance.hospitals import HospitalStanding

from .models import HospitalState


def standings(organisation_id: int) -> tuple[HospitalStanding, ...]:
    """What the reports under every site code add up to, by code. One query."""
    return _standings(HospitalState.objects.filter(organisation_id=organisation_id))


def by_site(organisation_id: int, codes: Collection[str]) -> dict[str, HospitalStanding]:
    """The same of these codes. One query."""
    rows = HospitalState.objects.filter(organisation_id=organisation_id, site__in=codes)
    return {standing.site: standing for standing in _standings(rows)}


def columns_of(standing: HospitalStanding) -> dict[str, Any]:
    """The columns in which a standing is kept."""
    kept = msgspec.to_builtins(standing, enc_hook=dict)
    return {"figures": kept["figures"], "note": kept["note"]}


def _standings(rows: QuerySet[HospitalState]) -> tuple[HospitalStanding, ...]:
    kept = rows.order_by("site").values("site", "figures", "note")
    return tuple(msgspec.convert(row, HospitalStanding) for row in kept)
