"""HL7 v2 is read or refused with its place; nothing that anybody sends is answered with an exception."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import hl7
import pytest

from clearway.domain.shared.errors import CannotParse
from clearway.interchange.hl7 import answer, kinds, mapping, reading
from clearway.interchange.hl7.answer import AR, Answer
from tests.pas import LONDON, SENT, adt, siu, spoilt

MAPPING = mapping.parse('[codes.clinic]\n"BACK-MON" = "back"\n[codes.service]\n"PHYSIO" = "physio"\n')


@pytest.mark.promise("R6")
def test_a_thousand_spoilt_messages_are_read_or_refused_with_words_and_can_be_answered() -> None:
    refused = 0
    for raw in spoilt(1000, seed=1):
        problem = _problem(raw)
        refused += problem is not None
        assert problem is None or (problem.where and problem.why and problem.fix)
        header = reading.header_of(raw, LONDON)
        said = hl7.parse(answer.write(Answer(AR, "100", problem), header, key="1", at=SENT).decode())
        assert str(said["MSA.1"]) == "AR"
    assert 300 < refused < 900  # some are spoilt where nobody reads


def _problem(raw: bytes) -> CannotParse | None:
    try:
        return kinds.translate(reading.parse(raw, zone=LONDON), MAPPING).refused
    except CannotParse as problem:
        return problem


def test_segments_that_nobody_reads_change_nothing_and_are_not_taken_apart() -> None:
    bare = siu("S12", SENT, starts_at=SENT + timedelta(days=3))
    padded = bare + b"\r".join(b"OBX|%d|ED|||^AP^^Base64^" % n + b"QUJD&^~" * 99 for n in range(99))
    message = reading.parse(padded, zone=LONDON)

    told = kinds.translate(message, MAPPING).told

    assert told is not None and told == kinds.translate(reading.parse(bare, zone=LONDON), MAPPING).told
    assert message.count("OBX") == 99 and "OBX" not in message._apart


@pytest.mark.parametrize("zone", ["Europe/London", "UTC"])
def test_a_time_without_an_offset_is_the_senders(zone: str) -> None:
    sender = replace(MAPPING, zone=ZoneInfo(zone))
    raw = adt("A28", SENT).replace(b"20261120090000+0000", b"20260701090000")

    header = reading.parse(raw, zone=sender.zone).header

    assert header.sent_at is not None and header.sent_at.hour == (8 if zone == "Europe/London" else 9)


def test_a_byte_of_zero_is_refused_by_its_segment() -> None:
    problem = _problem(adt("A28", SENT).replace(b"Ada", b"A\0a"))

    assert problem is not None and problem.where == "segment 3"


def test_a_header_after_a_byte_order_mark_or_empty_lines_is_answered_by_its_key() -> None:
    for before in (b"\xef\xbb\xbf", b"\r\n", b"\n \n"):
        header = reading.header_of(before + adt("A28", SENT, key="7"), LONDON)
        assert header is not None and header.key == "7"
