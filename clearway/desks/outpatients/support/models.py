"""What was arranged for a need of a patient at one visit, and whether it was met."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation

from ..booking.models import Appointment
from ..patients.models import Need

__all__ = ["Appointment", "Arrangement", "Need"]


class Arrangement(models.Model):
    """One need at one visit. There is none while nobody has arranged anything or said how it went.

    how   what was arranged, and with whom: "Interpreter of the language service, job 2214"
    met   whether the patient had it at the visit; why not, where they had not
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="arrangements")
    need = models.ForeignKey(Need, on_delete=models.PROTECT, related_name="arrangements")
    how = models.CharField(max_length=150, blank=True)
    arranged_at = models.DateTimeField(null=True)
    arranged_by = models.CharField(max_length=150, blank=True)
    met = models.BooleanField(null=True)
    met_at = models.DateTimeField(null=True)
    met_by = models.CharField(max_length=150, blank=True)
    why = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appointment", "need"], name="a_need_is_arranged_once_a_visit"),
            models.CheckConstraint(
                condition=Q(arranged_at__isnull=True, how="", arranged_by="")
                | Q(arranged_at__isnull=False) & ~Q(how="") & ~Q(arranged_by=""),
                name="an_arrangement_says_how_and_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(met__isnull=True, met_at__isnull=True, met_by="")
                | Q(met__isnull=False, met_at__isnull=False) & ~Q(met_by=""),
                name="who_says_that_a_need_was_met_is_named",
            ),
            models.CheckConstraint(
                condition=Q(met=False) & ~Q(why="") | (Q(met__isnull=True) | Q(met=True)) & Q(why=""),
                name="a_need_that_was_not_met_says_why",
            ),
        ]
