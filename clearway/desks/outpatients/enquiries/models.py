"""Every call, message and complaint that comes into the office, with its result."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation

from ..clinics.models import Clinician
from ..patients.models import Patient


class Enquiry(models.Model):
    """One call or message in. With a clinician it is a message for them; about "complaint", a complaint.

    caller, way, about, urgency, result   words of domain.outpatients.enquiries
    number        where to ring back, where it is not that of the patient's record
    promised_by   by when an answer was promised; of a complaint, the end of the day for the written answer
    acknowledge_by  last day on which a complaint is acknowledged; null of others
    escalated_at  when it was passed to the team leader, and why; taken_at when the leader took it
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    came_at = models.DateTimeField()
    taken_by = models.CharField(max_length=150)
    way = models.CharField(max_length=10)
    caller = models.CharField(max_length=12)
    caller_name = models.CharField(max_length=120, blank=True)
    number = models.CharField(max_length=30, blank=True)
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="enquiries")
    about = models.CharField(max_length=12)
    words = models.CharField(max_length=500)
    clinician = models.ForeignKey(Clinician, null=True, on_delete=models.PROTECT, related_name="messages")
    urgency = models.CharField(max_length=10)
    promised_by = models.DateTimeField()
    acknowledge_by = models.DateField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    escalated_at = models.DateTimeField(null=True)
    escalated_by = models.CharField(max_length=150, blank=True)
    escalated_why = models.CharField(max_length=300, blank=True)
    taken_at = models.DateTimeField(null=True)
    leader = models.CharField(max_length=150, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=150, blank=True)
    result = models.CharField(max_length=16, blank=True)
    closing = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["came_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, result="")
                | Q(closed_at__isnull=False) & ~Q(result="") & ~Q(closed_by=""),
                name="a_closed_enquiry_says_its_result_and_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="")
                | Q(answered_at__isnull=False) & ~Q(answer=""),
                name="an_answer_says_what_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(about="complaint") | Q(acknowledge_by__isnull=False),
                name="a_complaint_has_a_day_of_acknowledgement",
            ),
            models.CheckConstraint(
                condition=Q(escalated_at__isnull=True) | ~Q(escalated_why=""),
                name="what_is_escalated_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "promised_by"],
                condition=Q(closed_at__isnull=True),
                name="enquiries_that_are_open",
            )
        ]
