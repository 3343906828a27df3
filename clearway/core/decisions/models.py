"""The decision log: append-only, each entry with a snapshot of what was known and how old it was."""

from django.db import models
from django.db.models import F, Q

from ..organisation.models import Organisation, Site
from ..people.models import User


class Decision(models.Model):
    """One decision. A correction is a new entry that supersedes; nothing is edited or deleted.

    decided_at  when it was taken; written_at when it was written; over five minutes apart needs late_reason
    known       what was known: the writer's words
    nothing     what would come of doing nothing, which is always an option
    risks_…     risks for patients, staff and the system, as the joint decision model asks (JESIP)
    policy      the policy or power that it rests on
    advice      advice that was sought, and who challenged it with what
    snapshot    what the screen showed, with the age of every feed, attached by itself
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT)
    decided_at = models.DateTimeField()
    written_at = models.DateTimeField()
    late_reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT)
    role = models.CharField(max_length=40)
    known = models.TextField()
    options = models.TextField(blank=True)
    decision = models.TextField()
    reason = models.TextField()
    nothing = models.TextField(blank=True)
    risks_patients = models.TextField(blank=True)
    risks_staff = models.TextField(blank=True)
    risks_system = models.TextField(blank=True)
    policy = models.CharField(max_length=300, blank=True)
    advice = models.TextField(blank=True)
    review_at = models.DateTimeField(null=True)
    screen = models.CharField(max_length=300, blank=True)
    snapshot = models.JSONField()
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(written_at__gte=F("decided_at")), name="decision_written_after_it_was_taken"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "-written_at"])]


class Told(models.Model):
    """Somebody was told of a decision, or said that they have it. Append-only, so that it may come later.

    at  when it was said; words, who and how; by, who wrote it down
    """

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="told")
    at = models.DateTimeField()
    words = models.CharField(max_length=300)
    by = models.CharField(max_length=150)

    class Meta:
        db_table = "core_decision_told"
        ordering = ["at", "id"]


class DecisionNote(models.Model):
    """What came of a decision, a thought about it later, or that it was looked at again. Append-only."""

    class Kind(models.TextChoices):
        REVIEWED = "reviewed"
        OUTCOME = "outcome"
        REFLECTION = "reflection"

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    words = models.TextField()

    class Meta:
        db_table = "core_decision_note"
        ordering = ["at", "id"]
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="a_decision_note_says_something")]


class DecisionExport(models.Model):
    """Entries that left as a file: which, what was left out of them and why. Append-only.

    cuts    entry -> the parts of it that were left out
    digest  SHA-256 of the file
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    first = models.DateField()
    last = models.DateField()
    form = models.CharField(max_length=4)
    entries = models.JSONField()
    cuts = models.JSONField()
    reason = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        db_table = "core_decision_export"
        constraints = [
            models.CheckConstraint(condition=Q(cuts={}) | ~Q(reason=""), name="what_is_left_out_has_a_reason")
        ]
