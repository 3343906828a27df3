"""Findings as facts and positions show them, and beside them what people did about each."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User


class Finding(models.Model):
    """One breach of one rule on one stream, as it stands. Rebuilt with what it rests on.

    origin    what shows it: the facts of its own stream, which are folded again whenever one comes; or
              positions, other assignments, or a whole day or week, which a duty looks at
    proposed  the value that the evidence speaks for, where one can be derived
    known_at  since when it stands, without a break
    """

    class Origin(models.TextChoices):
        FACTS = "facts"
        POSITIONS = "positions"
        OTHERS = "others"
        PERIOD = "period"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    stream = models.CharField(max_length=200)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.FACTS)
    place = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=8)
    what = models.CharField(max_length=40)
    evidence = models.CharField(max_length=300)
    proposed = models.DateTimeField(null=True)
    known_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "stream", "origin", "place"], name="one_finding_per_place"
            )
        ]
        indexes = [
            models.Index(fields=["organisation", "code", "known_at"]),
            models.Index(fields=["organisation", "known_at"]),
        ]


class FindingCase(models.Model):
    """What people make of one finding: who has it, what was proposed and agreed, how it ended.

    Its key is what does not change when the stream is folded again. What was said stands in FindingWord, and
    the facts stand as they came: nothing here takes the place of a value.
    original  the value as it was when the finding was first made; None where there was none
    derived   what the evidence then spoke for
    site, call_sign, station  where and whose, for the reach of who looks and for patterns
    answer_by until when the hospital is to answer what was proposed
    ended     by whom: the source, whose facts no longer break the rule or say the agreed value; a person, who
              recorded that it was changed there; or because the value is right. "forgotten" with its facts
    """

    class Answer(models.TextChoices):
        ACCEPTED = "accepted"
        REJECTED = "rejected"

    class Ended(models.TextChoices):
        SOURCE = "source"
        PERSON = "person"
        RIGHT = "right"
        FORGOTTEN = "forgotten"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    stream = models.CharField(max_length=200)
    code = models.CharField(max_length=8)
    what = models.CharField(max_length=40)
    severity = models.CharField(max_length=8)
    fixer = models.CharField(max_length=60)
    site = models.CharField(max_length=12, blank=True)
    incident = models.CharField(max_length=80, blank=True)
    call_sign = models.CharField(max_length=80, blank=True)
    station = models.CharField(max_length=80, blank=True)
    happened_at = models.DateTimeField()
    found_at = models.DateTimeField()
    due_at = models.DateTimeField()
    evidence = models.CharField(max_length=300)
    original = models.DateTimeField(null=True)
    derived = models.DateTimeField(null=True)
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True)
    proposed = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    answer_by = models.DateTimeField(null=True)
    answer = models.CharField(max_length=8, choices=Answer.choices, blank=True)
    agreed = models.DateTimeField(null=True)
    agreed_by_both = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=9, choices=Ended.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "stream", "code", "what"], name="one_case_per_finding"
            ),
            models.CheckConstraint(
                condition=Q(owner=None, taken_at=None) | Q(owner__isnull=False, taken_at__isnull=False),
                name="a_case_that_is_taken_says_since_when",
            ),
            models.CheckConstraint(
                condition=Q(proposed=None, asked_at=None, answer_by=None, answer="")
                | Q(proposed__isnull=False, asked_at__isnull=False, answer_by__isnull=False),
                name="a_proposal_is_asked_and_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(agreed_by_both=False) | Q(agreed__isnull=False),
                name="what_both_agreed_is_a_value",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended="") | (Q(ended_at__isnull=False) & ~Q(ended="")),
                name="a_case_that_ended_says_how",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "severity", "due_at"],
                condition=Q(ended_at__isnull=True),
                name="open_finding_cases",
            ),
            models.Index(fields=["organisation", "happened_at"]),
        ]


class FindingWord(models.Model):
    """What somebody did or said about one finding. Insert-only; kept so by the database (0005_quality).

    value  of a proposal, an answer, a settlement and a change at the source
    """

    class Kind(models.TextChoices):
        TAKEN = "taken"
        RETURNED = "returned"
        SAID = "said"
        PROPOSED = "proposed"
        ACCEPTED = "accepted"
        REJECTED = "rejected"
        SETTLED = "settled"
        CHANGED_THERE = "changed_there"
        RIGHT = "right"
        CONFIRMED = "confirmed"
        REOPENED = "reopened"

    of = models.ForeignKey(FindingCase, on_delete=models.CASCADE, related_name="words")
    kind = models.CharField(max_length=13, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    role = models.CharField(max_length=40, blank=True)
    words = models.CharField(max_length=300, blank=True)
    value = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind__in=["proposed", "settled", "changed_there"])
                | Q(value__isnull=False)
                | ~Q(words=""),
                name="a_value_or_words",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["rejected", "right", "said"]) | ~Q(words=""),
                name="a_refusal_says_why",
            ),
        ]
        ordering = ["at", "pk"]


class HandoverMonth(models.Model):
    """The figures of a month as they were frozen, or revised. Insert-only; kept so by the database.

    figures   by site code and "" for the trust, see domain.ambulance.handover_month
    open_findings  how many were open by severity, and the keys of the critical ones
    signed    why it was frozen although critical findings were open; "" where none was
    changes   since the revision before: what, from, to
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    month = models.DateField()
    revision = models.PositiveSmallIntegerField()
    frozen_at = models.DateTimeField()
    frozen_by = models.CharField(max_length=150)
    figures = models.JSONField()
    open_findings = models.JSONField()
    signed = models.CharField(max_length=300, blank=True)
    changes = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "month", "revision"], name="one_revision_of_a_month"
            ),
            models.CheckConstraint(
                condition=Q(month__day=1, revision__gte=1), name="a_month_begins_on_its_first_day"
            ),
        ]


class Feedback(models.Model):
    """What was done about a pattern of findings: a note, a visit or a session. Insert-only.

    about   crew, station or site; key  its call sign or code
    before  findings of the rule about it in the days before
    """

    class Kind(models.TextChoices):
        NOTE = "note"
        VISIT = "visit"
        SESSION = "session"

    class About(models.TextChoices):
        CREW = "crew"
        STATION = "station"
        SITE = "site"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    about = models.CharField(max_length=7, choices=About.choices)
    key = models.CharField(max_length=80)
    code = models.CharField(max_length=8)
    kind = models.CharField(max_length=7, choices=Kind.choices)
    on = models.DateField()
    owner = models.CharField(max_length=150)
    words = models.CharField(max_length=300)
    before = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(words="") & ~Q(owner=""), name="feedback_says_what_and_whose")
        ]
        indexes = [models.Index(fields=["organisation", "on"])]
