"""The page that says how to connect a patient administration system says what works."""

import importlib.util
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from clearway import cli
from clearway.cli import module_of
from clearway.domain.outpatients.told import AppointmentTold
from clearway.interchange.hl7 import kinds, mapping, reading
from clearway.interchange.hl7 import reference as hl7_page
from tests.pas import message, stamp
from tools.pas.system import Pas

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "connect-a-pas.md").read_text()


def blocks(language: str) -> list[str]:
    return [
        re.sub(r"(?m)^   ", "", found) for found in re.findall(rf"(?ms)^ *```{language}\n(.*?)^ *```$", PAGE)
    ]


def test_the_mapping_and_the_message_of_the_page_are_read_as_it_says() -> None:
    (text, _), (pasted,) = blocks("toml"), blocks("hl7")

    message = reading.parse(pasted.encode(), zone=ZoneInfo("Europe/London"))
    told = kinds.translate(message, mapping.parse(text)).told

    assert isinstance(told, AppointmentTold)
    assert (told.filler, told.clinic, told.who.number) == ("F1", "back", "M1")


def test_the_table_that_sends_is_read_as_the_page_has_it() -> None:
    text, send = blocks("toml")

    made = mapping.parse(f"{text}\n{send}").send

    assert made is not None and made.tls
    assert (made.host, made.port) == ("pas.trust.example", 2575)


def test_every_command_of_the_page_is_one() -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    commands += re.findall(r"`(clearway [^`]+)`", PAGE)
    (rehearsal,) = [line for line in commands if line.startswith("python -m ")]
    assert importlib.util.find_spec(rehearsal.split()[2]) is not None
    commands.remove(rehearsal)
    assert len(commands) == 8
    for line in commands:
        words = shlex.split(line.partition(" > ")[0])[1:]
        name, rest = cli._split(words)
        assert name is not None
        cli._parser(name, __import__(module_of(name), fromlist=["run"])).parse_args(rest)


def test_the_reference_names_every_message_and_every_place() -> None:
    page = hl7_page.page()

    assert all(f"| `{kind}` |" in page for kind in kinds.KINDS)
    assert all(f"| `{name}` |" in page for name in mapping.PLACES)


def test_a_code_that_a_trust_adds_leaves_the_usual_ones_as_they_are() -> None:
    found = mapping.parse('[codes.sex]\n"X" = "9"\n"F" = "9"\n').codes["sex"]

    assert (found["X"], found["F"], found["M"]) == ("9", "9", "1")


def test_the_pas_of_the_rehearsal_refuses_an_appointment_of_hers_for_another_patient(tmp_path: Path) -> None:
    pas = Pas(tmp_path / "pas.json", lambda: NOON)
    for number, name in (("M1", "Brown"), ("M2", "Green")):
        pas.register(number, name, "Ada", "1970-03-01")
    pas.book_("F1", "M1", "BACK-MON", "2026-11-23T09:30+00:00")

    def told(number: str, key: str) -> str:
        sch = f"SCH|7|F1|||||||||^^^{stamp(NOON)}"
        said = message("SIU^S15", NOON, sch, f"PID|1||{number}^^^RWP^MR||Brown^Ada", key=key)
        return pas.receive(said.decode())

    assert "MSA|AE|K1" in told("M2", "K1") and pas.book.appointments["F1"].status == "Booked"
    assert "MSA|AA|K2" in told("M1", "K2") and pas.book.appointments["F1"].status == "Cancelled"
