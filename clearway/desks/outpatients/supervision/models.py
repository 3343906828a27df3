"""Work given to a junior, what the review of it found, and the record of training."""

from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User


class Batch(models.Model):
    """Things that one person is to do by a day. kind: a word of domain.outpatients.supervision.

    user     to whom it was given; once handed in, who did it
    task     its number in the worklist, where it is owned, passed on and closed like any other
    reviews  how many of its things are looked at afterwards
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    task = models.BigIntegerField()
    words = models.CharField(max_length=300, blank=True)
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=150)
    due_on = models.DateField()
    reviews = models.PositiveSmallIntegerField()
    handed_in_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True) | Q(handed_in_at__isnull=False),
                name="what_is_reviewed_was_handed_in",
            ),
            models.CheckConstraint(condition=Q(reviews__gte=1), name="something_of_a_batch_is_reviewed"),
        ]


class BatchItem(models.Model):
    """One thing of a batch. subject: "referral:12"; name without identity; path: where it is done.

    done_words   what its worker says of one that could not be brought to an end
    is_sampled   the review looks at it; is_right None until it has
    worker       who did it; reviewer is never the same
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="items")
    subject = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    path = models.CharField(max_length=120)
    done_at = models.DateTimeField(null=True)
    done_words = models.CharField(max_length=300, blank=True)
    worker = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    is_sampled = models.BooleanField(default=False)
    is_right = models.BooleanField(null=True)
    feedback = models.CharField(max_length=300, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.CharField(max_length=150, blank=True)
    reviewer = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "outpatients_batch_item"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "subject"], name="a_thing_is_in_a_batch_once"),
            models.CheckConstraint(
                condition=Q(is_right__isnull=True, reviewed_at__isnull=True)
                | Q(is_right__isnull=False, reviewed_at__isnull=False) & ~Q(reviewed_by=""),
                name="a_reviewed_thing_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(is_right__isnull=True) | Q(is_right=True) | ~Q(feedback=""),
                name="what_is_wrong_has_feedback",
            ),
            models.CheckConstraint(
                condition=Q(reviewer__isnull=True) | Q(worker__isnull=True) | ~Q(reviewer=F("worker")),
                name="nobody_reviews_their_own_work",
            ),
        ]


class Training(models.Model):
    """One thing that somebody was taught or may do alone from a day on. Added only."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    topic = models.CharField(max_length=120)
    on = models.DateField()
    words = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["-on", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="training_says_what_shows_it")]
