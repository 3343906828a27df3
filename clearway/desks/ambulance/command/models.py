"""Situation reports, shifts given and accepted, escalation calls, major incidents: written once."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation


class Sitrep(models.Model):
    """One situation report. Append-only: what was wrong in it is said in an addendum.

    number   its version, from 1 without a gap
    for_at   the time that it was due for; None for one that was made by hand or on an occasion
    because  why it was made, in words
    figures  its parts by code (see domain.shared.figures), each figure with its age
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    for_at = models.DateTimeField(null=True)
    because = models.CharField(max_length=200)
    by = models.CharField(max_length=150)
    figures = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="one_sitrep_per_number"),
            models.UniqueConstraint(fields=["organisation", "for_at"], name="one_sitrep_for_a_time"),
            models.CheckConstraint(condition=~Q(because=""), name="a_sitrep_says_why"),
        ]
        indexes = [models.Index(fields=["organisation", "-at"])]


class SitrepAddendum(models.Model):
    """What somebody added to a report or corrected in it. Append-only."""

    of = models.ForeignKey(Sitrep, on_delete=models.PROTECT, related_name="addenda")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    words = models.CharField(max_length=1000)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="an_addendum_says_something")]
