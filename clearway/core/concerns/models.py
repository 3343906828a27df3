"""What was reported, and what its owner did with it. Append-only."""

from django.db import models
from django.db.models import Q

from ..organisation.models import Organisation
from ..people.models import User


class Concern(models.Model):
    """One report as it was written. How it stands is the fold of its steps (domain.shared.concerns).

    kind, severity  codes of the policy `concerns`; the severity is the reporter's proposal
    place, what, done  where, what happened, and what was done at once; without identity
    desk            which desk it was reported at: its owners and its tasks are of that desk
    owner           code of the role that answers for it at first
    screen          the page it was opened from
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    desk = models.CharField(max_length=12)
    kind = models.CharField(max_length=40)
    severity = models.CharField(max_length=40)
    place = models.CharField(max_length=160)
    what = models.CharField(max_length=1000)
    done = models.CharField(max_length=500, blank=True)
    owner = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    screen = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(owner=""), name="a_concern_has_an_owner"),
            models.CheckConstraint(
                condition=~Q(what="") & ~Q(place=""), name="a_concern_says_what_and_where"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "-at"])]


class ConcernStep(models.Model):
    """One step of its owner. severity, to  where the step sets another severity or passes it on."""

    of = models.ForeignKey(Concern, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=12)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    role = models.CharField(max_length=40)
    words = models.CharField(max_length=1000, blank=True)
    severity = models.CharField(max_length=40, blank=True)
    to = models.CharField(max_length=40, blank=True)

    class Meta:
        db_table = "core_concern_step"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["of", "step"],
                condition=Q(step__in=["acknowledged", "closed"]),
                name="a_concern_is_acknowledged_and_closed_once",
            ),
            models.CheckConstraint(
                condition=Q(step="passed_on") & ~Q(to="") | ~Q(step="passed_on") & Q(to=""),
                name="a_concern_is_passed_on_to_a_role",
            ),
            models.CheckConstraint(
                condition=Q(step="acknowledged") | ~Q(words=""), name="a_step_of_a_concern_says_what"
            ),
        ]
