"""Who is shown a patient leaves a record of it: every page of the outpatient office, with patients in it."""

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.people import matrix
from clearway.core.people.models import User
from clearway.desks.outpatients.patients.models import Patient
from clearway.domain.outpatients.performance import INDICATORS
from tests.browser import everything
from tests.browser.test_every_outpatient_page import DESK, FORMS_ONLY, ROWS, WORDS
from tests.therapies import NINE
from tests.trust import signed_in, stop_the_clock

pytestmark = [pytest.mark.django_db, pytest.mark.promise("S6")]
INDICATOR = {"code": next(iter(INDICATORS))}


def pages() -> Iterator[tuple[str, str]]:
    """Route and address of every page of the office that has something to show."""
    for row in matrix.table():
        route = row["route"]
        is_page = row["method"] == "GET" and route.startswith(DESK) and route not in FORMS_ONLY
        if is_page and (address := named(route)) is not None:
            yield route, address


def named(route: str) -> str | None:
    """An address of this shape that names what there is; None where nothing there is has this shape."""
    words = INDICATOR if "/performance/" in route else WORDS
    said = re.sub(r"<slug:(\w+)>", lambda found: words[found.group(1)], route)
    said = said.replace("<int:user>", str(User.objects.get(username="every").pk))
    if "<int:" not in said:
        return said
    about = max((each for each in ROWS if route.removeprefix(DESK).startswith(each)), key=len, default=None)
    if about is None:
        return None
    told = ROWS[about] if ROWS[about].startswith("core_") else f"outpatients_{ROWS[about]}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(id) FROM {told}")
        return re.sub(r"<int:\w+>", str(cursor.fetchone()[0]), said)


def shown(browser: Client, address: str, names: re.Pattern[str]) -> tuple[bool, bool]:
    """Whether the answer names a patient, and whether the audit says that it was asked."""
    answer = browser.get(address)
    assert answer.status_code < 500, address
    body = b"".join(answer) if answer.streaming else answer.content
    kept = Action.objects.filter(request_id=answer["X-Request-Id"]).exists()
    return names.search(body.decode("latin-1")) is not None, kept


def test_no_page_of_the_office_names_a_patient_without_a_record_of_the_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    everything.fill(NINE, "only for tests 1234")
    stop_the_clock(monkeypatch, NINE)
    people = Patient.objects.values_list("family_name", "number")
    said = {word for person in people for word in person if re.search(r"\d", word)}
    names = re.compile(rf"\b({'|'.join(map(re.escape, said))})\b", re.IGNORECASE)
    browser = signed_in(User.objects.get(username="every"))
    browser.raise_request_exception = False

    found = {route: shown(browser, address, names) for route, address in pages()}

    assert sorted(route for route, (names_some, kept) in found.items() if names_some and not kept) == []
    assert sum(names_some for names_some, _ in found.values()) > 30
