"""Incidents and assignments, as their facts add up."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from clearway.core.organisation.models import Organisation, Site


class Incident(models.Model):
    """An incident as its facts add up. Rebuilt from them at any time."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    key = models.CharField(max_length=80)
    category = models.CharField(max_length=4, null=True)
    nature = models.CharField(max_length=200, null=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    area = models.CharField(max_length=80, null=True)
    patient_age = models.PositiveSmallIntegerField(null=True)
    patient_sex = models.CharField(max_length=20, null=True)
    call_connect_at = models.DateTimeField(null=True)
    call_answer_at = models.DateTimeField(null=True)
    nature_of_call_at = models.DateTimeField(null=True)
    category_set_at = models.DateTimeField(null=True)
    clock_start_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "key"], name="one_incident_per_key")]
        indexes = [
            models.Index(
                "organisation",
                Coalesce("clock_start_at", "category_set_at", "call_connect_at"),
                name="incident_beginnings",
            )
        ]


class Assignment(models.Model):
    """One sending of one resource to one incident as its facts add up. Rebuilt from them at any time.

    destination_code  what the feed said; destination the site it was resolved to, if any is known
    stamps            status -> ISO time of every status reported
    carer             who looks after the patient in the cohort
    is_open           holds its resource, or leaves a patient waiting
    at_hospital_at    a copy of that stamp, for the boards' index
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    incident = models.CharField(max_length=80)
    call_sign = models.CharField(max_length=80)
    source = models.CharField(max_length=60)
    state = models.CharField(max_length=12)
    since = models.DateTimeField(null=True)
    kind = models.CharField(max_length=10, null=True)
    category = models.CharField(max_length=4, null=True)
    destination_code = models.CharField(max_length=80, null=True)
    destination = models.ForeignKey(Site, null=True, on_delete=models.SET_NULL, related_name="+")
    stamps = models.JSONField()
    carer = models.CharField(max_length=80, null=True)
    is_open = models.BooleanField()
    at_hospital_at = models.DateTimeField(null=True)
    known_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="one_assignment_per_key"),
        ]
        indexes = [
            models.Index(fields=["organisation"], condition=Q(is_open=True), name="open_assignments"),
            models.Index(
                fields=["organisation", "at_hospital_at"],
                condition=Q(at_hospital_at__isnull=False),
                name="hospital_arrivals",
            ),
            models.Index(fields=["organisation", "incident"]),
            models.Index(fields=["organisation", "call_sign", "is_open"]),
        ]


class Identity(models.Model):
    """Who the patient is, apart from everything else. Read only through a look that is recorded."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    incident = models.CharField(max_length=80)
    name = models.CharField(max_length=200, null=True)
    nhs_number = models.CharField(max_length=10, null=True)
    born_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "incident"], name="one_identity_per_incident")
        ]
