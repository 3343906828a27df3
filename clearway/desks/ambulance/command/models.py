"""Situation reports, shifts given and accepted, escalation calls, major incidents: written once."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User
from clearway.domain.ambulance.command import Declared
from clearway.domain.ambulance.meeting import Unit


class Sitrep(models.Model):
    """One situation report. Append-only: what was wrong in it is said in an addendum.

    number   its version, from 1 without a gap
    for_at   the time that it was due for; None for one that was made by hand or on an occasion
    because  why it was made, in words
    figures  its parts by code (see domain.shared.figures), each figure with its age
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    for_at = models.DateTimeField(null=True)
    because = models.CharField(max_length=200)
    by = models.CharField(max_length=150)
    figures = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="one_sitrep_per_number"),
            models.UniqueConstraint(fields=["organisation", "for_at"], name="one_sitrep_for_a_time"),
            models.CheckConstraint(condition=~Q(because=""), name="a_sitrep_says_why"),
        ]
        indexes = [models.Index(fields=["organisation", "-at"])]


class SitrepAddendum(models.Model):
    """What somebody added to a report or corrected in it. Append-only."""

    of = models.ForeignKey(Sitrep, on_delete=models.PROTECT, related_name="addenda")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    words = models.CharField(max_length=1000)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="an_addendum_says_something")]


class MeetingPack(models.Model):
    """One pack for a meeting, of one week or month. Append-only: made again, it is another.

    number   from 1 without a gap
    first    the first day of what it is about
    by_duty  made by itself, which is done once for each whole week and month
    figures  its parts by code (see domain.shared.figures), with their charts
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    number = models.PositiveIntegerField()
    unit = models.CharField(max_length=5, choices=[(each.value, each.value) for each in Unit])
    first = models.DateField()
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    by_duty = models.BooleanField(default=False)
    figures = models.JSONField()

    class Meta:
        db_table = "ambulance_meeting_pack"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="one_meeting_pack_per_number"),
            models.UniqueConstraint(
                fields=["organisation", "unit", "first"],
                condition=Q(by_duty=True),
                name="one_meeting_pack_by_itself",
            ),
        ]


class ShiftSheet(models.Model):
    """A shift as somebody gave it to the next. Append-only.

    number   from 1 without a gap
    by_id    the person who gives it
    notes    what they say in their own words
    figures  what was open at that instant, by code
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    by_user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    notes = models.CharField(max_length=2000, blank=True)
    figures = models.JSONField()

    class Meta:
        db_table = "ambulance_shift_sheet"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="one_shift_sheet_per_number")
        ]


class ShiftAcceptance(models.Model):
    """The next person has it: once for a sheet, which the database holds. Append-only.

    figures  what was open when it was accepted
    """

    of = models.OneToOneField(ShiftSheet, on_delete=models.PROTECT, related_name="acceptance")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    by_user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    figures = models.JSONField()

    class Meta:
        db_table = "ambulance_shift_acceptance"


class ShiftWord(models.Model):
    """A question, an answer or a note about a sheet. Append-only."""

    of = models.ForeignKey(ShiftSheet, on_delete=models.PROTECT, related_name="words")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    words = models.CharField(max_length=500)

    class Meta:
        db_table = "ambulance_shift_word"
        ordering = ["at", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="a_shift_word_says_something")]


class EscalationCall(models.Model):
    """An escalation call as it was opened. What is said on it are its lines; it ends with its minutes.

    because  why a person without the officer's role chairs it; "" where the officer does
    agenda   its points in order, each with its code, its words and the figures it began with
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    chair = models.CharField(max_length=150)
    chair_user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    because = models.CharField(max_length=200, blank=True)
    agenda = models.JSONField()

    class Meta:
        db_table = "ambulance_escalation_call"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="one_escalation_call_per_number")
        ]


class CallLine(models.Model):
    """One line of a call. Append-only; of a point the newest line counts, of the next call's time too.

    point     code of the point of the agenda
    task      of an action, the task that it became
    decision  of a decision, its entry in the log
    """

    of = models.ForeignKey(EscalationCall, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=8)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    point = models.CharField(max_length=40, blank=True)
    words = models.CharField(max_length=1000, blank=True)
    role = models.CharField(max_length=80, blank=True)
    until = models.DateTimeField(null=True)
    task = models.BigIntegerField(null=True)
    decision = models.BigIntegerField(null=True)

    class Meta:
        db_table = "ambulance_call_line"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="next") | ~Q(words=""), name="a_call_line_says_something"
            ),
            models.CheckConstraint(
                condition=~Q(kind="action") | Q(task__isnull=False, until__isnull=False),
                name="an_action_of_a_call_is_a_task",
            ),
        ]


class CallMinutes(models.Model):
    """The minutes of a call, signed by its chair: once, which the database holds. Append-only."""

    of = models.OneToOneField(EscalationCall, on_delete=models.PROTECT, related_name="minutes")
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    figures = models.JSONField()

    class Meta:
        db_table = "ambulance_call_minutes"


class MajorIncident(models.Model):
    """One version of a METHANE report. Append-only: the newest version of a number is how it stands.

    number   names the incident within the trust; version  from 1 without a gap
    once     of the form that it was written with: one that is sent twice is one version
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    number = models.PositiveIntegerField()
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    state = models.CharField(max_length=10, choices=[(each.value, each.value) for each in Declared])
    location = models.CharField(max_length=300)
    kind = models.CharField(max_length=300)
    hazards = models.CharField(max_length=500, blank=True)
    access = models.CharField(max_length=500, blank=True)
    casualties = models.CharField(max_length=300, blank=True)
    services = models.CharField(max_length=500, blank=True)
    once = models.UUIDField(null=True)

    class Meta:
        db_table = "ambulance_major_incident"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "number", "version"], name="one_methane_per_version"
            ),
            models.UniqueConstraint(fields=["organisation", "once"], name="one_methane_for_a_form"),
            models.CheckConstraint(condition=Q(version__gte=1), name="methane_counts_from_one"),
            models.CheckConstraint(
                condition=~Q(location="") & ~Q(kind=""), name="a_methane_says_where_and_what"
            ),
        ]
