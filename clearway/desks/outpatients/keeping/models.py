"""Whose records must be kept although their period is over."""

from django.db import models
from django.db.models import F, Q

from ..patients.models import Patient


class PatientHold(models.Model):
    """An order to keep everything about one patient, until it is lifted: a claim, an inquest, an inquiry.

    It holds the records that were merged with this one too. Of a span of time: core.retention.LegalHold.
    review_on   when somebody looks whether it is still needed
    lift_asked_at, lift_asked_by, lift_why  somebody says that it is not; somebody else lifts it. Released is
                what only a function of the database writes for the desks (migrations/0006_keeping.py)
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(max_length=300)
    placed_at = models.DateTimeField()
    placed_by = models.CharField(max_length=150)
    review_on = models.DateField()
    lift_asked_at = models.DateTimeField(null=True)
    lift_asked_by = models.CharField(max_length=150, blank=True)
    lift_why = models.CharField(max_length=300, blank=True)
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
            models.CheckConstraint(
                condition=Q(lift_asked_at__isnull=True, lift_asked_by="", lift_why="")
                | Q(lift_asked_at__isnull=False) & ~Q(lift_asked_by="") & ~Q(lift_why=""),
                name="asking_to_lift_a_hold_says_who_and_why",
            ),
            models.CheckConstraint(
                condition=Q(released_by="") | ~Q(released_by=F("lift_asked_by")),
                name="a_patient_hold_is_lifted_by_somebody_else",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_patient_hold_says_why"),
        ]
