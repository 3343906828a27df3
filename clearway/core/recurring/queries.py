"""Reading the register of recurring duties."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Prefetch, Q, QuerySet

from clearway.domain.shared.region import Desk

from ..layout.times import local
from .models import DutyDone, RecurringDuty


def one(organisation_id: int, key: int, seen_by: int | None = None) -> RecurringDuty:
    """One duty with every time it was done, newest first. Raises RecurringDuty.DoesNotExist. Two queries."""
    return _seen(organisation_id, seen_by).get(pk=key)


def register(organisation_id: int, seen_by: int | None = None) -> list[RecurringDuty]:
    """Every duty that goes on, the first due first, with the times it was done. Two queries.

    seen_by  the person who looks, who sees nobody else's own duties; None for a lead, who sees the team's
    """
    return list(_seen(organisation_id, seen_by).filter(ended_at__isnull=True))


def _seen(organisation_id: int, seen_by: int | None) -> QuerySet[RecurringDuty]:
    rows = RecurringDuty.objects.filter(organisation_id=organisation_id)
    if seen_by is not None:
        rows = rows.filter(Q(person__isnull=True) | Q(person_id=seen_by))
    return rows.select_related("person").prefetch_related(Prefetch("times", DutyDone.objects.all()))


@dataclass(frozen=True, slots=True)
class Overdue:
    """A duty past its day. kind: a code of the policy; is_own: a person's own, which not everybody sees"""

    key: int
    name: str
    owner: str
    due_on: date
    kind: str
    is_own: bool


def overdue(organisation_id: int, at: datetime, desk: Desk = Desk.OUTPATIENTS) -> tuple[Overdue, ...]:
    """The duties of a desk past their day. One query."""
    rows = RecurringDuty.objects.filter(
        organisation_id=organisation_id, desk=desk, ended_at__isnull=True, due_on__lt=local(at).date()
    )
    found = rows.only("pk", "name", "owner", "due_on", "kind", "person_id")
    return tuple(
        Overdue(row.pk, row.name, row.owner, row.due_on, row.kind, is_own=row.person_id is not None)
        for row in found
    )


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many of the outpatient desk go on, and how many of them are past their day. One query."""
    rows = RecurringDuty.objects.filter(
        organisation_id=organisation_id, desk=Desk.OUTPATIENTS, ended_at__isnull=True
    )
    found = rows.aggregate(open=Count("pk"), late=Count("pk", filter=Q(due_on__lt=local(at).date())))
    return found["open"], found["late"]
