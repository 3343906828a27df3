"""Trials of reminders: what varies, which arm each patient is in, and who began and ended it."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation

from ..booking.models import Appointment
from ..clinics.models import Service
from ..letters.models import LetterText
from ..patients.models import Patient


class Trial(models.Model):
    """One trial of two arms. varies, outcome: words of domain.outpatients.trials.

    kind, channel  the message whose words vary; of days: reminder and ""
    planned        patients after whom it may end without a difference
    key            from which arms are drawn; shown to nobody
    kept           letter of the arm that counts for everybody from the end on; "" where none was kept
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    name = models.CharField(max_length=100)
    varies = models.CharField(max_length=5)
    kind = models.CharField(max_length=10)
    channel = models.CharField(max_length=5, blank=True)
    outcome = models.CharField(max_length=10)
    planned = models.PositiveIntegerField()
    key = models.CharField(max_length=64, editable=False)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=150)
    why = models.CharField(max_length=200)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=150, blank=True)
    stopped_why = models.CharField(max_length=200, blank=True)
    kept = models.CharField(max_length=1, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(started_by="") & ~Q(why=""), name="a_trial_says_who_and_why"),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True, stopped_by="", stopped_why="", kept="")
                | Q(stopped_at__isnull=False) & ~Q(stopped_by="") & ~Q(stopped_why=""),
                name="a_stopped_trial_says_who_and_why",
            ),
            models.CheckConstraint(
                condition=Q(varies="words") & ~Q(channel="") | Q(varies="days", channel=""),
                name="a_trial_of_words_names_its_channel",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TrialArm(models.Model):
    """One of the two arms: an approved text, or days before the visit."""

    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="arms")
    letter = models.CharField(max_length=1)
    text = models.ForeignKey(LetterText, null=True, on_delete=models.PROTECT, related_name="+")
    far = models.PositiveSmallIntegerField(null=True)
    near = models.PositiveSmallIntegerField(null=True)

    class Meta:
        db_table = "outpatients_trial_arm"
        ordering = ["letter"]
        constraints = [
            models.UniqueConstraint(fields=["trial", "letter"], name="an_arm_has_its_letter"),
            models.CheckConstraint(condition=Q(letter__in=["a", "b"]), name="a_trial_has_two_arms"),
            models.CheckConstraint(
                condition=Q(text__isnull=False, far__isnull=True, near__isnull=True)
                | Q(text__isnull=True, far__isnull=False, near__isnull=False),
                name="an_arm_is_a_text_or_days",
            ),
        ]


class TrialService(models.Model):
    """A service whose patients are in a trial. kind: of the trial; ended with it."""

    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="services")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    is_running = models.BooleanField(default=True)

    class Meta:
        db_table = "outpatients_trial_service"
        ordering = ["service__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "kind"],
                condition=Q(is_running=True),
                name="one_trial_of_a_message_in_a_service",
            ),
            models.UniqueConstraint(fields=["trial", "service"], name="a_service_is_in_a_trial_once"),
        ]


class TrialPlace(models.Model):
    """The arm of one patient in one trial, drawn once at the first visit, and never changed (0008_trials).

    patient  the record that stood for the patient then; appointment  the visit that counts
    """

    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="places")
    arm = models.ForeignKey(TrialArm, on_delete=models.PROTECT, related_name="places")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField()

    class Meta:
        db_table = "outpatients_trial_place"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["trial", "patient"], name="a_patient_has_one_place_in_a_trial")
        ]
