"""What everybody has to see now, on every page: a divert in force, a system that is down."""

from django.db import models
from django.db.models import F, Q

from ..organisation.models import Organisation


class Notice(models.Model):
    """One line in the frame of every page, for a time. A projection: what put it there is kept elsewhere.

    key      names it within the organisation, e.g. "divert:12"
    address  the page that tells more; empty for none
    ends_at  None until somebody withdraws it
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=80)
    words = models.CharField(max_length=300)
    address = models.CharField(max_length=200, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="one_notice_per_key"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="notice_ends_after_it_starts",
            ),
        ]
        ordering = ["starts_at", "key"]
