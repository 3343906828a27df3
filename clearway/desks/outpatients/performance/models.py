"""The targets that were set, and the days from which limits are drawn anew."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation

from ..booking.models import Appointment
from ..clinics.models import Clinician, Service, Slot, Template
from ..letters.models import Letter
from ..outcomes.models import OnRequest
from ..patients.models import Need
from ..recycling.models import FreedSlot
from ..referrals.models import Referral
from ..waiting.models import Contact, Entry

# The tables that indicators are counted from; nothing here writes to them.
__all__ = [
    "Appointment",
    "Baseline",
    "Clinician",
    "Contact",
    "Entry",
    "FreedSlot",
    "Letter",
    "Need",
    "OnRequest",
    "Referral",
    "Service",
    "Slot",
    "Target",
    "Template",
]


class Target(models.Model):
    """What an indicator should be from a day on: of the whole department, or of a service.

    indicator  code of domain.outpatients.performance; value in the indicator's own unit, a share from 0 to 1
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    indicator = models.CharField(max_length=20)
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="+")
    value = models.FloatField()
    from_on = models.DateField()
    why = models.CharField(max_length=200)
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=150)

    class Meta:
        db_table = "outpatients_performance_target"
        ordering = ["from_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(value__gte=0), name="a_target_is_not_below_nought"),
            models.CheckConstraint(condition=~Q(why=""), name="a_target_says_why"),
        ]


class Baseline(models.Model):
    """A day from which the limits of an indicator are drawn anew, because the process was changed.

    ended_at  when it was taken back: the limits are then drawn as if it had not been
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    indicator = models.CharField(max_length=20)
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    why = models.CharField(max_length=200)
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)

    class Meta:
        db_table = "outpatients_performance_baseline"
        ordering = ["on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "indicator", "service", "on"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="one_baseline_on_a_day",
            ),
            models.CheckConstraint(condition=~Q(why=""), name="a_baseline_says_why"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | ~Q(ended_by=""),
                name="a_baseline_taken_back_says_by_whom",
            ),
        ]
