"""Reading records of release, who waits with them, and what patients waited over a period."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from clearway.domain.ambulance.release import Ended, Kind, Record, Told

from .models import Release

LOOK_BACK = timedelta(hours=24)
_IN_ORDER = ("first_at", "at", "pk")
_NEWEST = ("-first_at", "-at", "-pk")
_NAMES = [each.name for each in fields(Record)]


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest record of one patient, with who wrote it and when. key  of its row"""

    key: int
    assignment: str
    call_sign: str
    site: str
    arrived_at: datetime
    at: datetime
    by: str
    record: Record


def standing(organisation_id: int, at: datetime) -> Mapping[str, Standing]:
    """The newest record of each patient of the last day, as it was corrected, by assignment. One query."""
    found: dict[str, Standing] = {}
    for row in rows_of_late(organisation_id, at).order_by(*_IN_ORDER):
        found[row.assignment] = _standing(row)
    return found


def rows_of_late(organisation_id: int, at: datetime) -> QuerySet[Release]:
    """The rows behind standing."""
    return Release.objects.filter(organisation_id=organisation_id, at__gt=at - LOOK_BACK, at__lte=at)


def _standing(row: Release) -> Standing:
    return Standing(
        key=row.pk,
        assignment=row.assignment,
        call_sign=row.call_sign,
        site=row.site,
        arrived_at=row.arrived_at,
        at=row.first_at,
        by=row.by,
        record=record_of(row),
    )


def record_of(row: Release) -> Record:
    """What a row records."""
    return Record(**{name: getattr(row, name) for name in _NAMES} | {"kind": Kind(row.kind)})


def newest(organisation_id: int, assignment: str) -> Release | None:
    """The newest record of a patient. One query."""
    rows = Release.objects.filter(organisation_id=organisation_id, assignment=assignment)
    return rows.order_by(*_NEWEST).first()


def history(organisation_id: int, assignment: str) -> list[Release]:
    """Everything recorded of a patient, newest first, with what each supersedes. One query."""
    rows = Release.objects.filter(organisation_id=organisation_id, assignment=assignment)
    return list(rows.order_by(*_NEWEST))


def one(organisation_id: int, key: int) -> Release | None:
    """One record, with whatever superseded it."""
    rows = Release.objects.filter(organisation_id=organisation_id, pk=key)
    return rows.select_related("superseded_by").first()


def told(organisation_id: int, since: datetime, at: datetime) -> list[Told]:
    """The records of a period that nothing superseded. One query."""
    rows = Release.objects.filter(
        organisation_id=organisation_id, first_at__gt=since, first_at__lte=at, superseded_by__isnull=True
    )
    return [
        Told(row.site, record_of(row), (row.first_at - row.arrived_at).total_seconds() / 60)
        for row in rows.order_by(*_IN_ORDER)
    ]


def ended(organisation_id: int, since: datetime, at: datetime, sites: Collection[str] | None) -> list[Ended]:
    """The patients who came in a period and were handed over, with what they waited. One query.

    Whoever still waits, or of whom no handover is known, is not among them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.code, extract(epoch FROM (a.stamps->>'handover')::timestamptz - a.at_hospital_at) / 60"
            " FROM ambulance_assignment a JOIN core_site s ON s.id = a.destination_id"
            " WHERE a.organisation_id = %s AND a.at_hospital_at > %s AND a.at_hospital_at <= %s"
            " AND a.stamps ? 'handover' AND (a.stamps->>'handover')::timestamptz >= a.at_hospital_at",
            [organisation_id, since, at],
        )
        return [Ended(site, float(minutes)) for site, minutes in cursor if sites is None or site in sites]
