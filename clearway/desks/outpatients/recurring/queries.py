"""Reading the register of recurring duties."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Prefetch, Q

from clearway.core.layout.times import local

from .models import DutyDone, RecurringDuty


def one(organisation_id: int, key: int) -> RecurringDuty:
    """One duty with every time it was done, newest first. Raises RecurringDuty.DoesNotExist. Two queries."""
    rows = RecurringDuty.objects.prefetch_related(Prefetch("times", DutyDone.objects.all()))
    return rows.get(organisation_id=organisation_id, pk=key)


def register(organisation_id: int) -> list[RecurringDuty]:
    """Every duty that goes on, the first due first, with the times it was done. Two queries."""
    rows = RecurringDuty.objects.filter(organisation_id=organisation_id, ended_at__isnull=True)
    return list(rows.prefetch_related(Prefetch("times", DutyDone.objects.all())))


@dataclass(frozen=True, slots=True)
class Overdue:
    """A duty past its day."""

    key: int
    name: str
    owner: str
    due_on: date


def overdue(organisation_id: int, at: datetime) -> tuple[Overdue, ...]:
    """The duties past their day. One query."""
    rows = RecurringDuty.objects.filter(
        organisation_id=organisation_id, ended_at__isnull=True, due_on__lt=local(at).date()
    )
    return tuple(Overdue(*row) for row in rows.values_list("pk", "name", "owner", "due_on"))


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many go on, and how many of them are past their day. One query."""
    rows = RecurringDuty.objects.filter(organisation_id=organisation_id, ended_at__isnull=True)
    found = rows.aggregate(open=Count("pk"), late=Count("pk", filter=Q(due_on__lt=local(at).date())))
    return found["open"], found["late"]
