"""Reminders and conversations: who is written to, what an answer does, and that nobody is forgotten."""

import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import key_hash
from clearway.core.feeds.models import Batch, Source
from clearway.core.layout import context
from clearway.core.organisation.models import PolicyVersion
from clearway.core.outbox.models import Outgoing
from clearway.core.outbox.sending import NotTaken, Parcel
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.conversations import actions, queries
from clearway.desks.outpatients.conversations.models import Answer, Conversation, Message
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.recycling import actions as recycling
from clearway.desks.outpatients.recycling import queries as freed_slots
from clearway.desks.outpatients.recycling.models import FreedSlot, SlotOffer
from clearway.desks.outpatients.reminders import actions as reminders
from clearway.desks.outpatients.reminders import queries as reminded
from clearway.desks.outpatients.reminders.models import Reminder
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.outpatients.recycling import RecyclingPolicy, Said
from clearway.domain.outpatients.replies import Act
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.delivery import Status
from clearway.domain.shared.errors import NotAllowed
from clearway.gateway import inbox
from tests.messages import (
    NUMBER,
    TEN,
    WIRE,
    Pigeon,
    a_writing_department,
    answer,
    kinds,
    receipt,
    remind,
    who,
    work,
)
from tests.therapies import Department
from tests.trust import set_policy

pytestmark = pytest.mark.django_db
CLERK = Actor("opc", role="outpatient_coordinator")
IN_FOUR = TEN + timedelta(days=4)


@pytest.fixture
def physio(db: None, monkeypatch: pytest.MonkeyPatch) -> Department:
    return a_writing_department(monkeypatch)


def visit(physio: Department, starts_at: datetime = IN_FOUR, **more: Any) -> Appointment:
    """Somebody who agreed to texts, booked three weeks ago."""
    known = {"mobile": NUMBER, "may_text": True, "channel": "text", **more}
    entry = physio.entry(physio.referral(patient=physio.patient(**known)), minutes=30)
    return physio.booked(physio.session(starts_at, slots=2).slots.order_by("id")[0], entry)


def reminded_visit(physio: Department, **more: Any) -> Appointment:
    """The same, and the reminder has left."""
    row = visit(physio, **more)
    assert remind(physio) == 1
    work()
    return row


def state(row: Appointment) -> str:
    row.refresh_from_db()
    return row.state


def the_conversation() -> Conversation:
    return Conversation.objects.get(number=WIRE)


def test_a_reminder_leaves_by_text_without_name_or_service_and_counts_as_contact(physio: Department) -> None:
    row = visit(physio)
    pigeon = Pigeon()

    assert remind(physio) == 1
    work(carrier=pigeon)

    message = Message.objects.get()
    assert (message.kind, message.to, message.sealed_at is not None) == ("reminder", WIRE, True)
    assert "10am on Tue 24 Nov" in message.words and "CONFIRM" in message.words
    assert row.patient.family_name not in message.words and "hysio" not in message.words
    assert len(pigeon.took) == 1 and WIRE not in pigeon.took[0].key
    assert Contact.objects.get(purpose="reminder").outcome == "sent"


def test_the_same_step_is_sent_once_however_often_the_duty_runs(physio: Department) -> None:
    visit(physio)

    assert [remind(physio, TEN + timedelta(minutes=minute)) for minute in (0, 1, 2)] == [1, 0, 0]


def test_nobody_is_reminded_at_night(physio: Department) -> None:
    visit(physio)

    assert remind(physio, TEN.replace(hour=3)) == 0


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"mobile": ""}, "No mobile is known."),
        ({"mobile": "01632 960000"}, "The number that is known is no mobile number."),
        ({"may_text": False}, "The patient has not agreed to text messages."),
        ({"opted_out": True}, "The patient asked for no messages from machines."),
        ({"channel": "phone"}, "The patient wants to be rung."),
    ],
)
def test_whom_no_text_reaches_is_rung(physio: Department, more: dict[str, Any], why: str) -> None:
    visit(physio, **more)

    remind(physio)

    (call,) = reminded.to_ring(physio.trust.pk)
    assert (call.state, call.why) == ("to_ring", why)
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("kind", "detail"), [("interpreter", "Polish"), ("format", "Braille"), ("contact", "By his daughter")]
)
def test_a_need_comes_before_a_text(physio: Department, kind: str, detail: str) -> None:
    row = visit(physio)
    row.patient.needs.create(kind=kind, detail=detail, recorded_at=TEN)

    remind(physio)

    assert len(reminded.to_ring(physio.trust.pk)) == 1
    assert not Message.objects.exists()


def test_without_a_provider_everybody_due_is_rung(physio: Department) -> None:
    visit(physio)

    remind(physio, connected={})

    assert [each.why for each in reminded.to_ring(physio.trust.pk)] == ["No provider is connected."]


@pytest.mark.parametrize("words", ["CONFIRM", "yes please", "Ok thanks", "tak", "iawn diolch"])
def test_a_certain_yes_confirms_the_appointment_and_says_so(physio: Department, words: str) -> None:
    row = reminded_visit(physio)

    assert answer(physio, words)

    row.refresh_from_db()
    assert row.confirmed_at == TEN
    assert kinds() == ["reminder", "confirmed"]
    assert Contact.objects.get(outcome="answered").said == words
    assert the_conversation().waits_since is None


def test_a_cancellation_is_confirmed_back_before_the_slot_goes(physio: Department) -> None:
    row = reminded_visit(physio)

    answer(physio, "can't come")
    assert state(row) == "booked"
    assert kinds() == ["reminder", "check"]
    answer(physio, "yes", TEN + timedelta(minutes=2))

    assert state(row) == "cancelled"
    assert (row.cancelled_by, Entry.objects.get(pk=row.entry_id).state) == ("patient", "waiting")
    assert FreedSlot.objects.get().appointment_id == row.pk
    assert kinds() == ["reminder", "check", "cancelled"]


def test_no_to_the_question_keeps_the_appointment(physio: Department) -> None:
    row = reminded_visit(physio)

    answer(physio, "CANCEL")
    answer(physio, "no", TEN + timedelta(minutes=2))
    assert state(row) == "booked"
    answer(physio, "confirm", TEN + timedelta(minutes=3))

    row.refresh_from_db()
    assert row.confirmed_at is not None
    assert kinds() == ["reminder", "check", "kept", "confirmed"]


def test_a_yes_a_day_later_cancels_nothing(physio: Department) -> None:
    row = reminded_visit(physio)
    answer(physio, "CANCEL")

    answer(physio, "yes", TEN + timedelta(hours=25))

    assert state(row) == "booked"
    assert the_conversation().why == "The question was asked more than a day ago."


def test_what_is_uncertain_waits_for_a_person_and_the_patient_is_told(physio: Department) -> None:
    row = reminded_visit(physio)

    answer(physio, "Yes but could I come with my mum")

    row.refresh_from_db()
    assert row.confirmed_at is None
    (waiting,) = queries.waiting(physio.trust.pk)
    assert [each.words for each in waiting.answers_open] == ["Yes but could I come with my mum"]  # type: ignore[attr-defined]
    assert kinds() == ["reminder", "person"]


def test_the_same_text_told_twice_is_one(physio: Department) -> None:
    reminded_visit(physio)

    assert answer(physio, "confirm", name="one")
    assert not answer(physio, "confirm", name="one")

    assert Answer.objects.count() == 1
    assert kinds() == ["reminder", "confirmed"]


def test_change_sends_the_address_of_the_patients_own_page(physio: Department) -> None:
    reminded_visit(physio)

    answer(physio, "CHANGE")
    work(TEN)

    words = Message.objects.get(kind="change").words
    assert "https://clinics.example/a/" in words


def test_a_time_that_is_no_number_is_refused_on_the_patients_own_page(physio: Department) -> None:
    reminded_visit(physio)
    answer(physio, "CHANGE")
    work(TEN)
    address = re.findall(r"https://clinics.example(/a/\S+)", Message.objects.get(kind="change").words)[0]

    for slot in ("²", "9" * 5000, "-1", ""):
        shown = Client().post(address.rstrip("."), {"what": "move", "slot": slot})
        assert shown.status_code == 422
        assert "Choose" in shown.content.decode()


def test_stop_ends_texts_to_everybody_of_the_number_also_what_waits(physio: Department) -> None:
    row = visit(physio)
    child = physio.patient(mobile="+44 7700 900123", may_text=True)
    remind(physio)

    answer(physio, "STOP")
    work()

    for patient in (row.patient, child):
        patient.refresh_from_db()
        assert not patient.may_text
    assert [(each.kind, each.outgoing.state) for each in Message.objects.order_by("id")] == [
        ("reminder", "withdrawn"),
        ("stopped", "sent"),
    ]
    remind(physio, TEN + timedelta(days=3))
    assert not Message.objects.filter(kind="last").exists()


def test_start_takes_stop_back_and_what_is_due_leaves_again(physio: Department) -> None:
    row = visit(physio)
    answer(physio, "STOP")
    remind(physio)
    assert [each.why for each in reminded.to_ring(physio.trust.pk)] == [
        "The patient has not agreed to text messages."
    ]

    answer(physio, "START", TEN + timedelta(hours=1))
    work(TEN + timedelta(hours=1))

    row.patient.refresh_from_db()
    assert row.patient.may_text
    assert kinds() == ["stopped", "started"]
    assert Answer.objects.get(words="START").how == "Gets texts again"


@pytest.mark.parametrize("because", ["several", "opted_out", "nobody"])
def test_start_from_who_is_not_certain_waits_for_a_person(physio: Department, because: str) -> None:
    row = visit(physio, opted_out=because == "opted_out")
    row.patient.may_text = False
    row.patient.mobile = "" if because == "nobody" else row.patient.mobile
    row.patient.save()
    if because == "several":
        physio.patient(mobile=NUMBER)

    answer(physio, "START")

    row.patient.refresh_from_db()
    assert not row.patient.may_text and the_conversation().waits_since is not None
    assert not kinds()


def test_two_questions_to_one_number_wait_for_a_person(physio: Department) -> None:
    mother, child = visit(physio), visit(physio, IN_FOUR + timedelta(hours=2))
    remind(physio)
    work()

    answer(physio, "CANCEL")

    assert [state(each) for each in (mother, child)] == ["booked", "booked"]
    assert the_conversation().waits_since == TEN


def test_a_number_that_nobody_knows_waits_for_a_person(physio: Department) -> None:
    answer(physio, "Hello, am I on your list?", number="+447700900777")

    (waiting,) = queries.waiting(physio.trust.pk)
    assert waiting.number == "+447700900777"
    assert kinds() == []


def test_an_answering_machine_is_not_answered_for_ever(physio: Department) -> None:
    reminded_visit(physio)

    for minute in range(20):
        answer(physio, "confirm", TEN + timedelta(minutes=minute))

    assert kinds().count("confirmed") == 6
    assert the_conversation().waits_since is not None


@pytest.mark.parametrize(
    ("between", "why"),
    [("cancelled", "cancelled"), ("died", "died"), ("changed", "changed since"), ("late", "too late")],
)
def test_what_has_come_between_stops_a_text(physio: Department, between: str, why: str) -> None:
    row = visit(physio)
    remind(physio)
    at = TEN
    if between == "cancelled":
        booking.cancel(row.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **who(physio.trust))
    elif between == "died":
        type(row.patient).objects.update(died_on=TEN.date())
    elif between == "changed":
        type(row.patient).objects.update(mobile="07700 900124")
    else:
        at = row.starts_at - timedelta(minutes=30)

    pigeon = Pigeon()
    work(at, pigeon)

    assert pigeon.took == []
    assert why in Outgoing.objects.get(message__kind="reminder").why


def test_a_text_that_waits_into_the_night_leaves_in_the_morning(physio: Department) -> None:
    visit(physio)
    remind(physio)
    pigeon = Pigeon()

    work(TEN.replace(hour=22), pigeon)
    assert pigeon.took == []
    work(TEN.replace(hour=9) + timedelta(days=1), pigeon)

    assert len(pigeon.took) == 1


def test_a_number_gets_no_more_texts_a_day_than_it_may(physio: Department) -> None:
    for hours in range(5):
        visit(physio, IN_FOUR + timedelta(hours=hours))
    remind(physio)
    pigeon = Pigeon()

    work(carrier=pigeon)

    assert len(pigeon.took) == 3


def test_a_refused_number_brings_a_call_and_is_not_texted_again(physio: Department) -> None:
    row = reminded_visit(physio)

    assert receipt(Message.objects.get(), Status.PERMANENT)
    assert not receipt(Message.objects.get(), Status.PERMANENT)

    (call,) = reminded.to_ring(physio.trust.pk)
    assert call.appointment_id == row.pk
    assert Contact.objects.get(purpose="reminder").outcome == "failed"
    other = visit(physio, IN_FOUR + timedelta(hours=3))
    remind(physio, TEN + timedelta(hours=1))
    assert Reminder.objects.get(appointment=other).why == "The last message there was refused."


def test_a_receipt_that_overtakes_the_answer_of_the_provider_counts(physio: Department) -> None:
    visit(physio)
    remind(physio)
    Outgoing.objects.update(state="sending", digest="0" * 64)

    assert receipt(Message.objects.get(), Status.DELIVERED)

    assert Outgoing.objects.get().state == "delivered"
    assert Message.objects.get().sealed_at == TEN
    assert Contact.objects.get(purpose="reminder").outcome == "delivered"


def test_a_call_confirms_or_cancels_like_a_click(physio: Department) -> None:
    row = visit(physio, mobile="")
    remind(physio)
    (call,) = reminded.to_ring(physio.trust.pk)

    reminders.rung(call.pk, Said.NOBODY, **who(physio.trust, by=CLERK))
    reminders.rung(call.pk, Said.YES, **who(physio.trust, by=CLERK))

    row.refresh_from_db()
    assert row.confirmed_at == TEN
    assert reminded.to_ring(physio.trust.pk) == []
    with pytest.raises(NotAllowed):
        reminders.rung(call.pk, Said.NO, **who(physio.trust, by=CLERK))


def test_a_call_says_why_the_patient_cannot_come(physio: Department) -> None:
    row = visit(physio, mobile="")
    remind(physio)
    (call,) = reminded.to_ring(physio.trust.pk)
    reminders.rung(call.pk, Said.NO, reason="patient_work", **who(physio.trust, by=CLERK))
    row.refresh_from_db()
    assert row.cancel_reason == "patient_work"


def test_a_text_that_names_why_the_patient_cannot_come_keeps_it(physio: Department) -> None:
    other = reminded_visit(physio)
    answer(physio, "I have to CANCEL I am ill")
    actions.choose(the_conversation().pk, Act.CANCEL, **who(physio.trust, by=CLERK))
    other.refresh_from_db()
    assert (other.state, other.cancel_reason) == ("cancelled", "patient_ill")


def test_a_person_answers_and_the_conversation_waits_no_more(physio: Department) -> None:
    reminded_visit(physio)
    answer(physio, "Is there parking?")
    key = the_conversation().pk

    actions.reply(key, "Yes, behind the hospital.", **who(physio.trust, by=CLERK))
    work()

    assert Message.objects.get(kind="answer").words == "Yes, behind the hospital."
    assert the_conversation().waits_since is None
    assert Answer.objects.get().how == "Answered by text"


def test_a_person_reads_a_cancellation_and_it_is_done(physio: Department) -> None:
    row = reminded_visit(physio)
    answer(physio, "my back is so bad I can't come, sorry, cancel it will you")

    actions.choose(the_conversation().pk, Act.CANCEL, **who(physio.trust, by=CLERK))

    assert state(row) == "cancelled"
    assert kinds() == ["reminder", "person", "cancelled"]
    with pytest.raises(NotAllowed):
        actions.choose(the_conversation().pk, Act.CANCEL, **who(physio.trust, by=CLERK))


def test_an_answer_about_an_appointment_that_is_gone_waits_for_a_person(physio: Department) -> None:
    row = reminded_visit(physio)
    booking.cancel(row.pk, by_whom=CancelledBy.PROVIDER, reason="staff_sickness", **who(physio.trust))

    answer(physio, "confirm")

    assert the_conversation().waits_since is not None
    assert Answer.objects.get().act == "person"


# Offers of freed slots by text


def freed_by_text(physio: Department, *waiting: Entry) -> FreedSlot:
    """A slot in eight days that was given back, and those who wait asked about it by text."""
    set_policy(physio.trust, "recycling", {"mode": "suggest", "by_text": True, "most_at_once": 2})
    starts_at = TEN + timedelta(days=8)
    slot = physio.session(starts_at, slots=2).slots.order_by("id")[0]
    row = physio.booked(slot, physio.entry(minutes=30))
    booking.cancel(row.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **who(physio.trust))
    freed = FreedSlot.objects.get(appointment=row)
    recycling.ask(freed.pk, **who(physio.trust, by=CLERK))
    work()
    return freed


def waits(physio: Department, number: str, **more: Any) -> Entry:
    known = {"mobile": number, "may_text": True, "channel": "text", "notice_hours": 24, **more}
    return physio.entry(physio.referral(patient=physio.patient(**known)), minutes=30)


def test_a_freed_slot_is_offered_by_text_and_the_first_yes_has_it(physio: Department) -> None:
    first, second = waits(physio, NUMBER), waits(physio, "07700 900124")
    freed = freed_by_text(physio, first, second)
    asked = list(SlotOffer.objects.filter(freed=freed).order_by("place"))
    assert {each.channel for each in asked} == {"text"}
    texts = {each.to: each for each in Message.objects.filter(kind="offer")}
    for each in texts.values():
        receipt(each, Status.DELIVERED)
    numbers = [next(to for to, text in texts.items() if text.offer_id == each.pk) for each in asked]

    answer(physio, "yes please", TEN + timedelta(minutes=1), number=numbers[0])
    recycling.tend(**who(physio.trust, TEN + timedelta(minutes=2)))
    if len(numbers) > 1:
        answer(physio, "YES", TEN + timedelta(minutes=3), number=numbers[1])

    freed.refresh_from_db()
    assert (freed.state, freed.filled_by.entry_id) == ("filled", asked[0].entry_id)  # type: ignore[union-attr]
    assert "accepted" in kinds()
    if len(numbers) > 1:
        assert kinds().count("taken") >= 1
        assert Entry.objects.get(pk=asked[1].entry_id).state == "waiting"
        assert SlotOffer.objects.get(pk=asked[1].pk).told_at is not None


def test_a_yes_that_comes_too_late_in_the_evening_is_answered_at_once(physio: Department) -> None:
    """Thanking by itself waits for the morning; who has just written does not."""
    entry = waits(physio, NUMBER)
    freed = freed_by_text(physio, entry)
    until = SlotOffer.objects.get(freed=freed).expires_at
    night = until.replace(hour=22)
    recycling.tend(**who(physio.trust, until))
    assert SlotOffer.objects.get(freed=freed).state == "no_answer"

    answer(physio, "YES", night)
    work(night)

    taken = Message.objects.get(kind="taken")
    assert taken.sealed_at == night + timedelta(seconds=11)
    assert SlotOffer.objects.get(freed=freed).told_at == night


def test_no_to_an_offer_is_kept_and_the_place_stays(physio: Department) -> None:
    entry = waits(physio, NUMBER)
    freed_by_text(physio, entry)

    answer(physio, "no thanks", TEN + timedelta(minutes=1))

    assert SlotOffer.objects.get(entry=entry).state == "declined"
    assert Entry.objects.get(pk=entry.pk).state == "waiting"


@pytest.mark.parametrize(
    ("landline", "becomes"), [("", ("withdrawn", "text")), ("01632 960001", ("out", "phone"))]
)
def test_whom_a_texted_offer_does_not_reach_is_rung_where_there_is_another_number(
    physio: Department, landline: str, becomes: tuple[str, str]
) -> None:
    entry = waits(physio, NUMBER, phone=landline)
    freed = freed_by_text(physio, entry)

    receipt(Message.objects.get(kind="offer"), Status.PERMANENT)

    offer = SlotOffer.objects.get(freed=freed)
    assert (offer.state, offer.channel) == becomes


@pytest.mark.parametrize(
    ("between", "becomes"),
    [("opted_out", ("out", "phone")), ("many", ("out", "phone")), ("died", ("withdrawn", "text"))],
)
def test_an_offer_that_never_left_keeps_no_seat_in_vain(
    physio: Department, between: str, becomes: tuple[str, str]
) -> None:
    """The patient cancels; somebody else is asked by text, and something comes between."""
    if between == "many":
        PolicyVersion.objects.filter(name="reminders").update(values={"is_on": True, "most_a_day": 1})
        visit(physio)  # of the same number: its reminder is the only text of the day
        assert remind(physio) == 1
        work()
    entry = waits(physio, NUMBER)
    row = physio.booked(
        physio.session(TEN + timedelta(days=8), slots=2).slots.order_by("id")[0], physio.entry(minutes=30)
    )
    set_policy(physio.trust, "recycling", {"mode": "automatic", "by_text": True})
    booking.cancel(row.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **who(physio.trust))
    assert recycling.tend(**who(physio.trust)) == 1
    if between == "opted_out":
        Patient.objects.filter(pk=entry.patient_id).update(opted_out=True)
    elif between == "died":
        Patient.objects.filter(pk=entry.patient_id).update(died_on=TEN.date())

    work()

    offer = SlotOffer.objects.get(entry=entry)
    assert (offer.state, offer.channel) == becomes
    assert not Message.objects.filter(kind="offer", sealed_at__isnull=False).exists()
    assert freed_slots.records(physio.trust.pk, RecyclingPolicy(), TEN + timedelta(days=1)) == {}


@pytest.mark.parametrize("hour", [8, 19])
def test_nobody_is_asked_by_text_in_hours_in_which_no_text_leaves(physio: Department, hour: int) -> None:
    """Slots may be offered from 8 to 20 o'clock, texts leave from 9 to 19: no offer ends before its text."""
    entry = waits(physio, NUMBER)
    row = physio.booked(
        physio.session(TEN + timedelta(days=8), slots=2).slots.order_by("id")[0], physio.entry(minutes=30)
    )
    set_policy(physio.trust, "recycling", {"mode": "automatic", "by_text": True})
    edge = TEN.replace(hour=hour, minute=30)
    booking.cancel(row.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **who(physio.trust, edge))

    assert recycling.tend(**who(physio.trust, edge)) == 0

    morning = (edge + timedelta(days=hour > 9)).replace(hour=9, minute=0)
    assert recycling.tend(**who(physio.trust, morning)) == 1
    work(morning)
    assert Message.objects.get(kind="offer").sealed_at == morning + timedelta(seconds=11)
    assert SlotOffer.objects.get(entry=entry).expires_at > morning + timedelta(minutes=5)


def test_who_wants_to_be_rung_is_rung_about_a_freed_slot(physio: Department) -> None:
    entry = waits(physio, NUMBER, channel="phone", phone="01632 960001")
    freed_by_text(physio, entry)

    assert SlotOffer.objects.get(entry=entry).channel == "phone"
    assert not Message.objects.filter(kind="offer").exists()


# Callbacks of the provider


def test_a_callback_is_stored_before_it_is_read_and_only_with_its_key(physio: Department) -> None:
    reminded_visit(physio)
    message = Message.objects.get()
    Source.objects.create(
        organisation=physio.trust,
        name="notify",
        kind="notify",
        key_hash=key_hash("secret"),
        expected_interval_seconds=86400,
    )
    body = {"id": "1", "reference": message.reference, "status": "delivered", "to": WIRE}
    send = partial(Client().post, "/api/v1/notify", content_type="application/json")

    assert send(body).status_code == 401
    assert send(body, HTTP_AUTHORIZATION="Bearer wrong").status_code == 401
    assert send(body, HTTP_AUTHORIZATION="Bearer secret").status_code == 202
    assert send({"status": "odd"}, HTTP_AUTHORIZATION="Bearer secret").status_code == 202
    said = {"id": "2", "source_number": "447700900123", "message": "yes", "date_received": TEN.isoformat()}
    assert send(said, HTTP_AUTHORIZATION="Bearer secret").status_code == 202
    while inbox.process(lambda: TEN):
        pass

    assert Outgoing.objects.get(pk=message.outgoing_id).state == "delivered"
    assert Answer.objects.get().act == "confirm"
    assert sorted(Batch.objects.values_list("applied", "quarantined")) == [(0, 1), (1, 0), (1, 0)]


def test_a_text_that_nobody_takes_away_any_more_brings_a_call(
    physio: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = visit(physio)
    remind(physio)
    work(carrier=Refusing())
    monkeypatch.setattr("django.conf.settings.NOTIFY_TEMPLATES", {})

    assert actions.tend(**who(physio.trust, TEN + timedelta(minutes=5))) == 1
    remind(physio, TEN + timedelta(minutes=5), connected={})

    (call,) = reminded.to_ring(physio.trust.pk)
    assert (call.appointment_id, call.why) == (row.pk, "It was not sent: no provider is connected.")


class Refusing:
    """A provider that is too busy."""

    takes_key = True

    def carry(self, parcel: Parcel) -> str:
        raise NotTaken("busy")


def test_a_provider_that_has_nothing_to_tell_is_no_feed_that_fell_silent(physio: Department) -> None:
    Source.objects.create(
        organisation=physio.trust, name="notify", kind="notify", expected_interval_seconds=86400
    )

    assert "notify" not in {feed.name for feed in context.feeds(physio.trust.pk, TEN)}
