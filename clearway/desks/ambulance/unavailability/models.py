"""Times of being unavailable, what people said about them, and limits that were signed for a time."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation


class Unavailability(models.Model):
    """One time of one resource. A projection of its facts, but for `corrected`, which people said.

    said       the reason as the feed gave it
    corrected  code that somebody put in its place, "" where nobody did
    extended   until when somebody let it last
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    call_sign = models.CharField(max_length=80)
    area = models.CharField(max_length=80, blank=True)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=200, blank=True)
    corrected = models.CharField(max_length=40, blank=True)
    extended = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "call_sign", "since"], name="one_unavailability_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("since")),
                name="unavailability_ends_after_it_began",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "since"])]


class UnavailabilityWord(models.Model):
    """What somebody recorded about one: append-only.

    answer  what the crew said
    until   of an extension; code  of a corrected reason; to  whom it was escalated to
    """

    class Kind(models.TextChoices):
        CHALLENGED = "challenged"
        SUPPORTED = "supported"
        EXTENDED = "extended"
        CORRECTED = "corrected"
        ESCALATED = "escalated"

    of = models.ForeignKey(Unavailability, on_delete=models.CASCADE, related_name="words")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    answer = models.CharField(max_length=300)
    until = models.DateTimeField(null=True)
    code = models.CharField(max_length=40, blank=True)
    to = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="extended", until__isnull=False) | (~Q(kind="extended") & Q(until=None)),
                name="an_extension_has_its_end",
            ),
            models.CheckConstraint(
                condition=(Q(kind="corrected") & ~Q(code="")) | (~Q(kind="corrected") & Q(code="")),
                name="a_correction_has_its_reason",
            ),
            models.CheckConstraint(
                condition=(Q(kind="escalated") & ~Q(to="")) | (~Q(kind="escalated") & Q(to="")),
                name="an_escalation_names_whom",
            ),
        ]
        ordering = ["at", "pk"]


class SignedLimit(models.Model):
    """A limit that somebody signed for a time, at an escalation level: of these reasons, so many minutes."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    codes = ArrayField(models.CharField(max_length=40))
    minutes = models.FloatField()
    level = models.CharField(max_length=80)
    why = models.CharField(max_length=300)
    signed_by = models.CharField(max_length=150)
    begins = models.DateTimeField()
    ends = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("begins")), name="a_signed_limit_has_its_time"),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="a_signed_limit_is_some_minutes"),
        ]
        indexes = [models.Index(fields=["organisation", "ends"])]
