"""Reading resources as domain values."""

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import QuerySet

from clearway.domain.ambulance.availability import ResourceStanding
from clearway.domain.ambulance.situation import Place
from clearway.domain.ambulance.words import Availability, ResourceKind, Standing
from clearway.domain.shared.geography import Point

from .models import Resource


def on_shift(organisation_id: int) -> tuple[ResourceStanding, ...]:
    """Every resource whose availability is known and not off, by call sign."""
    rows = Resource.objects.filter(organisation_id=organisation_id, availability__isnull=False)
    return tuple(_standings(rows.exclude(availability=Availability.OFF).order_by("call_sign")))


def places(organisation_id: int, since: datetime) -> dict[str, Place]:
    """The newest position of each resource that was seen since an instant."""
    seen = Resource.objects.filter(organisation_id=organisation_id, position_at__gt=since)
    rows = seen.values_list("call_sign", "latitude", "longitude", "position_at")
    return {
        call_sign: Place(Point(latitude, longitude), position_at)
        for call_sign, latitude, longitude, position_at in rows
        # the table holds all three or none; this tells the type checker
        if latitude is not None and longitude is not None and position_at is not None
    }


def standing_of(row: Resource) -> ResourceStanding:
    """The domain value of one row."""
    return ResourceStanding(
        call_sign=row.call_sign,
        availability=Availability(row.availability) if row.availability else None,
        since=row.since,
        standing=Standing(row.standing) if row.standing else None,
        reason=row.reason,
        kind=ResourceKind(row.kind) if row.kind else None,
        station=row.station,
        skill=row.skill,
        shift_start=row.shift_start,
        shift_end=row.shift_end,
    )


def by_call_sign(organisation_id: int, call_signs: Collection[str]) -> dict[str, ResourceStanding]:
    """The resources of these call signs. One query."""
    rows = Resource.objects.filter(organisation_id=organisation_id, call_sign__in=call_signs)
    return {standing.call_sign: standing for standing in _standings(rows)}


def _standings(rows: QuerySet[Resource]) -> Iterator[ResourceStanding]:
    # Without model instances: this is read for every picture, hundreds of rows at a time.
    for call_sign, availability, since, standing, reason, kind, *rest in rows.values_list(*STANDING_FIELDS):
        yield ResourceStanding(
            call_sign,
            Availability(availability) if availability else None,
            since,
            Standing(standing) if standing else None,
            reason,
            ResourceKind(kind) if kind else None,
            *rest,
        )


STANDING_FIELDS = (
    *("call_sign", "availability", "since", "standing", "reason", "kind"),
    *("station", "skill", "shift_start", "shift_end"),
)


def place_names(organisation_id: int, call_signs: Collection[str] | None = None) -> dict[str, str | None]:
    """Where each resource was last, in words, by call sign; of all, or of those named."""
    seen = Resource.objects.filter(organisation_id=organisation_id, position_at__isnull=False)
    if call_signs is not None:
        seen = seen.filter(call_sign__in=call_signs)
    return dict(seen.values_list("call_sign", "place"))
