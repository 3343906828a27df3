"""Documents that came in, whose they are, and the paper volumes of patients."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation

from ..patients.models import Patient
from ..referrals.models import Referral


class Document(models.Model):
    """One letter or scan as it came, byte for byte. Never changed; where it is filed, its filings say.

    kind       a word of domain.outpatients.filing; media_type by its first bytes
    came_on    day on which it came; dated_on  the day that stands on it
    digest     SHA-256 of its bytes: the same file is taken once
    put_aside  why it is no patient's (advertisement, a second copy); "" otherwise
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10)
    sender = models.CharField(max_length=150)
    came_on = models.DateField()
    dated_on = models.DateField(null=True)
    file_name = models.CharField(max_length=150)
    media_type = models.CharField(max_length=40)
    body = models.BinaryField()
    digest = models.CharField(max_length=64)
    taken_at = models.DateTimeField()
    taken_by = models.CharField(max_length=150)
    put_aside = models.CharField(max_length=200, blank=True)
    put_aside_at = models.DateTimeField(null=True)
    put_aside_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["came_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "digest"], name="a_document_is_taken_once"),
            models.CheckConstraint(
                condition=Q(put_aside="", put_aside_at__isnull=True)
                | ~Q(put_aside="") & Q(put_aside_at__isnull=False),
                name="what_is_put_aside_says_why",
            ),
        ]


class Filing(models.Model):
    """That a document was filed to a patient, and perhaps a referral; one of a document at a time.

    identifier    by what besides the name it was found to be theirs
    taken_back_at it was the wrong patient's, or the wrong referral's, and why
    """

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="filings")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="filings")
    referral = models.ForeignKey(Referral, null=True, on_delete=models.PROTECT, related_name="filings")
    identifier = models.CharField(max_length=10)
    filed_at = models.DateTimeField()
    filed_by = models.CharField(max_length=150)
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by = models.CharField(max_length=150, blank=True)
    taken_back_why = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["document"],
                condition=Q(taken_back_at__isnull=True),
                name="a_document_is_filed_to_one_patient",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at__isnull=True) | ~Q(taken_back_why="") & ~Q(taken_back_by=""),
                name="what_is_taken_back_says_why_and_by_whom",
            ),
        ]


class Volume(models.Model):
    """One paper volume of a patient's notes. where: a word of domain.outpatients.filing; home: its shelf."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="volumes")
    number = models.PositiveSmallIntegerField()
    home = models.CharField(max_length=80)
    where = models.CharField(max_length=10, default="here")
    missing_since = models.DateTimeField(null=True)
    missing_words = models.CharField(max_length=300, blank=True)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["patient", "number"]
        constraints = [
            models.UniqueConstraint(fields=["patient", "number"], name="one_volume_per_number"),
            models.CheckConstraint(
                condition=Q(where="missing", missing_since__isnull=False) & ~Q(missing_words="")
                | ~Q(where="missing") & Q(missing_since__isnull=True),
                name="a_missing_volume_says_since_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient}, volume {self.number}"


class VolumeOut(models.Model):
    """One time that a volume was out: to whom, what for, due when, asked for how often, back when."""

    volume = models.ForeignKey(Volume, on_delete=models.PROTECT, related_name="times")
    to = models.CharField(max_length=120)
    why = models.CharField(max_length=200)
    sent_at = models.DateTimeField()
    sent_by = models.CharField(max_length=150)
    due_on = models.DateField()
    asked = models.PositiveSmallIntegerField(default=0)
    chase_on = models.DateField()
    said = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)

    class Meta:
        db_table = "outpatients_volume_out"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["volume"], condition=Q(ended_at__isnull=True), name="a_volume_is_out_to_one"
            )
        ]
