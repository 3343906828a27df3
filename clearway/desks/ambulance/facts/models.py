"""The facts of the ambulance desk."""

from django.db import models

from clearway.core.organisation.models import Organisation


class Fact(models.Model):
    """One event as its source said it. Append-only; partitioned by the month it became known.

    stream  what it is about: "incident:…", "assignment:…", "resource:…" or "hospital:…"
    event   the native event, JSON, without identity
    batch   the raw batch it came in
    """

    pk = models.CompositePrimaryKey("known_at", "id")
    id = models.BigIntegerField(editable=False)
    known_at = models.DateTimeField()
    occurred_at = models.DateTimeField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, db_index=False)
    source = models.CharField(max_length=60)
    message_id = models.CharField(max_length=120)
    batch_id = models.BigIntegerField(null=True)
    stream = models.CharField(max_length=200)
    event = models.JSONField()

    class Meta:
        managed = False
        db_table = "ambulance_fact"
