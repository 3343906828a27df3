"""Whose records must be kept although their period is over."""

from django.db import models
from django.db.models import Q

from ..patients.models import Patient


class PatientHold(models.Model):
    """An order to keep everything about one patient, until it is released: a claim, an inquest, an inquiry.

    It holds the records that were merged with this one too. Of a span of time: core.retention.LegalHold.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(max_length=300)
    placed_at = models.DateTimeField()
    placed_by = models.CharField(max_length=150)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=150, blank=True)

    class Meta:
        db_table = "outpatients_patient_hold"
        ordering = ["placed_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by="")
                | Q(released_at__isnull=False) & ~Q(released_by=""),
                name="a_released_patient_hold_says_by_whom",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_patient_hold_says_why"),
        ]
