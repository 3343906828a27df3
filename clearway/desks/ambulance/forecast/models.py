"""Forecasts kept until it is seen what happened, what they were worth, and the warnings that were given."""

from django.db import models

from clearway.core.organisation.models import Organisation


class Kept(models.Model):
    """What was forecast for one site and lead, and once it has happened, how far off everybody was.

    mean to p90   minutes, as the model itself said, whatever advised then
    rate, last_k, hour_of_week  what the simple forecasts said; null where they could say nothing
    vehicles      that arrived in the time spoken of and handed over; null until that is known
    …_error       sums over these vehicles of the absolute errors in minutes; null likewise
    crps, bias    likewise of the model; inside how many waits fell between p10 and p90
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    site_code = models.CharField(max_length=12)
    made_at = models.DateTimeField()
    lead_minutes = models.PositiveSmallIntegerField()
    mean = models.FloatField()
    p10 = models.FloatField()
    p50 = models.FloatField()
    p80 = models.FloatField()
    p90 = models.FloatField()
    rate = models.FloatField(null=True)
    last_k = models.FloatField(null=True)
    hour_of_week = models.FloatField(null=True)
    vehicles = models.PositiveSmallIntegerField(null=True)
    model_error = models.FloatField(null=True)
    rate_error = models.FloatField(null=True)
    last_k_error = models.FloatField(null=True)
    hour_of_week_error = models.FloatField(null=True)
    crps = models.FloatField(null=True)
    bias = models.FloatField(null=True)
    inside = models.PositiveSmallIntegerField(null=True)

    class Meta:
        db_table = "ambulance_forecast"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "made_at", "site_code", "lead_minutes"], name="one_forecast_per_lead"
            )
        ]
        indexes = [
            models.Index(
                fields=["organisation", "made_at"],
                condition=models.Q(vehicles__isnull=True),
                name="forecasts_to_score",
            )
        ]


class Standing(models.Model):
    """What a site's record has taught: which method advises there, and how its waits run over the week.

    widen    factor on the spread that makes the 80% band hold
    by_hour  mean minutes by hour of the local week, 168 of them; null where too few
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    site_code = models.CharField(max_length=12)
    method = models.CharField(max_length=12)
    widen = models.FloatField(default=1.0)
    by_hour = models.JSONField(default=list)
    settled_at = models.DateTimeField()

    class Meta:
        db_table = "ambulance_forecast_standing"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "site_code"], name="one_forecast_standing_per_site"
            )
        ]


class Warned(models.Model):
    """A warning of congestion at one site, from its beginning to its end.

    within, limit  the mean handover of the next `within` minutes is likely to pass `limit` minutes
    passed_at      when the mean of the last hour passed the limit; null where it did not in time
    judged_at      when that was clear
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    site_code = models.CharField(max_length=12)
    within = models.PositiveSmallIntegerField()
    limit = models.PositiveSmallIntegerField()
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    probability = models.FloatField()
    why = models.CharField(max_length=300)
    passed_at = models.DateTimeField(null=True)
    judged_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ambulance_warning"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "site_code", "within", "limit"],
                condition=models.Q(ended_at__isnull=True),
                name="one_open_warning_per_limit",
            )
        ]
        indexes = [models.Index(fields=["organisation", "begun_at"])]


class Passing(models.Model):
    """The mean handover of the last hour rose past a limit at one site; `ended_at` is null until it fell."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    site_code = models.CharField(max_length=12)
    limit = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ambulance_passing"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "site_code", "limit"],
                condition=models.Q(ended_at__isnull=True),
                name="one_passing_at_a_time",
            )
        ]
        indexes = [models.Index(fields=["organisation", "at"])]
