"""Pathways, and the dated events that their clocks are worked out from."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation

from ..patients.models import Patient


class Pathway(models.Model):
    """One condition of one patient, and what its clock says: the fold of its events, kept for lists.

    ppid, issuer  patient pathway identifier (20 characters) and the ODS code of who gave it
    measurement   waiting time measurement type
    state to status  as domain.outpatients.clocks.explain says of the newest day; dates null where none
    wrong_on      day of the oldest event that its rules could not apply, null where none
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="pathways")
    ppid = models.CharField(max_length=20)
    issuer = models.CharField(max_length=12)
    measurement = models.CharField(max_length=2)
    function = models.CharField(max_length=3)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    state = models.CharField(max_length=14, default="none")
    status = models.CharField(max_length=2, blank=True)
    started_on = models.DateField(null=True)
    queue_from = models.DateField(null=True)
    treat_by = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    wrong_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "ppid"], name="one_pathway_per_identifier"),
            models.CheckConstraint(condition=Q(ppid__regex=r"^[A-Z0-9]{20}$"), name="ppid_has_20_characters"),
        ]
        indexes = [models.Index(fields=["organisation", "state", "started_on"])]


class ClockEvent(models.Model):
    """One dated event of one pathway. Insert-only; a correction is a new one that replaces another by key."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="events")
    key = models.CharField(max_length=60)
    kind = models.CharField(max_length=40)
    on = models.DateField()
    sequence = models.PositiveIntegerField()
    said = models.JSONField(default=dict)  # start_on, until, evidence, function, outside_contact
    replaces = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=60)  # what it came from: "referral:12", "appointment:7", "desk"
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=150)

    class Meta:
        db_table = "outpatients_clock_event"
        ordering = ["on", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["pathway", "key"], name="a_clock_event_is_recorded_once")
        ]
