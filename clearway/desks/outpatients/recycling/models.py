"""Seats that were given back, what became of each, and who was asked about it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation

from ..booking.models import Appointment
from ..clinics.models import Slot
from ..patients.models import Patient
from ..waiting.models import Entry


class FreedSlot(models.Model):
    """One seat that its patient gave back before it began. It ends once: filled, expired or withdrawn.

    appointment  the one that was given back; after  the freed seat whose filling gave this one back
    how          cancelled by the patient, by the provider, or moved
    notice       whole hours from `freed_at` to the start
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        FILLED = "filled", "Filled"
        EXPIRED = "expired", "Not filled in time"
        WITHDRAWN = "withdrawn", "Withdrawn"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="freed")
    seat = models.PositiveSmallIntegerField()
    appointment = models.OneToOneField(Appointment, on_delete=models.PROTECT, related_name="freed")
    after = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="led_to")
    how = models.CharField(max_length=10)
    starts_at = models.DateTimeField()
    freed_at = models.DateTimeField()
    notice = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    ended_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True)
    filled_by = models.OneToOneField(
        Appointment, null=True, on_delete=models.PROTECT, related_name="filled_freed"
    )

    class Meta:
        db_table = "outpatients_freed_slot"
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "seat"], condition=Q(state="open"), name="a_seat_is_freed_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True)
                | ~Q(state="open") & Q(ended_at__isnull=False),
                name="a_freed_seat_that_ended_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state="filled", filled_by__isnull=False)
                | ~Q(state="filled") & Q(filled_by__isnull=True),
                name="a_filled_seat_says_by_whom",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "starts_at"], condition=Q(state="open"), name="freed_open"),
            models.Index(fields=["organisation", "freed_at"], name="freed_since"),
        ]


class SlotOffer(models.Model):
    """One patient who is asked about one freed seat. The first to say yes has it.

    place       in the order in which people are asked; reasons  what spoke for asking
    reached_at  when they were spoken with, or the message was delivered; "" before that
    """

    class State(models.TextChoices):
        OUT = "out", "Asked"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        NO_ANSWER = "no_answer", "No answer"
        THANKED = "thanked", "Somebody else was first"
        WITHDRAWN = "withdrawn", "Withdrawn"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    freed = models.ForeignKey(FreedSlot, on_delete=models.PROTECT, related_name="offers")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="slot_offers")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="slot_offers")
    place = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=10)
    reasons = ArrayField(models.CharField(max_length=200), default=list)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    reached_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.OUT)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outpatients_slot_offer"
        ordering = ["place", "id"]
        constraints = [
            models.UniqueConstraint(fields=["freed", "entry"], name="a_patient_is_asked_once_about_a_seat"),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(state="out"), name="a_patient_has_one_offer_out"
            ),
            models.UniqueConstraint(
                fields=["freed"], condition=Q(state="accepted"), name="a_freed_seat_is_accepted_once"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("made_at")), name="an_offer_lasts"),
            models.CheckConstraint(
                condition=Q(state="out", ended_at__isnull=True) | ~Q(state="out") & Q(ended_at__isnull=False),
                name="an_offer_that_ended_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["entry", "-made_at"]),
            models.Index(
                fields=["organisation", "expires_at"], condition=Q(state="out"), name="slot_offers_out"
            ),
        ]
