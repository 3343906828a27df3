"""What the desk wrote to whom, and what became of it. Append-only: a correction is a new message."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation


class DeskMessage(models.Model):
    """One message. Who has it is told by the steps of its recipients."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    words = models.CharField(max_length=500)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    role = models.CharField(max_length=40)
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )

    class Meta:
        db_table = "ambulance_desk_message"
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="a_desk_message_says_something")]
        indexes = [models.Index(fields=["organisation", "-at"])]


class DeskMessageTo(models.Model):
    """One recipient. kind  crew, site or role; key  its call sign, code of the site, or code of the role."""

    of = models.ForeignKey(DeskMessage, on_delete=models.PROTECT, related_name="to")
    kind = models.CharField(max_length=4)
    key = models.CharField(max_length=80)
    name = models.CharField(max_length=160)

    class Meta:
        db_table = "ambulance_desk_message_to"
        constraints = [
            models.UniqueConstraint(fields=["of", "kind", "key"], name="a_desk_message_comes_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["crew", "site", "role"]) & ~Q(key=""), name="a_desk_message_has_a_place"
            ),
        ]
        indexes = [models.Index(fields=["kind", "key"])]


class DeskMessageStep(models.Model):
    """What a recipient did. step  shown, acknowledged (each once) or replied, with words."""

    to = models.ForeignKey(DeskMessageTo, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=12)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    words = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "ambulance_desk_message_step"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["to", "step"],
                condition=Q(step__in=["shown", "acknowledged"]),
                name="a_desk_message_is_acknowledged_once",
            ),
            models.CheckConstraint(
                condition=Q(step="replied") & ~Q(words="") | Q(step__in=["shown", "acknowledged"], words=""),
                name="a_reply_to_the_desk_has_words",
            ),
        ]
