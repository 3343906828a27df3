"""A small invented trust with people in it, for the tests that need a database."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.organisation.models import Area, Organisation, PolicyVersion, Site
from clearway.core.people.models import RoleGrant, User
from clearway.core.people.roles import ROLES
from clearway.core.screens import actions as screens
from clearway.core.screens import codes

AT = datetime(2026, 11, 2, 2, 15, tzinfo=UTC)
LONG_AGO = AT - timedelta(days=400)
PASSWORD = "only for tests 1234"


def stop_the_clock(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """Every request is at this instant: the one place where a request reads the clock."""

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return at

    monkeypatch.setattr("clearway.core.people.middleware.datetime", Stopped)


def a_trust(slug: str = "test-valley") -> Organisation:
    """An organisation with two areas, an emergency department in each, and a station."""
    trust = Organisation.objects.create(
        code=slug[:12].upper(), slug=slug, name=slug, timezone="Europe/London"
    )
    north = Area.objects.create(organisation=trust, code="north", name="North")
    south = Area.objects.create(organisation=trust, code="south", name="South")
    for area, code, name, kind in (
        (north, "TV001", "Hillside", "emergency_department"),
        (south, "TV002", "Riverside", "emergency_department"),
        (south, "TV101", "Riverside station", "station"),
    ):
        Site.objects.create(
            organisation=trust,
            area=area,
            code=code,
            key=code,
            name=name,
            kind=kind,
            latitude=51.0,
            longitude=-3.0,
            mark="assumed",
            source="invented",
        )
    return trust


def somebody(
    name: str,
    role: str | None = None,
    trust: Organisation | None = None,
    site: str | None = None,
    area: str | None = None,
    starts_at: datetime = LONG_AGO,
    ends_at: datetime | None = None,
) -> User:
    """A person, holding a role if one is named. Site-bound and area-bound roles get the first of each."""
    user = User.objects.filter(username=name).first() or User(username=name, display_name=name.title())
    user.set_unusable_password()
    user.save()
    if role is not None and trust is not None:
        RoleGrant.objects.create(
            user=user,
            role=role,
            organisation=trust,
            site=_place(trust.sites, site, "TV001" if ROLES[role].is_site_limited else None),
            area=_place(trust.areas, area, "north" if role == "local_commander" else None),
            starts_at=starts_at,
            ends_at=ends_at,
        )
    return user


def _place(places, code, usual):  # type: ignore[no-untyped-def]
    return places.get(code=code or usual) if code or usual else None


def signed_in(user: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def a_screen(trust: Organisation, *, at: datetime | None = None, **wanted: Any) -> Client:
    """The browser of a screen on a wall of this trust, put up as one is: by the code that it shows."""
    at = at or datetime.now(UTC)
    wall = Client()
    shown = re.search(r'class="code"[^>]*>([^<]+)<', wall.get("/screen/").content.decode())
    assert shown is not None
    given = {"name": "North wall", "board": "handovers", "area": None, "site": None, "theme": "dark"}
    screens.put_up(
        screens.Wanted(code=codes.read(shown[1]), **{**given, **wanted}),
        organisation_id=trust.pk,
        by=Actor("tests"),
        at=at,
    )
    assert wall.get("/screen/", follow=True).status_code == 200
    return wall


def acting(user: User, role: str = "patient_flow_coordinator") -> Actor:
    """The actor behind this person's clicks."""
    return Actor(user.username, user.pk, role)


def set_policy(trust: Organisation, name: str, values: dict[str, object]) -> None:
    """A policy of this trust, in force for long."""
    PolicyVersion.objects.create(
        organisation=trust,
        name=name,
        version=1,
        values=values,
        owner="Head of therapies",
        mark="assumed",
        source="a test",
        valid_from=date(2020, 1, 1),
        review_on=date(2999, 1, 1),
        made_at=datetime(2020, 1, 1, tzinfo=UTC),
        made_by="a test",
    )
