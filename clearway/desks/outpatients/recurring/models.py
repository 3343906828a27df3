"""The register of recurring duties, and the evidence of each time one was done."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation


class RecurringDuty(models.Model):
    """Something that is done again and again. kind and unit: words of domain.outpatients.recurring.

    owner   who does it, by name or post; due_on  by when it is done next
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10)
    owner = models.CharField(max_length=120)
    every = models.PositiveSmallIntegerField()
    unit = models.CharField(max_length=6)
    due_on = models.DateField()
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "outpatients_recurring_duty"
        ordering = ["due_on", "name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(every__gte=1), name="a_duty_comes_back"),
            models.UniqueConstraint(
                fields=["organisation", "name", "owner"],
                condition=Q(ended_at__isnull=True),
                name="one_duty_per_name_and_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DutyDone(models.Model):
    """One time that a duty was done, with what shows it. Added only."""

    duty = models.ForeignKey(RecurringDuty, on_delete=models.PROTECT, related_name="times")
    done_on = models.DateField()
    evidence = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=150)

    class Meta:
        db_table = "outpatients_duty_done"
        ordering = ["-done_on", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(evidence=""), name="a_duty_done_has_evidence")]
