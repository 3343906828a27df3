"""How shifts stand with their meal breaks, and which beginnings somebody planned."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation, Site


class ShiftBreaks(models.Model):
    """How one crew's shift stands with its breaks: a projection of the facts known while it lasted.

    shift_end     as said, or when the crew went home
    began_at      when its newest break began
    owed_minutes  of the next break; None where none is owed, as are the three times of its window
    late_by       minutes, of the latest beginning after it was due
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    call_sign = models.CharField(max_length=80)
    shift_start = models.DateTimeField()
    shift_end = models.DateTimeField()
    area = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=12)
    owed_minutes = models.FloatField(null=True)
    opens_at = models.DateTimeField(null=True)
    start_by = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    interrupted = models.PositiveSmallIntegerField(default=0)
    late_by = models.FloatField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "call_sign", "shift_start"], name="one_row_of_breaks_per_shift"
            ),
            models.CheckConstraint(
                condition=Q(owed_minutes__isnull=True, opens_at=None, start_by=None, closes_at=None)
                | Q(
                    owed_minutes__gt=0,
                    opens_at__isnull=False,
                    start_by__isnull=False,
                    closes_at__isnull=False,
                ),
                name="an_owed_break_has_its_window",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "shift_end"])]


class PlannedBreak(models.Model):
    """A beginning that somebody accepted. It is told to crew and dispatch, and guards its window.

    The break itself counts from its status event alone (see ShiftBreaks).
    guarded_from  from when on only calls of the categories `only` should be sent
    cause  why it did not begin, or was taken back
    """

    class State(models.TextChoices):
        STANDS = "stands"
        BEGUN = "begun"
        MISSED = "missed"
        WITHDRAWN = "withdrawn"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    call_sign = models.CharField(max_length=80)
    shift_start = models.DateTimeField()
    starts_at = models.DateTimeField()
    minutes = models.FloatField()
    guarded_from = models.DateTimeField()
    only = models.CharField(max_length=40)
    place = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State.choices, default=State.STANDS)
    accepted_at = models.DateTimeField()
    accepted_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True)
    cause = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "call_sign"],
                condition=Q(state="stands"),
                name="one_standing_plan_per_crew",
            ),
            models.CheckConstraint(
                condition=Q(state="stands", ended_at=None) | (~Q(state="stands") & Q(ended_at__isnull=False)),
                name="a_plan_stands_or_has_ended",
            ),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="a_planned_break_lasts"),
        ]
        indexes = [models.Index(fields=["organisation", "accepted_at"])]
