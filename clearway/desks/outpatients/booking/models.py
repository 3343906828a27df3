"""Appointments: held, booked, kept or not; and the dates that were offered."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation

from ..clinics.models import Slot, span
from ..patients.models import Patient
from ..referrals.models import Referral
from ..waiting.models import Entry

ACTIVE = ("held", "booked", "arrived", "attended", "missed")  # those that keep their seat


class Appointment(models.Model):
    """One patient in one seat of one slot. No seat is given twice, and nobody is in two places.

    seat         1 to the slot's seats
    held_until   of a hold; past it the seat is anybody's (booking.actions.let_go_of_holds)
    cancelled_by patient or provider; notice_hours  from the cancellation to the start
    attended     attended code; outcome  outcome of attendance; status  RTT status code: the cashing up
    moved_to     the appointment that took its place
    person       the record that stands for the patient, whom no two records put into two places; kept by the
                 database (0002_guards), also when records are merged or a merger is undone
    """

    class State(models.TextChoices):
        HELD = "held", "Held"
        BOOKED = "booked", "Booked"
        ARRIVED = "arrived", "Arrived"
        ATTENDED = "attended", "Attended"
        MISSED = "missed", "Did not attend"
        CANCELLED = "cancelled", "Cancelled"
        LAPSED = "lapsed", "Hold lapsed"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="appointments")
    seat = models.PositiveSmallIntegerField(default=1)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="appointments")
    person = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", editable=False)
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="appointments")
    referral = models.ForeignKey(Referral, null=True, on_delete=models.PROTECT, related_name="appointments")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State)
    held_until = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    confirmed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=10, blank=True)
    cancel_reason = models.CharField(max_length=40, blank=True)
    moved_to = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="moved_from")
    attended = models.CharField(max_length=1, blank=True)
    outcome = models.CharField(max_length=1, blank=True)
    status = models.CharField(max_length=2, blank=True)
    outcomed_at = models.DateTimeField(null=True)
    outcomed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(seat__gte=1), name="seats_count_from_one"),
            models.UniqueConstraint(
                fields=["slot", "seat"], condition=Q(state__in=ACTIVE), name="a_seat_is_given_once"
            ),
            ExclusionConstraint(
                name="a_patient_is_in_one_place",
                expressions=[("person", RangeOperators.EQUAL), (span(), RangeOperators.OVERLAPS)],
                condition=Q(state__in=ACTIVE),
            ),
            models.CheckConstraint(
                condition=Q(state="held", held_until__isnull=False) | ~Q(state="held"),
                name="a_hold_says_until_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | Q(cancelled_at__isnull=False) & ~Q(cancelled_by=""),
                name="a_cancellation_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(attended="", outcomed_at__isnull=True)
                | ~Q(attended="") & Q(outcomed_at__isnull=False)
                | Q(state="cancelled"),
                name="an_outcome_says_when",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "starts_at"])]


class Offer(models.Model):
    """A date that was offered for an entry: whether the offer was reasonable follows from its dates.

    answer  accepted, declined or none
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="offers")
    slot = models.ForeignKey(Slot, null=True, on_delete=models.PROTECT)
    made_at = models.DateTimeField()
    offered_for = models.DateField()
    channel = models.CharField(max_length=10)
    answer = models.CharField(max_length=10, default="none")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
