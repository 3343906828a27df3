"""Every parser of what others send, given its own good examples with bytes struck, cut, doubled and swapped.

It answers or refuses with place, reason and fix: no crash, nothing slower than two seconds, and no name or
NHS number of a patient in a log or in a refusal.
"""

import json
import logging
import logging.config
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clearway.domain.shared.errors import CannotParse
from clearway.interchange import (
    appointment_extract,
    attendance_file,
    clock_examples,
    datex2,
    ers_worklist,
    native,
    notify,
    organisation_file,
    referral_file,
    referral_message,
    roster_file,
    sheets,
)
from clearway.interchange.adapters import ADAPTERS, adapter
from clearway.interchange.fhir import appointment, checking, message, patient
from clearway.interchange.fhir.outcome import Refused
from clearway.interchange.hl7 import answered, mapping, reading
from tests import directory, ers, fhir, pas, sizes
from tests.beside import MAPPING

from .test_rosters import HEAD, STATIONS
from .test_sheets import workbook

ROOT = Path(__file__).resolve().parents[1]
LONDON = ZoneInfo("Europe/London")
SLOWEST = 2.0  # seconds, of one parsing; a change on a busy machine takes milliseconds
PERSON = ("Brown", "9990548609", "999 054 8609", "High Street")
Parser = Callable[[bytes], object]

COLUMNS = ["Surname", "First name", "Date of birth", "NHS number", "Service", "Received"]
ROW = ["Brown", "Ada", "1970-03-01", "9990548609", "MSK", "2026-11-19"]
CSV = sheets.write(COLUMNS, [ROW])
EVENT = (
    b'{"type":"job","message_id":"m1","occurred_at":"2026-11-20T08:00:00Z","incident":"1","call_sign":"A1",'
    b'"status":"at_hospital","destination":"TVH01"}'
)
POSITION = b'{"call_sign":"A1","occurred_at":"2026-11-20T08:00:00Z","latitude":51.4,"longitude":-2.6}'
REFERRAL = (
    b'{"reference":"1","family_name":"Brown","given_names":"Ada","born_on":"1970-03-01","service":"MSK",'
    b'"nhs_number":"9990548609","received_on":"2026-11-19"}'
)
HEARD = (
    b'{"id":"n1","source_number":"447700900123","message":"Mrs Brown cannot come",'
    b'"date_received":"2026-11-02T14:02:00Z","destination_number":"447700900001"}'
)
RECEIPT = b'{"id":"n1","reference":"message:7","to":"447700900123","status":"delivered"}'
ASKED: dict[str, Any] = {
    "resourceType": "Appointment",
    "status": "booked",
    "slot": [{"reference": "Slot/5"}],
    "participant": [{"actor": {"reference": "Patient/4"}, "status": "accepted"}],
    "start": "2026-11-23T09:00:00Z",
}
WHO: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"family": "Brown", "given": ["Ada"]}],
    "birthDate": "1970-03-01",
    "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990548609"}],
}
EXTRACT = b"filler,placer,patient,clinic,start,status\nF1,,M1,BACK-MON,2026-11-23 09:00,booked\n"
ATTENDED = b"person,booked_at,starts_at,came\np1,2026-11-01T09:00,2026-11-20T09:00,yes\n"
HEARD_FROM = mapping.parse(MAPPING)


def _shaped(kind: str, read: Callable[[dict[str, Any]], object]) -> Parser:
    return lambda raw: read(checking.check(checking.parse(raw), kind))


# What is read -> how, and good examples of it.
PARSERS: Mapping[str, tuple[Parser, list[bytes]]] = {
    "native event": (native.parse_event, [EVENT]),
    "native position": (native.parse_position, [POSITION]),
    "HL7 v2": (lambda raw: reading.parse(raw, zone=LONDON), [*pas.GOOD]),
    "acknowledgement": (
        answered.read,
        [b"MSH|^~\\&|A|B|C|D|20261120||ACK|K1|P|2.4\rMSA|AE|K9|Brown\rERR|^^^101\r"],
    ),
    "mapping": (lambda raw: mapping.parse(raw.decode("utf-8", "replace")), [MAPPING.encode()]),
    "FHIR appointment": (_shaped("Appointment", appointment.read), [json.dumps(ASKED).encode()]),
    "FHIR patient": (_shaped("Patient", patient.read), [json.dumps(WHO).encode()]),
    "FHIR message": (
        lambda raw: message.read(checking.parse(raw)),
        [json.dumps(fhir.a_referral()).encode(), json.dumps(fhir.a_message(None)).encode()],
    ),
    "spreadsheet": (sheets.read, [CSV, workbook(COLUMNS, ROW), b"Surname\tFirst name\nBrown\tAda\n"]),
    "referral file": (referral_file.parse, [CSV, workbook(COLUMNS, ROW)]),
    "referral message": (lambda raw: referral_message.parse(raw, 1), [REFERRAL]),
    "worklist of e-RS": (ers_worklist.sheet, [ers.a_list(ers.an_entry("000049691781"), names=True)]),
    "roster": (
        lambda raw: roster_file.parse(raw, STATIONS, LONDON),
        [f"{HEAD}\nA1,dca,2026-11-20 07:00,2026-11-20 19:00,Riverside\n".encode()],
    ),
    "directory": (organisation_file.read, [directory.file(directory.practice("L81001", "Hill"))]),
    "directory of ORD": (organisation_file.read, [directory.ord_json("L81001", "Hill")]),
    "extract of appointments": (lambda raw: appointment_extract.read(raw, HEARD_FROM), [EXTRACT]),
    "attendances": (attendance_file.parse, [ATTENDED]),
    "roads": (datex2.parse, [(ROOT / "fixtures" / "roads.xml").read_bytes()]),
    "delivery": (notify.parse, [RECEIPT, HEARD]),
    "worked examples": (clock_examples.parse, [(ROOT / "golden" / "rtt_examples.toml").read_bytes()]),
    **{
        f"control room {name}": (
            lambda raw, each=each: list(adapter.read(each, raw)),  # type: ignore[misc]
            [(ROOT / "fixtures" / f"{name}.csv").read_bytes()[:4000]],
        )
        for name, each in ADAPTERS.items()
    },
}
WORDS = (
    b"\x00",
    b"\xff\xfe",
    b'"',
    b"\\",
    b"{",
    b"[" * 200,
    b"|",
    b"^~",
    b",,,",
    b"\r\n",
    b"\t",
    b"<!DOCTYPE x",
    b"]]>",
)
WORDS += (
    b"9999-12-31",
    b"0000-00-00",
    b"1e999",
    b"NaN",
    b"-1",
    b"9" * 400,
    b"\xe2\x80\xae",
    b"=cmd()",
    b"\x1b",
)


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """One to four things wrong with it."""
    for _ in range(chance.randint(1, 4)):
        here, there = sorted((chance.randrange(len(raw) + 1), chance.randrange(len(raw) + 1)))
        raw = chance.choice(
            (
                lambda a, b: raw[:a] + raw[b:],  # cut out  # noqa: B023
                lambda a, b: raw[:a],  # cut off  # noqa: B023
                lambda a, b: raw[:b] + raw[a:b] + raw[b:],  # doubled  # noqa: B023
                lambda a, b: raw[:a] + chance.choice(WORDS) + raw[a:],  # noqa: B023
                lambda a, b: raw[:a] + chance.randbytes(chance.randint(1, 8)) + raw[a + 1 :],  # noqa: B023
                lambda a, b: raw[b:] + raw[:b],  # turned  # noqa: B023
            )
        )(here, there)
    return raw[:200_000]


@pytest.mark.promise("R6")
@pytest.mark.parametrize("name", PARSERS)
def test_what_is_damaged_is_read_or_refused_with_a_reason_and_names_nobody(
    name: str, chance: random.Random, caplog: pytest.LogCaptureFixture
) -> None:
    parse, examples = PARSERS[name]
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})  # as a process sets them up
    caplog.set_level(logging.DEBUG)
    for good in examples:
        parse(good)
    until = time.monotonic() + sizes.of("R6", "tenths of a second on each parser") / 10

    while time.monotonic() < until:
        raw = mutated(chance.choice(examples), chance)
        began = time.process_time()
        try:
            parse(raw)
        except CannotParse as refusal:
            assert refusal.where and refusal.why and refusal.fix
            told = str(refusal)
        except Refused as refusal:
            told = str(refusal.error)
        else:
            told = ""
        assert time.process_time() - began < SLOWEST, raw
        assert not [each for each in PERSON if each in told], told
    assert not caplog.text
