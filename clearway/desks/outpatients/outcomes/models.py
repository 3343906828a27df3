"""Missed appointments and what was done about them, and who asks for the next visit when they need it."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation

from ..booking.models import Appointment
from ..clinics.models import Clinician
from ..waiting.models import Contact, Entry

__all__ = ["Appointment", "Contact", "Miss", "OnRequest"]  # the tables that cashing up writes


class Miss(models.Model):
    """One appointment to which somebody did not come, until a clinician has decided what follows.

    One that was recorded wrongly is kept, taken back; an appointment has at most one that is not.

    kind         missed, or not_brought for a child or an adult who depends on somebody
    notice       the contact that shows that the patient had been told; null where nothing shows it
    contact      the attempt of the same day to reach the patient
    asked_of     the clinician whose decision was asked for
    decision     reoffer, discharge or monitoring, by `clinician`; never by the system
    safeguarding_words  what was done to see that somebody who was not brought is safe
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="misses")
    kind = models.CharField(max_length=12)
    notice = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="+")
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    is_protected = models.BooleanField(default=False)
    safeguarding_at = models.DateTimeField(null=True)
    safeguarding_by = models.CharField(max_length=150, blank=True)
    safeguarding_words = models.CharField(max_length=500, blank=True)
    asked_of = models.ForeignKey(Clinician, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=12, blank=True)
    clinician = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(taken_back_at=None), name="one_miss_that_stands"
            ),
            models.CheckConstraint(
                condition=Q(asked_of__isnull=True, asked_at__isnull=True)
                | Q(asked_of__isnull=False, asked_at__isnull=False),
                name="a_decision_is_asked_of_somebody_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at__isnull=True) | Q(decided_at__isnull=True),
                name="what_a_clinician_decided_is_not_taken_back",
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True)
                | ~Q(decision="") & ~Q(clinician="") & Q(decided_at__isnull=False),
                name="a_decision_after_a_miss_names_its_clinician",
            ),
            models.CheckConstraint(
                condition=~Q(decision="discharge", is_protected=True) | Q(safeguarding_at__isnull=False),
                name="nobody_protected_is_discharged_without_a_safeguarding_step",
            ),
            models.CheckConstraint(
                condition=Q(safeguarding_at__isnull=True) | ~Q(safeguarding_words=""),
                name="a_safeguarding_step_says_what_was_done",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "decided_at"])]


class OnRequest(models.Model):
    """A patient who asks for the next visit when they need it, until a day (patient-initiated follow-up).

    One of an outcome that was taken back is kept; an appointment has at most one that is not.

    entry      the follow-up that the patient asked for
    ended_at   when a clinician's decision ended it, `why`; null while the patient can ask, and once they did
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="on_request")
    until = models.DateField()
    opened_at = models.DateTimeField()
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="on_request")
    asked_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)
    why = models.CharField(max_length=200, blank=True)
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outpatients_on_request"
        ordering = ["until", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(taken_back_at=None), name="one_on_request_that_stands"
            ),
            models.CheckConstraint(
                condition=Q(entry__isnull=True, asked_at__isnull=True)
                | Q(entry__isnull=False, asked_at__isnull=False) & ~Q(asked_by=""),
                name="a_visit_asked_for_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | ~Q(why="") & ~Q(ended_by=""),
                name="on_request_ended_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "until"],
                condition=Q(entry=None, ended_at=None, taken_back_at=None),
                name="on_request_open",
            )
        ]
