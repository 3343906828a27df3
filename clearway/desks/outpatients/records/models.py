"""Requests for records, and the packs that were gathered for them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User

from ..patients.models import Patient


class RecordsRequest(models.Model):
    """One request for the records of one patient. kind: a word of domain.outpatients.records.

    requester      who asks, and on whose behalf; reference  theirs
    wanted_on      day that they named; due_on  by which it is answered
    identity_asked_at  proof of identity was asked for; identified_at  when it was checked, by whom and how
    sent_to, sent_how  to whom the pack went, and by which way; "withdrawn" in `closed_as` where nothing did
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="records_requests")
    kind = models.CharField(max_length=10)
    requester = models.CharField(max_length=150)
    reference = models.CharField(max_length=60, blank=True)
    asks = models.CharField(max_length=500)
    received_on = models.DateField()
    taken_by = models.CharField(max_length=150)
    wanted_on = models.DateField(null=True)
    due_on = models.DateField()
    identity_asked_at = models.DateTimeField(null=True)
    identified_at = models.DateTimeField(null=True)
    identified_by = models.CharField(max_length=150, blank=True)
    identified_how = models.CharField(max_length=200, blank=True)
    extended_at = models.DateTimeField(null=True)
    extended_why = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True)
    closed_as = models.CharField(max_length=10, blank=True)  # sent or withdrawn
    sent_to = models.CharField(max_length=200, blank=True)
    sent_how = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "outpatients_records_request"
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(extended_at__isnull=True) | ~Q(extended_why=""), name="an_extension_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(closed_as="sent")
                | Q(closed_at__isnull=False, identified_at__isnull=False) & ~Q(sent_to=""),
                name="what_is_sent_says_to_whom_and_who_they_are",
            ),
        ]


class DisclosurePack(models.Model):
    """What was gathered for a request at one time: a ZIP, its index inside, and its SHA-256.

    left_out  the files that the review took out, and why; the bytes are those without them
    reviewer  not the one who gathered it
    """

    request = models.ForeignKey(RecordsRequest, on_delete=models.PROTECT, related_name="packs")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    maker = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    bundle = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    files = ArrayField(models.CharField(max_length=100))
    left_out = ArrayField(models.CharField(max_length=100), default=list)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.CharField(max_length=150, blank=True)
    reviewer = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    review = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "outpatients_disclosure_pack"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reviewer__isnull=True) | Q(maker__isnull=True) | ~Q(reviewer=F("maker")),
                name="nobody_reviews_the_pack_they_gathered",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True) | ~Q(reviewed_by="") & ~Q(review=""),
                name="a_review_says_by_whom_and_what",
            ),
        ]
