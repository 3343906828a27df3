"""Which steps of the plan of reminders were taken, and whom somebody rings."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation

from ..booking.models import Appointment
from ..conversations.models import Message


class Reminder(models.Model):
    """One step for one appointment (domain.outpatients.reminders.Step), taken once.

    way    text, email or phone; why  why nobody is written to, where somebody is to be rung
    state  sent: put into the outbox; to_ring: on the list of calls; rung: reached; over: not needed any more
    """

    class State(models.TextChoices):
        SENT = "sent", "Sent"
        TO_RING = "to_ring", "To be rung"
        RUNG = "rung", "Rung"
        OVER = "over", "Not needed any more"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="reminders")
    step = models.CharField(max_length=6)
    way = models.CharField(max_length=5)
    state = models.CharField(max_length=8, choices=State)
    why = models.CharField(max_length=200, blank=True)
    message = models.OneToOneField(Message, null=True, on_delete=models.PROTECT, related_name="reminder")
    made_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["appointment", "step"], name="a_reminder_is_made_once"),
            models.CheckConstraint(
                condition=~Q(state="to_ring", why=""), name="a_call_says_why_nobody_was_written_to"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "made_at"], condition=Q(state="to_ring"), name="reminders_to_ring"
            )
        ]
