"""The audit: one row for every action, insert-only, chained afterwards."""

from django.db import models

from ..organisation.models import Organisation


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
        ]


class Seal(models.Model):
    """A link of the chain over a run of actions, made outside their transactions, in commit-safe order.

    digest = SHA-256 over the previous digest and the canonical JSON of each row of the run.

    links  32 bytes a row (xid, id, start of the chain's digest after it), so that a fault can be named
    """

    at = models.DateTimeField()
    after_xid = models.BigIntegerField()
    after_id = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    last_xid = models.BigIntegerField()
    last_id = models.BigIntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    links = models.BinaryField()
