"""What can help a crew that cannot respond, what was agreed for whom, and every step."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation, Site


class Barrier(models.Model):
    """One time of being unavailable for which somebody agreed a fix.

    unavailability  key of that time, which says when the crew was available again
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    unavailability = models.BigIntegerField()
    call_sign = models.CharField(max_length=80)
    what = models.CharField(max_length=10)
    since = models.DateTimeField()
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "unavailability"], name="one_barrier_of_a_time_unavailable"
            )
        ]


class Aid(models.Model):
    """A spare vehicle, a store of kit, or somebody without a crew mate, at a place.

    says         the kind of the vehicle, what the store holds, or the skill
    promised_to  the barrier for which it is on its way, None otherwise
    """

    class What(models.TextChoices):
        VEHICLE = "vehicle", "Spare vehicle"
        KIT = "kit", "Kit: store or swap point"
        STAFF = "staff", "Staff without a crew mate"

    class State(models.TextChoices):
        READY = "ready", "Ready"
        PROMISED = "promised", "Promised"
        OUT = "out", "Not there"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    what = models.CharField(max_length=10, choices=What.choices)
    label = models.CharField(max_length=60)
    says = models.CharField(max_length=60)
    place = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices)
    promised_to = models.ForeignKey(Barrier, null=True, on_delete=models.PROTECT, related_name="aids")
    said_at = models.DateTimeField()
    said_by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "what", "label"], name="one_aid_of_a_name"),
            models.CheckConstraint(
                condition=Q(state="promised", promised_to__isnull=False)
                | (~Q(state="promised") & Q(promised_to=None)),
                name="a_promised_aid_says_to_whom",
            ),
        ]


class BarrierStep(models.Model):
    """What was agreed or done about a barrier: append-only."""

    class Step(models.TextChoices):
        AGREED = "agreed", "Agreed"
        UNDER_WAY = "under_way", "Under way"
        FIXED = "fixed", "In place: the crew may book available"
        GIVEN_UP = "given_up", "Given up"

    of = models.ForeignKey(Barrier, on_delete=models.CASCADE, related_name="steps")
    step = models.CharField(max_length=10, choices=Step.choices)
    words = models.CharField(max_length=300)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)

    class Meta:
        ordering = ["at", "pk"]
