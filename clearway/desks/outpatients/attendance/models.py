"""Models of who might not come, which of them is in use, and the risks they gave."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation

from ..booking.models import Appointment
from ..patients.models import Carer, Need, Patient

# The tables that are read here; nothing here writes to them.
__all__ = [
    "Appointment",
    "AttendanceModel",
    "AttendanceScore",
    "AttendanceUse",
    "Carer",
    "Need",
    "Patient",
    "SetAside",
]


class AttendanceModel(models.Model):
    """One model that was trained on the trust's own past. Kept as it was made.

    version     counts within the trust
    since, until  the bookings it learned from were judged between these; tested_until  the last of all
    parameters  engine.outpatients.attendance.Model as JSON; report  what was measured of it
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    version = models.PositiveIntegerField()
    trained_at = models.DateTimeField()
    trained_by = models.CharField(max_length=150)
    since = models.DateTimeField()
    until = models.DateTimeField()
    tested_until = models.DateTimeField()
    parameters = models.JSONField()
    report = models.JSONField()

    class Meta:
        db_table = "outpatients_attendance_model"
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "version"], name="a_model_has_its_own_version"),
            models.CheckConstraint(
                condition=Q(until__gte=models.F("since"), tested_until__gte=models.F("until")),
                name="a_model_is_tested_after_what_it_learned",
            ),
        ]


class AttendanceUse(models.Model):
    """A span in which a model is used, put in use and withdrawn by somebody with a reason."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    model = models.ForeignKey(AttendanceModel, on_delete=models.PROTECT, related_name="uses")
    began_at = models.DateTimeField()
    began_by = models.CharField(max_length=150)
    why = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)

    class Meta:
        db_table = "outpatients_attendance_use"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(ended_at=None), name="one_model_is_in_use"
            ),
            models.CheckConstraint(
                condition=~Q(why="") & ~Q(began_by=""), name="a_model_is_put_in_use_by_somebody"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | ~Q(ended_by=""),
                name="a_model_is_withdrawn_by_somebody",
            ),
        ]


class AttendanceScore(models.Model):
    """The risk of one booking from `scored_at` to `ended_at`, with the model and the reasons of it.

    looked_at  when it was last judged and had not changed; ended_at  null for the one that stands
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="attendance_scores")
    model = models.ForeignKey(AttendanceModel, on_delete=models.PROTECT, related_name="scores")
    risk = models.FloatField()
    reasons = ArrayField(models.CharField(max_length=80), default=list)
    scored_at = models.DateTimeField()
    looked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outpatients_attendance_score"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(ended_at=None), name="one_risk_of_a_booking_stands"
            ),
            models.CheckConstraint(condition=Q(risk__gte=0, risk__lte=1), name="a_risk_is_a_share"),
        ]
        indexes = [
            models.Index(fields=["organisation"], condition=Q(ended_at=None), name="risks_that_stand"),
            models.Index(fields=["model", "scored_at"]),
        ]


class SetAside(models.Model):
    """Somebody who knows better said that a booking needs no call for its risk."""

    appointment = models.OneToOneField(
        Appointment, on_delete=models.PROTECT, related_name="attendance_set_aside"
    )
    why = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)

    class Meta:
        db_table = "outpatients_attendance_set_aside"
        constraints = [models.CheckConstraint(condition=~Q(why=""), name="what_is_set_aside_says_why")]
