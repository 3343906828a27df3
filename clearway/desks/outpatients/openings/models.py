"""Records that somebody opened although nothing of the patient was to be done here."""

from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation

from ..patients.models import Patient


class Opening(models.Model):
    """One patient's record, opened by one person for a short while, with a reason. Written once."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey("core.User", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20)
    words = models.CharField(max_length=300)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(words="") & ~Q(reason=""), name="an_opening_says_why"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("opened_at")), name="an_opening_ends"),
        ]
        indexes = [models.Index(fields=["user", "patient", "ends_at"])]
