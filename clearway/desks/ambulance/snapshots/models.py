"""Snapshots of what was known, so that any board can be shown as it was."""

from django.db import models

from clearway.core.organisation.models import Organisation


class Snapshot(models.Model):
    """The folded state of the desk as known at one instant: with the facts known since, any later instant.

    body       compressed JSON of the rows that a situation is read from
    after_xid  every transaction below it had ended when the snapshot was read: what may be missing from the
               snapshot, whenever it became known, lies at or above it
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    at = models.DateTimeField()
    body = models.BinaryField()
    after_xid = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "at"], name="one_snapshot_per_instant")
        ]
