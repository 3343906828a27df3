"""What is known of the systems beside ours: how each writes, and which of its records are which of ours."""

from django.db import models
from django.db.models import Q

from clearway.core.feeds.models import Source
from clearway.core.outbox.models import Outgoing


class FeedMapping(models.Model):
    """One version of how a sender writes (interchange.hl7.mapping). The newest is in force; written once."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    text = models.TextField()
    why = models.CharField(max_length=300)
    loaded_at = models.DateTimeField()
    loaded_by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "version"], name="one_mapping_per_version"),
            models.CheckConstraint(condition=~Q(why=""), name="a_mapping_says_why"),
        ]


class Counterpart(models.Model):
    """One record of a sender and ours of the same thing, with what the sender told last.

    theirs   the sender's own id: number of a patient, id of a referral, filler id of an appointment
    ours     id of our row; null where the sender told of something that has none here, as a cancellation that
             overtook its booking
    told_at  the sender's time of its newest message: an older one changes nothing
    sequence its count of that message, where it counts them: of two of one time the lower is older
    key      the message that told it
    starts_at, state  of an appointment as the sender has it, for reconciling
    batch    of a telling about somebody who was not known here: read again once they are
    answer   what a person said of somebody who looks like a patient here (likeness.py), by whom, when, for
             which line of quarantine
    changed  what their messages changed of that patient since, column -> [before, after], to be taken back
    """

    class Answer(models.TextChoices):
        SAME = "same", "That patient"
        OTHER = "other", "Two people"

    class Kind(models.TextChoices):
        PATIENT = "patient", "Patient"
        REFERRAL = "referral", "Referral"
        APPOINTMENT = "appointment", "Appointment"
        VISIT = "visit", "Visit"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    theirs = models.CharField(max_length=120)
    ours = models.BigIntegerField(null=True)
    told_at = models.DateTimeField()
    sequence = models.BigIntegerField(null=True)
    key = models.CharField(max_length=120)
    starts_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=20, blank=True)
    batch = models.BigIntegerField(null=True)
    answer = models.CharField(max_length=8, choices=Answer, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=150, blank=True)
    answered_for = models.BigIntegerField(null=True)
    changed = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "kind", "theirs"], name="one_counterpart_per_record"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True, answered_by="", answered_for__isnull=True)
                | Q(~Q(answer=""), ~Q(answered_by=""), kind="patient", answered_at__isnull=False),
                name="an_answer_says_who_and_when",
            ),
            models.CheckConstraint(condition=~Q(theirs=""), name="a_counterpart_has_a_name"),
        ]
        indexes = [models.Index(fields=["source", "kind", "ours"])]


class Telling(models.Model):
    """One message to one system about one appointment or clock, and the bytes of it that are kept.

    outgoing   where it stands in the outbox
    subject    what it is about: "appointment:7" by its first id, whatever moved since, or "pathway:3".
               Messages of one subject leave by `number`
    said       domain.outpatients.telling.Said, as it stood when it happened
    body       as it is sent, its SHA-256 in the outbox; null until it is made
    acknowledged_at  when the other system said that it has taken it
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    outgoing = models.OneToOneField(Outgoing, on_delete=models.PROTECT, related_name="telling")
    subject = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    said = models.JSONField()
    body = models.BinaryField(null=True)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "subject", "number"], name="one_telling_per_number")
        ]


class Reconciliation(models.Model):
    """One comparison of appointments with those of another system, over a span of days.

    file   name of the extract; "" for what they told or acknowledged last
    alike  how many stood alike; aside  rows of the file that are none of ours
    rows   each difference, by ids and without names, with what was done about it since
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    file = models.CharField(max_length=200, blank=True)
    since = models.DateField()
    until = models.DateField()
    alike = models.PositiveIntegerField()
    aside = models.PositiveIntegerField(default=0)
    rows = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gte=models.F("since")), name="a_reconciliation_ends_after_it_begins"
            )
        ]
