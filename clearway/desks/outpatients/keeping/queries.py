"""Reading whose records are held."""

from django.db.models import QuerySet

from .models import PatientHold


def holds() -> QuerySet[PatientHold]:
    """Every hold on a patient that is not released."""
    return PatientHold.objects.filter(released_at__isnull=True)
