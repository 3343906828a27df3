"""Native events: there and back again, and a plain answer to every line that does not fit."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance.events import (
    AvailabilityEvent,
    CallEvent,
    Event,
    JobEvent,
    Patient,
    Position,
)
from clearway.domain.ambulance.words import (
    Availability,
    CallStatus,
    Category,
    JobStatus,
    ResourceKind,
    Standing,
    StatusSource,
)
from clearway.domain.shared.errors import CannotParse
from clearway.interchange.native import MAX_LINE_BYTES, dump, lines, parse_event, parse_position

# There and back

identifiers = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=80)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30), timezones=zones)  # noqa: DTZ001
latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180)
patients = st.builds(
    Patient,
    age=st.none() | st.integers(0, 130),
    sex=st.sampled_from([None, "female", "male", "indeterminate", "unknown"]),
    name=st.none() | texts,
    nhs_number=st.none() | st.from_regex(r"\A[0-9]{10}\Z"),
    born_on=st.none() | st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z"),
)
common: dict[str, st.SearchStrategy[Any]] = {
    "message_id": identifiers,
    "occurred_at": instants,
    "sequence": st.none() | st.integers(0, 2**62),
}
calls = st.builds(
    CallEvent,
    **common,
    incident=identifiers,
    status=st.sampled_from(CallStatus),
    category=st.none() | st.sampled_from(Category),
    latitude=st.none() | latitudes,
    longitude=st.none() | longitudes,
    area=st.none() | identifiers,
    nature=st.none() | texts,
    patient=st.none() | patients,
)
jobs = st.builds(
    JobEvent,
    **common,
    incident=identifiers,
    call_sign=identifiers,
    status=st.sampled_from(JobStatus),
    assignment=st.none() | identifiers,
    destination=st.none() | identifiers,
    category=st.none() | st.sampled_from(Category),
    kind=st.none() | st.sampled_from(ResourceKind),
    source=st.sampled_from(StatusSource),
    note=st.none() | texts,
)
availabilities = st.builds(
    AvailabilityEvent,
    **common,
    call_sign=identifiers,
    status=st.sampled_from(Availability),
    standing=st.none() | st.sampled_from(Standing),
    reason=st.none() | texts,
    kind=st.none() | st.sampled_from(ResourceKind),
    station=st.none() | identifiers,
    skill=st.none() | texts,
    shift_start=st.none() | instants,
    shift_end=st.none() | instants,
    source=st.sampled_from(StatusSource),
)
positions = st.builds(
    Position,
    call_sign=identifiers,
    occurred_at=instants,
    latitude=latitudes,
    longitude=longitudes,
    speed_kmh=st.none() | st.floats(0, 900),
)


@given(events=st.lists(calls | jobs | availabilities, max_size=5))
def test_events_survive_being_written_and_read(events: list[Event]) -> None:
    body = dump(events)

    assert [parse_event(line) for _, line in lines(body)] == events


@given(position=positions)
def test_a_position_survives_being_written_and_read(position: Position) -> None:
    ((number, line),) = lines(dump([position]))

    assert (number, parse_position(line)) == (1, position)


def test_empty_lines_are_passed_over_and_numbers_stay_true() -> None:
    assert list(lines(b"\n  \r\n{}\r\n\n[]")) == [(3, b"{}"), (5, b"[]")]


# Lines that do not fit. SENT stands for what a sender wrote and must never be said back.

SENT = "Arthur Dent 943 476 5919"
CALL = {
    "type": "call",
    "message_id": "m1",
    "occurred_at": "2026-01-05T08:00:00Z",
    "incident": "I1",
    "status": "located",
}
JOB = CALL | {"type": "job", "call_sign": "A101", "status": "allocated"}
AVAILABILITY = {
    "type": "availability",
    "message_id": "m1",
    "occurred_at": "2026-01-05T08:00:00Z",
    "call_sign": "A101",
    "status": "available",
}
KINDS = {"call": CALL, "job": JOB, "availability": AVAILABILITY}
WORDS = {
    "call": ["status", "category"],
    "job": ["status", "category", "kind", "source"],
    "availability": ["status", "standing", "kind", "source"],
}
IDENTIFIERS = {
    "call": ["message_id", "incident", "area"],
    "job": ["message_id", "incident", "call_sign", "assignment", "destination"],
    "availability": ["message_id", "call_sign", "station"],
}
TIMES = {"call": ["occurred_at"], "job": ["occurred_at"], "availability": ["occurred_at", "shift_end"]}
BAD_TIMES = (SENT, "2026-01-05T08:00:00", "2026-13-45T08:00:00Z", 1767600000, "0001-01-01T00:00:00+14:00")


def broken_fields() -> list[tuple[str, dict[str, Any]]]:
    """Lines each broken in one field, with the field that the answer must name."""
    broken: list[tuple[str, dict[str, Any]]] = []
    for kind, good in KINDS.items():
        broken += [(field, {key: good[key] for key in good if key != field}) for field in good]
        broken += [(field, good | {field: SENT}) for field in WORDS[kind]]
        broken += [(field, good | {field: wrong}) for field in TIMES[kind] for wrong in BAD_TIMES]
        for field in IDENTIFIERS[kind]:
            broken += [(field, good | {field: wrong}) for wrong in ("", SENT * 5, f"{SENT}\x07", 42, [SENT])]
        broken += [("sequence", good | {"sequence": wrong}) for wrong in (-1, 2**63, 1.5, SENT)]
        broken += [("type", good | {"type": wrong}) for wrong in (SENT, 5, None)]
        broken += [("colour", good | {"colour": SENT}), ("with an odd name", good | {SENT: 1})]
    broken += [("latitude", CALL | {"latitude": wrong}) for wrong in (-90.5, 91, SENT)]
    broken += [("longitude", CALL | {"longitude": wrong}) for wrong in (-181, 181, [1])]
    broken += [("nature", CALL | {"nature": SENT * 20}), ("note", JOB | {"note": SENT * 20})]
    patients = {"age": (-1, 131, SENT), "sex": (SENT,), "nhs_number": ("943", SENT), "born_on": ("5 May",)}
    broken += [
        (f"patient.{field}", CALL | {"patient": {field: wrong}})
        for field, values in patients.items()
        for wrong in values
    ]
    broken += [("patient", CALL | {"patient": SENT}), ("patient.colour", CALL | {"patient": {"colour": 1}})]
    # Words that look like the parser's own message about another field.
    broken += [
        ("status", JOB | {"status": f"{quote}{SENT}{quote} - at `$.note`"}) for quote in ("'", '"', "`")
    ]
    return broken


@pytest.mark.parametrize(
    ("field", "sent"), broken_fields(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_line_that_does_not_fit_is_answered_with_field_and_fix(field: str, sent: dict[str, Any]) -> None:
    with pytest.raises(CannotParse) as refused:
        parse_event(json.dumps(sent).encode())

    assert refused.value.where in (f"field {field}", f"field {field.removeprefix('patient.')}")
    assert refused.value.why.endswith(".") and refused.value.fix.endswith(".")
    assert_says_nothing_back(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        SENT.encode(),
        f"{{{SENT}".encode(),
        f'{{"message_id": "{SENT}'.encode(),
        f'{{"message_id": "{SENT}\xff"}}'.encode("latin-1"),
        f'"{SENT}"'.encode(),
        f'["{SENT}"]'.encode(),
        b"null",
        b"42",
        b"{}",
        b"[" * 10_000,
        json.dumps(JOB).encode() + SENT.encode(),
        json.dumps(JOB | {"note": "\ud800"}).encode(),
        json.dumps(CALL | {"latitude": float("nan")}).encode(),
        json.dumps(JOB | {"note": "x" * MAX_LINE_BYTES}).encode(),
    ],
    ids=range(15),
)
def test_a_line_that_is_no_event_is_answered_with_a_fix(line: bytes) -> None:
    with pytest.raises(CannotParse) as refused:
        parse_event(line)

    assert refused.value.where.startswith(("line", "field"))
    assert refused.value.why.endswith(".") and refused.value.fix.endswith(".")
    assert_says_nothing_back(refused.value)


def test_there_are_enough_broken_lines() -> None:
    assert len(broken_fields()) >= 60


@given(line=st.binary(max_size=200))
def test_no_bytes_crash_the_reader(line: bytes) -> None:
    with pytest.raises(CannotParse):
        parse_event(line)


@given(
    event=calls | jobs | availabilities,
    field=st.sampled_from(["message_id", "occurred_at", "status", "sequence", "type", "call_sign"]),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    ),
)
def test_any_value_in_a_field_is_read_or_refused(event: Event, field: str, value: object) -> None:
    line = json.loads(dump([event])) | {field: value}

    try:
        parse_event(json.dumps(line).encode())
    except CannotParse as refusal:
        assert refusal.where and refusal.why and refusal.fix


def test_a_time_keeps_its_instant_whatever_its_offset() -> None:
    event = parse_event(json.dumps(JOB | {"occurred_at": "2026-07-01T09:00:00+01:00"}).encode())

    assert event.occurred_at == datetime(2026, 7, 1, 8, tzinfo=UTC)


def assert_says_nothing_back(refusal: CannotParse) -> None:
    said = str(refusal)
    for word in re.findall(r"\w+", SENT):
        assert word not in said
