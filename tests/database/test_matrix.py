"""The table of who may open what, held against the pages themselves: every address, method and role."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.template.backends.jinja2 import Template
from django.test import Client

from clearway.config.headers import OF_PATIENTS
from clearway.core.audit.actions import Actor
from clearway.core.decisions.models import Decision
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, Site
from clearway.core.people import matrix
from clearway.core.people.models import User
from clearway.core.people.roles import ROLES
from clearway.core.worklist.models import Task
from clearway.desks.ambulance.quality import casework
from clearway.desks.ambulance.quality.casework import Kind, Word
from clearway.desks.ambulance.quality.models import FindingCase
from clearway.domain.ambulance.events import CallEvent
from clearway.domain.ambulance.words import CallStatus, Category
from tests import sizes
from tests.trust import a_screen, signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver, job

EXAMPLES = {"int": "987654", "str": "nobody", "slug": "nothing", "path": "no/such"}
ROWS = matrix.table()


def example(route: str) -> str:
    """An address of this shape; what it names does not exist."""
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: EXAMPLES[found.group(1) or "str"], route)


def answer(client: Client, row: dict[str, Any]) -> str:
    """What the page really does, in the words of the table."""
    client.raise_request_exception = False
    with transaction.atomic():
        response = client.generic(row["method"], example(row["route"]))
        transaction.set_rollback(True)
    if lacking := lacks(row["route"], response):
        return f"lacks {lacking}"
    if response.status_code == 403:
        return matrix.NO
    if response.status_code == 302 and response["Location"].startswith("/sign-in/?next="):
        return matrix.SIGN_IN
    if (
        response.status_code == 302
        and response["Location"] == "/sign-in/"
        and row["permission"] != matrix.PUBLIC
    ):
        return matrix.SIGN_IN
    return f"fails with {response.status_code}" if response.status_code >= 500 else matrix.YES


POLICY = (
    "script-src 'self'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types clearway",
)


def lacks(route: str, response: Any) -> str:
    """The header that an answer should carry, whoever asked; "" when it has all of them (S12)."""
    policy = response.headers.get("Content-Security-Policy", "")
    if any(part not in policy for part in POLICY) or "unsafe" in policy or "http" in policy:
        return f"a strict Content-Security-Policy: {policy}"
    fixed = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"}
    for name, value in fixed.items():
        if response.headers.get(name) != value:
            return name
    if route.startswith(OF_PATIENTS) and "no-store" not in response.headers.get("Cache-Control", ""):
        return "Cache-Control: no-store"
    return ""


def at_a_desk(user: User) -> Client:
    """A browser in which this person is at work: its session needs no writing by every request."""
    client = signed_in(user)
    client.get("/no/such/page/")
    return client


def rows_for(column: str) -> list[dict[str, Any]]:
    """Every page that this one may open, and some of each permission that they lack.

    One guard refuses them all; that it stands before every page is asked for somebody without a role.
    """
    most = sizes.of("S1", "pages of each permission that a role may not open")
    refused: Counter[str] = Counter()
    found = []
    for row in ROWS:
        if row[column] == matrix.NO:
            refused[row["permission"]] += 1
            if refused[row["permission"]] > most:
                continue
        found.append(row)
    return sorted(found, key=lambda row: bool(row["permission"] == matrix.PUBLIC))


def differences(user: User | None, column: str, client: Client | None = None) -> list[str]:
    wrong = []
    client = client or Client()
    for row in rows_for(column):
        if user and (row["permission"] == matrix.PUBLIC or not client.cookies):
            client = at_a_desk(user)  # what is public comes last, because it signs out
        expected = matrix.YES if row[column] == matrix.SITE else row[column]
        if (got := answer(client, row)) != expected:
            wrong.append(f"{row['method']} {row['route']}: {expected} in the table, {got} in fact")
    return wrong


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of pages are asked for whether they open; what they show is looked at elsewhere."""
    monkeypatch.setattr(Template, "render", lambda template, context=None, request=None: "")


@pytest.mark.promise("S1")
@pytest.mark.promise("S12")
@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("role", list(ROLES))
def test_every_page_answers_each_role_as_the_table_says(valley: Organisation, role: str) -> None:
    place = Site.objects.filter(organisation=valley, kind="emergency_department").order_by("code")[0]
    user = somebody(
        "person",
        role,
        valley,
        site=place.code if ROLES[role].is_site_limited else None,
        area=valley.areas.all()[0].code if role == "local_commander" else None,
    )

    assert differences(user, role) == []


@pytest.mark.promise("S1")
def test_every_page_asks_somebody_unknown_to_sign_in(valley: Organisation) -> None:
    assert differences(None, matrix.ANONYMOUS) == []


@pytest.mark.promise("S1")
@pytest.mark.promise("S4")
def test_to_every_page_a_screen_on_a_wall_is_somebody_who_has_not_signed_in(valley: Organisation) -> None:
    wall = a_screen(valley)

    assert differences(None, matrix.ANONYMOUS, wall) == []
    assert wall.get("/screen/state/").json() == {"state": "on"}  # it was one all the while


@pytest.mark.promise("S1")
def test_somebody_without_a_role_now_may_open_nothing(valley: Organisation) -> None:
    nobody = signed_in(somebody("nobody"))

    opened = [
        row["route"]
        for row in ROWS
        if row["permission"] != matrix.PUBLIC and answer(nobody, row) != matrix.NO
    ]

    assert opened == []


# What "own site" means: two hospitals with everything in them, of which a person sees one.

LIMITED = [code for code, role in ROLES.items() if role.is_site_limited]
# Where a hospital's people find what is theirs: without it, an empty page would pass as a safe one.
SHOWING = {
    "halo": {
        "/handovers/",
        "/handovers/<slug:code>/",
        "/incidents/<path:key>/",
        "/quality/",
        "/quality/<int:key>/",
        "/quality/validation/",
        "/tasks/",
        "/tasks/<int:key>/",
        "/tasks/closed/",
        "/tasks/new/",
        "/wallboard/",
    },
    "hospital_user": {
        *("/handovers/", "/handovers/<slug:code>/", "/wallboard/"),
        *("/quality/hospital/", "/quality/hospital/<int:key>/"),
    },
}


@dataclass(frozen=True, slots=True)
class Marked:
    """A hospital whose every record carries one word that stands nowhere else."""

    code: str
    word: str
    incident: str
    task: int
    finding: int

    def address(self, route: str) -> str:
        """This route, naming what is this hospital's."""
        keys = {"/incidents/": self.incident, "/quality/": str(self.finding)}
        key = next((key for start, key in keys.items() if route.startswith(start)), str(self.task))
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda name: self.code if name[1] == "code" else key, route)


def marked(cad: Source, code: str, word: str) -> Marked:
    """An open job with a finding, a call, tasks open and closed, and a decision."""
    organisation, incident = cad.organisation, f"2026/{word}"
    site = Site.objects.get(organisation=organisation, code=code)
    site.name = f"{word} Hospital"
    site.save()
    who: dict[str, Any] = {"incident": incident, "call_sign": word}
    call = CallEvent(
        message_id=f"call/{word}",
        occurred_at=at(0),
        incident=incident,
        status=CallStatus.NATURE_OF_CALL,
        category=Category.C2,
        nature=word,
    )
    stamps = conveyance(code, until="at_hospital", **who)
    deliver(cad, [call, *stamps, job("left_scene", 5, message_id=f"again/{word}", **who)], known=99)
    told = {"organisation": organisation, "site": site, "rule": "rule", "priority": 2, "cause": word}
    task = Task.objects.create(**told, subject=word, title=word, raised_at=at(90), changed_at=at(90))
    Task.objects.create(
        **told,
        subject=f"closed {word}",
        title=f"Closed {word}",
        raised_at=at(80),
        changed_at=at(95),
        closed_at=at(95),
        state="closed",
    )
    Decision.objects.create(
        organisation=organisation,
        site=site,
        decided_at=at(90),
        written_at=at(90),
        by=somebody("commander"),
        role="trust_incident_manager",
        known=word,
        decision=word,
        reason=word,
        snapshot={},
    )
    casework.follow(organisation.pk, at=at(99))
    found = FindingCase.objects.filter(site=code).order_by("pk")[0]
    asked = {"may_sign": False, "organisation_id": organisation.pk, "by": Actor("pfc"), "at": at(99)}
    casework.say(found.pk, Word(Kind.PROPOSED, word, at(50)), **asked)
    FindingCase.objects.filter(pk=found.pk).update(answer_by=at(99))
    return Marked(code, word, incident, task.pk, found.pk)


@pytest.fixture
def own_and_other(cad: Source, monkeypatch: pytest.MonkeyPatch) -> tuple[Marked, Marked]:
    stop_the_clock(monkeypatch, at(100))
    cad.knows = ["destination", "handover"]
    cad.save()
    return marked(cad, "TVH01", "MINE7"), marked(cad, "TVH02", "OTHER8")


def answered(client: Client, row: dict[str, Any], address: str) -> tuple[int, str]:
    """Status and body; whatever it wrote is undone."""
    client.raise_request_exception = False
    with transaction.atomic():
        response = client.generic(row["method"], address)
        transaction.set_rollback(True)
    return response.status_code, response.content.decode()


def limited_rows(role: str) -> Iterator[dict[str, Any]]:
    rows = [row for row in ROWS if row[role] == matrix.SITE]
    assert rows
    yield from rows


@pytest.mark.promise("S1")
@pytest.mark.parametrize("role", LIMITED)
def test_no_page_of_the_own_site_shows_or_serves_anything_of_another(
    valley: Organisation, own_and_other: tuple[Marked, Marked], role: str
) -> None:
    own, other = own_and_other
    client = signed_in(somebody("person", role, valley, site=own.code))
    wrong = []
    for row in limited_rows(role):
        for asked in own_and_other:
            status, body = answered(client, row, asked.address(row["route"]))
            body = body.replace(asked.address(row["route"]), "")  # what was typed may be said back
            if status >= 500 or other.word in body:
                wrong.append(f"{row['method']} {asked.address(row['route'])}: {status} shows another site")
            elif asked is other and "<" in row["route"] and status not in (404, 405):
                wrong.append(f"{row['method']} {asked.address(row['route'])}: {status} serves another site")

    assert wrong == []


@pytest.mark.promise("S1")
@pytest.mark.parametrize("role", LIMITED)
def test_the_pages_of_the_own_site_do_show_what_is_its_own(
    valley: Organisation, own_and_other: tuple[Marked, Marked], role: str
) -> None:
    own, other = own_and_other
    limited = signed_in(somebody("person", role, valley, site=own.code))
    region = signed_in(somebody("coordinator", "patient_flow_coordinator", valley))
    reads = [row for row in limited_rows(role) if row["method"] == "GET"]

    mine = {row["route"] for row in reads if own.word in answered(limited, row, own.address(row["route"]))[1]}
    theirs = {
        row["route"] for row in reads if other.word in answered(region, row, other.address(row["route"]))[1]
    }

    assert mine >= SHOWING[role]
    assert theirs >= SHOWING[role]  # the word would be seen, were it not held back
