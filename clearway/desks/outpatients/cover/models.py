"""The posts of the office, who is away when, and who stands in."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User


class Days(Func):
    """The days of an absence, both ends included."""

    function = "DATERANGE"
    output_field = DateRangeField()


DAYS = Days("starts_on", "ends_on", RangeBoundary(inclusive_upper=True))


class OfficePost(models.Model):
    """A duty, list or clinic that somebody of the office covers on its days. weekdays: ISO, 1 to 7."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    weekdays = ArrayField(models.PositiveSmallIntegerField())
    holder = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    deputy = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outpatients_office_post"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"],
                condition=Q(ended_at__isnull=True),
                name="one_office_post_per_name",
            ),
            models.CheckConstraint(
                condition=Q(deputy__isnull=True) | Q(holder__isnull=True) | ~Q(deputy=F("holder")),
                name="nobody_is_their_own_deputy",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Absence(models.Model):
    """When somebody of the office is away. kind: a word of domain.outpatients.cover.

    decided  None asked for, True granted, False refused or withdrawn; decider is never who asks
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    starts_on = models.DateField()
    ends_on = models.DateField()
    words = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    decided = models.BooleanField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decider = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["starts_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="an_absence_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(decided__isnull=True, decided_at__isnull=True)
                | Q(decided__isnull=False, decided_at__isnull=False) & ~Q(decided_by=""),
                name="a_decided_absence_says_by_whom",
            ),
            models.CheckConstraint(
                condition=~Q(kind="annual", decided=True) | Q(decider__isnull=True) | ~Q(decider=F("user")),
                name="nobody_grants_their_own_holiday",
            ),
            ExclusionConstraint(
                name="an_absence_at_a_time",
                expressions=[
                    ("organisation", RangeOperators.EQUAL),
                    ("user", RangeOperators.EQUAL),
                    (DAYS, RangeOperators.OVERLAPS),
                ],
                condition=Q(decided__isnull=True) | Q(decided=True),
            ),
        ]


class StandIn(models.Model):
    """Who was named for a post on a day. A later word about the same day replaces the one before."""

    post = models.ForeignKey(OfficePost, on_delete=models.PROTECT, related_name="stand_ins")
    on = models.DateField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    said_at = models.DateTimeField()
    said_by = models.CharField(max_length=150)

    class Meta:
        db_table = "outpatients_stand_in"
        constraints = [models.UniqueConstraint(fields=["post", "on"], name="one_stand_in_per_post_and_day")]
