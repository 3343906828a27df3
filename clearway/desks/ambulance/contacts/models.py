"""Calls, radio messages and conversations, as they were written down."""

from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation


class Contact(models.Model):
    """One contact. Append-only: a correction is a new one that supersedes.

    kind, means  words of domain.ambulance.contacts
    key          call sign, code of a site or of a role; "" for another service
    reason, result  codes of the policy `contacts`
    task         the task that it was about
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    role = models.CharField(max_length=40)
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=160)
    means = models.CharField(max_length=10)
    reason = models.CharField(max_length=40)
    result = models.CharField(max_length=40)
    words = models.CharField(max_length=300, blank=True)
    incident = models.CharField(max_length=80, blank=True)
    task = models.BigIntegerField(null=True)
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="a_contact_is_with_somebody"),
            models.CheckConstraint(
                condition=Q(kind="other", key="") | ~Q(kind="other") & ~Q(key=""),
                name="a_contact_names_whom_it_knows",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True) | ~Q(supersedes=F("id")),
                name="a_contact_corrects_another",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-at"]),
            models.Index(fields=["organisation", "kind", "key", "-at"]),
            models.Index(
                fields=["organisation", "incident", "-at"],
                condition=~Q(incident=""),
                name="contacts_of_an_incident",
            ),
        ]
