"""Who is no person of this trust: another trust's people, and keys of feeds."""

import re
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.db.models import F
from django.test import Client

from clearway.core.people import matrix
from clearway.core.people.permissions import requirement_of
from clearway.desks.outpatients.conversations import links
from clearway.desks.outpatients.models import Appointment, Entry, Need, Patient, Slot
from clearway.interchange.fhir.served import ID, REFERENCE, SERVED
from tests.fhir import Peer, a_booking, a_key
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, somebody, stop_the_clock
from tests.twins import count_from

from .test_matrix import at_a_desk, undrawn

__all__ = ["undrawn"]
pytestmark = [pytest.mark.django_db, pytest.mark.promise("S1")]
DAY = timedelta(days=1)
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
    count_from(1_000)
    own = a_department(a_trust("own"))
    own.booked(own.session().slots.order_by("pk")[0])
    count_from(KEY - 1)
    other = a_department(a_trust("other"))
    patient = other.patient(family_name="Zeitgeber")
    Need.objects.create(patient=patient, kind="format", detail="large print", recorded_at=NINE)
    entry = other.entry(other.referral(patient=patient))
    other.booked(other.session().slots.order_by("pk")[0], entry)
    assert Patient.objects.get(family_name="Zeitgeber").pk == KEY == entry.pk
    count_from(KEY + 50_000)
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


# What each kind of key asks for; every other address of the interfaces knows it as no key.
OPENS = {
    "fhir": "/fhir/R4/",
    "referrals": "/api/v1/referrals",
    "notify": "/api/v1/notify",
    "dashboard": "/api/v1/regional",
    "cad": "/api/v1/advice",
    "hl7": None,
    "positions": None,
    "hospital": None,
}
# What is served, of no trust.
OPEN_TO_ALL = ("/fhir/R4/metadata", "/fhir/R4/openapi.json", "/api/v1/openapi.json")
INTERFACES = sorted({row["route"] for row in matrix.table() if row["route"].startswith(("/api/", "/fhir/"))})


def asked(route: str, key: str, number: int) -> set[int]:
    """How the methods that it knows answer who sends this key, naming a record of this number."""
    client = Client(headers={"Authorization": f"Bearer {key}"}, raise_request_exception=False)
    address = naming(route.replace("<str:kind>", "Patient").replace("<str:id>", str(number)))
    said = {
        "data": b"{}",
        "content_type": "application/json",
        "headers": {"X-Request-Id": f"{route}{number}"},
    }
    if not route.startswith("/fhir/"):
        return {client.get(address).status_code, client.post(address, **said).status_code} - {405}
    return {client.get(address).status_code, client.put(address, **said).status_code} - {405}


def test_a_key_opens_the_interface_of_its_kind_alone(departments: tuple[Department, Department]) -> None:
    own, _ = departments
    wrong = {}
    for kind, opens in OPENS.items():
        key = a_key(own.trust, f"{kind}-system", kind)
        for route in set(INTERFACES) - set(OPEN_TO_ALL):
            said = asked(route, key, KEY)
            if said and (said == {401}) == bool(opens and route.startswith(opens)):
                wrong[f"{kind} at {route}"] = said

    assert wrong == {}
    assert all(any(route.startswith(opens) for route in INTERFACES) for opens in OPENS.values() if opens)


def test_a_record_of_another_trust_is_over_fhir_as_one_that_nobody_has(
    departments: tuple[Department, Department],
) -> None:
    ours, theirs = (Peer(a_key(each.trust, each.trust.slug)) for each in departments)
    days = [("start", "ge2026-01-01"), ("start", "le2027-12-31")]

    def asked_for(peer: Peer, number: int) -> dict[str, tuple[int, object]]:
        found = {}
        for kind, served in SERVED.items():
            answer = peer.get(f"{kind}/{number}")
            found[kind] = answer.status_code, None
            for each in (ID, *(each for each in served.params if each.kind == REFERENCE)):
                value = re.sub(r"\d+$", str(number), each.example)
                bounds = days if kind == "Slot" else []
                answer = peer.get(f"{kind}?{urlencode([(each.name, value), *bounds])}")
                found[f"{kind}?{each.name}"] = answer.status_code, answer.json().get("total")
        return found

    assert asked_for(ours, KEY) == asked_for(ours, KEY + 99_999)
    shown = asked_for(theirs, KEY)
    assert sum(status == 200 and total is None for status, total in shown.values()) >= 5, (
        "their own key reads"
    )
    assert sum(bool(total) for _, total in shown.values()) >= 8, "and finds"


def test_a_booking_over_fhir_that_names_what_is_another_trusts_is_refused_as_unknown(
    departments: tuple[Department, Department],
) -> None:
    own, other = departments
    peer = Peer(a_key(own.trust))
    slot = own.session(NINE + 7 * DAY).slots.order_by("pk")[0]
    entry = own.entry(minutes=30)

    def sent(slot_id: int, patient_id: int, referral_id: int) -> tuple[int, str]:
        body = a_booking(Slot(pk=slot_id), Entry(patient_id=patient_id))
        body["basedOn"] = [{"reference": f"ServiceRequest/{referral_id}"}]
        answer = peer.post("Appointment", body)
        return answer.status_code, re.sub(r"\d{6}", "N", str(answer.json().get("issue")))

    mine = (slot.pk, entry.patient_id, entry.referral_id)
    for place in range(3):
        foreign, nobodys = (
            tuple(n if each == place else mine[each] for each in range(3)) for n in (KEY, KEY + 99_999)
        )
        assert sent(*foreign) == sent(*nobodys)
        assert sent(*foreign)[0] in (404, 409, 422)
    assert sent(*mine)[0] == 201
    assert not Appointment.objects.exclude(patient__organisation=F("organisation")).exists()
    assert Appointment.objects.filter(organisation=other.trust).count() == 1


def test_a_patients_own_page_moves_to_no_time_of_another_trust(
    departments: tuple[Department, Department], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = departments
    row = Appointment.objects.get(organisation=own.trust)
    stop_the_clock(monkeypatch, NINE - DAY)
    address = f"/a/{links.token(row.pk)}/"
    theirs = other.session(NINE + 3 * DAY).slots.order_by("pk")[0]

    page, *moved = (
        Client().get(address),
        *(Client().post(address, {"what": "move", "slot": slot}) for slot in (theirs.pk, theirs.pk + 99_999)),
    )

    assert page.status_code == 200 and [each.status_code for each in moved] == [422, 422]
    assert all("Choose another" in each.content.decode() for each in moved)
    assert Appointment.objects.get(organisation=own.trust).slot_id == row.slot_id
    assert Client().get(f"/a/{links.token(KEY + 99_999)}/").status_code == 410


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
