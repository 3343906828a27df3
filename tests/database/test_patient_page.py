"""The patient's own page: one appointment and nothing more, for whoever holds its address, while it lasts."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.conversations import links
from clearway.desks.outpatients.conversations.models import Knock
from clearway.desks.outpatients.recycling.models import FreedSlot
from clearway.desks.outpatients.waiting import asking
from clearway.domain.outpatients.booking import ASKED_OF_PATIENTS, REASONS
from clearway.domain.outpatients.words import CancelledBy
from tests.letters import work
from tests.messages import TEN, a_writing_department, who
from tests.therapies import Department
from tests.trust import stop_the_clock

pytestmark = pytest.mark.django_db
FAR = TEN + timedelta(days=20)


@pytest.fixture
def physio(db: None, monkeypatch: pytest.MonkeyPatch) -> Department:
    stop_the_clock(monkeypatch, TEN)
    return a_writing_department(monkeypatch)


def visit(physio: Department, starts_at: datetime = FAR) -> Appointment:
    entry = physio.entry(minutes=30)
    return physio.booked(physio.session(starts_at, slots=3).slots.order_by("id")[0], entry)


def address(row: Appointment, **asked: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return f"/a/{links.token(row.pk)}/{'?' + query if query else ''}"


def get(row: Appointment, **asked: str) -> Any:
    return Client().get(address(row, **asked))


def post(row: Appointment, **said: Any) -> HttpResponse:
    return Client().post(address(row), said)


def test_it_shows_when_and_where_and_nothing_of_who_it_is(physio: Department) -> None:
    row = visit(physio)

    answer = get(row)

    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "10am on Thursday 10 December 2026" in shown and "Robin Hale" in shown
    patient = row.patient
    for identity in (patient.family_name, patient.number, str(patient.born_on.year)):
        assert identity not in shown
    assert "sign-in" not in shown
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "same-origin")


def test_an_address_names_one_appointment_however_it_is_typed_and_no_other_can_be_made() -> None:
    tokens = {number: links.token(number) for number in range(1, 2000)}

    assert len(set(tokens.values())) == len(tokens)
    assert all(links.appointment_of(token) == number for number, token in tokens.items())
    spoken = links.token(1234).lower().replace("-", "").replace("0", "o").replace("1", "l")
    assert links.appointment_of(spoken) == 1234
    one, other = links.token(5).partition("-"), links.token(6).partition("-")
    assert links.appointment_of(f"{one[0]}-{other[2]}") is None
    assert [links.appointment_of(each) for each in ("", "-", "é" * 20, "U" * 40, "0" * 13)] == [None] * 5


def test_a_wrong_address_shows_nothing_and_trying_many_is_stopped(physio: Department) -> None:
    row = visit(physio)
    client = Client()

    wrong = [client.get(f"/a/{row.pk}-0000-0000-{number:04}/").status_code for number in range(25)]

    assert wrong == [404] * 20 + [429] * 5
    assert "127.0.0.1" not in str(list(Knock.objects.values()))
    assert get(row).status_code == 200  # who has the right address is not stopped by others


def test_it_ends_when_the_appointment_begins_or_is_cancelled(
    physio: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = visit(physio)
    stop_the_clock(monkeypatch, row.starts_at)

    answer = get(row)

    assert answer.status_code == 410
    assert "Robin Hale" not in answer.content.decode()


def test_confirming_and_cancelling_are_the_actions_of_the_desk(physio: Department) -> None:
    row = visit(physio)

    assert post(row, what="confirm").status_code == 302
    row.refresh_from_db()
    assert row.confirmed_at == TEN
    assert "Yes, cancel it" in get(row, ask="cancel").content.decode()
    refused = Client().post(address(row), {"what": "cancel", "reason": "bored"})
    assert refused.status_code == 422 and "Yes, cancel it" in refused.content.decode()
    done = Client().post(address(row), {"what": "cancel"}, follow=True)

    row.refresh_from_db()
    assert (row.state, row.cancelled_by) == ("cancelled", "patient")
    assert FreedSlot.objects.get().appointment_id == row.pk
    assert "is cancelled" in done.content.decode()


def test_another_time_is_taken_from_what_the_desk_would_offer(physio: Department) -> None:
    row = visit(physio)
    other = row.slot.session.slots.order_by("id")[1]
    assert f'value="{other.pk}"' in get(row, ask="move").content.decode()

    done = Client().post(address(row), {"what": "move", "slot": str(other.pk)}, follow=True)

    made = Appointment.objects.get(state="booked")
    assert (made.slot_id, made.confirmed_at) == (other.pk, TEN)
    assert done.redirect_chain[0][0] == address(made, done="moved")
    assert "has moved" in done.content.decode()


def test_a_slot_that_was_not_offered_or_is_gone_is_refused_and_nothing_changes(physio: Department) -> None:
    row = visit(physio)
    other = row.slot.session.slots.order_by("id")[1]
    physio.booked(other)

    for slot in (str(other.pk), "999999", "", "x"):
        assert post(row, what="move", slot=slot).status_code == 422

    row.refresh_from_db()
    assert row.state == "booked"


def test_a_form_without_its_own_page_is_refused(physio: Department) -> None:
    row = visit(physio)

    answer = Client(enforce_csrf_checks=True).post(address(row), {"what": "cancel"})

    row.refresh_from_db()
    assert (answer.status_code, row.state) == (403, "booked")


def test_the_letter_of_an_appointment_carries_its_address(physio: Department) -> None:
    from clearway.desks.outpatients.booking import actions as booking
    from clearway.desks.outpatients.letters.models import Letter
    from tests.letters import words_of

    entry = physio.entry(
        physio.referral(patient=physio.patient(address="1 High Street", postcode="WR5 1DD")), minutes=30
    )
    made = booking.book(physio.session(FAR).slots.order_by("id")[0].pk, entry.pk, **who(physio.trust))
    work(TEN)

    assert links.address(made.pk) in words_of(Letter.objects.get())


@pytest.mark.parametrize("reason", ASKED_OF_PATIENTS)
def test_a_patient_is_asked_the_reasons_that_a_clerk_can_choose_and_need_give_none(
    physio: Department, reason: str
) -> None:
    row = visit(physio)
    assert ASKED_OF_PATIENTS[reason] in get(row, ask="cancel").content.decode()

    done = Client().post(address(row), {"what": "cancel", "reason": reason}, follow=True).content.decode()

    row.refresh_from_db()
    assert (row.state, row.cancelled_by, row.cancel_reason) == ("cancelled", "patient", reason)
    is_better = reason == "patient_better"
    assert ("before we take you" in done) == is_better
    to_be_asked = [each.entry.pk for each in asking.answered(physio.trust.pk)]
    assert to_be_asked == ([row.entry_id] if is_better else []), "a person asks; nobody leaves the list"
    assert set(ASKED_OF_PATIENTS) == set(REASONS[CancelledBy.PATIENT])


def test_why_another_time_is_taken_is_kept_too(physio: Department) -> None:
    row = visit(physio)
    times = get(row, ask="move").content.decode()
    slot = re.findall(r'name="slot" type="radio" value="(\d+)"', times)[0]

    post(row, what="move", slot=slot, reason="patient_work")

    row.refresh_from_db()
    assert (row.state, row.cancel_reason) == ("cancelled", "patient_work")
