"""What somebody opened although it was not theirs to work on, on either desk."""

from django.db import models
from django.db.models import F, Q

from ..organisation.models import Organisation


class Opening(models.Model):
    """One patient, opened to one person for a short while, with a reason. Written once.

    subject  as the audit names it: "patient:123", a record; "incident:2026/77", who its patient is
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    subject = models.CharField(max_length=150)
    user = models.ForeignKey("core.User", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20)
    words = models.CharField(max_length=300)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(words="") & ~Q(reason=""), name="an_opening_says_why"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("opened_at")), name="an_opening_ends"),
            models.CheckConstraint(
                condition=Q(subject__regex="^(patient|incident):."), name="an_opening_is_of_a_patient"
            ),
        ]
        indexes = [models.Index(fields=["user", "subject", "ends_at"])]
