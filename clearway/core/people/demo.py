"""Accounts to look around with: one for each role that has something to see, named for the role."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..audit.actions import Actor
from ..organisation.models import Area, Organisation, Site
from . import actions, queries
from .models import RoleGrant, User
from .roles import ROLES

SHORT_NAMES = {
    "pfc": "patient_flow_coordinator",
    "sdo": "service_delivery_officer",
    "tim": "trust_incident_manager",
    "dispatcher": "dispatcher",
    "privacy": "privacy_officer",
    "admin": "administrator",
}
TURN = timedelta(days=30)  # long enough for any look around


@dataclass(frozen=True, slots=True)
class _Account:
    username: str
    display_name: str
    role: str
    site: Site | None = None


def ensure_accounts(organisation: Organisation, password: str, at: datetime) -> list[str]:
    """Make the accounts that are missing and give all of them this password; returns their user names.

    password  made and kept by the caller, outside the code, anew for each demonstration
    The local commander of each area, and the officers, are on call, so that an escalation finds somebody.
    """
    by = Actor("demo")
    names = []
    for account in _accounts(organisation):
        user = _ensure(account, organisation, password, by, at)
        names.append(user.username)
    for area in organisation.areas.all():
        user = _ensure(_commander(area.name, area.code), organisation, password, by, at, area=area)
        names.append(user.username)
        _ensure_on_call(user, "local_commander", area, organisation, by, at)
    for username in ("sdo", "tim"):
        _ensure_on_call(
            User.objects.get(username=username), SHORT_NAMES[username], None, organisation, by, at
        )
    return names


def _accounts(organisation: Organisation) -> Iterator[_Account]:
    for username, role in SHORT_NAMES.items():
        yield _Account(username, ROLES[role].name, role)
    hospitals = organisation.sites.filter(kind="emergency_department", border=False)
    for site in hospitals:
        yield _Account(f"halo-{site.key.lower()}", f"HALO {site.name}", "halo", site)
    for site in hospitals[:1]:
        yield _Account(f"hospital-{site.key.lower()}", f"Hospital user {site.name}", "hospital_user", site)


def _commander(area_name: str, area_code: str) -> _Account:
    return _Account(f"commander-{area_code.lower()}", f"Local commander {area_name}", "local_commander")


def _ensure(
    account: _Account,
    organisation: Organisation,
    password: str,
    by: Actor,
    at: datetime,
    area: Area | None = None,
) -> User:
    user = User.objects.filter(username=account.username).first()
    if user is None:
        user = actions.add_user(
            account.username, account.display_name, password, organisation_id=organisation.pk, by=by, at=at
        )
    elif not user.check_password(password):
        actions.set_password(user, password, organisation_id=organisation.pk, by=by, at=at)
    if not RoleGrant.objects.running_at(at).filter(user=user, role=account.role).exists():
        grant = actions.Grant(user, account.role, organisation, at, site=account.site, area=area)
        actions.grant_role(grant, reach=None, by=by, at=at)
    return user


def _ensure_on_call(
    user: User, duty: str, area: Area | None, organisation: Organisation, by: Actor, at: datetime
) -> None:
    holder = queries.on_call(organisation.pk, duty, area.pk if area else None, at)
    if holder is None or holder.area_id != (area.pk if area else None):
        turn = (at, at + TURN)
        actions.put_on_call(user, duty, area, turn, "", organisation_id=organisation.pk, by=by, at=at)
