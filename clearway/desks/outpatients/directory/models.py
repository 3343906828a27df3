"""The national directory of organisations as it was loaded here: versions of each, and who succeeded whom."""

from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation


class DirectoryLoad(models.Model):
    """One file that was loaded. refused: the first rows that were not taken, with place, reason and fix."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    name = models.CharField(max_length=200)
    form = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    changed = models.PositiveIntegerField()
    refused_count = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list)
    loaded_at = models.DateTimeField()
    loaded_by = models.CharField(max_length=150)

    class Meta:
        db_table = "outpatients_directory_load"


class ListedOrganisation(models.Model):
    """One version of an organisation, as domain.outpatients.practices.Listed describes it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    load = models.ForeignKey(DirectoryLoad, on_delete=models.PROTECT, related_name="listed")
    code = models.CharField(max_length=12)
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=60, blank=True)
    parent = models.CharField(max_length=12, blank=True)
    address = models.CharField(max_length=300, blank=True)
    postcode = models.CharField(max_length=8, blank=True)
    status = models.CharField(max_length=10)
    opened_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    is_newest = models.BooleanField(default=True)

    class Meta:
        db_table = "outpatients_listed_organisation"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "code", "version"], name="one_listed_version"),
            models.UniqueConstraint(
                fields=["organisation", "code"], condition=Q(is_newest=True), name="one_newest_listed"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "dormant", "proposed", "closed"]),
                name="listed_status_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "postcode"], condition=Q(is_newest=True), name="listed_postcodes"
            )
        ]


class ListedSuccession(models.Model):
    """`new` takes the place of `old` from a day on, as the directory says."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    load = models.ForeignKey(DirectoryLoad, on_delete=models.PROTECT, related_name="successions")
    old = models.CharField(max_length=12)
    new = models.CharField(max_length=12)
    on = models.DateField()
    reason = models.CharField(max_length=10, blank=True)

    class Meta:
        db_table = "outpatients_listed_succession"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "old", "new"], name="one_succession"),
            models.CheckConstraint(condition=~Q(old=F("new")), name="nobody_succeeds_themselves"),
        ]
        indexes = [models.Index(fields=["organisation", "new"], name="listed_predecessors")]


class SuccessorChoice(models.Model):
    """Which of several successors counts for our patients, as a person decided; the newest counts."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    old = models.CharField(max_length=12)
    new = models.CharField(max_length=12)
    why = models.CharField(max_length=200)
    chosen_at = models.DateTimeField()
    chosen_by = models.CharField(max_length=150)

    class Meta:
        db_table = "outpatients_successor_choice"
        ordering = ["id"]
        indexes = [models.Index(fields=["organisation", "old"], name="chosen_successors")]
