"""Asking patients whether they still need their place."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.patients.models import Flag, Patient
from clearway.desks.outpatients.waiting import actions, asking
from clearway.desks.outpatients.waiting.models import Contact, Entry
from tests.outpatients import scope
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PAGE = "/outpatients/asking/"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, NINE)


@pytest.fixture
def department() -> Department:
    return a_department(a_trust())


@pytest.fixture
def desk(department: Department) -> Client:
    return signed_in(somebody("coordinator", "outpatient_coordinator", department.trust))


def waits(department: Department, days: int, **patient: Any) -> Entry:
    who = department.patient(address="1 High Street", postcode="WR5 1DD", phone="01905 000000", **patient)
    return department.entry(department.referral(TODAY - days * DAY, who))


def text(answer: Any) -> str:
    return str(answer.content.decode())


def steps(department: Department, at: datetime = NINE) -> list[tuple[int, str, str]]:
    found = asking.to_ask(department.trust.pk, at)
    return [(each.entry, str(each.due.step), each.channel) for each in found]


def test_who_waits_for_twelve_weeks_is_to_be_asked_by_letter_unless_a_flag_says_ring(
    department: Department,
) -> None:
    waits(department, 83)
    due = waits(department, 84)
    flagged = waits(department, 90)
    Flag.objects.create(
        patient=flagged.patient, kind=Flag.Kind.SAFE_CONTACT, words="Ring first", recorded_at=NINE
    )
    dead = waits(department, 100)
    Patient.objects.filter(pk=dead.patient_id).update(died_on=TODAY)

    assert sorted(steps(department)) == [(due.pk, "ask", "letter"), (flagged.pk, "ring", "")]


def test_questions_are_prepared_once_with_proof_and_stand_on_the_list_to_send(
    department: Department, desk: Client
) -> None:
    entry = waits(department, 90)

    desk.post(f"{PAGE}prepare/")
    desk.post(f"{PAGE}prepare/")

    contact = Contact.objects.get(purpose="validation")
    assert (contact.entry_id, contact.channel, contact.to) == (entry.pk, "letter", "1 High Street, WR5 1DD")
    assert len(contact.digest) == 64 and "you stay on the list" in contact.words
    assert "1 High Street" in text(desk.get(f"{PAGE}to-send/"))
    assert steps(department) == [(entry.pk, "again", "letter")]
    assert Entry.objects.get().validated_on is None


def test_an_answer_is_one_key_and_enter_and_the_next_question_is_at_the_next_time(
    department: Department, desk: Client
) -> None:
    entry = waits(department, 90)

    answer = desk.post(f"{PAGE}{entry.pk}/answer/", {"key": "S"})

    assert answer.status_code == 302
    entry.refresh_from_db()
    assert (entry.validated_on, entry.state) == (TODAY, "waiting")
    assert steps(department) == []
    assert steps(department, NINE + 92 * DAY) == [(entry.pk, "ask", "letter")]


@pytest.mark.parametrize("typed", ["", "q", "still"])
def test_a_key_that_is_none_is_refused_and_saves_nothing(
    department: Department, desk: Client, typed: str
) -> None:
    entry = waits(department, 90)

    answer = desk.post(f"{PAGE}{entry.pk}/answer/", {"key": typed}, follow=True)

    assert answer.redirect_chain == [(f"{PAGE}?wrong={entry.pk}", 302)] and "is no key" in text(answer)
    assert not Contact.objects.exists()


def test_silence_removes_nobody_but_ends_with_a_person(department: Department) -> None:
    entry = waits(department, 90)
    at = NINE
    for step in ("ask", "again"):
        ((key, found, _),) = steps(department, at)
        assert (key, found) == (entry.pk, step)
        actions.ask_in_writing([entry.pk], **scope(department.trust, at))
        at += 22 * DAY
    for _ in range(2):
        assert steps(department, at) == [(entry.pk, "ring", "")]
        actions.rang_in_vain(entry.pk, **scope(department.trust, at))
        at += DAY

    assert steps(department, at) == [(entry.pk, "look", "")]
    entry.refresh_from_db()
    assert entry.state == "waiting"
    rules.run(department.trust.pk, situation.read(department.trust.pk, at), at)
    task = Task.objects.get(rule="still_needed")
    assert "1 for a person" in task.cause


def test_who_no_longer_needs_it_stays_until_a_person_takes_them_off(
    department: Department, desk: Client
) -> None:
    entry = waits(department, 90)

    desk.post(f"{PAGE}{entry.pk}/answer/", {"key": "n"})

    page = text(desk.get(PAGE))
    assert "a person takes them off" in page
    entry.refresh_from_db()
    assert entry.state == "waiting"


def test_who_cancels_a_second_time_in_a_row_is_spoken_with_and_nobody_is_discharged(
    department: Department,
) -> None:
    slots = list(department.session(NINE + DAY).slots.all())
    entry = waits(department, 30)
    told = {"state": "cancelled", "cancelled_by": "patient", "cancelled_at": NINE - DAY}
    department.booked(slots[0], entry, **told)
    assert asking.cancelled_again(department.trust.pk, NINE) == []
    other = waits(department, 30)
    department.booked(slots[1], other, **told)
    department.booked(slots[2], other, **{**told, "cancelled_by": "provider"})
    department.booked(slots[3], entry, **told)

    rules.run(department.trust.pk, situation.read(department.trust.pk, NINE), NINE)

    task = Task.objects.get(rule="cancelled_again")
    assert (task.subject, "2 times" in task.title) == (f"entry:{entry.pk}", True)
    attempt = actions.Attempt(
        entry.patient_id, "enquiry", "phone", "Childcare", outcome="answered", entry_id=entry.pk
    )
    actions.contact(attempt, **scope(department.trust))
    assert asking.cancelled_again(department.trust.pk, NINE) == []
    entry.refresh_from_db()
    assert entry.state == "booked"
