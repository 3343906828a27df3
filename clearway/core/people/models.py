"""People, the roles they hold, and who is on call."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.crypto import salted_hmac

from ..organisation.models import Area, Organisation, Site


class UserManager(BaseUserManager["User"]):
    """Makes users. There are no superusers: rights come from role grants alone."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in. What they may do stands in their role grants.

    sessions_ended  counts how often all sessions of the account were ended at once
    for_recovery  a local account that may come in although people sign in through a provider
    """

    username = models.CharField(max_length=150, unique=True)
    display_name = models.CharField(max_length=150)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(default=True)
    theme = models.CharField(max_length=10, default="light")
    sessions_ended = models.PositiveIntegerField(default=0)
    for_recovery = models.BooleanField(default=False)

    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["display_name"]

    def __str__(self) -> str:
        return self.display_name

    def get_session_auth_hash(self) -> str:
        """What a session must know to stay this account's: it changes with the password, and on request."""
        known = f"{self.password}:{self.sessions_ended}"
        return salted_hmac("clearway.core.people.session", known, algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """None: a key that signed sessions before is worth nothing."""
        return iter(())


class GrantQuerySet(models.QuerySet["RoleGrant"]):
    def running_at(self, at: datetime) -> "GrantQuerySet":
        """Grants that have begun and not ended at this instant."""
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), starts_at__lte=at)


class RoleGrant(models.Model):
    """A role that a person holds at an organisation, or only at one site or area, for a time.

    Acting up is a grant with `acting` set: it needs an end and a reason, which the database checks.
    One `from_claims` is what the provider said at the last sign-in; it ends when that is said no more.
    Where such a one has a `strength` (the provider's word, acr), it counts in sessions that proved it alone.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=40)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT)
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    acting = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    granted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    from_claims = models.BooleanField(default=False)
    strength = models.CharField(max_length=255, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="grant_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(acting=False) | (Q(ends_at__isnull=False) & ~Q(reason="")),
                name="acting_up_has_an_end_and_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(from_claims=False) | Q(acting=False, granted_by__isnull=True),
                name="claims_give_for_good_and_by_nobody",
            ),
            models.CheckConstraint(
                condition=Q(from_claims=True) | Q(strength=""),
                name="only_claims_ask_how_strongly",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "organisation", "site", "area"],
                condition=Q(from_claims=True, ends_at__isnull=True),
                nulls_distinct=False,
                name="one_running_grant_from_claims",
            ),
        ]
        indexes = [models.Index(fields=["user", "starts_at"])]


class TimeRange(Func):
    function = "tstzrange"
    output_field = DateTimeRangeField()


class OnCall(models.Model):
    """Who holds a duty (for instance local commander) for an area, or for the whole trust, and when."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    area = models.ForeignKey(Area, null=True, on_delete=models.CASCADE)
    duty = models.CharField(max_length=40)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    contact = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="on_call_ends_after_it_starts"
            ),
            ExclusionConstraint(
                name="one_person_on_call_per_duty_and_area",
                expressions=[
                    ("organisation", RangeOperators.EQUAL),
                    (Func(F("area_id"), 0, function="coalesce"), RangeOperators.EQUAL),
                    ("duty", RangeOperators.EQUAL),
                    (TimeRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ]


class SavedView(models.Model):
    """A board's filter that a person has named. `query` is the address after the question mark."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="views")
    board = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "board", "name"], name="one_view_per_name")]
        ordering = ["name"]


class ShownColumns(models.Model):
    """Which columns of a board a person looks at. Without a row, those that are usual."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    board = models.CharField(max_length=40)
    columns = ArrayField(models.CharField(max_length=30))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "board"], name="one_choice_of_columns_per_board")
        ]
