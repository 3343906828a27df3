"""Reading what accounts have besides a password."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from ..audit.models import Action
from ..people.models import RoleGrant, User
from ..people.reach import standing
from . import sealing, strength
from .models import Factor, RecoveryCode

# What somebody is told at the next sign-in: when another did it to their account, and what is done in their
# own name also then, since it may have been somebody else.
BY_OTHERS = (
    "factors.reset",
    "factors.locked",
    "people.end_sessions",
    "people.set_password",
    "people.enable_user",
)
BY_ANYBODY = ("factors.add", "factors.remove", "factors.new_codes")
MOST_NEWS = 20  # at one sign-in


@dataclass(frozen=True, slots=True)
class Mine:
    """The factors of one account, and how many recovery codes are left."""

    factors: tuple[Factor, ...]
    codes_left: int

    @property
    def passkeys(self) -> list[Factor]:
        return [each for each in self.factors if each.kind == Factor.Kind.PASSKEY]

    @property
    def credentials(self) -> list[bytes]:
        """The ids of the passkeys."""
        return [bytes(each.credential) for each in self.passkeys if each.credential]

    @property
    def apps(self) -> list[Factor]:
        return [each for each in self.factors if each.kind == Factor.Kind.CODE]


def of(user: Any) -> Mine:
    """What this account has. Two queries."""
    left = RecoveryCode.objects.filter(user=user, used_at=None).count()
    return Mine(tuple(Factor.objects.filter(user=user)), left)


def needs_second_factor(user: User, at: datetime) -> bool:
    """Whether this account is to have a second factor, by its roles and CLEARWAY_SECOND_FACTOR."""
    return strength.asked_of(standing(user, at).roles) != strength.PASSWORD


def has_one(user: Any) -> bool:
    return Factor.objects.filter(user=user).exists()


def with_a_factor(organisation_id: int) -> set[int]:
    """Accounts of a trust that have a second factor. One query."""
    rows = Factor.objects.filter(user__grants__organisation_id=organisation_id)
    return set(rows.values_list("user_id", flat=True))


def without(at: datetime) -> dict[str, int]:
    """How many local accounts with a role now have no second factor: "all", and "privileged" ones. One query.

    Those of a provider prove themselves there.
    """
    factor = Factor.objects.filter(user=OuterRef("user_id"))
    local = RoleGrant.objects.running_at(at).filter(user__is_active=True, user__provider_person=None)
    rows = local.filter(~Exists(factor))
    roles: dict[int, set[str]] = {}
    for user, role in rows.values_list("user_id", "role"):
        roles.setdefault(user, set()).add(role)
    guarded = [user for user, held in roles.items() if strength.holds_guarded(held)]
    return {"all": len(roles), "privileged": len(guarded)}


def for_recovery(at: datetime) -> int:
    """How many accounts can come in when the provider is away: marked, with a role and a second factor."""
    factor = Factor.objects.filter(user=OuterRef("user_id"))
    rows = RoleGrant.objects.running_at(at).filter(Exists(factor), user__is_active=True)
    return rows.filter(user__for_recovery=True).values("user_id").distinct().count()


def cannot_be_opened() -> int:
    """How many authenticator apps no key opens any more. One query."""
    lost = 0
    for factor in Factor.objects.filter(kind=Factor.Kind.CODE).iterator():
        try:
            sealing.unseal(bytes(factor.secret), factor.user_id)
        except sealing.CannotOpen:
            lost += 1
    return lost


def news(user: Any, since: datetime | None) -> list[Action]:
    """What others did to this account since it was last used, and every change of its second factors.

    The oldest first. One query.
    """
    told = (Q(verb__in=BY_OTHERS) & ~Q(user=user)) | Q(verb__in=BY_ANYBODY)
    rows = Action.objects.filter(told, subject=f"user:{user.username}")
    if since is not None:
        rows = rows.filter(at__gt=since)
    return list(rows.order_by("id")[:MOST_NEWS])
