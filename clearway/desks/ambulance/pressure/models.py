"""Figures that hospitals give, levels that people set for the trust, and what each level asked of whom."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation


class HospitalFigure(models.Model):
    """One figure of a framework for one hospital, as somebody said it: append-only.

    parameter  its code in the policy `opel`
    true_at    when it was so; at  when it was written down
    told_by    whose word it is, where somebody wrote it down for another
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    site = models.CharField(max_length=80)
    parameter = models.CharField(max_length=40)
    value = models.FloatField()
    true_at = models.DateTimeField()
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    role = models.CharField(max_length=40)
    told_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(true_at__lte=F("at")), name="a_figure_was_true_before"),
            models.CheckConstraint(condition=Q(value__gte=0), name="a_figure_of_pressure_is_not_negative"),
        ]
        indexes = [models.Index(fields=["organisation", "true_at"])]


class TrustLevel(models.Model):
    """A level that a person set for the whole trust: append-only.

    number   its place in the history of its ladder, from 1 without a gap: two cannot follow the same one
    outlook  of REAP, the level expected today and on each of the six days after; empty for the others
    """

    class Ladder(models.TextChoices):
        REAP = "reap"
        CSP = "csp"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    ladder = models.CharField(max_length=4, choices=Ladder.choices)
    number = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField()
    why = models.CharField(max_length=300)
    outlook = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    review_by = models.DateTimeField()
    at = models.DateTimeField()
    by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "ladder", "number"], name="one_trust_level_follows_another"
            ),
            models.CheckConstraint(
                condition=Q(level__gte=1, level__lte=4), name="a_trust_level_is_one_to_four"
            ),
            models.CheckConstraint(
                condition=Q(review_by__gt=F("at")), name="a_trust_level_is_reviewed_after"
            ),
            models.CheckConstraint(condition=~Q(why=""), name="a_trust_level_has_its_reason"),
            models.CheckConstraint(
                condition=Q(ladder="csp", outlook__len=0) | Q(ladder="reap", outlook__len=7),
                name="reap_looks_seven_days_ahead",
            ),
        ]


class ActionCard(models.Model):
    """One action that entering a level asked of a role. Kept when the level is left.

    entered  the level whose entering opened it; the same level set again keeps it open
    because  why it was not done, "" where it was; as the newest of its answers says
    """

    entered = models.ForeignKey(TrustLevel, on_delete=models.PROTECT, related_name="cards")
    code = models.CharField(max_length=40)
    role = models.CharField(max_length=40)
    says = models.CharField(max_length=300)
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=150, blank=True)
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entered", "code"], name="one_card_of_a_level"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answered_by="", because="")
                | (Q(answered_at__isnull=False) & ~Q(answered_by="")),
                name="an_answered_card_names_who",
            ),
        ]
        ordering = ["due_at", "pk"]


class ActionAnswer(models.Model):
    """One answer to an action, with who gave it in which role: append-only. because  "" where it was done."""

    card = models.ForeignKey(ActionCard, on_delete=models.PROTECT, related_name="answers")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    role = models.CharField(max_length=40)
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["at", "pk"]
