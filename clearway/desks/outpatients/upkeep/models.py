"""Faults of rooms and equipment, from the report to the day they are mended."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation

from ..clinics.models import Equipment, Room


class Fault(models.Model):
    """One fault of a room, or of equipment that is kept there. kind, weight and mender are words of
    domain.outpatients.upkeep.

    equipment  what is broken, wherever clinics use it; null where it is the room, or something else in it
    thing      what of the room, with its asset number where it has one; "" for the room itself
    reference  the job number that the mender gave
    until      last day on which it is reckoned not to be usable; null where it can be used
    chase_on   when it is asked about again; asked  how often it was
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="faults")
    equipment = models.ForeignKey(Equipment, null=True, on_delete=models.PROTECT, related_name="faults")
    thing = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=10)
    weight = models.CharField(max_length=10)
    what = models.CharField(max_length=150)
    reported_at = models.DateTimeField()
    reported_by = models.CharField(max_length=150)
    mender = models.CharField(max_length=10)
    reference = models.CharField(max_length=40, blank=True)
    until = models.DateField(null=True)
    chase_on = models.DateField()
    asked = models.PositiveSmallIntegerField(default=0)
    said = models.CharField(max_length=300, blank=True)
    mended_at = models.DateTimeField(null=True)
    mended_by = models.CharField(max_length=150, blank=True)
    how = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["reported_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weight="nuisance", until__isnull=True)
                | ~Q(weight="nuisance") & Q(until__isnull=False),
                name="a_fault_that_stops_says_until_when",
            ),
            models.CheckConstraint(
                condition=Q(mended_at__isnull=True, mended_by="")
                | Q(mended_at__isnull=False) & ~Q(mended_by=""),
                name="a_mended_fault_says_by_whom",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "chase_on"],
                condition=Q(mended_at__isnull=True),
                name="faults_standing",
            )
        ]
