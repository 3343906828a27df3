"""Delays of crews, what they reported and what was said of them; and the norms that they are judged by."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation
from clearway.domain.ambulance.delays import Outcome, Phase


class Delay(models.Model):
    """One phase of one job that a crew was asked about, or that somebody wrote about.

    began, ended_at   from the facts of the job
    category, expected  as the crew was judged by them while it lasted; expected  of a scene, how it would end
    outcome           of a scene, how it ended
    site              code of the hospital of a wrap-up
    asked_at, asked_by  when a STACK was asked for last, and by whom
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    phase = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Phase])
    assignment = models.CharField(max_length=200)
    incident = models.CharField(max_length=80)
    call_sign = models.CharField(max_length=80)
    area = models.CharField(max_length=80, blank=True)
    station = models.CharField(max_length=80, blank=True)
    site = models.CharField(max_length=40, blank=True)
    category = models.CharField(max_length=4, blank=True)
    outcome = models.CharField(
        max_length=14, blank=True, choices=[(each.value, each.value) for each in Outcome]
    )
    began = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "assignment", "phase"], name="one_delay_per_phase_of_a_job"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began")),
                name="delay_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(asked_at__isnull=True, asked_by="")
                | (Q(asked_at__isnull=False) & ~Q(asked_by="")),
                name="an_asked_stack_says_who_asked",
            ),
            models.CheckConstraint(
                condition=Q(asked_at__isnull=True) | Q(phase="scene"), name="a_stack_is_asked_on_scene"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "began"]),
            models.Index(fields=["organisation"], condition=Q(ended_at__isnull=True), name="open_delays"),
        ]


class StackReport(models.Model):
    """One version of the STACK report of a delay. The database refuses to change or remove one.

    constraints  codes of policy `on_scene`, most important first
    by_crew      the crew wrote it on its own page; else it was read back by radio and `by` wrote it down
    """

    of = models.ForeignKey(Delay, on_delete=models.PROTECT, related_name="reports")
    version = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    by_crew = models.BooleanField()
    situation = models.CharField(max_length=200, blank=True)
    assessment = models.CharField(max_length=120, blank=True)
    constraints = ArrayField(models.CharField(max_length=40))
    asks = models.CharField(max_length=200, blank=True)
    leaves = models.DateTimeField(null=True)
    next_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["of", "version"], name="one_stack_per_version"),
            models.CheckConstraint(condition=Q(version__gte=1), name="stack_versions_count_from_one"),
            models.CheckConstraint(
                condition=Q(constraints__len__gt=0), name="a_stack_names_what_holds_the_crew"
            ),
            models.CheckConstraint(condition=Q(next_at__gt=F("at")), name="the_next_stack_comes_later"),
        ]
        ordering = ["version"]


class DelayWord(models.Model):
    """What somebody did about a delay and what was answered. The database refuses to change or remove one.

    said  what was said or done; answer  what came back; to  of a call or an escalation, whom
    """

    class Kind(models.TextChoices):
        CONTACTED = "contacted"
        ADVISED = "advised"
        CALLED = "called"
        CHALLENGED = "challenged"
        ESCALATED = "escalated"
        ANSWERED = "answered"

    of = models.ForeignKey(Delay, on_delete=models.PROTECT, related_name="words")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    said = models.CharField(max_length=300)
    answer = models.CharField(max_length=300, blank=True)
    to = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(said=""), name="a_word_about_a_delay_says_something"),
            models.CheckConstraint(
                condition=~Q(kind__in=("called", "escalated")) | ~Q(to=""),
                name="a_call_about_a_delay_names_whom",
            ),
        ]
        ordering = ["at", "pk"]


class SceneNorm(models.Model):
    """How long the service's own scenes lasted in a period, by category and outcome. Written once a day.

    since, until  the period; count  scenes behind it
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    category = models.CharField(max_length=4)
    outcome = models.CharField(max_length=14, choices=[(each.value, each.value) for each in Outcome])
    middle = models.FloatField()
    ninety = models.FloatField()
    ninety_nine = models.FloatField()
    count = models.PositiveIntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "until", "category", "outcome"], name="one_scene_norm_per_period"
            ),
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="a_scene_norm_has_its_period"),
            models.CheckConstraint(condition=Q(count__gt=0), name="a_scene_norm_rests_on_scenes"),
            models.CheckConstraint(
                condition=Q(middle__gte=0, ninety__gte=F("middle"), ninety_nine__gte=F("ninety")),
                name="scene_norms_are_in_order",
            ),
        ]
