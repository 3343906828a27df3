"""Tasks: raised by rules or people, owned, due, answered, escalated, closed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from ..organisation.models import Organisation, Site
from ..people.models import User


class Task(models.Model):
    """Something a person must do or decide. One open task per rule and subject, which the database holds.

    cause    what the rule saw, in words, kept current while the task is open
    members  subjects that it stands for, where it stands for several: what joins an answered one reopens it
    left     those that it stood for of late, and since when it does not, so that a return is no joining
    gone_since  since when the cause has been gone, while the task waits whether it comes back
    step     the furthest that it asked for lately, see Wanted; step_gone_since  since when it is less far
    reading  the number behind the cause, for the dead-band (it is not raised anew by a flicker)
    """

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        SHELVED = "shelved"
        ANSWERED = "answered"
        CLOSED = "closed"

    TO_DO = (State.OPEN, State.ACKNOWLEDGED)

    class Priority(models.IntegerChoices):
        P1 = 1
        P2 = 2
        P3 = 3

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    site = models.ForeignKey(Site, null=True, on_delete=models.SET_NULL)
    rule = models.CharField(max_length=60)
    subject = models.CharField(max_length=150)
    priority = models.PositiveSmallIntegerField(choices=Priority)
    title = models.CharField(max_length=200)
    cause = models.CharField(max_length=500)
    suggestion = models.CharField(max_length=300, blank=True)
    reading = models.FloatField(null=True)
    role = models.CharField(max_length=40)
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="tasks")
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    raised_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    shelved_until = models.DateTimeField(null=True)
    answer = models.CharField(max_length=500, blank=True)
    escalated_to = models.CharField(max_length=40, blank=True)
    escalated_at = models.DateTimeField(null=True)
    members = ArrayField(models.CharField(max_length=150), default=list)
    left = models.JSONField(default=dict)
    gone_since = models.DateTimeField(null=True)
    step = models.FloatField(default=0)
    step_gone_since = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "rule", "subject"],
                condition=Q(closed_at__isnull=True),
                name="one_open_task_per_rule_and_subject",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False)
                | ~Q(state="closed") & Q(closed_at__isnull=True),
                name="closed_task_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state="shelved", shelved_until__isnull=False)
                | ~Q(state="shelved") & Q(shelved_until__isnull=True),
                name="shelved_task_says_until_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "priority", "raised_at"],
                condition=Q(closed_at__isnull=True),
                name="open_tasks",
            ),
            models.Index(fields=["organisation", "raised_at"]),
            models.Index(fields=["organisation", "closed_at"]),
        ]
