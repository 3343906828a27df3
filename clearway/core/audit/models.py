"""The audit: one row for every action, insert-only, chained afterwards."""

from django.db import models

from ..organisation.models import Organisation

# What is reviewed afterwards: looks at who somebody is, by people whose work as a rule needs no identity.
OPENED = "openings.open"  # a patient of whom nothing was to be done here
LOOK = "identity.look"
LOOKS = (LOOK, OPENED)


class Action(models.Model):
    """Something that was done, by whom, to what. The row is the audit; triggers refuse to change it.

    verb     part and verb, e.g. "handovers.mark_cohorting", "identity.look"
    actor    the person's username, or the process: "feed:swast-cad", "rule:handover_ladder"
    subject  kind and key of what was acted on, e.g. "assignment:123/A45"
    detail   what a reader needs to understand it later; never identity
    """

    at = models.DateTimeField()
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT)
    verb = models.CharField(max_length=60)
    actor = models.CharField(max_length=150)
    user = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT)
    role = models.CharField(max_length=40, blank=True)
    subject = models.CharField(max_length=150)
    detail = models.JSONField(default=dict)
    request_id = models.CharField(max_length=40, blank=True)
    xid = models.BigIntegerField(editable=False, db_default=0)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "at"]),
            models.Index(
                fields=["user", "at"], condition=models.Q(user__isnull=False), name="actions_of_people"
            ),
            models.Index(fields=["xid", "id"]),
            models.Index(
                fields=["organisation", "at"],
                condition=models.Q(verb__in=LOOKS),
                name="looks_to_review",
            ),
        ]


class Seal(models.Model):
    """A link of the chain over a run of actions, made outside their transactions, in commit-safe order.

    digest = SHA-256 over the previous digest and the canonical JSON of each row of the run.

    total  rows under this seal and all before it
    links  32 bytes a row (xid, id, start of the chain's digest after it), so that a fault can be named
    """

    at = models.DateTimeField()
    after_xid = models.BigIntegerField()
    after_id = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    total = models.PositiveBigIntegerField()
    last_xid = models.BigIntegerField()
    last_id = models.BigIntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    links = models.BinaryField()


class CheckpointPlace(models.Model):
    """How it stands with a place outside the database that is told of each seal (checkpoints.py).

    seal     id of the last seal that it was told of, 0 before the first
    problem  why the last attempt failed; "" when it did not
    """

    place = models.CharField(max_length=300, unique=True)
    seal = models.BigIntegerField(default=0)
    written_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "core_checkpoint_place"


class LookReview(models.Model):
    """What somebody found of a look at an identity, afterwards. Append-only, one for each look.

    words  what was asked and answered; may be empty only where the reason speaks for itself
    """

    class Finding(models.TextChoices):
        JUSTIFIED = "justified", "The reason speaks for itself"
        EXPLAINED = "explained", "It was asked and explained"
        NOT_JUSTIFIED = "not_justified", "It was not justified"

    look = models.OneToOneField(Action, on_delete=models.PROTECT, related_name="review")
    finding = models.CharField(max_length=15, choices=Finding)
    words = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        db_table = "core_look_review"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(finding="justified") | ~models.Q(words=""),
                name="a_look_that_needed_asking_says_what",
            )
        ]
