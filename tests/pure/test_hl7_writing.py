"""What another system is sent, read by another library; and how its mapping says what it is sent."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from clearway.domain.outpatients.telling import Said, Theirs, What
from clearway.domain.shared.errors import CannotParse
from clearway.interchange.hl7 import answered, kinds, mapping, reading, writing
from clearway.interchange.hl7.answer import Answer, write

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MAPPING = """
[sender]
application = "PAS"
facility = "RWP"
[codes.clinic]
"BACK-MON" = "back"
"BACK-TUE" = "back"
[codes.cancel_reason]
"ILL" = "patient_ill"
[send]
host = "127.0.0.1"
port = 2575
"""
SAID = Said(
    What.BOOKED,
    NINE - timedelta(days=2),
    "P00001",
    "9990548609",
    "Brown",
    "Ada Jane",
    date(1970, 3, 1),
    sex="2",
    placer="7",
    starts_at=NINE,
    ends_at=NINE + timedelta(minutes=30),
    clinic="back",
    state="booked",
    status="20",
    pathway="X" * 20,
    issuer="RWP",
    started_on=date(2026, 10, 1),
)


UNKNOWN = Theirs()


def written(said: Said = SAID, theirs: Theirs = UNKNOWN, more: str = "") -> bytes:
    send = mapping.parse(MAPPING + more).send
    assert send is not None
    return writing.write(said, theirs, send, key="CW1")


def read(raw: bytes) -> Any:
    """As another library reads it."""
    return parse_message(raw.decode(), validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)


def test_a_booking_is_read_by_another_library_as_it_was_written() -> None:
    message = read(written(theirs=Theirs("M1", "F1", "R1")))

    assert (message.msh.msh_3.value, message.msh.msh_5.value) == ("CLEARWAY", "PAS")
    assert (message.msh.msh_9.value, message.msh.msh_10.value) == ("SIU^S12", "CW1")
    assert message.sch.sch_1.value == "7^CLEARWAY"
    assert message.sch.sch_2.value == "F1"
    assert message.sch.sch_11.value == "^^30^20261123090000+0000^20261123093000+0000"
    assert message.sch.sch_25.value == "Booked"
    assert [each.value for each in message.pid.pid_3] == [
        "M1^^^RWP^MR",
        "P00001^^^CLEARWAY^PI",
        "9990548609^^^NHS^NH",
    ]
    assert (message.pid.pid_5.value, message.pid.pid_8.value) == ("Brown^Ada^Jane", "F")
    assert message.ail.ail_3.value == "BACK-MON"  # the first of theirs that means ours


@pytest.mark.parametrize(
    ("what", "state", "trigger", "status"),
    [
        (What.MOVED, "booked", "SIU^S13", "Booked"),
        (What.CANCELLED, "cancelled", "SIU^S15", "Cancelled"),
        (What.ARRIVED, "arrived", "SIU^S14", "Started"),
        (What.NOT_ARRIVED, "booked", "SIU^S14", "Booked"),
        (What.ATTENDED, "attended", "SIU^S14", "Complete"),
        (What.MISSED, "missed", "SIU^S26", "Noshow"),
    ],
)
def test_each_happening_has_its_trigger_and_its_status(
    what: What, state: str, trigger: str, status: str
) -> None:
    message = read(written(replace(SAID, what=what, state=state)))

    assert (message.msh.msh_9.value, message.sch.sch_25.value) == (trigger, status)


@pytest.mark.parametrize("what", [each for each in What if each is not What.CLOCK])
def test_what_is_written_is_understood_by_our_own_reader(what: What) -> None:
    state = {"cancelled": "cancelled", "arrived": "arrived", "missed": "missed"}.get(what, "booked")
    raw = written(replace(SAID, what=what, state=state, reason="patient_ill"), Theirs("M1", "F1"))

    found = kinds.translate(reading.parse(raw, zone=mapping.HERE), mapping.parse(MAPPING))

    assert found.refused is None
    told: Any = found.told
    assert (told.filler, told.ours, told.starts_at) == ("F1", "7", NINE)
    assert (told.who.number, told.who.given_names) == ("M1", "Ada Jane")


def test_a_clock_goes_in_a_segment_of_our_own_or_where_the_mapping_says() -> None:
    said = replace(SAID, what=What.CLOCK, event="referral_received", event_on=date(2026, 10, 1))

    usual = written(said)
    moved = written(said, more='[send.rtt]\nstatus = "ZWT-3.2"\n')

    assert read(usual).msh.msh_9.value == "ADT^A08"
    assert f"ZRT|20|{'X' * 20}|RWP|20261001|||referral_received|20261001\r".encode() in usual
    assert b"ZWT|||^20\r" in moved
    assert b"ZRT||XXXX" in moved


def test_the_same_value_gives_the_same_bytes_and_separators_in_names_stay_names() -> None:
    odd = replace(SAID, family_name="O|Brien^&~\\")

    assert written(odd) == written(Said.again(odd.kept()))
    assert (
        reading.parse(written(odd), zone=mapping.HERE).text(reading.Place.of("PID-5.1.1")) == "O|Brien^&~\\"
    )


def test_a_clinic_without_a_code_there_is_not_guessed_and_the_mapping_may_say_which() -> None:
    with pytest.raises(CannotParse, match="has no code there"):
        written(replace(SAID, clinic="neck"))

    said = written(more='[send.codes.clinic]\nback = "B2"\n')

    assert b"AIL|1||B2|" in said


def test_a_reason_without_a_code_there_says_that_it_is_ours() -> None:
    said = replace(SAID, what=What.CANCELLED, state="cancelled", reason="patient_ill")

    assert read(written(said)).sch.sch_6.value == "ILL"
    assert read(written(replace(said, reason="slot_cancelled"))).sch.sch_6.value == "slot_cancelled^^CLEARWAY"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[send]\nhost = "a"', "send.port"),
        ("[send]\nport = 1", "send.host"),
        ('[send]\nhost = "a"\nport = 70000', "send.port"),
        ('[send]\nhost = "a"\nport = 1\ntls = "yes"', "send.tls"),
        ('[send]\nhost = "a"\nport = 1\nkinds = ["letters"]', "send.kinds"),
        ('[send]\nhost = "a"\nport = 1\nversion = "3"', "send.version"),
        ('[send]\nhost = "a"\nport = 1\nkey = "k.pem"', "send.certificate"),
        ('[send]\nhost = "a"\nport = 1\n[send.rtt]\nstatus = "PID-1"', "send.rtt.status"),
        ('[send]\nhost = "a"\nport = 1\nspeed = "fast"', "send.speed"),
        ('[send]\nhost = "a"\nport = 1\n[send.codes.colour]\na = "b"', "send.codes.colour"),
    ],
)
def test_a_mistake_in_the_table_is_named_by_its_place(text: str, where: str) -> None:
    with pytest.raises(CannotParse) as caught:
        mapping.parse(text)

    assert caught.value.where == where


def test_without_the_table_nothing_is_sent() -> None:
    assert mapping.parse("").send is None


def test_an_acknowledgement_says_of_which_message_it_is_and_what_was_wrong() -> None:
    header = reading.parse(written(), zone=mapping.HERE).header
    wrong = CannotParse("PID-3", "Nobody is called so.", "Send A28.")

    found = answered.read(write(Answer("AE", "100", wrong), header, key="9", at=NINE))

    assert (found.code, found.of, found.key) == ("AE", "CW1", "9")
    assert found.words == "error 100 at PID-3"


def test_what_is_no_acknowledgement_is_refused() -> None:
    with pytest.raises(CannotParse):
        answered.read(written())


@pytest.mark.parametrize("starts_at", [datetime(2026, 7, 13, 8, 30, tzinfo=UTC), NINE])
def test_a_time_leaves_with_its_offset_in_summer_and_in_winter(starts_at: datetime) -> None:
    raw = written(replace(SAID, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30)))

    message = reading.parse(raw, zone=ZoneInfo("Europe/London"))
    assert message.instant(reading.Place.of("SCH-11.4")) == starts_at
    assert message.text(reading.Place.of("SCH-11.4"))[-5:] == "+0000"
