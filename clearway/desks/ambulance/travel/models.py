"""Road disruptions: entered by hand or read from a file, in force for a time, never removed."""

from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation


class RoadDisruption(models.Model):
    """One hindrance to travel.

    A change ends the row and makes a new one, so that a past picture can be shown as it was known.

    place       where, in the words of whoever entered it
    entered_at  when it became known; entered_by, the person's or file's name
    ended_at    when somebody ended it early or a newer record took its place; null where nobody did
    reference   id of the record in the file that it came from; empty for one entered by hand
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    kind = models.CharField(max_length=20)
    place = models.CharField(max_length=300)
    latitude = models.FloatField()
    longitude = models.FloatField()
    radius_km = models.FloatField()
    extra_minutes = models.FloatField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="disruption_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(radius_km__gt=0, radius_km__lte=100), name="disruption_has_an_extent"
            ),
            models.CheckConstraint(
                condition=Q(extra_minutes__gte=0, extra_minutes__lte=600), name="disruption_costs_minutes"
            ),
            models.UniqueConstraint(
                fields=["organisation", "reference"],
                condition=Q(ended_at__isnull=True) & ~Q(reference=""),
                name="one_open_disruption_per_reference",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "ends_at"])]
