"""The waiting list: who waits for what, and every attempt to reach them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import OrderBy

from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User

from ..clinics.models import Clinician, Service
from ..clocks.models import Pathway
from ..patients.models import Patient
from ..referrals.models import Referral

ON_LIST = Q(state__in=("waiting", "booked"))


def in_order() -> tuple[OrderBy, ...]:
    """Clinical priority, then treat-by, then since when; never by how likely somebody is to come."""
    return (
        F("priority").desc(),
        F("treat_by").asc(nulls_last=True),
        F("waits_from").asc(nulls_last=True),
        F("id").asc(),
    )


class Entry(models.Model):
    """One appointment that a patient waits for.

    kind       new, follow_up or group
    due_on     when a follow-up is due; latest_on its latest clinically appropriate date
    clinician  the same one as before, where that was asked for
    series     how many visits are to be booked
    outcome_of  the appointment whose outcome asked for this one
    treat_by, waits_from  that of the pathway while its clock runs, else latest_on, and due_on or the day it
               was added; kept by the database (0003_lists), so that a list is read off one index
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        BOOKED = "booked", "Booked"
        SEEN = "seen", "Seen"
        REMOVED = "removed", "Removed"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="entries")
    service = models.ForeignKey(Service, on_delete=models.PROTECT)
    referral = models.ForeignKey(Referral, null=True, on_delete=models.PROTECT, related_name="entries")
    pathway = models.ForeignKey(Pathway, null=True, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10)
    priority = models.CharField(max_length=1)
    minutes = models.PositiveSmallIntegerField()
    skills = ArrayField(models.CharField(max_length=40), default=list)
    medium = models.CharField(max_length=2, default="01")
    clinician = models.ForeignKey(Clinician, null=True, on_delete=models.PROTECT)
    series = models.PositiveSmallIntegerField(default=1)
    outcome_of = models.ForeignKey(
        "outpatients.Appointment", null=True, on_delete=models.PROTECT, related_name="brought"
    )
    added_at = models.DateTimeField()
    due_on = models.DateField(null=True)
    latest_on = models.DateField(null=True)
    validated_on = models.DateField(null=True)
    treat_by = models.DateField(null=True, editable=False)
    waits_from = models.DateField(null=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    ended_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="removed") | ~Q(why=""), name="a_removed_entry_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "state", "service"]),
            models.Index(
                "organisation", "service", "kind", *in_order(), name="waiting_in_order", condition=ON_LIST
            ),
            models.Index("organisation", *in_order(), name="waiting_by_priority", condition=ON_LIST),
        ]


class ValidationPack(models.Model):
    """What the team leader looks through, as it stood at one instant; kept so by the database (0003_lists).

    kind       monthly: the long waits of a month; weekly: what a week left without outcome, to be ratified
    begins_on  the first day of its month, or the Monday of the week that has ended
    over       who waited longer than so many days is in a monthly pack
    figures    the counts at its head; rows  one entry or one appointment each, by id, without identity
    sources    what it rests on, in words
    """

    class Kind(models.TextChoices):
        MONTHLY = "monthly", "Monthly pack of long waits"
        WEEKLY = "weekly", "Weekly ratification"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    kind = models.CharField(max_length=8, choices=Kind)
    begins_on = models.DateField()
    over = models.PositiveSmallIntegerField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    figures = models.JSONField()
    rows = models.JSONField()
    sources = models.TextField(blank=True)
    seen_at = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=150, blank=True)
    seen_words = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "begins_on"], name="one_validation_pack_a_period"
            ),
            models.CheckConstraint(
                condition=Q(kind="monthly", begins_on__day=1, over__isnull=False)
                | Q(kind="weekly", begins_on__iso_week_day=1, over__isnull=True),
                name="a_pack_is_of_a_month_or_of_a_week",
            ),
            models.CheckConstraint(
                condition=Q(seen_at__isnull=True, seen_by="", seen_words="")
                | Q(seen_at__isnull=False) & ~Q(seen_by="") & ~Q(seen_words=""),
                name="a_pack_that_was_seen_says_by_whom_and_what_follows",
            ),
        ]


class Finding(models.Model):
    """One thing that a check finds now: the standing queue. The row goes when its cause is mended.

    severity, fixer  of its check, for the order and the filter
    since      the earlier of the day that the check says and of the day on which it was first found
    words      what was found, where the check alone does not say it: the figures of a return
    owner      who took it, since when
    explained_at, explained_by, explained_words  of a return: why its figures are right although they look
               wrong. A finding about anything else is mended, never explained away
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="list_findings")
    code = models.CharField(max_length=6)
    subject = models.CharField(max_length=60)
    severity = models.CharField(max_length=1)
    fixer = models.CharField(max_length=40)
    since = models.DateField()
    found_at = models.DateTimeField()
    words = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="findings")
    taken_at = models.DateTimeField(null=True)
    explained_at = models.DateTimeField(null=True)
    explained_by = models.CharField(max_length=150, blank=True)
    explained_words = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "subject", "code"], name="a_check_finds_a_subject_once"
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=True, taken_at__isnull=True)
                | Q(owner__isnull=False, taken_at__isnull=False),
                name="a_finding_that_is_taken_says_by_whom_and_when",
            ),
            models.CheckConstraint(
                condition=Q(explained_at__isnull=True, explained_by="", explained_words="")
                | Q(explained_at__isnull=False, subject__startswith="return:")
                & ~Q(explained_by="")
                & ~Q(explained_words=""),
                name="only_a_return_is_explained_and_by_whom",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "severity", "since", "code", "subject"],
                name="findings_in_order",
                condition=Q(explained_at__isnull=True),
            ),
        ]


class Checked(models.Model):
    """When every check of a trust was asked last; returns_at  when those of the return were."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, primary_key=True)
    at = models.DateTimeField()
    returns_at = models.DateTimeField(null=True)


class Contact(models.Model):
    """One attempt to reach a patient, in or out. Insert-only, but for what became of it: evidence of notice.

    purpose   acknowledgement, invitation, reminder, offer, confirmation, change, cancellation, validation,
              missed, enquiry or discharge
    channel   letter, text, phone, email or desk
    digest    SHA-256 of what was sent; `words` its gist for people
    outcome   sent, delivered, failed, answered, no_answer or returned; said  what they answered
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="contacts")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="contacts")
    referral = models.ForeignKey(Referral, null=True, on_delete=models.PROTECT, related_name="contacts")
    appointment = models.ForeignKey(
        "outpatients.Appointment", null=True, on_delete=models.PROTECT, related_name="contacts"
    )
    purpose = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    to = models.CharField(max_length=254, blank=True)
    words = models.CharField(max_length=500)
    digest = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    outcome = models.CharField(max_length=12, default="sent")
    outcome_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["patient", "-at"])]
