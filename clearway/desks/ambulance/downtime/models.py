"""Failures of the CAD and drills, what was entered by hand meanwhile, and the register of paper forms."""

from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation
from clearway.domain.ambulance.words import FormKind


class CadFailure(models.Model):
    """A failure of the CAD that a person declared, or a drill of one.

    learnt         of a drill that is over: what was learnt
    reconciled_at  when every form was accounted for and every conflict settled
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    is_drill = models.BooleanField(default=False)
    reason = models.CharField(max_length=300)
    declared_at = models.DateTimeField()
    declared_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)
    learnt = models.CharField(max_length=1000, blank=True)
    reconciled_at = models.DateTimeField(null=True)
    reconciled_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "is_drill"],
                condition=Q(ended_at__isnull=True),
                name="one_failure_or_drill_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by="")
                | (Q(ended_at__gte=F("declared_at")) & ~Q(ended_by="")),
                name="a_failure_is_ended_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(is_drill=False) | Q(ended_at__isnull=True) | ~Q(learnt=""),
                name="a_drill_teaches_something",
            ),
            models.CheckConstraint(
                condition=Q(reconciled_at__isnull=True) | Q(reconciled_at__gte=F("ended_at")),
                name="a_failure_is_reconciled_after_it",
            ),
        ]


class PaperForm(models.Model):
    """One numbered form that was printed. Numbers are drawn without a gap, those of drills apart.

    failure  in which it was used; None while it lies blank in the folder
    of_pack  it lies in the downtime packs, not in the folder
    """

    class State(models.TextChoices):
        BLANK = "blank"
        UNACCOUNTED = "unaccounted"
        ENTERED = "entered"
        VOID = "void"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    is_drill = models.BooleanField(default=False)
    kind = models.CharField(max_length=14, choices=[(kind.value, kind.value) for kind in FormKind])
    number = models.PositiveIntegerField()
    of_pack = models.BooleanField(default=False)
    printed_at = models.DateTimeField()
    printed_by = models.CharField(max_length=150)
    state = models.CharField(max_length=11, choices=State.choices, default=State.BLANK)
    failure = models.ForeignKey(CadFailure, null=True, on_delete=models.PROTECT)
    why = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "is_drill", "kind", "number"], name="one_form_per_number"
            ),
            models.CheckConstraint(
                condition=(Q(state="void") & ~Q(why="")) | (~Q(state="void") & Q(why="")),
                name="a_void_form_has_its_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="blank", failure__isnull=True)
                | (~Q(state="blank") & Q(failure__isnull=False)),
                name="a_used_form_has_its_failure",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["blank", "unaccounted"], settled_at__isnull=True)
                | Q(state__in=["entered", "void"], settled_at__isnull=False),
                name="a_settled_form_says_when",
            ),
        ]


class HandEntry(models.Model):
    """One status as somebody entered it by hand, with both its times. Append-only but for the choice.

    failure     in which it was entered; None while the CAD was only not heard
    assignment  key of the job it belongs to; "" of an availability
    message_id  of its fact; "" in a drill, of which nothing becomes a fact
    is_late     entered so long after it happened that it is marked
    choice      whose time stands where another source gives another one; "" while nobody has said
    """

    class Choice(models.TextChoices):
        THEIRS = "theirs"
        OURS = "ours"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    failure = models.ForeignKey(CadFailure, null=True, on_delete=models.PROTECT)
    form = models.ForeignKey(PaperForm, null=True, on_delete=models.PROTECT)
    is_drill = models.BooleanField(default=False)
    once = models.CharField(max_length=60)
    call_sign = models.CharField(max_length=80)
    status = models.CharField(max_length=20)
    incident = models.CharField(max_length=80, blank=True)
    assignment = models.CharField(max_length=200, blank=True)
    place = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    occurred_at = models.DateTimeField()
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=150)
    is_late = models.BooleanField()
    message_id = models.CharField(max_length=120, blank=True)
    choice = models.CharField(max_length=6, choices=Choice.choices, blank=True)
    chosen_at = models.DateTimeField(null=True)
    chosen_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "once"], name="one_entry_per_form_sent"),
            models.CheckConstraint(
                condition=(Q(is_drill=True) & Q(message_id="")) | (Q(is_drill=False) & ~Q(message_id="")),
                name="nothing_of_a_drill_is_a_fact",
            ),
            models.CheckConstraint(
                condition=Q(choice="", chosen_at__isnull=True) | (~Q(choice="") & Q(chosen_at__isnull=False)),
                name="a_choice_says_when",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "-entered_at"])]


class PackFolder(models.Model):
    """The downtime packs of one folder: the last that was written, and the last that failed."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    folder = models.CharField(max_length=300)
    written_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=120, blank=True)
    size = models.PositiveIntegerField(null=True)
    failed_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "folder"], name="one_row_per_pack_folder"),
        ]
