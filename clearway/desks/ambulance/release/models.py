"""What was recorded of patients who wait at a hospital: releases, exceptions, relief."""

from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation
from clearway.domain.ambulance.release import Kind


class Release(models.Model):
    """One record. Append-only: a correction is a new one that supersedes.

    assignment, incident, call_sign  the job that brought the patient; site  code of the hospital
    arrived_at  as it was known then
    first_at    when it was first recorded: of a correction, that of what it corrects
    the rest    see domain.ambulance.release.Record
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    first_at = models.DateTimeField()
    by = models.CharField(max_length=150)
    role = models.CharField(max_length=40)
    assignment = models.CharField(max_length=200)
    incident = models.CharField(max_length=80)
    call_sign = models.CharField(max_length=80)
    site = models.CharField(max_length=40)
    arrived_at = models.DateTimeField()
    kind = models.CharField(max_length=9, choices=[(each.value, each.value) for each in Kind])
    stable_by = models.CharField(max_length=80, blank=True)
    news2 = models.PositiveSmallIntegerField(null=True)
    news2_at = models.DateTimeField(null=True)
    nurse = models.CharField(max_length=80, blank=True)
    place = models.CharField(max_length=40, blank=True)
    verbal = models.BooleanField(default=False)
    epcr = models.BooleanField(default=False)
    accepted = models.BooleanField(default=False)
    equipment = models.CharField(max_length=120, blank=True)
    commander = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    words = models.CharField(max_length=200, blank=True)
    decided_by = models.CharField(max_length=80, blank=True)
    look_at = models.DateTimeField(null=True)
    relief = models.CharField(max_length=80, blank=True)
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="release")
                | (
                    ~Q(stable_by="")
                    & ~Q(place="")
                    & Q(news2__range=(0, 20), news2_at__isnull=False)
                    & (Q(verbal=True) | Q(epcr=True))
                ),
                name="a_release_has_its_checklist",
            ),
            models.CheckConstraint(
                condition=Q(accepted=False) | (Q(kind="release") & ~Q(nurse="")),
                name="who_accepted_a_patient_is_said",
            ),
            models.CheckConstraint(
                condition=~Q(kind="exception")
                | (~Q(reason="") & ~Q(decided_by="") & Q(look_at__gt=F("first_at"))),
                name="an_exception_is_decided_and_looked_at_again",
            ),
            models.CheckConstraint(
                condition=(Q(kind="relief") & ~Q(relief="") & ~Q(relief=F("call_sign")))
                | (~Q(kind="relief") & Q(relief="")),
                name="a_relief_is_another_crew",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True) | ~Q(supersedes=F("id")),
                name="a_release_corrects_another",
            ),
            models.CheckConstraint(
                condition=Q(at__gte=F("first_at")), name="a_release_is_corrected_after_it"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-at"]),
            models.Index(fields=["organisation", "assignment", "-first_at"]),
        ]
