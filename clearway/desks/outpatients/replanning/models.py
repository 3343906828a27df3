"""Clinics that do not take place, and what becomes of each patient who was booked into them."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User

from ..booking.models import Appointment
from ..clinics.models import Session, Slot
from ..waiting.models import Entry


class Replan(models.Model):
    """Clinics that do not take place, and the moving of their patients.

    reason   code of a provider's cancellation; why  in words, of nobody's health
    slots, minutes  that were lost when it was made: what had not begun
    closed_at  when the last patient was placed and told
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    sessions = models.ManyToManyField(Session, related_name="+")
    reason = models.CharField(max_length=40)
    why = models.CharField(max_length=120)
    slots = models.PositiveIntegerField()
    minutes = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    closed_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(why=""), name="a_replan_says_why"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by="")
                | Q(undone_at__isnull=False) & ~Q(undone_by=""),
                name="an_undone_replan_says_by_whom",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "-made_at"])]


class Displaced(models.Model):
    """One appointment that is given up because its clinic does not take place.

    A clinic that was opened again can be given up anew: an appointment has one row that is not undone.
    moved_to  the appointment that stands instead; entry  whose place on the list it is
    by_phone  a letter would come too late
    order     what the workers are to do: "move" to to_slot, "return" to the list, "back" to the old seat; ""
              for nothing. It goes with the patient's own transaction, so that whoever is stopped leaves it
    told_at   when the patient was spoken with; other_date  they asked for another one
    problem   why the last attempt did not do what was asked
    """

    class State(models.TextChoices):
        PLANNED = "planned", "To be placed"
        MOVED = "moved", "Moved"
        RETURNED = "returned", "Waits again"
        UNDONE = "undone", "As it was before"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    replan = models.ForeignKey(Replan, on_delete=models.PROTECT, related_name="displaced")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="displaced")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="displaced")
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    moved_to = models.OneToOneField(
        Appointment, null=True, on_delete=models.PROTECT, related_name="displaced_from"
    )
    by_phone = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)
    other_date = models.BooleanField(default=False)
    told_at = models.DateTimeField(null=True)
    told_by = models.CharField(max_length=150, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    order = models.CharField(max_length=6, blank=True)
    to_slot = models.ForeignKey(Slot, null=True, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField(null=True)
    ordered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ordered_name = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["appointment__starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(order="", ordered_at__isnull=True, to_slot__isnull=True, ordered_name="")
                | Q(order__in=["return", "back"], ordered_at__isnull=False, to_slot__isnull=True)
                & ~Q(ordered_name="")
                | Q(order="move", ordered_at__isnull=False, to_slot__isnull=False) & ~Q(ordered_name=""),
                name="what_is_ordered_says_when_where_and_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(order__in=["", "back"]) | Q(state="planned"),
                name="only_who_is_to_be_placed_is_ordered_to_move",
            ),
            models.UniqueConstraint(
                fields=["appointment"], condition=~Q(state="undone"), name="an_appointment_is_displaced_once"
            ),
            models.CheckConstraint(
                condition=Q(state="moved", moved_to__isnull=False)
                | Q(state__in=["planned", "returned"], moved_to__isnull=True)
                | Q(state="undone"),
                name="who_was_moved_has_another_appointment",
            ),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True, told_by="")
                | Q(told_at__isnull=False) & ~Q(told_by="") & ~Q(state="planned"),
                name="who_was_told_was_placed_before",
            ),
            models.CheckConstraint(
                condition=~Q(state="planned") | Q(by_phone=False), name="nobody_is_rung_before_the_plan"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "state"], name="displaced_standing"),
            models.Index(fields=["ordered_at", "id"], condition=~Q(order=""), name="displaced_ordered"),
        ]
