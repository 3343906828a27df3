"""Conveyance advice as it was given, what was done with it, and how the crew was told."""

from django.db import models
from django.db.models import Q

from clearway.core.decisions.models import Decision
from clearway.core.organisation.models import Organisation


class Advice(models.Model):
    """One advice that somebody answered, or one that replaces it. Never edited once it has ended.

    said      the case as it was stated, without identity; shown  the whole answer as it was on the screen
    chosen    code of what was advised, null for nowhere; nearest  of the nearest that might be considered
    taken     code of where the crew goes: the commitment that counts at once for everybody else's advice
    because   why it replaced the one before, "" for a first one
    ended_at  replaced, withdrawn, or the crew has arrived: one per assignment stands at a time
    """

    class State(models.TextChoices):
        ACCEPTED = "accepted"
        OVERRIDDEN = "overridden"
        TO_TELL = "to_tell"  # the answer has changed; somebody decides whether the crew is told

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    assignment = models.CharField(max_length=200)
    incident = models.CharField(max_length=80)
    call_sign = models.CharField(max_length=80)
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=150)
    role = models.CharField(max_length=40)
    said = models.JSONField()
    shown = models.JSONField()
    verdict = models.CharField(max_length=12)
    chosen = models.CharField(max_length=40, null=True)
    nearest = models.CharField(max_length=40, null=True)
    state = models.CharField(max_length=12, choices=State)
    taken = models.CharField(max_length=40)
    taken_name = models.CharField(max_length=160)
    reason_code = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    because = models.CharField(max_length=300, blank=True)
    engine_version = models.CharField(max_length=20)
    inputs_hash = models.CharField(max_length=64)
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "assignment"],
                condition=Q(ended_at__isnull=True),
                name="one_standing_advice_per_assignment",
            ),
            models.CheckConstraint(
                condition=~Q(state="overridden") | ~Q(reason_code=""), name="an_override_has_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "given_at"])]


class CrewMessage(models.Model):
    """What a crew is to read. It counts only when it appeared on the page opened for its call sign.

    delivered_at  the page had it; read_at  the page was in front of somebody; acknowledged_at  pressed
    read_back_at  the crew read it back by radio; read_back_by  who heard it. No acknowledgement on the page
    withdrawn_at  a later message or the end of the job took its place
    decision      entry of the log that it carries: who has it is written there as it comes
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    advice = models.ForeignKey(Advice, on_delete=models.PROTECT, related_name="messages")
    call_sign = models.CharField(max_length=80)
    words = models.CharField(max_length=500)
    made_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    read_back_at = models.DateTimeField(null=True)
    read_back_by = models.CharField(max_length=150, blank=True)
    decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    @property
    def is_answered(self) -> bool:
        """The crew has it: acknowledged on its page, or read back by radio."""
        return self.acknowledged_at is not None or self.read_back_at is not None

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "call_sign"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_message_per_crew",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True) | Q(delivered_at__isnull=False),
                name="acknowledged_after_delivered",
            ),
            models.CheckConstraint(
                condition=Q(read_back_at__isnull=True) | ~Q(read_back_by=""),
                name="a_read_back_says_who_heard_it",
            ),
        ]


class CrewLink(models.Model):
    """The page of one call sign, for a phone or a terminal. The address is the key; only its hash is kept."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    call_sign = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    ends_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "call_sign"])]


class Call(models.Model):
    """Call before convey: an alternative was rung for a patient, and what it said."""

    class Outcome(models.TextChoices):
        WAITING = "waiting"
        NO_ANSWER = "no_answer"
        ACCEPTED = "accepted"
        REFUSED = "refused"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    assignment = models.CharField(max_length=200)
    call_sign = models.CharField(max_length=80)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=40)
    offered_at = models.DateTimeField()
    offered_by = models.CharField(max_length=150)
    answered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    reason_code = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="waiting", answered_at__isnull=True)
                | ~Q(outcome="waiting") & Q(answered_at__isnull=False),
                name="a_call_that_ended_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="refused") | ~Q(reason_code=""), name="a_refusal_has_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "offered_at"])]
