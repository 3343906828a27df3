"""Equipment that is lent to patients, and every loan of it."""

from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation

from ..patients.models import Patient


class Item(models.Model):
    """One thing with a serial number. state: a word of domain.outpatients.loans.

    recalled_at  its make was recalled, and why: it is not lent again until the recall is over
    cleaned_at   when it was last decontaminated, by whom and how
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    serial = models.CharField(max_length=40)
    kind = models.CharField(max_length=80)
    make = models.CharField(max_length=80)
    batch = models.CharField(max_length=40, blank=True)
    size = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, default="ready")
    added_at = models.DateTimeField()
    recalled_at = models.DateTimeField(null=True)
    recall_why = models.CharField(max_length=200, blank=True)
    cleaned_at = models.DateTimeField(null=True)
    cleaned_by = models.CharField(max_length=150, blank=True)
    cleaned_how = models.CharField(max_length=200, blank=True)
    gone_why = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["kind", "serial"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "serial"], name="one_item_per_serial_number"),
            models.CheckConstraint(condition=~Q(state="gone") | ~Q(gone_why=""), name="a_lost_item_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.serial}"


class Loan(models.Model):
    """One item with one patient, from issue to return. An item is with one patient at a time.

    asked, chase_on  how often its return was asked for, and when it is asked for next; null: not again
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="loans")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="loans")
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=150)
    due_on = models.DateField()
    asked = models.PositiveSmallIntegerField(default=0)
    chase_on = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)
    condition = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=Q(ended_at__isnull=True), name="an_item_is_with_one_patient"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("issued_at")),
                name="a_loan_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "due_on"],
                condition=Q(ended_at__isnull=True),
                name="loans_that_are_out",
            )
        ]
