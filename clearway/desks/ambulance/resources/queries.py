"""Reading resources as domain values."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from clearway.core.live.remembered import Remembered
from clearway.domain.ambulance.availability import ResourceStanding
from clearway.domain.ambulance.situation import Place
from clearway.domain.ambulance.words import Availability, ResourceKind, Standing
from clearway.domain.shared.geography import Point

from .models import Resource

LOOK_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Seen:
    """One resource as its row tells: its standing, where it was last, and how that place is called."""

    standing: ResourceStanding
    place: Place | None
    place_name: str | None


def call_signs(organisation_id: int) -> list[str]:
    """Every call sign that was ever heard, in order. One query."""
    rows = Resource.objects.filter(organisation_id=organisation_id).order_by("call_sign")
    return list(rows.values_list("call_sign", flat=True))


def heard_since(organisation_id: int, since: datetime) -> list[str]:
    """The call signs whose availability changed after an instant. One query."""
    rows = Resource.objects.filter(organisation_id=organisation_id, since__gt=since)
    return list(rows.values_list("call_sign", flat=True))


def seen_of_late(organisation_id: int, at: datetime) -> dict[str, Seen]:
    """Every resource that is on shift, or that was seen of late, by call sign. Two queries."""
    return _REMEMBERED.read(organisation_id, at)


def _seen_rows(organisation_id: int, at: datetime) -> QuerySet[Resource]:
    on_shift = Q(availability__isnull=False) & ~Q(availability=Availability.OFF)
    seen = on_shift | Q(position_at__gt=at - LOOK_BACK)
    return Resource.objects.filter(seen, organisation_id=organisation_id).order_by("call_sign")


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
    return {values[0]: _standing(values) for values in rows.values_list(*STANDING_FIELDS)}


STANDING_FIELDS = (
    *("call_sign", "availability", "since", "standing", "reason", "kind"),
    *("station", "skill", "shift_start", "shift_end"),
)


def _standing(values: Sequence[Any]) -> ResourceStanding:
    call_sign, availability, since, standing, reason, kind, *rest = values
    return ResourceStanding(
        call_sign,
        Availability(availability) if availability else None,
        since,
        Standing(standing) if standing else None,
        reason,
        ResourceKind(kind) if kind else None,
        *rest,
    )


def _seen(values: Sequence[Any]) -> Seen:
    latitude, longitude, position_at, place_name, *standing = values
    # the table holds all three or none
    place = None if position_at is None else Place(Point(latitude, longitude), position_at)
    return Seen(_standing(standing), place, place_name)


_REMEMBERED = Remembered(
    _seen_rows, "call_sign", ("latitude", "longitude", "position_at", "place", *STANDING_FIELDS), _seen
)


@dataclass(frozen=True, slots=True)
class Reported:
    """One reported position: seconds since 1970, degrees, seconds until it was known here, its source."""

    at: float
    latitude: float
    longitude: float
    lag: float
    source: str = ""


def positions(
    organisation_id: int, since: Mapping[str, datetime], end: datetime
) -> dict[str, list[Reported]]:
    """Where resources were, each from its own instant up to `end`, by call sign, oldest first. One query."""
    found: dict[str, list[Reported]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.call_sign, extract(epoch FROM p.occurred_at)::float8, p.latitude, p.longitude,"
            " extract(epoch FROM p.known_at - p.occurred_at)::float8, p.source"
            " FROM unnest(%s::text[], %s::timestamptz[]) AS w(call_sign, since) JOIN ambulance_position p"
            " ON p.organisation_id = %s AND p.call_sign = w.call_sign"
            " AND p.occurred_at >= w.since AND p.occurred_at <= %s"
            " ORDER BY p.call_sign, p.occurred_at",
            [list(since), list(since.values()), organisation_id, end],
        )
        for call_sign, at, latitude, longitude, lag, source in cursor:
            found[call_sign].append(Reported(at, latitude, longitude, lag, source))
    return found
