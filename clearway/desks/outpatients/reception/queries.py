"""Reading who is expected today."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q

from clearway.core.layout.times import LONDON, local

from ..booking.queries import live
from .models import Appointment

SHOWN = ("booked", "arrived", "attended", "missed")


def _day(at: datetime) -> tuple[datetime, datetime]:
    """The London day of an instant."""
    first, after = local(at).date(), local(at).date() + timedelta(days=1)
    return (
        datetime(first.year, first.month, first.day, tzinfo=LONDON),
        datetime(after.year, after.month, after.day, tzinfo=LONDON),
    )


def today(organisation_id: int, site: str, at: datetime) -> list[Appointment]:
    """Who is expected at a site today, in the order of their times. One query."""
    start, end = _day(at)
    rows = Appointment.objects.filter(
        organisation_id=organisation_id,
        starts_at__gte=start,
        starts_at__lt=end,
        state__in=SHOWN,
        slot__session__room__site__code=site,
    )
    return list(
        rows.select_related(
            "patient", "slot__session__clinician", "slot__session__room", "slot__session__service"
        ).order_by("starts_at", "patient__family_name", "id")
    )


@dataclass(frozen=True, slots=True)
class Free:
    """A free slot later today."""

    starts_at: datetime
    service: str
    clinician: str
    room: str
    kind: str


def next_free(organisation_id: int, site: str, at: datetime, most: int = 6) -> list[Free]:
    """The next free slots of open clinics at a site today. One query."""
    slots: Any = Appointment._meta.get_field("slot").related_model
    rows = slots.objects.filter(
        organisation_id=organisation_id,
        starts_at__gt=at,
        starts_at__lt=_day(at)[1],
        blocked="",
        session__state="open",
        session__room__site__code=site,
    )
    taken = Count("appointments", filter=_of_slot(at))
    found = rows.annotate(taken=taken).filter(taken__lt=F("seats")).order_by("starts_at", "id")
    names = ("starts_at", "session__service__name", "session__clinician__name", "session__room__name", "kind")
    return [Free(*row) for row in found.values_list(*names)[:most]]


def _of_slot(at: datetime) -> Q:
    """The appointments that keep their seat, as the slot sees them."""
    return Q(appointments__in=Appointment.objects.filter(live(at), starts_at__lt=_day(at)[1], ends_at__gt=at))
