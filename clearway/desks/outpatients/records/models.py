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


class Rectification(models.Model):
    """One request to correct one value that is held of a patient. Decided once; the database keeps it so.

    asker, value, decision  words of domain.outpatients.rectification
    where      in which record, of a value that is not the patient's own
    was        the value when it was asked; wanted  what it should be; became  what it was corrected to
    due_on     day by which the person is answered
    statement  of the person's own, kept beside the record where a correction was refused
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="rectifications")
    asker = models.CharField(max_length=10)
    requester = models.CharField(max_length=150)
    value = models.CharField(max_length=20)
    where = models.CharField(max_length=200, blank=True)
    was = models.CharField(max_length=300, blank=True)
    wanted = models.CharField(max_length=300)
    why = models.CharField(max_length=500)
    received_on = models.DateField()
    taken_at = models.DateTimeField()
    taken_by = models.CharField(max_length=150)
    identity_asked_at = models.DateTimeField(null=True)
    identified_at = models.DateTimeField(null=True)
    identified_by = models.CharField(max_length=150, blank=True)
    identified_how = models.CharField(max_length=200, blank=True)
    due_on = models.DateField()
    extended_at = models.DateTimeField(null=True)
    extended_why = models.CharField(max_length=300, blank=True)
    decision = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    became = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    statement = models.CharField(max_length=1000, blank=True)
    statement_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True)
                | ~Q(decision="") & ~Q(reason="") & ~Q(decided_by="") & Q(decided_at__isnull=False),
                name="a_decided_correction_says_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=~Q(decision="corrected") | ~Q(became=""),
                name="a_correction_says_what_the_value_became",
            ),
            models.CheckConstraint(
                condition=Q(statement="", statement_at__isnull=True)
                | ~Q(statement="") & Q(statement_at__isnull=False, decision="refused"),
                name="a_statement_is_kept_beside_a_refusal",
            ),
        ]


class Recipient(models.Model):
    """Somebody who was given a value that has been corrected since, until they are told.

    given, key  by what: a word of domain.outpatients.rectification, and its number
    has_value   the old value stands in what they got, letter for letter
    how         by which way they were told, or why that is not possible
    """

    rectification = models.ForeignKey(Rectification, on_delete=models.PROTECT, related_name="recipients")
    given = models.CharField(max_length=10)
    key = models.BigIntegerField()
    to = models.CharField(max_length=260)
    left_at = models.DateTimeField()
    has_value = models.BooleanField()
    told_at = models.DateTimeField(null=True)
    told_by = models.CharField(max_length=150, blank=True)
    how = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "outpatients_rectification_recipient"
        ordering = ["-has_value", "-left_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rectification", "given", "key"], name="a_recipient_is_told_once"
            ),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True) | ~Q(told_by="") & ~Q(how=""),
                name="a_recipient_who_was_told_says_by_whom_and_how",
            ),
        ]
