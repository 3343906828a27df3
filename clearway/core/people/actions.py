"""Every write about people: accounts, signing in, granting and ending roles, who is on call."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clearway.domain.shared.errors import NotAllowed

from ..audit.actions import Actor, Entry, record
from ..live.actions import look_again
from ..organisation.models import Area, Organisation, Site
from .duties import DUTIES
from .models import OnCall, RoleGrant, User
from .reach import Reach, actor, standing
from .roles import ROLES, Binding

LONGEST_STAND_IN = timedelta(hours=13)  # a 12 hour shift and its hand-over


@dataclass(frozen=True, slots=True)
class Grant:
    """A role to be given: to whom, where, from when to when.

    acting    standing in: needs an end and a reason
    strength  only in sessions that proved so much at the provider; "" for every grant made here
    """

    user: User
    role: str
    organisation: Organisation
    starts_at: datetime
    ends_at: datetime | None = None
    site: Site | None = None
    area: Area | None = None
    acting: bool = False
    reason: str = ""
    strength: str = ""


def add_user(
    username: str, display_name: str, password: str, *, organisation_id: int | None, by: Actor, at: datetime
) -> User:
    """Make an account without any role. Raises NotAllowed with what is wrong with the name or password."""
    try:
        UnicodeUsernameValidator()(username)
        user = User(username=username, display_name=display_name)
        validate_password(password, user)
    except ValidationError as problem:
        raise NotAllowed("this stands", "Making the account", " ".join(problem.messages)) from None
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            entry = Entry("people.add_user", f"user:{username}", {"display_name": display_name})
            record([entry], organisation_id=organisation_id, by=by, at=at)
    except IntegrityError:
        raise NotAllowed(
            "the name is taken", "Making the account", "Somebody has it already; choose another."
        ) from None
    return user


def set_password(user: User, password: str, *, organisation_id: int | None, by: Actor, at: datetime) -> None:
    """Set a password; every session of the account ends. Raises NotAllowed with what is wrong with it."""
    try:
        validate_password(password, user)
    except ValidationError as problem:
        raise NotAllowed("this stands", "Setting the password", " ".join(problem.messages)) from None
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        _record("people.set_password", f"user:{user.username}", {}, organisation_id, by, at)


def grant_role(grant: Grant, *, reach: Reach | None, by: Actor, at: datetime) -> RoleGrant:
    """Give a role.

    reach  what the giver may do; None for the command line, which whoever runs the machine may use
    Raises NotAllowed with the reason.
    """
    check_grant(grant, at)
    if reach is not None:
        check_may_give(grant, reach, by, at)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=grant.user.pk)
        _check_one_trust(grant)
        row = RoleGrant.objects.create(
            user=grant.user,
            role=grant.role,
            organisation=grant.organisation,
            site=grant.site,
            area=grant.area,
            starts_at=grant.starts_at,
            ends_at=grant.ends_at,
            acting=grant.acting,
            reason=grant.reason,
            granted_by_id=by.user_id,
        )
        _record(
            "people.grant_role", f"user:{grant.user.username}", _described(row), grant.organisation.pk, by, at
        )
    return row


def check_grant(grant: Grant, at: datetime) -> None:
    """Refuse a grant that could not mean anything, or that would mean too much."""
    role = ROLES.get(grant.role)
    if role is None:
        raise _refused(grant, f"There is no role {grant.role!r}.")
    if (role.binding is Binding.SITE) != (grant.site is not None):
        raise _refused(
            grant, "It is held at one site: choose the site." if role.is_site_limited else "It names no site."
        )
    if role.binding is Binding.AREA and grant.area is None:
        raise _refused(grant, "It is held for an area: choose the area.")
    for place in (grant.site, grant.area):
        if place is not None and place.organisation_id != grant.organisation.pk:
            raise _refused(grant, f"{place.name} does not belong to {grant.organisation.name}.")
    if grant.ends_at is not None and grant.ends_at <= max(grant.starts_at, at):
        raise _refused(grant, "It would be over before it begins.")
    if grant.acting and (grant.ends_at is None or not grant.reason.strip()):
        raise _refused(grant, "Acting up needs an end and a reason.")


def check_may_give(grant: Grant, reach: Reach, by: Actor, at: datetime) -> None:
    """An administrator gives any role but his own; command lets somebody stand in, no wider than itself."""
    if by.user_id == grant.user.pk:
        raise _refused(grant, "Nobody gives a role to himself; ask another who may.")
    if reach.allows("people.manage"):
        return
    if not reach.allows("people.stand_in"):
        raise _refused(grant, "Your role cannot give roles.")
    if not grant.acting:
        raise _refused(grant, "Only an administrator gives a role for good; you can let somebody act up.")
    if grant.ends_at is None or grant.ends_at - max(grant.starts_at, at) > LONGEST_STAND_IN:
        raise _refused(grant, "Acting up is for one shift, 13 hours at most.")
    if wider := ROLES[grant.role].permissions - reach.permissions:
        raise _refused(grant, f"It may do what you may not ({', '.join(sorted(wider))}).")


def end_grant(
    grant_id: int, reason: str, *, organisation_id: int, reach: Reach, by: Actor, at: datetime
) -> RoleGrant:
    """End a role now. What was done in it stays recorded under it."""
    with transaction.atomic():
        row = RoleGrant.objects.select_for_update().get(pk=grant_id, organisation_id=organisation_id)
        if not reach.allows("people.manage") and not row.acting:
            raise NotAllowed("held for good", "Ending this role", "Only an administrator ends it.")
        if row.ends_at is not None and row.ends_at <= at:
            raise NotAllowed("over", "Ending this role", "It has ended already.")
        if row.from_claims:
            why = "The provider's claims give it and would give it again. Have it taken away there."
            raise NotAllowed("given by claims", "Ending this role", why)
        before = _described(row)
        if row.starts_at >= at:
            row.starts_at = at - timedelta(microseconds=1)
        row.ends_at = at
        row.save(update_fields=["starts_at", "ends_at"])
        detail = {"was": before, "reason": reason}
        _record("people.end_grant", f"user:{row.user.username}", detail, organisation_id, by, at)
    return row


def set_enabled(
    username: str, enabled: bool, reason: str, *, organisation_id: int, by: Actor, at: datetime
) -> User:
    """Enable or disable an account. A disabled person is signed out at the next click."""
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).get(
            username=username, pk__in=RoleGrant.objects.filter(organisation_id=organisation_id).values("user")
        )
        if user.pk == by.user_id:
            raise NotAllowed("in use by you", "Disabling this account", "Ask another administrator.")
        user.is_active = enabled
        user.save(update_fields=["is_active"])
        verb = "people.enable_user" if enabled else "people.disable_user"
        _record(verb, f"user:{user.username}", {"reason": reason}, organisation_id, by, at)
        look_again(organisation_id)
    return user


def end_sessions(username: str, reason: str, *, organisation_id: int, by: Actor, at: datetime) -> User:
    """End every session of an account; it may sign in again.

    Pages end with the next click, live streams at once, or within a minute. Raises User.DoesNotExist.
    """
    with transaction.atomic():
        here = RoleGrant.objects.filter(organisation_id=organisation_id).values("user")
        user = User.objects.select_for_update(of=("self",)).get(username=username, pk__in=here)
        user.sessions_ended += 1
        user.save(update_fields=["sessions_ended"])
        _record("people.end_sessions", f"user:{user.username}", {"reason": reason}, organisation_id, by, at)
        look_again(organisation_id)
    return user


def put_on_call(
    user: User,
    duty: str,
    area: Area | None,
    turn: tuple[datetime, datetime],
    contact: str,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> OnCall:
    """Put somebody on call for a duty, from and to `turn`. The database lets one person hold it at a time."""
    if duty not in DUTIES:
        raise NotAllowed("unknown", f"The duty {duty!r}", f"Choose one of {', '.join(DUTIES.values())}.")
    starts_at, ends_at = turn
    if ends_at <= max(starts_at, at):
        raise NotAllowed("over", "This turn", "It would be over before it begins.")
    try:
        with transaction.atomic():
            row = OnCall.objects.create(
                organisation_id=organisation_id,
                user=user,
                duty=duty,
                area=area,
                starts_at=starts_at,
                ends_at=ends_at,
                contact=contact,
            )
            _record("people.put_on_call", f"on_call:{row.pk}", _turn(row), organisation_id, by, at)
    except IntegrityError:
        why = "Somebody holds this duty in part of that time. End that turn first, or change the times."
        raise NotAllowed("taken", "This turn", why) from None
    return row


def end_on_call(on_call_id: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """End a turn now; one that has not begun is taken off the list."""
    with transaction.atomic():
        row = OnCall.objects.select_for_update().get(pk=on_call_id, organisation_id=organisation_id)
        detail = _turn(row)
        if row.starts_at >= at:
            row.delete()
        elif row.ends_at > at:
            row.ends_at = at
            row.save(update_fields=["ends_at"])
        _record("people.end_on_call", f"on_call:{on_call_id}", detail, organisation_id, by, at)


def record_sign_in(user: Any, *, how: str = "password", request_id: str, at: datetime) -> None:
    """Record that somebody signed in, in the leading role held now, and by what."""
    now = standing(user, at)
    by = actor(user, now.roles[0] if now.roles else "", request_id)
    home = now.organisation.pk if now.organisation else None
    with transaction.atomic():
        _record("people.sign_in", f"user:{user.username}", {"by": how}, home, by, at)


def record_sign_out(user: User, *, by: Actor, at: datetime) -> None:
    """Record that somebody signed out."""
    home = standing(user, at).organisation
    _record_session(user, "people.sign_out", home.pk if home else None, by, at)


def _record_session(user: User, verb: str, organisation_id: int | None, by: Actor, at: datetime) -> None:
    with transaction.atomic():
        _record(verb, f"user:{user.username}", {}, organisation_id, by, at)


def _record(
    verb: str, subject: str, detail: dict[str, Any], organisation_id: int | None, by: Actor, at: datetime
) -> None:
    record([Entry(verb, subject, detail)], organisation_id=organisation_id, by=by, at=at)


def _check_one_trust(grant: Grant) -> None:
    others = RoleGrant.objects.filter(user=grant.user).exclude(organisation=grant.organisation)
    if others.exists():
        raise _refused(grant, "This account belongs to another trust; make one for this trust.")


def _refused(grant: Grant, why: str) -> NotAllowed:
    name = ROLES[grant.role].name if grant.role in ROLES else grant.role
    return NotAllowed("this stands", f"Giving the role {name}", why)


def _described(row: RoleGrant) -> dict[str, Any]:
    return {
        "role": row.role,
        "site": row.site.code if row.site else None,
        "area": row.area.code if row.area else None,
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat() if row.ends_at else None,
        "acting": row.acting,
        "reason": row.reason,
    }


def _turn(row: OnCall) -> dict[str, Any]:
    return {
        "duty": row.duty,
        "area": row.area.code if row.area else None,
        "user": row.user.username,
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
    }
