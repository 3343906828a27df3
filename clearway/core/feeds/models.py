"""What comes in, before anybody understands it: sources, raw batches, the account of every message."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from ..organisation.models import Organisation

BY_HAND = "by_hand"
OF_PEOPLE = ("desk", BY_HAND)  # kinds of sources that are people
READER = "dashboard"  # the kind that asks and never sends
SILENT = (*OF_PEOPLE, READER)  # silence of theirs is nothing amiss


class Source(models.Model):
    """Somebody who sends messages. Only a hash of its key is kept.

    format         which interchange reads its lines: "native", or the name of an adapter
    knows          what it can know at all; what it cannot is shown as unknown, never as missing
    received_at    when it was last heard; the age of everything that rests on it
    enabled        it may deliver, and the present rests on it; that of a replayed file only while it runs
    keys_since     what happened before is refused: the keys that tell a repeat are gone; None: all are kept
    counts_since   its account counts from here on, because earlier batches are gone; None: from the first
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="sources")
    name = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=20)
    format = models.CharField(max_length=40, default="native")
    key_hash = models.CharField(max_length=64, blank=True)
    expected_interval_seconds = models.PositiveIntegerField()
    knows = ArrayField(models.CharField(max_length=40), default=list)
    received_at = models.DateTimeField(null=True)
    enabled = models.BooleanField(default=True)
    keys_since = models.DateTimeField(null=True)
    counts_since = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Batch(models.Model):
    """What was received in one go, byte for byte, stored before it is acknowledged or read.

    Once done, its account adds up: lines = applied + duplicate + aside + quarantined.

    aside  understood, and none of ours: of somebody or something that is not kept here, or settled by hand
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    received_at = models.DateTimeField()
    header = models.BinaryField(default=b"")
    first_line = models.PositiveIntegerField(default=1)
    body = models.BinaryField()
    done_at = models.DateTimeField(null=True)
    lines = models.PositiveIntegerField(null=True)
    applied = models.PositiveIntegerField(null=True)
    duplicate = models.PositiveIntegerField(null=True)
    aside = models.PositiveIntegerField(null=True)
    quarantined = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    done_at__isnull=True,
                    lines__isnull=True,
                    applied__isnull=True,
                    duplicate__isnull=True,
                    aside__isnull=True,
                    quarantined__isnull=True,
                )
                | Q(
                    done_at__isnull=False, lines=F("applied") + F("duplicate") + F("aside") + F("quarantined")
                ),
                name="every_line_of_a_done_batch_is_accounted_for",
            )
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="batches_to_do"),
            models.Index(fields=["source", "received_at"]),
        ]


class Message(models.Model):
    """The key of every message that became a fact: the same key again is a duplicate.

    body_hash tells a repeat (same bytes) from a contradiction (same key, other bytes: quarantined).
    """

    pk = models.CompositePrimaryKey("source_id", "message_id")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False, related_name="+")
    message_id = models.CharField(max_length=120)
    body_hash = models.BinaryField(max_length=16)
    known_at = models.DateTimeField()

    class Meta:
        # Small, and nearly free to keep: keys come in the order of time, and go in it.
        indexes = [BrinIndex(fields=["known_at"], name="message_keys_by_time")]


class Answer(models.Model):
    """What a request that asked for something was answered, so that the same one again hears the same.

    key        the sender's own name of the request; the same key with another body is refused
    body_hash  of what was asked, by which a repeat is told from another request
    status, location, version, body  of the answer; it goes with its batch
    """

    # The database lets it go with its batch (0003_guards).
    batch = models.OneToOneField(
        Batch, primary_key=True, on_delete=models.CASCADE, related_name="answer", db_constraint=False
    )
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=120)
    body_hash = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    location = models.CharField(max_length=200, blank=True)
    version = models.CharField(max_length=40, blank=True)
    body = models.BinaryField()
    known_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="one_answer_per_request")]


class Quarantined(models.Model):
    """A line that could not become a fact: its bytes, the place, why, and what would mend it.

    waits_for  what another message of the same source would provide ("patient:123"): it is then read again by
               itself; "" where none would
    watches    what of the work at the desk would mend it ("person:7", "clinics"): it is read again by itself
               once that was touched. Empty with waits_for where a person has to see to it
    settled    what was done instead, of one that somebody put right by hand
    digest     of the bytes: the same line again is known by it while it waits
    state  answered: its sender was told at once and asks anew, so that it waits for nobody
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        REPLAYED = "replayed"
        SETTLED = "settled"
        ANSWERED = "answered"

    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")  # it counts its own
    line = models.PositiveIntegerField()
    body = models.BinaryField()
    place = models.CharField(max_length=200)
    why = models.CharField(max_length=500)
    fix = models.CharField(max_length=500)
    known_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    replayed_at = models.DateTimeField(null=True)
    replayed_by = models.CharField(max_length=150, blank=True)
    waits_for = models.CharField(max_length=140, blank=True)
    watches = ArrayField(models.CharField(max_length=40), default=list)
    settled = models.CharField(max_length=300, blank=True)
    digest = models.BinaryField(max_length=16, default=b"")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="one_quarantine_row_per_line"),
            models.CheckConstraint(
                condition=Q(state__in=("waiting", "answered"), replayed_at__isnull=True)
                | Q(state__in=("replayed", "settled"), replayed_at__isnull=False),
                name="replayed_quarantine_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="settled") | ~Q(settled=""), name="a_settled_line_says_how"
            ),
        ]
        indexes = [
            models.Index(fields=["source", "state", "id"]),
            models.Index(
                fields=["source", "waits_for"],
                condition=Q(state="waiting") & ~Q(waits_for=""),
                name="lines_that_wait_for_another",
            ),
            models.Index(
                fields=["id"],
                condition=Q(state="waiting") & ~Q(watches=[]),
                name="lines_that_wait_for_the_desk",
            ),
            models.Index(
                fields=["source", "digest"], condition=Q(state="waiting"), name="waiting_lines_by_digest"
            ),
        ]
