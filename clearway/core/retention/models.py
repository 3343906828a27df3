"""What must be kept although its period is over."""

from django.db import models
from django.db.models import F, Q

from ..organisation.models import Organisation


class LegalHold(models.Model):
    """An order to keep everything that a trust knew in a span of time, until it is released.

    known_until  None: everything from known_from on, and what is still to come
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    reason = models.CharField(max_length=300)
    known_from = models.DateTimeField()
    known_until = models.DateTimeField(null=True)
    placed_at = models.DateTimeField()
    placed_by = models.CharField(max_length=150)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(known_until__isnull=True) | Q(known_until__gt=F("known_from")),
                name="hold_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by="")
                | Q(released_at__isnull=False) & ~Q(released_by=""),
                name="released_hold_says_by_whom",
            ),
        ]
        ordering = ["known_from"]
