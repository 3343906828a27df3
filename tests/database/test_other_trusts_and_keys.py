"""Who is no person of this trust: another trust's people, and keys of feeds."""

import re
from collections import Counter
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from clearway.core.people import matrix
from clearway.core.people.permissions import requirement_of
from clearway.desks.outpatients.models import Need, Patient
from tests.fhir import a_key
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, somebody, stop_the_clock

from .test_matrix import at_a_desk, undrawn

__all__ = ["undrawn"]
pytestmark = [pytest.mark.django_db, pytest.mark.promise("S1")]
KEY = 777_001  # of the first row of the other trust, in every table
FIRST = re.compile(r"<int:\w+>")
GUARDED = [row for row in matrix.table() if row["permission"] != matrix.PUBLIC]


def naming(route: str, key: int = KEY) -> str:
    """This address, naming what is the other trust's, or what has another number."""
    return re.sub(r"<(?:\w+:)?\w+>", "nothing", FIRST.sub(str(key), route))


@pytest.fixture
def departments(monkeypatch: pytest.MonkeyPatch) -> tuple[Department, Department]:
    """Our trust with one patient, and another whose rows all have a number that ours has not."""
    stop_the_clock(monkeypatch, NINE)
    own = a_department(a_trust("own"))
    own.booked(own.session().slots.order_by("pk")[0])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('SELECT setval(%%L, %s)', schemaname || '.' || sequencename) FROM pg_sequences"
            " WHERE sequencename LIKE 'outpatients_%%'",
            [KEY - 1],
        )
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
    other = a_department(a_trust("other"))
    patient = other.patient(family_name="Zeitgeber")
    Need.objects.create(patient=patient, kind="format", detail="large print", recorded_at=NINE)
    entry = other.entry(other.referral(patient=patient))
    other.booked(other.session().slots.order_by("pk")[0], entry)
    assert Patient.objects.get(family_name="Zeitgeber").pk == KEY == entry.pk
    return own, other


def answers(browser: Client, rows: list[dict[str, Any]], key: int = KEY) -> dict[str, int]:
    """Method and route -> status."""
    browser.raise_request_exception = False
    return {
        f"{row['method']} {row['route']}": browser.generic(
            row["method"], naming(row["route"], key)
        ).status_code
        for row in rows
    }


@pytest.mark.usefixtures("undrawn")
def test_a_record_of_another_trust_is_answered_as_one_that_nobody_has(
    departments: tuple[Department, Department],
) -> None:
    own, other = departments
    rows = [row for row in GUARDED if row["route"].startswith("/outpatients/") and FIRST.search(row["route"])]
    lead = at_a_desk(somebody("own", "outpatient_team_leader", own.trust))

    ours, nobodys = answers(lead, rows), answers(lead, rows, KEY + 99_999)
    reads = [row for row in rows if row["method"] == "GET"]
    theirs = answers(at_a_desk(somebody("other", "outpatient_team_leader", other.trust)), reads)

    assert {name: (status, nobodys[name]) for name, status in ours.items() if status != nobodys[name]} == {}
    assert 200 not in ours.values()
    assert Counter(theirs.values())[200] > 10, "the other trust's own people do open them"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("kind", ["Bearer", "Basic"])
def test_a_key_of_a_feed_opens_no_page_of_a_desk(kind: str) -> None:
    browser = Client(headers={"Authorization": f"{kind} {a_key(a_trust('own'))}"})
    let_in = [
        row["route"]
        for row in GUARDED
        if row["method"] == "GET"
        and not browser.get(naming(row["route"])).headers.get("Location", "").startswith("/sign-in/")
    ]

    assert let_in == []


def test_a_new_page_that_does_not_say_who_may_open_it_is_found(settings: LazySettings) -> None:
    from django.urls import URLPattern, URLResolver, path
    from django.urls.resolvers import RegexPattern

    def forgotten(request: Any) -> None:
        """A view whose author forgot to say what it needs."""

    class Conf:
        urlpatterns = [path("forgotten/", forgotten)]

    found = list(matrix.routes(URLResolver(RegexPattern(r"^/"), Conf)))

    assert isinstance(Conf.urlpatterns[0], URLPattern) and requirement_of(forgotten) is None
    assert [(route.address, route.requirement) for route in found] == [("/forgotten/", None)]
