"""People, roles and turns in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .duties import DUTIES
from .models import OnCall, RoleGrant, User
from .roles import name_of

WHY_SIGNED_OUT = {
    "idle": "You were signed out because nothing was touched for a while. Sign in to go on where you were.",
    "age": "You were signed out because your session was 12 hours old. Sign in to go on where you were.",
}
HISTORY = timedelta(days=30)  # how long the list shows a role that has ended


def why_signed_out(ended: str | None) -> str | None:
    """What the sign-in page says about a session that ended by itself."""
    return WHY_SIGNED_OUT.get(ended or "")


@dataclass(frozen=True, slots=True)
class HeldRole:
    """One grant as the list shows it. `standing` is "now", "later" or "ended"."""

    key: int
    role: str
    where: str
    starts_at: datetime
    ends_at: datetime | None
    acting: bool
    reason: str
    given_by: str
    from_claims: bool
    standing: str


@dataclass(frozen=True, slots=True)
class Person:
    user: User
    roles: tuple[HeldRole, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn on call as the list shows it."""

    key: int
    duty: str
    where: str
    name: str
    contact: str
    starts_at: datetime
    ends_at: datetime
    is_now: bool


def people(users: Iterable[User], at: datetime) -> list[Person]:
    """Everybody with the roles held now, to come, or ended within 30 days."""
    return [
        Person(user, tuple(_held(grant, at) for grant in user.here if _is_of_interest(grant, at)))  # type: ignore[attr-defined]
        for user in users
    ]


def turns(rows: Iterable[OnCall], at: datetime) -> list[Turn]:
    return [
        Turn(
            key=row.pk,
            duty=DUTIES.get(row.duty, row.duty),
            where=row.area.name if row.area else "Whole trust",
            name=row.user.display_name,
            contact=row.contact,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            is_now=row.starts_at <= at < row.ends_at,
        )
        for row in rows
    ]


def _is_of_interest(grant: RoleGrant, at: datetime) -> bool:
    return grant.ends_at is None or grant.ends_at > at - HISTORY


def _held(grant: RoleGrant, at: datetime) -> HeldRole:
    return HeldRole(
        key=grant.pk,
        role=name_of(grant.role),
        where=grant.site.name if grant.site else grant.area.name if grant.area else "Whole trust",
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        acting=grant.acting,
        reason=grant.reason,
        given_by=_giver(grant),
        from_claims=grant.from_claims,
        standing=_standing(grant, at),
    )


def _giver(grant: RoleGrant) -> str:
    if grant.from_claims:
        return "The provider's claims"
    return grant.granted_by.display_name if grant.granted_by else "Set-up"


def _standing(grant: RoleGrant, at: datetime) -> str:
    if grant.ends_at is not None and grant.ends_at <= at:
        return "ended"
    return "later" if grant.starts_at > at else "now"
