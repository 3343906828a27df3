"""Referrals, what is missing from them, and how they were triaged."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation

from ..clinics.models import Service
from ..clocks.models import Pathway
from ..patients.models import Patient


class Referral(models.Model):
    """One request to see a patient, registered on the day it was received.

    number      the trust's own
    priority    priority type code; "" where the sender's word has no meaning here: it goes with the urgent
    route       ers, letter, email, internal, self, phone or api
    parent      the pathway that a consultant's clock runs on
    review_reason  why it stands, or stood, on a worklist of e-RS (ReviewReason), as listed on `listed_on`
    state       where it stands; `removed_why` for those that ended without being seen
    """

    class State(models.TextChoices):
        TRIAGE = "triage", "To be triaged"
        HELD = "held", "Held: the question is missing"
        WAITING = "waiting", "On the waiting list"
        SEEN = "seen", "Seen"
        REMOVED = "removed", "Removed"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    number = models.CharField(max_length=20)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="referrals")
    service = models.ForeignKey(Service, on_delete=models.PROTECT)
    pathway = models.ForeignKey(Pathway, null=True, on_delete=models.PROTECT, related_name="referrals")
    parent = models.ForeignKey(Pathway, null=True, on_delete=models.PROTECT, related_name="sent_on")
    received_on = models.DateField()
    written_on = models.DateField(null=True)
    registered_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    route = models.CharField(max_length=10)
    source = models.CharField(max_length=2, blank=True)  # ReferralSource
    sender = models.CharField(max_length=150, blank=True)
    sender_organisation = models.CharField(max_length=12, blank=True)
    ubrn = models.CharField(max_length=12, blank=True)
    priority = models.CharField(max_length=1, blank=True)
    condition = models.CharField(max_length=200, blank=True)
    side = models.CharField(max_length=10, blank=True)  # left, right, both, or ""
    question = models.TextField(blank=True)
    from_consultant = models.BooleanField(null=True)
    review_reason = models.CharField(max_length=30, blank=True)
    listed_on = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.TRIAGE)
    removed_why = models.CharField(max_length=60, blank=True)
    removed_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="one_referral_per_number"),
            models.UniqueConstraint(
                fields=["organisation", "ubrn"], condition=~Q(ubrn=""), name="one_referral_per_ubrn"
            ),
            models.CheckConstraint(
                condition=Q(state="removed", removed_on__isnull=False) & ~Q(removed_why="")
                | ~Q(state="removed") & Q(removed_on__isnull=True, removed_why=""),
                name="a_removed_referral_says_why_and_when",
            ),
            models.CheckConstraint(
                condition=Q(review_reason="", listed_on__isnull=True)
                | ~Q(review_reason="") & Q(listed_on__isnull=False) & ~Q(ubrn=""),
                name="a_listed_referral_says_when_and_its_ubrn",
            ),
            models.CheckConstraint(
                condition=Q(written_on__isnull=True) | Q(written_on__lte=F("received_on")),
                name="a_referral_is_written_before_it_is_received",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "state", "received_on"])]


class Gap(models.Model):
    """One thing missing from a referral, asked of whoever can fix it. Closed by the value that arrives.

    what    name of the item (domain.outpatients.completeness)
    fixer   patient, referrer, practice or office
    asked   how often it was asked for, last at `asked_at`
    """

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="gaps")
    what = models.CharField(max_length=40)
    fixer = models.CharField(max_length=12)
    found_at = models.DateTimeField()
    asked = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "what"], condition=Q(closed_at__isnull=True), name="a_gap_is_open_once"
            )
        ]


class Triage(models.Model):
    """What a clinician decided about a referral. Insert-only: a later one supersedes.

    outcome  accept, redirect, advice, return, group or self_management
    minutes, skills, kind, medium  of the appointment to be made
    visits   how many: more than one for a course or a class
    """

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="triages")
    outcome = models.CharField(max_length=16)
    priority = models.CharField(max_length=1, blank=True)
    kind = models.CharField(max_length=10, default="new")
    minutes = models.PositiveSmallIntegerField(null=True)
    skills = ArrayField(models.CharField(max_length=40), default=list)
    medium = models.CharField(max_length=2, default="01")
    visits = models.PositiveSmallIntegerField(default=1)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)

    class Meta:
        ordering = ["id"]
