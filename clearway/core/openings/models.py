"""What somebody opened although it was not theirs to work on, on either desk."""

from django.db import models
from django.db.models import F, Q

from ..organisation.models import Organisation


class Proof(models.TextChoices):
    """How somebody proved once more who they are; the last two did not, in an emergency that cannot wait."""

    PASSWORD = "password", "by the password"
    CODE = "code", "by the code of an app"
    SIGN_IN = "sign_in", "by signing in at most ten minutes before"
    AWAY = "away", "not at all: the provider did not answer"
    NONE = "none", "not at all: they said that they could not sign in again"


MISSING = (Proof.AWAY, Proof.NONE)


class Opening(models.Model):
    """One patient, opened to one person for a short while, with a reason. Written once.

    proved   how the person proved once more who they are
    subject  as the audit names it: "patient:123", a record; "incident:2026/77", who its patient is
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    subject = models.CharField(max_length=150)
    user = models.ForeignKey("core.User", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20)
    words = models.CharField(max_length=300)
    proved = models.CharField(max_length=10, choices=Proof)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(words="") & ~Q(reason=""), name="an_opening_says_why"),
            models.CheckConstraint(condition=Q(proved__in=Proof.values), name="an_opening_says_how_proved"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("opened_at")), name="an_opening_ends"),
            models.CheckConstraint(
                condition=Q(subject__regex="^(patient|incident):."), name="an_opening_is_of_a_patient"
            ),
        ]
        indexes = [models.Index(fields=["user", "subject", "ends_at"])]
