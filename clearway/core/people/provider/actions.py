"""Signing in through a provider: the account, its grants from claims, its sessions, and their end."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from clearway.domain.shared.errors import NotAllowed

from ...audit.actions import Actor, Entry, record
from ...live.actions import look_again
from ...locks import Lock, one_at_a_time
from ...organisation.models import Organisation
from ..actions import Grant, check_grant
from ..models import RoleGrant, User
from ..reach import standing
from .models import ProviderPerson, ProviderSession, SpentLogout

PREFIX = "p-"  # of user names made here
LONGEST_NAME = 100
LONGEST_SESSION = timedelta(days=8)  # a screen is kept for 7
EVENT = "Signing in"


@dataclass(frozen=True, slots=True)
class Place:
    """A role somewhere, as the access file names it: by codes.

    strength  only in sessions that signed in at least so strongly; "" for in all of them
    """

    role: str
    organisation: str
    site: str = ""
    area: str = ""
    strength: str = ""


@dataclass(frozen=True, slots=True)
class Recognised:
    """Somebody whom the provider vouches for.

    places  what the claims give; none where they give nothing
    kept    what they give to who signs in more strongly: not made now, and not ended in another session
    told    for the audit: how strongly, by which version of the access file, which claims were looked at
    """

    issuer: str
    subject: str
    name: str
    places: tuple[Place, ...]
    told: Mapping[str, Any]
    kept: tuple[Place, ...] = ()


class GivenNothing(NotAllowed):
    """The claims give no role that can be held here."""


@dataclass(frozen=True, slots=True)
class Began:
    """A session at the provider.

    sid           its name there, or ""
    signed_in_at  when the person proved there who they are
    """

    sid: str
    acr: str
    signed_in_at: datetime


@dataclass(frozen=True, slots=True)
class Logout:
    """What a logout token says: the session, or the subject whose sessions all end; made when; over when."""

    token_id: str
    subject: str
    sid: str
    made: datetime
    until: datetime


def come_in(who: Recognised, *, request_id: str, at: datetime) -> User:
    """The account of somebody the provider vouches for, its grants brought to what the claims give now.

    Made at the first time. Raises GivenNothing where they give no role (grants from earlier claims end all
    the same), NotAllowed where the account is disabled or belongs to another trust.
    """
    try:
        return _come_in(who, Actor("provider", request_id=request_id), at)
    except IntegrityError:  # the first time, in two windows at once: now the other one has made it
        return _come_in(who, Actor("provider", request_id=request_id), at)


def _come_in(who: Recognised, by: Actor, at: datetime) -> User:
    with transaction.atomic():
        known = ProviderPerson.objects.filter(issuer=who.issuer, subject=who.subject).first()
        user = User.objects.select_for_update().get(pk=known.user_id) if known else None
        home = _trust_of(user) if user else None
        wanted, left_out = _grants(who.places, user or User(username=PREFIX), home, at)
        refusal = _why_not(user, wanted, left_out)
        if refusal is None and user is None:
            user = _make(who, by, at)
            wanted = [replace(each, user=user) for each in wanted]
        if user is not None and (refusal is None or isinstance(refusal, GivenNothing)):
            kept, _ = _grants(who.kept, user, home, at)
            _follow(user, wanted, kept, by, at)
        if refusal is None and user is not None:
            _see(user, who, at)
        elif refusal is not None:
            subject = f"user:{user.username if user else _username(who)}"
            detail = {**who.told, "why": refusal.state, "left_out": left_out}
            where = home.pk if home else None
            record([Entry("people.refused_sign_in", subject, detail)], organisation_id=where, by=by, at=at)
    if refusal is not None:
        raise refusal
    assert user is not None
    return user


def check_still_there(user: User, session: Began) -> None:
    """Refuse a session that the provider ended before it began here; none is ended until this is done.

    Where either side names no session, the person's word of before that logout does not count.
    """
    one_at_a_time(Lock.PROVIDER_SESSIONS, 0)
    person = user.provider_person
    of_person = Q(subject=person.subject, made_at__gte=session.signed_in_at)
    meant = Q(sid=session.sid) | of_person & Q(sid="") if session.sid else of_person
    if SpentLogout.objects.filter(meant, issuer=person.issuer).exists():
        raise NotAllowed("over", EVENT, "The provider has ended this session. Sign in again.")


def begin(user: User, session_key: str, session: Began, *, at: datetime) -> None:
    """Remember a session of ours with its name at the provider."""
    with transaction.atomic():
        ProviderSession.objects.filter(began_at__lt=at - LONGEST_SESSION).delete()
        # Who signs in again more strongly keeps the session, which then belongs to a new one there.
        now = {"person": user.provider_person, "sid": session.sid, "acr": session.acr, "began_at": at}
        ProviderSession.objects.update_or_create(session_key=session_key, defaults=now)


def follow(former: str | None, session_key: str | None) -> None:
    """A session of ours has a new name: what the provider ends, ends by that."""
    ProviderSession.objects.filter(session_key=former or "").update(session_key=session_key)


def end_sessions(issuer: str, said: Logout, *, request_id: str, at: datetime) -> int:
    """End the sessions that a logout token names: of its sid, else all of the subject; returns how many.

    One of the subject whose name nobody told us may be the one that is meant, and ends too.
    Raises NotAllowed when the token was taken before.
    """
    with transaction.atomic():
        one_at_a_time(Lock.PROVIDER_SESSIONS, 0)
        SpentLogout.objects.filter(until__lt=at).delete()
        told = {"sid": said.sid[:255], "subject": said.subject[:255], "made_at": said.made}
        _, is_new = SpentLogout.objects.get_or_create(
            issuer=issuer, token_id=said.token_id[:255], defaults={**told, "until": said.until}
        )
        if not is_new:
            raise NotAllowed("used", "Ending a session", "This logout token was taken before.")
        meant = Q(person__subject=said.subject) if said.subject else Q()
        if said.sid:
            meant &= Q(sid=said.sid[:255]) | (Q(sid="") if said.subject else Q(pk__in=()))
        rows = list(
            ProviderSession.objects.filter(meant, person__issuer=issuer).select_related("person__user")
        )
        keys = [row.session_key for row in rows]
        Session.objects.filter(session_key__in=keys).delete()
        ProviderSession.objects.filter(session_key__in=keys).delete()
        for user in {row.person.user for row in rows}:
            _tell_of_end(user, [row for row in rows if row.person.user_id == user.pk], request_id, at)
    return len(rows)


def _tell_of_end(user: User, rows: Sequence[ProviderSession], request_id: str, at: datetime) -> None:
    home = standing(user, at).organisation
    where = home.pk if home else None
    by = Actor("provider", request_id=request_id)
    entry = Entry("people.ended_by_provider", f"user:{user.username}", {"sessions": len(rows)})
    record([entry], organisation_id=where, by=by, at=at)
    if where is not None:
        look_again(where)


def _why_not(user: User | None, wanted: Sequence[Grant], left_out: Sequence[str]) -> NotAllowed | None:
    if user is not None and not user.is_active:
        why = "The account is disabled in Clearway. An administrator can enable it."
        return NotAllowed("the account is disabled", EVENT, why)
    if not wanted:
        return GivenNothing("no role is given", EVENT, " ".join(left_out))
    return None


def _trust_of(user: User) -> Organisation | None:
    """A person belongs to one trust for ever, as `grant_role` has it."""
    grant = RoleGrant.objects.filter(user=user).select_related("organisation").order_by("starts_at").first()
    return grant.organisation if grant else None


def _grants(
    places: Sequence[Place], user: User, home: Organisation | None, at: datetime
) -> tuple[list[Grant], list[str]]:
    """The grants that the claims give at one trust, and in words what they would give and cannot."""
    wanted: list[Grant] = []
    left_out: list[str] = []
    for place in places:
        try:
            grant = _grant(place, user, at)
            home = home or grant.organisation
            if grant.organisation.pk != home.pk:
                why = f"The account belongs to {home.name}."
                raise NotAllowed("elsewhere", place.organisation, why)
        except NotAllowed as refusal:
            left_out.append(f"{place.role} at {place.organisation}: {refusal.why}")
        else:
            wanted.append(grant)
    return wanted, left_out


def _grant(place: Place, user: User, at: datetime) -> Grant:
    organisation = Organisation.objects.filter(slug=place.organisation).first()
    if organisation is None:
        raise NotAllowed("unknown", place.organisation, "There is no such organisation.")
    site = organisation.sites.filter(code=place.site).first() if place.site else None
    area = organisation.areas.filter(code=place.area).first() if place.area else None
    if (place.site and site is None) or (place.area and area is None):
        raise NotAllowed("unknown", place.organisation, "There is no such site or area.")
    grant = Grant(user, place.role, organisation, at, site=site, area=area, strength=place.strength)
    check_grant(grant, at)
    return grant


def _make(who: Recognised, by: Actor, at: datetime) -> User:
    """A new account without a password. Its name is no key: a local account of that name stays another."""
    name = _username(who)
    if User.objects.filter(username__iexact=name).exists():
        name = f"{PREFIX}{_short(who)}"
    user = User(username=name, display_name=who.name[:150] or name)
    user.set_unusable_password()
    user.save()
    ProviderPerson.objects.create(user=user, issuer=who.issuer, subject=who.subject, seen_at=at)
    entry = Entry("people.add_user", f"user:{name}", {"issuer": who.issuer, "subject": who.subject})
    record([entry], organisation_id=None, by=by, at=at)
    return user


def _username(who: Recognised) -> str:
    name = f"{PREFIX}{who.subject}"
    try:
        UnicodeUsernameValidator()(name)
    except ValidationError:
        return f"{PREFIX}{_short(who)}"
    return name if len(name) <= LONGEST_NAME else f"{PREFIX}{_short(who)}"


def _short(who: Recognised) -> str:
    return hashlib.sha256(f"{who.issuer}\0{who.subject}".encode()).hexdigest()[:20]


def _see(user: User, who: Recognised, at: datetime) -> None:
    ProviderPerson.objects.filter(user=user).update(seen_at=at)
    if who.name and user.display_name != who.name[:150]:
        user.display_name = who.name[:150]
        user.save(update_fields=["display_name"])


def _follow(user: User, wanted: Sequence[Grant], kept: Sequence[Grant], by: Actor, at: datetime) -> None:
    """End grants from claims that are no longer given, make those that are new. Local ones are left alone."""
    held = RoleGrant.objects.running_at(at).filter(user=user, from_claims=True)
    by_place = {(row.role, row.organisation_id, row.site_id, row.area_id, row.strength): row for row in held}
    new = {_place(each): each for each in wanted}
    entries = []
    for place in by_place.keys() - new.keys() - {_place(each) for each in kept}:
        row = by_place[place]
        row.ends_at = max(at, row.starts_at + timedelta(microseconds=1))
        row.save(update_fields=["ends_at"])
        entries.append(
            Entry("people.end_grant", f"user:{user.username}", {"role": row.role, "why": "claims"})
        )
    for place in new.keys() - by_place.keys():
        grant = new[place]
        RoleGrant.objects.create(
            user=user,
            role=grant.role,
            organisation=grant.organisation,
            site=grant.site,
            area=grant.area,
            starts_at=at,
            from_claims=True,
            strength=grant.strength,
        )
        detail = {
            "role": grant.role,
            "site": grant.site.code if grant.site else None,
            "area": grant.area.code if grant.area else None,
            "from": "claims",
            "strength": grant.strength,
        }
        entries.append(Entry("people.grant_role", f"user:{user.username}", detail))
    home = next((each.organisation.pk for each in wanted), None)
    home = home or next((row.organisation_id for row in by_place.values()), None)
    if entries:
        record(entries, organisation_id=home, by=by, at=at)


def _place(grant: Grant) -> tuple[str, int, int | None, int | None, str]:
    where = (grant.site.pk if grant.site else None, grant.area.pk if grant.area else None)
    return grant.role, grant.organisation.pk, *where, grant.strength
