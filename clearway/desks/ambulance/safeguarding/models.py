"""Safeguarding concerns. What was written is read by its queue and its author alone, each look on record."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User


class Safeguarding(models.Model):
    """One concern. Append-only. queue  code of the role whose people see what was written."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    kind = models.CharField(max_length=5)
    words = models.CharField(max_length=2000)
    incident = models.CharField(max_length=80, blank=True)
    queue = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["child", "adult"]) & ~Q(queue="") & ~Q(words=""),
                name="a_safeguarding_concern_has_its_queue",
            )
        ]
        indexes = [models.Index(fields=["organisation", "-at"])]


class SafeguardingTaken(models.Model):
    """Somebody of the queue has it: once."""

    of = models.OneToOneField(Safeguarding, on_delete=models.PROTECT, related_name="taken")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)

    class Meta:
        db_table = "ambulance_safeguarding_taken"
