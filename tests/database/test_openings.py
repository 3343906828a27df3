"""A patient's record opens to who has something to do for the patient; else with a reason, for a while."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.openings import actions
from clearway.core.openings.models import Opening, Proof
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.enquiries.models import Enquiry
from clearway.desks.outpatients.openings import queries
from clearway.desks.outpatients.openings.guard import RECORD
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.waiting.models import Entry
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, Department, a_department
from tests.trust import PASSWORD, a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db

LONG_OVER = NINE - timedelta(days=200)
WHY = {"reason": "contact", "words": "Her daughter rings about a bill", "proof": PASSWORD}


@pytest.fixture
def physio(db: None, monkeypatch: pytest.MonkeyPatch) -> Department:
    stop_the_clock(monkeypatch, NINE)
    return a_department(a_trust())


def a_coordinator(physio: Department, name: str = "opc") -> Client:
    user = somebody(name, "outpatient_coordinator", physio.trust)
    user.set_password(PASSWORD)
    user.save()
    return signed_in(user)


@pytest.fixture
def client(physio: Department) -> Client:
    return a_coordinator(physio)


@pytest.fixture
def formerly(physio: Department) -> Patient:
    """Somebody of whom all has long been over."""
    return physio.patient(family_name="Formerly", registered_at=LONG_OVER)


def page(patient: Patient) -> str:
    return f"/outpatients/patients/{patient.pk}/"


def open_(client: Client, patient: Patient, **changed: str) -> Any:
    return client.post(f"/outpatients/openings/{patient.pk}/", WHY | {"next": page(patient)} | changed)


def an_enquiry(physio: Department, patient: Patient) -> object:
    said = {"way": "phone", "caller": "patient", "about": "other", "urgency": "routine", "words": "Asks"}
    return Enquiry.objects.create(
        organisation=physio.trust, patient=patient, came_at=NINE, taken_by="x", promised_by=NINE, **said
    )


def seen_lately(physio: Department, patient: Patient) -> object:
    slot = physio.session(NINE - timedelta(days=60), slots=1).slots.get()
    said = {"state": "attended", "made_at": LONG_OVER, "made_by": "x", "organisation": physio.trust}
    return Appointment.objects.create(
        slot=slot, patient=patient, starts_at=slot.starts_at, ends_at=slot.ends_at, **said
    )


def off_the_list(physio: Department, patient: Patient) -> object:
    said = {
        "state": "removed",
        "ended_at": NINE - timedelta(days=89),
        "why": "treated",
        "added_at": LONG_OVER,
    }
    rest = {"kind": "new", "priority": "1", "minutes": 30, "service": physio.service}
    return Entry.objects.create(organisation=physio.trust, patient=patient, **said, **rest)


@pytest.mark.promise("S5")
@pytest.mark.parametrize(
    "work",
    [
        lambda physio, patient: physio.referral(patient=patient),
        an_enquiry,
        seen_lately,
        off_the_list,
        lambda physio, patient: physio.referral(
            patient=physio.patient(registered_at=LONG_OVER, merged_into=patient)
        ),
        lambda physio, patient: Patient.objects.filter(pk=patient.pk).update(registered_at=NINE),
    ],
)
def test_a_record_opens_to_who_has_something_to_do(
    physio: Department, client: Client, formerly: Patient, work: Callable[[Department, Patient], object]
) -> None:
    assert client.get(page(formerly)).status_code == 403

    work(physio, formerly)

    assert client.get(page(formerly)).status_code == 200


@pytest.mark.promise("S5")
def test_without_work_it_shows_nothing_and_that_somebody_came_is_on_record(
    client: Client, formerly: Patient
) -> None:
    for address in (page(formerly), f"{page(formerly)}edit/", f"/outpatients/filed/{formerly.pk}/"):
        refused = client.get(address)
        assert refused.status_code == 403
        assert "Why do you need this record?" in refused.content.decode()
        assert "formerly" not in refused.content.decode().lower()
    assert client.post(f"{page(formerly)}confirm/").status_code == 403

    assert Action.objects.filter(verb="openings.closed", subject=f"patient:{formerly.pk}").count() == 4
    assert not Action.objects.filter(verb="patients.look").exists()


@pytest.mark.promise("S5")
def test_with_a_reason_it_opens_to_one_person_for_half_an_hour_under_a_banner(
    physio: Department, client: Client, formerly: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = physio.patient(registered_at=LONG_OVER)
    back = open_(client, formerly)  # the third action: open, fill in, send

    assert back["Location"] == page(formerly)
    shown = client.get(page(formerly)).content.decode()
    assert "FORMERLY" in shown
    assert "It closes at 09:30" in shown
    assert client.get(page(other)).status_code == 403
    assert a_coordinator(physio, "opc2").get(page(formerly)).status_code == 403
    for minutes, status in ((29, 200), (30, 403)):
        stop_the_clock(monkeypatch, NINE + timedelta(minutes=minutes))
        assert client.get(page(formerly)).status_code == status


@pytest.mark.promise("S5")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reason": ""}, "Choose a reason"),
        ({"words": ""}, "in your own words"),
        ({"proof": ""}, "Type your password"),
        ({"proof": "not mine"}, "not right"),
    ],
)
def test_it_opens_with_a_reason_words_and_a_proof_alone_and_keeps_what_was_typed(
    client: Client, formerly: Patient, wrong: dict[str, str], said: str
) -> None:
    refused = open_(client, formerly, **wrong)

    assert refused.status_code == 422
    assert said in refused.content.decode()
    assert "words" in wrong or "Her daughter rings" in refused.content.decode()
    assert not Opening.objects.exists()


@pytest.mark.promise("S5")
def test_the_privacy_officer_has_a_task_at_once_and_a_review_within_seven_days(
    physio: Department, client: Client, formerly: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is sent: the channels of texts, emails and streams may all be down.
    open_(client, formerly)

    task = Task.objects.get(role="privacy_officer")
    assert (task.raised_at, task.priority) == (NINE, 2)
    officer = signed_in(somebody("privacy", "privacy_officer", physio.trust))
    listed = officer.get("/audit/looks/").content.decode()
    assert "Her daughter rings" in listed
    assert f"Record {formerly.pk}, opened" in listed
    later = NINE + timedelta(days=7, minutes=1)
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, later), later)
    late = Task.objects.get(rule="looks_to_review")
    assert (late.priority, late.role) == (2, "privacy_officer")
    look = Action.objects.get(verb="openings.open")
    officer.post(f"/audit/looks/{look.pk}/", {"finding": "justified"})
    assert "No look waits" in officer.get("/audit/looks/").content.decode()


@pytest.mark.promise("S5")
def test_when_the_officer_cannot_be_told_the_record_stays_closed(
    physio: Department, client: Client, formerly: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object, **named: object) -> None:
        raise RuntimeError("the worklist is away")

    monkeypatch.setattr("clearway.core.openings.actions.raise_by_hand", broken)
    client.raise_request_exception = False

    assert open_(client, formerly).status_code == 500
    assert client.get(page(formerly)).status_code == 403
    assert not Action.objects.filter(verb="openings.open").exists()


def test_whose_record_it_is_not_of_this_trust_is_not_found(client: Client) -> None:
    elsewhere = a_department(a_trust("other-vale")).patient(registered_at=LONG_OVER)

    assert open_(client, elsewhere).status_code == 404
    assert client.get(page(elsewhere)).status_code == 404


def test_the_database_keeps_no_opening_without_a_reason_or_an_end(
    physio: Department, formerly: Patient
) -> None:
    user = somebody("opc", "outpatient_coordinator", physio.trust)

    def made(words: str, ends_at: datetime, subject: str = f"patient:{formerly.pk}") -> Opening:
        said = {
            "reason": "contact",
            "proved": Proof.CODE,
            "words": words,
            "opened_at": NINE,
            "ends_at": ends_at,
        }
        return Opening.objects.create(organisation=physio.trust, subject=subject, user=user, **said)

    later = NINE + timedelta(minutes=30)
    for wrong in (("", later), ("Why", NINE), ("Why", later, "task:7"), ("Why", later, "patient:")):
        with pytest.raises(IntegrityError), transaction.atomic():
            made(*wrong)
    row = made("Why", later)
    with pytest.raises(IntegrityError, match="insert-only"), transaction.atomic():
        Opening.objects.filter(pk=row.pk).update(ends_at=later + timedelta(days=1))


def test_a_process_opens_nothing(physio: Department, formerly: Patient) -> None:
    who: dict[str, Any] = {"organisation_id": physio.trust.pk, "by": Actor("rule"), "at": NINE}

    with pytest.raises(NotAllowed, match="A person opens"):
        actions.open_(RECORD, f"patient:{formerly.pk}", "other", "x", proved=Proof.PASSWORD, **who)


def test_whether_there_is_work_is_two_queries(
    physio: Department, formerly: Patient, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):
        assert not queries.has_work(physio.trust.pk, queries.people(physio.trust.pk, formerly.pk), NINE)
