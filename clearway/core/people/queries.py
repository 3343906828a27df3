"""Reading people, their roles and who is on call."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from .models import OnCall, RoleGrant, User


def people(organisation_id: int) -> QuerySet[User]:
    """Everybody who has or had a role here, each with `here`: the grants, newest first. Two queries."""
    grants = (
        RoleGrant.objects.filter(organisation_id=organisation_id)
        .select_related("site", "area", "granted_by")
        .order_by("-starts_at", "-id")
    )
    return (
        User.objects.filter(grants__organisation_id=organisation_id)
        .distinct()
        .order_by("display_name", "username")
        .prefetch_related(Prefetch("grants", queryset=grants, to_attr="here"))
    )


def may_be_given_a_role(organisation_id: int) -> QuerySet[User]:
    """People of this trust and those of none yet; whoever belongs to another trust is not named here."""
    elsewhere = RoleGrant.objects.exclude(organisation_id=organisation_id).values("user")
    here = RoleGrant.objects.filter(organisation_id=organisation_id).values("user")
    known = User.objects.filter(Q(pk__in=here) | ~Q(pk__in=elsewhere), is_active=True)
    return known.order_by("display_name", "username")


def may_be_asked(organisation_id: int, at: datetime) -> QuerySet[User]:
    """People with a role now: those a task can be given to."""
    running = RoleGrant.objects.running_at(at).filter(organisation_id=organisation_id)
    return User.objects.filter(is_active=True, pk__in=running.values("user")).order_by("display_name")


def holding(organisation_id: int, roles: Iterable[str], at: datetime) -> QuerySet[User]:
    """Active people who hold one of these roles now, by name."""
    running = RoleGrant.objects.running_at(at).filter(organisation_id=organisation_id, role__in=list(roles))
    return User.objects.filter(is_active=True, pk__in=running.values("user")).order_by("display_name", "pk")


def roles_held(organisation_id: int, at: datetime) -> dict[int, set[str]]:
    """Person -> the codes of the roles that they hold now. One query."""
    running = RoleGrant.objects.running_at(at).filter(organisation_id=organisation_id)
    held: dict[int, set[str]] = {}
    for user, role in running.values_list("user_id", "role"):
        held.setdefault(user, set()).add(role)
    return held


@dataclass(frozen=True, slots=True)
class Rota:
    """The on-call rows around one instant: one read, then as many questions as needed."""

    rows: tuple[OnCall, ...]
    at: datetime

    def holder(self, duty: str, area_id: int | None) -> OnCall | None:
        """Who holds the duty: for the area if somebody does, else for the whole trust, else nobody."""
        running = [row for row in self.rows if row.duty == duty and row.starts_at <= self.at < row.ends_at]
        for wanted in dict.fromkeys((area_id, None)):
            for row in running:
                if row.area_id == wanted:
                    return row
        return None


def rota(organisation_id: int, at: datetime) -> Rota:
    """Everybody on call at an instant. One query."""
    running = OnCall.objects.filter(organisation_id=organisation_id, starts_at__lte=at, ends_at__gt=at)
    return Rota(tuple(running.select_related("user", "area").order_by("duty", "id")), at)


def on_call(organisation_id: int, duty: str, area_id: int | None, at: datetime) -> OnCall | None:
    """Who holds a duty now, for instance the local commander of an area; falls back to the whole trust."""
    return rota(organisation_id, at).holder(duty, area_id)


def on_call_list(organisation_id: int, at: datetime, until: datetime) -> list[OnCall]:
    """Turns that run at `at` or begin before `until`, in the order of duty and time."""
    rows: Iterable[OnCall] = (
        OnCall.objects.filter(Q(ends_at__gt=at), organisation_id=organisation_id, starts_at__lt=until)
        .select_related("user", "area")
        .order_by("duty", "area__name", "starts_at")
    )
    return list(rows)
