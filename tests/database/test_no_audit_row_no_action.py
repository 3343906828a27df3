"""When the audit cannot be written, nothing of an action stays, and the person reads that and a reference."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.letters.models import LetterText
from tests import audited
from tests.filled import filled
from tests.letters import with_letters
from tests.outpatients import NOW, a_patient, scope
from tests.therapies import Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver
from .test_decisions import TYPED
from .test_diverts import MAJORS
from .test_letter_pages import BODY, CODE

pytestmark = [pytest.mark.django_db, pytest.mark.promise("S6")]
Sent = tuple[Client, str, dict[str, Any]]
FAILS = """
CREATE FUNCTION the_audit_fails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('tests.audit_fails', true) = 'yes' THEN RAISE 'the audit cannot be written'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER the_audit_fails BEFORE INSERT ON core_action FOR EACH ROW EXECUTE FUNCTION the_audit_fails();
"""


def _physio() -> tuple[Department, Client]:
    physio = a_department(a_trust())
    return physio, signed_in(somebody("coordinator", "outpatient_coordinator", physio.trust))


def booking_a_patient() -> Sent:
    physio, desk = _physio()
    slot, entry = physio.session().slots.order_by("pk")[3], physio.entry(minutes=30)
    return desk, f"/outpatients/list/{entry.pk}/book/", {"slot": slot.pk, "what": "book"}


def cancelling() -> Sent:
    physio, desk = _physio()
    slot, entry = physio.session().slots.order_by("pk")[3], physio.entry(minutes=30)
    made = booking.book(slot.pk, entry.pk, **scope(physio.trust))
    sent = {"what": "cancel", "why": "patient:patient_ill"}
    return desk, f"/outpatients/appointments/{made.pk}/", sent


def changing_a_patient() -> Sent:
    physio, desk = _physio()
    address = f"/outpatients/patients/{a_patient(physio.trust).pk}/edit/"
    return desk, address, filled(desk.get(address)) | {"address": "2 High Street"}


def writing_a_letter_text() -> Sent:
    physio, desk = _physio()
    with_letters(physio.trust)
    address = f"/outpatients/letters/texts/{LetterText.objects.get(code=CODE).pk}/edit/"
    seen = filled(desk.get(address))["seen"]
    return desk, address, {"title": "Your visit", "body": BODY, "note": "Shorter", "seen": seen}


def loading_a_mapping() -> Sent:
    trust = a_trust()
    Source.objects.create(organisation=trust, name="pas", kind="hl7", expected_interval_seconds=3600)
    lead = signed_in(somebody("lead", "outpatient_team_leader", trust))
    address = "/feeds/pas/mapping/"
    seen = filled(lead.get(address))["seen"]
    return lead, address, {"text": '[codes.sex]\n"X" = "9"\n', "why": "their code", "seen": seen}


def giving_a_role() -> Sent:
    trust = a_trust()
    somebody("new")
    admin = signed_in(somebody("admin", "administrator", trust))
    return admin, "/people/roles/", {"user": "new", "role": "halo", "site": "TV002"}


def writing_a_decision() -> Sent:
    return signed_in(somebody("flow", "patient_flow_coordinator", a_trust())), "/decisions/new/", TYPED


def _control_room(request: pytest.FixtureRequest, role: str) -> Client:
    knowing: Organisation = request.getfixturevalue("knowing")
    deliver(request.getfixturevalue("cad"), conveyance("TVH01", until="at_hospital"), known=45)
    return signed_in(somebody("somebody", role, knowing))


def diverting(request: pytest.FixtureRequest) -> Sent:
    return _control_room(request, "service_delivery_officer"), "/diverts/new/", MAJORS


def writing_a_contact(request: pytest.FixtureRequest) -> Sent:
    desk = _control_room(request, "patient_flow_coordinator")
    return desk, "/contacts/new/", {"letters": "dn", "whom": "A1"}


def marking_a_vehicle(request: pytest.FixtureRequest) -> Sent:
    desk = _control_room(request, "patient_flow_coordinator")
    return desk, "/handovers/TVH01/mark/", {"assignment": "1/A1", "status": "cohort_started"}


OUTPATIENTS = (booking_a_patient, cancelling, changing_a_patient, writing_a_letter_text, loading_a_mapping)
AMBULANCE = (diverting, writing_a_contact, marking_a_vehicle)


def everything() -> dict[str, Any]:
    """Table -> how many rows it has and what they say, but for what the audit need not have."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        names = [name for (name,) in cursor.fetchall() if name not in audited.HOUSEKEEPING]
        rows = " UNION ALL ".join(
            f"SELECT '{name}', count(*), sum(hashtext(t::text)::bigint) FROM {name} t" for name in names
        )
        cursor.execute(rows)
        return {name: tuple(said) for name, *said in cursor.fetchall()}


@pytest.mark.parametrize(
    ("action", "now"),
    [
        *((each, NOW) for each in (*OUTPATIENTS, giving_a_role, writing_a_decision)),
        *((each, at(46)) for each in AMBULANCE),
    ],
)
def test_without_its_audit_row_nothing_of_an_action_stays_and_the_person_reads_so(
    action: Callable[..., Sent], now: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, now)
    browser, address, sent = action(request) if action in AMBULANCE else action()
    browser.raise_request_exception = False
    before, entries = everything(), Action.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(FAILS)
        cursor.execute("SET tests.audit_fails = 'yes'")
    answer = browser.post(address, sent)
    with connection.cursor() as cursor:
        cursor.execute("RESET tests.audit_fails")

    page = answer.content.decode()
    assert answer.status_code == 500, page
    assert "Something went wrong here" in page and answer["X-Request-Id"] in page
    assert "Traceback" not in page and "the audit cannot be written" not in page
    assert everything() == before

    assert browser.post(address, sent).status_code == 302, "sent again when the audit can be written"
    assert Action.objects.count() > entries and everything() != before


def test_a_request_that_writes_past_the_audit_fails_the_test_that_made_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser, address, sent = writing_a_decision()
    monkeypatch.setattr("clearway.core.decisions.actions.record", lambda *_, **__: None)

    with pytest.raises(AssertionError, match=r"POST /decisions/new/ did \['INSERT core_decision'"):
        browser.post(address, sent)
