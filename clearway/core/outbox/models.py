"""What leaves the trust: one row for each message to one recipient."""

from django.db import models
from django.db.models import Q

from clearway.domain.shared.outgoing import LEFT, SAYS_WHY

from ..organisation.models import Organisation

POST = "post"  # a carrier that waits for people: printed, put into envelopes, marked as posted


class Outgoing(models.Model):
    """One message to one recipient, written in the transaction of what causes it (docs/adr/0062).

    key        what causes it and for whom, by numbers: "confirmation:appointment:7:patient". The same key is
               the same message, and is given to a carrier that takes keys, so that it goes out once
    kind       who makes it ready and looks at it again: a name in the desk's table of makers
    carrier    who takes it away: "post" waits for people, others are called (core/outbox/sending.py)
    due_at     is not made before; until then what causes it can be taken back
    since      when it came to stand as it does; the other times stay once they are known
    reason     why it is held, as a word that pages and rules sort by; `why` and `fix` for people
    digest     SHA-256 of what was made
    reference  what the carrier calls it
    tries      how often a carrier was called
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="outgoing")
    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)
    carrier = models.CharField(max_length=20)
    state = models.CharField(max_length=10, default="queued")
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    since = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)  # delivered, failed or withdrawn
    reason = models.CharField(max_length=20, blank=True)
    why = models.CharField(max_length=300, blank=True)
    fix = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    reference = models.CharField(max_length=80, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="one_message_per_cause"),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(SAYS_WHY)) | ~Q(why=""), name="what_does_not_go_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(LEFT)) | Q(sent_at__isnull=False),
                name="what_was_sent_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "due_at", "id"],
                condition=Q(state="queued"),
                name="messages_to_make",
            ),
            models.Index(
                fields=["organisation", "state", "since"],
                condition=Q(state__in=["queued", "ready", "held", "sending", "failed"]),
                name="messages_not_gone",
            ),
            models.Index(
                fields=["organisation", "-sent_at"], condition=Q(sent_at__isnull=False), name="messages_gone"
            ),
        ]
