"""Reading whose records are held, and how long what is not held is kept."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from clearway.core.audit.models import Action
from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.core.retention.models import LegalHold
from clearway.core.retention.queries import POLICY

from .models import PatientHold


def holds() -> QuerySet[PatientHold]:
    """Every hold on a patient that is not released."""
    return PatientHold.objects.filter(released_at__isnull=True)


def in_force(organisation_id: int) -> QuerySet[PatientHold]:
    """Every hold on a patient of the trust, the first to be reviewed first."""
    rows = holds().filter(patient__organisation_id=organisation_id)
    return rows.select_related("patient").order_by("review_on", "pk")


def lifted(organisation_id: int) -> QuerySet[PatientHold]:
    """Those that were lifted, newest first."""
    rows = PatientHold.objects.filter(released_at__isnull=False, patient__organisation_id=organisation_id)
    return rows.select_related("patient").order_by("-released_at", "-pk")


def one(organisation_id: int, key: int) -> PatientHold:
    """One hold with its patient. Raises PatientHold.DoesNotExist."""
    rows = PatientHold.objects.select_related("patient")
    return rows.get(pk=key, patient__organisation_id=organisation_id)


def of_people(patient_ids: Collection[int]) -> QuerySet[PatientHold]:
    """The holds in force on any of these records, oldest first."""
    return holds().filter(patient_id__in=patient_ids).order_by("placed_at", "pk")


def of_time(organisation_id: int) -> QuerySet[LegalHold]:
    """The holds in force on what the whole trust knew in a span of time."""
    return LegalHold.objects.filter(organisation_id=organisation_id, released_at__isnull=True)


def history(hold: PatientHold) -> list[Action]:
    """What was done with a hold, oldest first. One query."""
    rows = Action.objects.filter(subject=f"patient:{hold.patient_id}", verb__startswith="retention.")
    return [each for each in rows.order_by("id") if each.detail.get("hold") == hold.pk]


def periods(organisation_id: int, at: datetime) -> list[dict[str, Any]]:
    """What is kept for how long, as the policy says: of, days, basis. One query."""
    found = policies(organisation_id, [POLICY], local(at).date()).get(POLICY, {})
    return list(found.get("periods", ()))


@dataclass(frozen=True, slots=True)
class Due:
    """A hold about which somebody has to do something: look at it again, or lift it with who asks to."""

    key: int
    review_on: date
    lift_asked_at: datetime | None


def due(organisation_id: int, at: datetime) -> tuple[Due, ...]:
    """Holds that are to be reviewed, or that somebody asks to lift. One query."""
    is_due = Q(review_on__lte=local(at).date()) | Q(lift_asked_at__isnull=False)
    rows = in_force(organisation_id).filter(is_due)
    return tuple(Due(*row) for row in rows.values_list("pk", "review_on", "lift_asked_at"))


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many are in force, and how many of them are to be reviewed. One query."""
    late = Count("pk", filter=Q(review_on__lte=local(at).date()))
    found = in_force(organisation_id).order_by().aggregate(open=Count("pk"), late=late)
    return found["open"], found["late"]
