"""Rosters as they came, and the shifts that they plan: versioned rows, some replaced by a later roster."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from clearway.core.organisation.models import Organisation


class _Span(Func):
    """The half-open time range of a shift."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Roster(models.Model):
    """One file as it came. Looked at first; in force from when somebody took it.

    digest  SHA-256 of the file
    added, same, replaced, refused  what taking it did, None before
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    raw = models.BinaryField()
    digest = models.CharField(max_length=64)
    came_at = models.DateTimeField()
    came_by = models.CharField(max_length=150)
    taken_at = models.DateTimeField(null=True)
    taken_by = models.CharField(max_length=150, blank=True)
    added = models.PositiveIntegerField(null=True)
    same = models.PositiveIntegerField(null=True)
    replaced = models.PositiveIntegerField(null=True)
    refused = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True, taken_by="", added=None, replaced=None)
                | Q(taken_at__isnull=False, added__isnull=False, replaced__isnull=False) & ~Q(taken_by=""),
                name="a_taken_roster_says_what_it_did",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "came_at"])]


class PlannedShift(models.Model):
    """One shift of one crew as a roster plans it. In force until a later roster replaces it.

    station  code of the site; area  its name as the roster was taken
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, related_name="shifts")
    call_sign = models.CharField(max_length=80)
    kind = models.CharField(max_length=10)
    skill = models.CharField(max_length=40, blank=True)
    station = models.CharField(max_length=12)
    area = models.CharField(max_length=80, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    replaced_by = models.ForeignKey(Roster, null=True, on_delete=models.PROTECT, related_name="+")
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="a_shift_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(replaced_by__isnull=True, replaced_at=None)
                | Q(replaced_by__isnull=False, replaced_at__isnull=False),
                name="a_replaced_shift_says_since_when",
            ),
            ExclusionConstraint(
                name="a_crew_works_one_shift_at_a_time",
                expressions=[
                    ("organisation", RangeOperators.EQUAL),
                    ("call_sign", RangeOperators.EQUAL),
                    (_Span("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(replaced_by__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "ends_at"])]
