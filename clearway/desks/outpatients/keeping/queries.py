"""Reading whose records are held."""

from django.db.models import QuerySet

from ..patients.models import Patient
from .models import PatientHold


def holds() -> QuerySet[PatientHold]:
    """Every hold on a patient that is not released."""
    return PatientHold.objects.filter(released_at__isnull=True)


def patient_of_number(organisation_id: int, number: str) -> int | None:
    """The patient who has this hospital number, for a hold; merged or not. One query."""
    rows = Patient.objects.filter(organisation_id=organisation_id, number=number)
    return rows.values_list("pk", flat=True).first()
