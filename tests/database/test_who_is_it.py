"""Somebody of another system who looks like a patient here: compared, answered, and taken back."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.feeds.models import Quarantined, Source
from clearway.core.feeds.queries import accounts
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.exchange import actions as exchange
from clearway.desks.outpatients.exchange.models import Counterpart
from clearway.desks.outpatients.patients import actions as patients
from clearway.desks.outpatients.patients.models import Patient
from tests.beside import DESK, MAPPING, MONDAY, code, deliver, slots_of
from tests.pas import adt, siu
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
THEIRS = "PID|1||PAS-77^^^RWP^MR||Whisper^Anne||19480506|F|||7 Quay Street^^Worcester^^WR1 1AA"
SAME = {"why": "Rang the patient"}


@pytest.fixture(autouse=True)
def at_nine(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, NINE)


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def department(trust: Organisation) -> Department:
    return a_department(trust)


@pytest.fixture
def source(trust: Organisation, department: Department) -> Source:
    made = Source.objects.create(organisation=trust, name="pas", kind="hl7", expected_interval_seconds=3600)
    exchange.load_mapping(made, MAPPING, "the first", by=DESK, at=NINE)
    return made


@pytest.fixture
def patient(department: Department) -> Patient:
    """Somebody like them, on the waiting list."""
    row = department.patient(
        family_name="Whisper", given_names="Ann", born_on=date(1948, 5, 6), address="1 Old Road"
    )
    department.entry(department.referral(patient=row), minutes=30)
    return row


@pytest.fixture
def page(source: Source, patient: Patient, department: Department) -> str:
    """The address on which it is asked: they are told of, and a booking of theirs waits behind."""
    starts_at = slots_of(department, MONDAY)[0].starts_at
    told = [
        adt("A28", NINE - 9 * MINUTE, pid=THEIRS),
        siu("S12", NINE - 8 * MINUTE, starts_at=starts_at, pid=THEIRS),
    ]
    assert [code(deliver(source, each)) for each in told] == ["AE", "AE"]
    return f"/feeds/quarantine/{Quarantined.objects.earliest('pk').pk}/who/"


@pytest.fixture
def lead(trust: Organisation) -> Client:
    return signed_in(somebody("lena", "outpatient_team_leader", trust))


def words(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_line_leads_to_both_side_by_side_and_every_look_is_recorded(
    lead: Client, page: str, patient: Patient
) -> None:
    line, shown = lead.get(page.removesuffix("who/")), lead.get(page)

    assert f'href="{page}"' in words(line)
    assert "7 Quay Street, Worcester" in words(shown) and "<b>1 Old Road</b> (differs)" in words(shown)
    assert shown["Cache-Control"] == "no-store"
    assert Action.objects.filter(verb="patients.look", subject=f"patient:{patient.pk}").exists()


def test_that_patient_gets_what_waited_and_all_that_comes_later(
    lead: Client, page: str, patient: Patient, source: Source
) -> None:
    done = lead.post(page, {"patient": patient.pk, **SAME}, follow=True)

    assert "2 messages were taken" in words(done) and "They are one person" in words(done)
    patient.refresh_from_db()
    assert (patient.address, Patient.objects.count()) == ("7 Quay Street, Worcester", 1)
    assert Appointment.objects.get().patient == patient
    said = Action.objects.get(verb="exchange.answer")
    assert (said.actor, said.subject, said.detail["why"]) == ("lena", f"patient:{patient.pk}", SAME["why"])
    later = adt("A31", NINE, pid=THEIRS.replace("7 Quay Street", "8 Quay Street"))
    assert code(deliver(source, later)) == "AA"
    patient.refresh_from_db()
    (account,) = accounts(source.organisation_id)
    assert patient.address == "8 Quay Street, Worcester" and (account.quarantined, account.adds_up) == (
        0,
        True,
    )


def test_two_people_are_two_records_and_only_the_other_ones_booking_waits_on(
    lead: Client, page: str, patient: Patient
) -> None:
    lead.post(page, {"patient": 0, **SAME})

    other = Patient.objects.exclude(pk=patient.pk).get()
    assert (other.number, other.given_names) == ("PAS-77", "Anne")
    assert Counterpart.objects.get(kind="patient").ours == other.pk
    waits = Quarantined.objects.get(state="waiting")
    assert "no place on the waiting list" in waits.why and not Appointment.objects.exists()
    refused = lead.post(f"{page}back/", SAME)
    assert refused.status_code == 422 and "Merge the two records" in words(refused)


def test_an_answer_that_is_taken_back_leaves_the_record_as_it_was_and_the_next_message_asks(
    lead: Client, page: str, patient: Patient, source: Source
) -> None:
    lead.post(page, {"patient": patient.pk, **SAME})
    Patient.objects.filter(pk=patient.pk).update(given_names="Annie")  # by a person, since

    done = lead.post(f"{page}back/", {"why": "The wrong Ann"}, follow=True)

    patient.refresh_from_db()
    assert (patient.address, patient.postcode, patient.given_names) == ("1 Old Road", "", "Annie")
    assert "Taken back" in words(done) and "Are they one person?" in words(done)
    assert Appointment.objects.get().patient == patient  # no appointment goes by itself
    assert code(deliver(source, adt("A28", NINE, pid=THEIRS))) == "AE"
    assert lead.post(f"{page}back/", {"why": "Again"}).status_code == 422


def test_all_that_their_messages_changed_since_is_taken_back_and_what_is_not_is_named(
    lead: Client, page: str, patient: Patient, source: Source
) -> None:
    lead.post(page, {"patient": patient.pk, **SAME})
    moved = THEIRS.replace("7 Quay Street", "8 Quay Street")
    deliver(source, adt("A31", NINE - MINUTE, pid=f"{moved}||01905555010^PRN^PH"))
    deliver(source, adt("A31", NINE, pid=f"{moved}||01905555011^PRN^PH"))
    patient.refresh_from_db()
    told = (patient.address, patient.phone)
    Patient.objects.filter(pk=patient.pk).update(given_names="Annie")  # by a person, since

    done = lead.post(f"{page}back/", {"why": "The wrong Ann"}, follow=True)

    patient.refresh_from_db()
    assert told == ("8 Quay Street, Worcester", "01905555011")
    assert (patient.address, patient.phone, patient.given_names) == ("1 Old Road", "", "Annie")
    assert "left so: given names" in words(done)


def test_an_answer_is_not_taken_back_while_a_death_stands_that_their_message_recorded(
    lead: Client, page: str, patient: Patient, source: Source, trust: Organisation
) -> None:
    lead.post(page, {"patient": patient.pk, **SAME})
    deliver(source, adt("A31", NINE, pid=THEIRS + "|" * 18 + "20261115|Y"))

    refused = lead.post(f"{page}back/", {"why": "The wrong Ann"})
    patients.withdraw_death(patient.pk, "Rang her", organisation_id=trust.pk, by=DESK, at=NINE)
    done = lead.post(f"{page}back/", {"why": "The wrong Ann"}, follow=True)

    assert refused.status_code == 422 and "recorded a death" in words(refused)
    assert "Taken back" in words(done)


def test_whose_nhs_number_is_another_is_nobody_here(
    lead: Client, source: Source, department: Department
) -> None:
    row = department.patient(
        family_name="Whisper", given_names="Anne", born_on=date(1948, 5, 6), nhs_number="9990548609"
    )
    pid = THEIRS.replace("^MR", "^MR~9990548617^^^NHS^NH")
    deliver(source, adt("A28", NINE, pid=pid))
    waits = Quarantined.objects.get()

    refused = lead.post(f"/feeds/quarantine/{waits.pk}/who/", {"patient": row.pk, **SAME})

    row.refresh_from_db()
    assert "their NHS numbers differ" in waits.why
    assert refused.status_code == 422 and "Their NHS numbers differ" in words(refused)
    assert row.nhs_number == "9990548609" and not Counterpart.objects.exclude(answer="").exists()


def test_what_was_told_of_them_before_they_were_known_is_not_lost(
    lead: Client, source: Source, patient: Patient
) -> None:
    moved = THEIRS.replace("7 Quay Street", "9 Quay Street")
    deliver(source, adt("A31", NINE - MINUTE, pid=moved))
    deliver(source, adt("A28", NINE - 9 * MINUTE, pid=THEIRS))

    lead.post(f"/feeds/quarantine/{Quarantined.objects.get().pk}/who/", {"patient": patient.pk, **SAME})

    patient.refresh_from_db()
    assert patient.address == "9 Quay Street, Worcester"
    assert not Quarantined.objects.filter(state="waiting").exists()


def test_nobody_says_it_without_a_reason_of_a_stranger_or_twice(
    lead: Client, page: str, patient: Patient, department: Department
) -> None:
    stranger = department.patient()
    elsewhere = signed_in(somebody("eve", "outpatient_team_leader", a_trust("other")))

    for form in (
        {"patient": patient.pk},
        {"why": "Rang"},
        {"patient": stranger.pk, **SAME},
        {"patient": "x"},
    ):
        assert lead.post(page, form).status_code == 422
    assert elsewhere.get(page).status_code == elsewhere.post(page, {"patient": 0, **SAME}).status_code == 404
    assert not Counterpart.objects.exclude(answer="").exists() and not Appointment.objects.exists()
    assert lead.post(page, {"patient": patient.pk, **SAME}).status_code == 302
    twice = lead.post(page, {"patient": 0, **SAME})
    assert twice.status_code == 422 and "Take that back first" in words(twice)
