"""Resources as their facts add up, and where they were."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation


class Resource(models.Model):
    """One resource: the fold of its availability facts, and its newest position. Rebuilt at any time.

    availability  None where no source ever said: then only its jobs are known
    place         the nearest named place, or how far from it; changes far more seldom than the position
    folded_to     order key of the newest fact folded, JSON: a later fact is applied on top, else all are
                  folded again
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    call_sign = models.CharField(max_length=80)
    availability = models.CharField(max_length=14, null=True)
    since = models.DateTimeField(null=True)
    standing = models.CharField(max_length=14, null=True)
    reason = models.CharField(max_length=200, null=True)
    kind = models.CharField(max_length=10, null=True)
    station = models.CharField(max_length=80, null=True)
    skill = models.CharField(max_length=200, null=True)
    shift_start = models.DateTimeField(null=True)
    shift_end = models.DateTimeField(null=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    position_at = models.DateTimeField(null=True)
    place = models.CharField(max_length=120, null=True)
    folded_to = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "call_sign"], name="one_resource_per_call_sign"),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True, position_at__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False, position_at__isnull=False),
                name="position_is_whole",
            ),
        ]


class Position(models.Model):
    """One reported position. Append-only; partitioned by day; exempt from audit rows."""

    pk = models.CompositePrimaryKey("occurred_at", "organisation_id", "call_sign")
    occurred_at = models.DateTimeField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, db_index=False)
    call_sign = models.CharField(max_length=80)
    latitude = models.FloatField()
    longitude = models.FloatField()
    speed_kmh = models.FloatField(null=True)
    source = models.CharField(max_length=60)
    known_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ambulance_position"
