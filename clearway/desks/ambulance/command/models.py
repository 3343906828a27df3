"""Situation reports, shifts given and accepted, escalation calls, major incidents: written once."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User


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


class ShiftSheet(models.Model):
    """A shift as somebody gave it to the next. Append-only.

    number   from 1 without a gap
    by_id    the person who gives it
    notes    what they say in their own words
    figures  what was open at that instant, by code
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    by_user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    notes = models.CharField(max_length=2000, blank=True)
    figures = models.JSONField()

    class Meta:
        db_table = "ambulance_shift_sheet"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="one_shift_sheet_per_number")
        ]


class ShiftAcceptance(models.Model):
    """The next person has it: once for a sheet, which the database holds. Append-only.

    figures  what was open when it was accepted
    """

    of = models.OneToOneField(ShiftSheet, on_delete=models.PROTECT, related_name="acceptance")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    by_user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    figures = models.JSONField()

    class Meta:
        db_table = "ambulance_shift_acceptance"


class ShiftWord(models.Model):
    """A question, an answer or a note about a sheet. Append-only."""

    of = models.ForeignKey(ShiftSheet, on_delete=models.PROTECT, related_name="words")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    words = models.CharField(max_length=500)

    class Meta:
        db_table = "ambulance_shift_word"
        ordering = ["at", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="a_shift_word_says_something")]
