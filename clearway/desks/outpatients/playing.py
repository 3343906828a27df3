"""What a player of an invented department reads of the tables, to act as patients and other clerks do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from . import models

# As the waiting list has them: clinical priority, then treat-by, then since when.
IN_ORDER = (
    F("priority").desc(),
    F("treat_by").asc(nulls_last=True),
    F("waits_from").asc(nulls_last=True),
    F("id").asc(),
)


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment that stands. key names it alike in every run of the same past; who  an NHS number."""

    id: int
    key: str
    who: str
    kind: str
    service: str
    is_child: bool
    made_at: datetime
    starts_at: datetime
    ends_at: datetime
    session_id: int


def booked(organisation_id: int, start: datetime, end: datetime) -> Iterator[Booked]:
    """What is booked, and not yet said how it ended, with its start in [start, end); one query."""
    rows = (
        models.Appointment.objects.filter(
            organisation_id=organisation_id,
            state__in=("booked", "arrived"),
            starts_at__gte=start,
            starts_at__lt=end,
        )
        .order_by("starts_at", "id")
        .select_related("patient", "entry__service", "slot")
        .prefetch_related("patient__flags")
    )
    for row in rows:
        if row.entry is None:
            continue
        yield Booked(
            id=row.pk,
            key=f"{row.patient.nhs_number}/{row.starts_at.isoformat()}",
            who=row.patient.nhs_number or "",
            kind=row.entry.kind,
            service=row.entry.service.code,
            is_child=any(flag.kind == "dependent" for flag in row.patient.flags.all()),
            made_at=row.made_at,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            session_id=row.slot.session_id,
        )


def to_book(organisation_id: int, at: datetime, most: int) -> list[int]:
    """The list entries whose turn it is to be booked: as the waiting list orders them, and due; one query."""
    rows = models.Entry.objects.filter(organisation_id=organisation_id, state="waiting")
    due = rows.exclude(due_on__gt=at.date())
    return list(due.order_by(*IN_ORDER).values_list("pk", flat=True)[:most])


def services(organisation_id: int) -> dict[str, models.Service]:
    """Every service by its code; one query."""
    return {row.code: row for row in models.Service.objects.filter(organisation_id=organisation_id)}
