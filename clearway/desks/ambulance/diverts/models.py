"""Diverts: their terms, where each stands, and every step that was taken."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User
from clearway.domain.ambulance.diverts import DivertState

LIVE = (DivertState.DRAFT, DivertState.REQUESTED, DivertState.AGREED, DivertState.ACTIVE)


class Divert(models.Model):
    """One divert. The terms never change; state and times are what its steps add up to.

    minutes   None for one that runs until somebody ends it
    trigger   why it is asked for; actions_taken, what the site has done already
    evidence  what the boards showed when it was proposed, with the age of every source
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    kind = models.CharField(max_length=12)
    site = models.CharField(max_length=12)
    to = ArrayField(models.CharField(max_length=12))
    covers = ArrayField(models.CharField(max_length=14))
    minutes = models.PositiveIntegerField(null=True)
    share = models.FloatField(default=1.0)
    trigger = models.TextField()
    actions_taken = models.TextField()
    evidence = models.JSONField()
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, default=DivertState.DRAFT)
    requested_at = models.DateTimeField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    asked_until = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "site"], condition=Q(state__in=LIVE), name="one_live_divert_per_site"
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=1), name="divert_takes_a_share_of_somebody"
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(starts_at__isnull=False), name="active_divert_has_begun"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="divert_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(kind="closure") | Q(ends_at__isnull=False),
                name="all_but_a_closure_have_an_end",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "-proposed_at"])]


class Step(models.Model):
    """One step of a divert. Append-only.

    party, site  who agreed or refused; signatory, name and post of who said so for them
    by           None for a rule (the end by time)
    unknown_levels  sites whose pressure level nobody knew then, and level_reason, why it went ahead
    """

    divert = models.ForeignKey(Divert, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=16)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40, blank=True)
    party = models.CharField(max_length=18, blank=True)
    site = models.CharField(max_length=12, blank=True)
    signatory = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=500, blank=True)
    until = models.DateTimeField(null=True)
    unknown_levels = ArrayField(models.CharField(max_length=12), default=list)
    level_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(unknown_levels=[]) | ~Q(level_reason=""), name="an_unknown_level_is_answered_for"
            ),
            models.CheckConstraint(
                condition=~Q(step="agreed") | ~Q(party="") & ~Q(signatory=""),
                name="an_agreement_names_party_and_signatory",
            ),
        ]
        db_table = "ambulance_divert_step"
        ordering = ["id"]
