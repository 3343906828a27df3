"""Reading moves to standby points, and where calls came from of late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from clearway.domain.shared.geography import Point

from ..incidents import queries as incidents
from .models import CoverMove


@dataclass(frozen=True, slots=True)
class Standing:
    """A move as dispatch and the crew see it. arrived  whether the crew is there."""

    place: str
    decided_at: datetime
    arrived: bool
    stays_until: datetime


def standing(organisation_id: int, at: datetime) -> Mapping[str, Standing]:
    """The moves that stood at an instant, by call sign. One query."""
    return {
        row.call_sign: Standing(
            row.place.name,
            row.decided_at,
            row.arrived_at is not None and row.arrived_at <= at,
            row.stays_until,
        )
        for row in rows_standing(organisation_id, at).select_related("place")
    }


def rows_standing(organisation_id: int, at: datetime) -> QuerySet[CoverMove]:
    """The rows behind standing."""
    stood = Q(ended_at__isnull=True) | Q(ended_at__gt=at)
    rows = CoverMove.objects.filter(stood, organisation_id=organisation_id, decided_at__lte=at)
    return rows.exclude(state=CoverMove.State.REFUSED).order_by("call_sign")


def open_moves(organisation_id: int) -> QuerySet[CoverMove]:
    """The moves that stand now, with their places, by call sign."""
    rows = CoverMove.objects.filter(organisation_id=organisation_id, state__in=CoverMove.OPEN)
    return rows.select_related("place").order_by("call_sign")


def refused_since(organisation_id: int, since: datetime) -> frozenset[tuple[str, str]]:
    """Call sign and place of the moves refused since then. One query."""
    rows = CoverMove.objects.filter(
        organisation_id=organisation_id, state=CoverMove.State.REFUSED, decided_at__gt=since
    )
    return frozenset(rows.values_list("call_sign", "place__code"))


def of_late(organisation_id: int, since: datetime) -> QuerySet[CoverMove]:
    """The moves that ended or were refused since then, the newest answer first."""
    over = Q(ended_at__gt=since) | Q(state=CoverMove.State.REFUSED, decided_at__gt=since)
    rows = CoverMove.objects.filter(over, organisation_id=organisation_id)
    return rows.select_related("place").order_by("-decided_at", "call_sign")


def places_of_calls(organisation_id: int, days: float, at: datetime) -> Sequence[Point]:
    """Where the calls of the last days were. One query."""
    return incidents.places_between(organisation_id, at - timedelta(days=days), at)
