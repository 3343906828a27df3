"""Accounts to look around with: one for each role that has something to see, named for the role."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from ..audit.actions import Actor
from ..organisation.models import Area, Organisation, Site
from . import actions, queries
from .models import RoleGrant, User

# User name -> role, and the invented person who holds it.
SHORT_NAMES = {
    "pfc": ("patient_flow_coordinator", "Jo Osei"),
    "sdo": ("service_delivery_officer", "Sam Tanner"),
    "tim": ("trust_incident_manager", "Alex Moran"),
    "tactical": ("trust_incident_manager", "Kit Larsen"),
    "strategic": ("trust_incident_manager", "Robin Shah"),
    "lead": ("clinical_lead", "Morgan Pryce"),
    "dispatcher": ("dispatcher", "Dee Walsh"),
    "privacy": ("privacy_officer", "Noor Aziz"),
    "admin": ("administrator", "Pat Ellery"),
}
OUTPATIENT_NAMES = {
    "opc": ("outpatient_coordinator", "Chris Benbow"),
    "leader": ("outpatient_team_leader", "Mel Hadley"),
    "junior": ("junior_coordinator", "Ash Rowberry"),
    "clinician": ("clinician", "Physio 01"),
    "therapy-lead": ("therapies_lead", "Jude Astley"),
    "reception": ("receptionist", "Lou Teague"),
}
ON_CALL = {  # user name -> duty for the whole trust
    "sdo": "service_delivery_officer",
    "tim": "trust_incident_manager",
    "tactical": "tactical_commander",
    "strategic": "strategic_commander",
}
# Numbers that Ofcom keeps free for invented people: 01632 960000 to 960999.
CONTACT = "01632 960{:03d}"
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
    The local commander and a liaison officer of each area, and the officers, are on call, so that an
    escalation finds somebody.
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
        if site := _hospitals(organisation).filter(area=area).first():
            liaison = User.objects.get(username=f"halo-{site.key.lower()}")
            _ensure_on_call(liaison, "halo", area, organisation, by, at)
    for username, duty in ON_CALL.items():
        _ensure_on_call(User.objects.get(username=username), duty, None, organisation, by, at)
    return names


def ensure_outpatient_accounts(organisation: Organisation, password: str, at: datetime) -> list[str]:
    """The same for an organisation with an outpatient desk; the coordinator's name first."""
    by = Actor("demo")
    for username, (role, name) in OUTPATIENT_NAMES.items():
        _ensure(_Account(username, name, role), organisation, password, by, at)
    return list(OUTPATIENT_NAMES)


def _hospitals(organisation: Organisation) -> QuerySet[Site]:
    return organisation.sites.filter(kind="emergency_department", border=False)


def _accounts(organisation: Organisation) -> Iterator[_Account]:
    for username, (role, name) in SHORT_NAMES.items():
        yield _Account(username, name, role)
    hospitals = _hospitals(organisation)
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
        contact = CONTACT.format(100 + user.pk % 900)
        actions.put_on_call(user, duty, area, turn, contact, organisation_id=organisation.pk, by=by, at=at)
