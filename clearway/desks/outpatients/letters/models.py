"""Letters: their texts in versions, each letter with the copy that was sent, and batches of post."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation
from clearway.core.outbox.models import Outgoing
from clearway.core.people.models import User

from ..booking.models import Appointment
from ..patients.models import Patient
from ..referrals.models import Referral
from ..waiting.models import Contact, Entry


class LetterText(models.Model):
    """One version of one text. The newest that is approved and valid counts; an approved one never changes.

    what       letter, instructions or language
    code       names the text through its versions: "confirmation.patient.standard", "site-RWP50", "pl"
    kind, audience, style   of a letter; "" for other texts
    language   of a passage in another language
    title      subject of a letter, heading of instructions
    applies    of instructions: {"services": [...], "kinds": [...], "sites": [...], "media": [...]} by code; a
               list that is empty or missing stands for any
    place      where instructions stand among others
    findings   what the plain-English check said when it was last asked
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        CHECKED = "checked", "Checked, waits for the clinical lead"
        APPROVED = "approved", "Approved"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    what = models.CharField(max_length=12)
    code = models.CharField(max_length=60)
    kind = models.CharField(max_length=16, blank=True)
    audience = models.CharField(max_length=10, blank=True)
    style = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=2, blank=True)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=150, blank=True)
    body = models.TextField()
    applies = models.JSONField(default=dict)
    place = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)  # what changed and why
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    author = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    findings = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)
    checked_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=150, blank=True)
    approver = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField(null=True)

    class Meta:
        db_table = "outpatients_letter_text"
        ordering = ["what", "code", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "code", "version"], name="one_text_version"),
            models.UniqueConstraint(
                fields=["organisation", "code"],
                condition=~Q(state="approved"),
                name="one_version_of_a_text_is_worked_on",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(approved_at__isnull=False, valid_from__isnull=False) & ~Q(approved_by=""),
                name="an_approved_text_says_by_whom_and_from_when",
            ),
            models.CheckConstraint(
                condition=Q(approver__isnull=True) | Q(author__isnull=True) | ~Q(approver=F("author")),
                name="nobody_approves_their_own_text",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}, version {self.version}"


class Correspondent(models.Model):
    """Where letters to a referrer go. key: of referrers.key_of, the organisation's code, or the name
    that referrals carry."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    key = models.CharField(max_length=150)
    name = models.CharField(max_length=150)
    address = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="one_address_per_correspondent")
        ]


class LetterBatch(models.Model):
    """Letters that are printed together, until somebody says when they were posted."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    posted_at = models.DateTimeField(null=True)
    posted_by = models.CharField(max_length=150, blank=True)

    class Meta:
        db_table = "outpatients_letter_batch"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(posted_at__isnull=True, posted_by="")
                | Q(posted_at__isnull=False) & ~Q(posted_by=""),
                name="a_posted_batch_says_by_whom",
            )
        ]


class Letter(models.Model):
    """One letter to one recipient about one event, and the copy of it that is kept.

    outgoing   where it stands in the outbox
    contact    the contact with the patient that it is the letter of
    cleared    what was in the way and a person said that it may go all the same; asked_why  their reason
    asked_for  a format that a person chose instead of what the needs say
    needed_on  day by which it is useless; arrives_on  day on which it is reckoned to arrive
    content    its pieces, as laid out; pdf  the bytes that are printed, their SHA-256 in the outbox
    sealed_at  when it left: from then on the database refuses to change what it says
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    outgoing = models.OneToOneField(Outgoing, on_delete=models.PROTECT, related_name="letter")
    kind = models.CharField(max_length=16)
    audience = models.CharField(max_length=10)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="letters")
    referral = models.ForeignKey(Referral, null=True, on_delete=models.PROTECT, related_name="letters")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="letters")
    appointment = models.ForeignKey(Appointment, null=True, on_delete=models.PROTECT, related_name="letters")
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="letters")
    cleared = ArrayField(models.CharField(max_length=20), default=list)
    asked_for = models.CharField(max_length=12, blank=True)
    asked_why = models.CharField(max_length=200, blank=True)
    text = models.ForeignKey(LetterText, null=True, on_delete=models.PROTECT, related_name="letters")
    attached = models.ManyToManyField(LetterText, related_name="attached_to")
    format = models.CharField(max_length=12, blank=True)
    languages = ArrayField(models.CharField(max_length=2), default=list)
    to_name = models.CharField(max_length=260, blank=True)
    to_address = models.CharField(max_length=320, blank=True)
    post = models.CharField(max_length=6, blank=True)
    needed_on = models.DateField(null=True)
    arrives_on = models.DateField(null=True)
    content = models.JSONField(null=True)
    pdf = models.BinaryField(null=True)
    pages = models.PositiveSmallIntegerField(default=0)
    batch = models.ForeignKey(LetterBatch, null=True, on_delete=models.PROTECT, related_name="letters")
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["patient", "-id"])]
