"""The register of recurring duties, and the evidence of each time one was done."""

from django.db import models
from django.db.models import Q

from ..organisation.models import Organisation
from ..people.models import User


class RecurringDuty(models.Model):
    """Something that is done again and again. kind: a code of the policy; unit: domain.shared.recurring.Unit.

    desk    whose lead sees to it when it is overdue
    owner   who does it, by name or post
    person  whose own duty it is, such as their training: others than they and their leads do not see it
    place   the area that it is about
    due_on  by when it is done next
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    desk = models.CharField(max_length=12)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)
    owner = models.CharField(max_length=120)
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=120, blank=True)
    every = models.PositiveSmallIntegerField()
    unit = models.CharField(max_length=6)
    due_on = models.DateField()
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "core_recurring_duty"
        ordering = ["due_on", "name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(every__gte=1), name="a_duty_comes_back"),
            models.UniqueConstraint(
                fields=["organisation", "name", "owner", "place"],
                condition=Q(ended_at__isnull=True),
                name="one_duty_per_name_owner_and_place",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DutyDone(models.Model):
    """One time that a duty was done, with what shows it. Insert-only.

    found  how each item was found: item, is_met, words
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    duty = models.ForeignKey(RecurringDuty, on_delete=models.PROTECT, related_name="times")
    done_on = models.DateField()
    evidence = models.CharField(max_length=300)
    found = models.JSONField(default=list)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=150)

    class Meta:
        db_table = "core_duty_done"
        ordering = ["-done_on", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(evidence=""), name="a_duty_done_has_evidence")]
