"""Moves to a standby point that somebody accepted or refused, and what became of them."""

from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation, Site


class CoverMove(models.Model):
    """One answer to one proposed move: written once. What became of an accepted one is added, once each.

    left_latitude, left_longitude  where the crew was, None where nobody said
    gives, takes  calls expected to be reached in time more and less in the policy's horizon
    drive         minutes of driving; reasons  what was read when it was answered
    why           why it was refused
    arrive_by     from when on it counts as not gone; stays_until  when its stay is over
    how           how it ended; came  what it gained (see actions.gained)
    """

    class State(models.TextChoices):
        REFUSED = "refused"
        GOING = "going"
        THERE = "there"
        ENDED = "ended"

    class How(models.TextChoices):
        JOB = "job", "Sent to a job"
        STAYED = "stayed", "Its time was over"
        LATE = "late", "It did not arrive"
        AWAY = "away", "The crew cannot be sent any more"
        WITHDRAWN = "withdrawn", "Taken back"

    OPEN = ("going", "there")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    call_sign = models.CharField(max_length=80)
    area = models.CharField(max_length=80, blank=True)
    place = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    to_area = models.CharField(max_length=80, blank=True)
    left_latitude = models.FloatField(null=True)
    left_longitude = models.FloatField(null=True)
    gives = models.FloatField()
    takes = models.FloatField()
    drive = models.FloatField()
    reasons = models.JSONField()
    decided_at = models.DateTimeField()
    decided_by = models.CharField(max_length=150)
    why = models.CharField(max_length=200, blank=True)
    arrive_by = models.DateTimeField()
    stays_until = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State.choices)
    arrived_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    how = models.CharField(max_length=9, choices=How.choices, blank=True)
    cause = models.CharField(max_length=200, blank=True)
    came = models.JSONField(null=True)

    class Meta:
        db_table = "ambulance_cover_move"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "call_sign"],
                condition=Q(state__in=("going", "there")),
                name="one_standing_move_per_crew",
            ),
            models.UniqueConstraint(
                fields=["organisation", "place"],
                condition=Q(state__in=("going", "there")),
                name="one_standing_move_per_place",
            ),
            models.CheckConstraint(
                condition=(Q(state="refused") & ~Q(why="")) | (~Q(state="refused") & Q(why="")),
                name="a_refused_move_says_why",
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False, came__isnull=False) & ~Q(how="")
                | ~Q(state="ended") & Q(ended_at=None, how="", came=None),
                name="an_ended_move_says_how_and_what_it_gained",
            ),
            models.CheckConstraint(
                condition=~Q(state="there") | Q(arrived_at__isnull=False), name="who_is_there_has_arrived"
            ),
            models.CheckConstraint(
                condition=Q(drive__gte=0, stays_until__gt=F("decided_at"), arrive_by__gt=F("decided_at")),
                name="a_move_takes_its_time",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "decided_at"])]
