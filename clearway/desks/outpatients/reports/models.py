"""The register of reports, and each report that was made, as it was sent."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation
from clearway.core.outbox.models import Outgoing
from clearway.core.people.models import User


class Report(models.Model):
    """Figures that go to one person again and again. what, unit: words of domain.outpatients.reports.

    role    in which they receive it: as they held it when it was entered
    due_on  when it leaves next
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    what = models.CharField(max_length=12)
    recipient = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    unit = models.CharField(max_length=12)
    number = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["due_on", "what", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "what", "recipient"],
                condition=Q(ended_at__isnull=True),
                name="one_report_of_a_kind_to_a_person",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="a_report_has_its_day"),
        ]


class SentReport(models.Model):
    """One report to one person: its figures at the instant at which it was made, and the bytes of it.

    outgoing   where it stands in the outbox, and the SHA-256 of `csv`
    due_on     the day that it was for; None for one that was sent by hand
    as_of      the instant of the figures; sources  what they rest on, in words
    said       what the recipient said when they acknowledged it
    sealed_at  when it left: from then on the database refuses to change what it says
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="sent")
    outgoing = models.OneToOneField(Outgoing, on_delete=models.PROTECT, related_name="report")
    recipient = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True)
    as_of = models.DateTimeField(null=True)
    sources = models.TextField(blank=True)
    figures = models.JSONField(null=True)
    csv = models.BinaryField(null=True)
    read_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=300, blank=True)
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outpatients_report_sent"
        ordering = ["-id"]
        indexes = [models.Index(fields=["recipient", "-id"])]
