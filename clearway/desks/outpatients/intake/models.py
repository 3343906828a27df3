"""Referrals that come many at a time: files as they were given, how senders lay them out, what was taken."""

from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation

from ..clinics.models import Service
from ..referrals.models import Referral


class Layout(models.Model):
    """How one sender lays out a spreadsheet: which of its columns holds which field. A change is a version.

    digest   of the headings (interchange.referral_file.layout_of), by which it is known again
    mapping  our name of a field -> their heading
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    sender = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField()
    heading = models.JSONField()
    mapping = models.JSONField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "digest", "sender", "version"], name="one_layout_per_version"
            )
        ]


class GivenFile(models.Model):
    """A file or pasted rows, byte for byte, kept before anything of it is understood.

    digest   SHA-256 of its bytes
    service  whose worklist of e-RS it is, where that was said
    is_answer  of the interface of e-RS, which gives a service's worklists only so often a day
    results  row by row what became of it once it was taken; without identity
    place, why, fix  of one that cannot be read as a whole: it waits, in its bytes, to be read again
    """

    class State(models.TextChoices):
        UNREAD = "unread", "Cannot be read"
        GIVEN = "given", "Not yet registered"
        TAKEN = "taken", "Registered"
        DROPPED = "dropped", "Put aside"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    sender = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    body = models.BinaryField()
    digest = models.CharField(max_length=64)
    layout = models.ForeignKey(Layout, null=True, on_delete=models.PROTECT)
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT)
    is_answer = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.GIVEN)
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=150)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True)
    results = models.JSONField(default=list)
    place = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=500, blank=True)
    fix = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=("unread", "given"), closed_at__isnull=True)
                | ~Q(state__in=("unread", "given")) & Q(closed_at__gte=F("given_at")),
                name="a_closed_file_says_when",
            ),
            models.CheckConstraint(
                condition=Q(is_answer=False) | Q(service__isnull=False), name="an_answer_is_of_a_service"
            ),
            models.CheckConstraint(
                condition=~Q(state="taken") | Q(layout__isnull=False), name="a_taken_file_has_a_layout"
            ),
            models.CheckConstraint(
                condition=~Q(state="unread") | ~Q(why="") & ~Q(fix=""), name="an_unread_file_says_why"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "-given_at"])]


class AskedWorklist(models.Model):
    """One turn of a service at e-RS: a worklist that was asked for, taken before anybody is called.

    nth       which turn of the day it is; null where e-RS was not reached, so that the turn is free again
    worklist  REFERRALS_FOR_REVIEW or APPOINTMENT_SLOT_ISSUES
    file      id of the answer as it was kept, which may be gone since; failed  why there is none
    """

    # The endpoint “must only be used to retrieve the worklist for a given service up to two times per day”
    # (specification of A008, application-restricted access).
    MOST = 2

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    service = models.ForeignKey(Service, on_delete=models.PROTECT)
    worklist = models.CharField(max_length=40)
    on = models.DateField()
    nth = models.PositiveSmallIntegerField(null=True)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    file = models.BigIntegerField(null=True)
    failed = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "on", "nth"], name="one_question_per_turn_at_e_rs"),
            models.CheckConstraint(
                condition=Q(nth__isnull=True) | Q(nth__gte=1, nth__lte=2), name="two_turns_a_day_at_e_rs"
            ),
            models.CheckConstraint(
                condition=Q(nth__isnull=False) | ~Q(failed=""), name="a_turn_given_back_says_why"
            ),
        ]


class TakenReferral(models.Model):
    """What a sender's own reference became: the same reference again is the same referral.

    digest  of what it said, to tell a repeat from other words under the same reference
    batch   number of the message in which it came; null for a file
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    sender = models.CharField(max_length=100)
    reference = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="taken")
    batch = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "sender", "reference"], name="a_reference_is_taken_once"
            )
        ]
