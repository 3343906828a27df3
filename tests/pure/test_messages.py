"""Texts and emails: what may be said, to which numbers, and what the provider tells us of them."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients.messages import BY_EMAIL, WRITTEN, Channel, Message, check_message
from clearway.domain.shared.delivery import Heard, Receipt, Status, mobile, reference_of
from clearway.domain.shared.errors import CannotParse
from clearway.interchange.notify import parse
from clearway.simulation.provider import Callback, Faults, Note, Provider, Trouble
from tests.letters import the_pack

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
REMINDER = "{trust}: {when}, {place}. CONFIRM, CANCEL or CHANGE. STOP ends texts."


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("07700 900123", "+447700900123"),
        ("+44 (0)7700 900123", "+447700900123"),
        ("0044 7700 900123", "+447700900123"),
        ("447700900123", "+447700900123"),
        ("+48 600 123 456", "+48600123456"),
        ("01632 960000", None),
        ("07700 90012", None),
        ("ask his wife", None),
        ("", None),
    ],
)
def test_a_mobile_number_is_one_however_it_is_written_and_a_landline_is_none(
    written: str, sent: str | None
) -> None:
    assert mobile(written) == sent


@given(st.text(max_size=20))
def test_a_number_that_is_read_reads_the_same_again(written: str) -> None:
    assert (found := mobile(written)) is None or mobile(found) == found


def test_a_reference_is_the_same_for_the_same_message_and_says_nothing_of_it() -> None:
    assert reference_of("1:reminder:7") == reference_of("1:reminder:7") != reference_of("1:reminder:8")
    assert "reminder" not in reference_of("1:reminder:7")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (REMINDER.replace("{when}", "{name}"), "is not filled in here"),
        (REMINDER.replace("{when}", "soon"), "does not say {when}"),
        (REMINDER.replace("STOP", "Stop"), "does not say STOP"),
        (REMINDER + " Ask for a letter " * 30, "characters, 459 at most"),
        (REMINDER + " Please don’t be late", "parts of half the length"),
    ],
)
def test_a_text_that_patients_could_not_act_on_is_refused(text: str, why: str) -> None:
    check_message(Message.REMINDER, Channel.TEXT, "", REMINDER)
    with pytest.raises(CannotParse) as refused:
        check_message(Message.REMINDER, Channel.TEXT, "", text)

    assert why in refused.value.why


def test_the_pack_has_every_text_and_every_email_and_none_names_patient_or_service() -> None:
    there = {(text.kind, text.style): text.body for text in the_pack().texts if text.what == "message"}

    assert set(there) == {
        *((kind.value, "text") for kind in WRITTEN),
        *((kind.value, "email") for kind in BY_EMAIL - {Message.ANSWER}),
    }
    assert not any(field in body for body in there.values() for field in ("name}", "{service", "number}"))


def callback(**said: object) -> bytes:
    return json.dumps(said).encode()


def test_callbacks_are_read_as_receipts_and_answers() -> None:
    receipt = parse(callback(id="1", reference="clearway-2", status="permanent-failure", to="+44"))
    heard = parse(
        callback(id="3", source_number="447700900123", message="yes", date_received="2026-11-20T10:00:00Z")
    )

    assert receipt == Receipt("clearway-2", Status.PERMANENT, "1")
    assert heard == Heard("3", "447700900123", "yes", AT)


@pytest.mark.parametrize(
    "body",
    [
        b"no JSON",
        b"[]",
        callback(id="1", reference="2", status="lost"),
        callback(id="1", status="delivered"),
        callback(id="1", source_number="44", message=7, date_received="2026-11-20T10:00:00Z"),
        callback(id="1", source_number="44", message="yes", date_received="yesterday"),
    ],
)
def test_what_is_no_callback_is_refused_with_its_field_and_without_its_value(body: bytes) -> None:
    with pytest.raises(CannotParse) as refused:
        parse(body)

    assert refused.value.where and "yesterday" not in refused.value.why


def took(provider: Provider, number: str = "+447700900123", at: datetime = AT) -> Note | Trouble | None:
    return provider.take("text", number, {"body": "hello"}, "clearway-1", at)


def test_the_local_provider_says_what_became_of_each_message_in_words_that_are_read() -> None:
    provider = Provider()
    for number in ("+447700900123", "+447700900999", "+447700900998", "+447700900997"):
        took(provider, number)

    assert provider.due(AT) == []
    told = [parse(each.body) for each in provider.due(AT + timedelta(seconds=3))]

    assert [each.status.value for each in told if isinstance(each, Receipt)] == [
        *("delivered", "permanent-failure", "temporary-failure", "technical-failure"),
    ]


def test_the_local_provider_refuses_over_its_limit_and_keeps_what_it_took_without_answering() -> None:
    full = Provider(faults=Faults(a_minute=2))
    silent = Provider(faults=Faults(lost_after=1.0))
    lost = Provider(faults=Faults(lost_before=1.0))

    assert [isinstance(took(full), Note) for _ in range(3)] == [True, True, False]
    assert isinstance(took(full, at=AT + timedelta(minutes=2)), Note)
    assert took(silent) is Trouble.LOST_AFTER and len(silent.of_reference("clearway-1")) == 1
    assert took(lost) is Trouble.LOST_BEFORE and lost.of_reference("clearway-1") == []


def test_a_callback_that_was_not_taken_is_told_again() -> None:
    provider = Provider()
    provider.text_in("+447700900123", "yes", AT)
    (told,) = provider.due(AT)

    provider.again(told, AT + timedelta(seconds=5))

    assert provider.due(AT) == []
    assert provider.due(AT + timedelta(seconds=5)) == [Callback(AT + timedelta(seconds=5), told.body)]
