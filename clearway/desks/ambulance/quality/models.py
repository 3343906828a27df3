"""Findings: what a feed said that cannot be right. Shown, owned, never repaired in silence."""

from django.db import models

from clearway.core.organisation.models import Organisation


class Finding(models.Model):
    """One breach of one rule on one stream, as the facts stand. Rebuilt with its stream."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    stream = models.CharField(max_length=200)
    place = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=8)
    what = models.CharField(max_length=40)
    evidence = models.CharField(max_length=300)
    known_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "stream", "place"], name="one_finding_per_place")
        ]
        indexes = [models.Index(fields=["organisation", "code", "known_at"])]
