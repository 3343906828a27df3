"""The published JSON Schema accepts a line exactly where the reader does."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway import cli
from clearway.cli import reference
from clearway.domain.ambulance.words import HospitalMeasure, JobStatus
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import native

from .test_native_events import availabilities, broken_fields, calls, jobs, positions

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
EVENTS = json.loads(reference.PAGES["native-events.schema.json"]())
POSITIONS = json.loads(reference.PAGES["native-positions.schema.json"]())
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
HOSPITAL = {
    "type": "hospital",
    "message_id": "H1",
    "occurred_at": "2026-02-03T10:00:00Z",
    "site": "RH801",
    "counts": {"boarding": 4},
}
# Words about a schema, and words that say nothing of the value.
SILENT = {"$schema", "$defs", "$comment", "title", "description", "default", "discriminator"}


def accepts(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> bool:
    """A reader of JSON Schema, as far as the published one uses it; an unknown word is an error."""
    return all(_holds(word, said, schema, value, root) for word, said in schema.items() if word not in SILENT)


def _holds(  # noqa: PLR0911, PLR0912  one case for each word
    word: str, said: Any, schema: dict[str, Any], value: Any, root: dict[str, Any]
) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fields = value if isinstance(value, dict) else {}
    named = schema.get("properties", {})
    text = value if isinstance(value, str) else None
    match word:
        case "$ref":
            return accepts(root["$defs"][said.rpartition("/")[2]], value, root)
        case "anyOf":
            return any(accepts(each, value, root) for each in said)
        case "enum":
            return any(value == each and type(value) is type(each) for each in said)
        case "type":
            whole = number and float(value).is_integer()
            return {"number": number, "integer": whole}.get(said, isinstance(value, TYPES.get(said, ())))
        case "required":
            return not isinstance(value, dict) or set(said) <= set(fields)
        case "properties":
            return all(accepts(said[name], fields[name], root) for name in said if name in fields)
        case "additionalProperties":
            others = [fields[name] for name in fields if name not in named]
            return not others if said is False else all(accepts(said, each, root) for each in others)
        case "propertyNames":
            return all(accepts(said, name, root) for name in fields)
        case "minProperties":
            return not isinstance(value, dict) or len(fields) >= said
        case "items":
            return not isinstance(value, list) or all(accepts(said, each, root) for each in value)
        case "maxItems":
            return not isinstance(value, list) or len(value) <= said
        case "minimum":
            return not number or value >= said
        case "maximum":
            return not number or value <= said
        case "minLength":
            return text is None or len(text) >= said
        case "maxLength":
            return text is None or len(text) <= said
        case "pattern":
            return text is None or re.search(said, text) is not None
        case "format":
            return text is None or _is_a_time(text)
    raise AssertionError(f"The schema uses {word}, which this test does not read.")


def _is_a_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text.upper()).tzinfo is not None
    except ValueError:
        return False


def is_read(line: bytes) -> bool:
    try:
        native.parse_event(line)
    except CannotParse:
        return False
    return True


@pytest.mark.parametrize("name", ["native-events.schema.json", "native-positions.schema.json"])
def test_the_committed_schema_equals_the_code(name: str) -> None:
    assert (REFERENCE / name).read_text() == reference.PAGES[name](), "Run: make reference"


@settings(max_examples=40)
@given(event=calls | jobs | availabilities)
def test_what_we_write_the_schema_accepts(event: Any) -> None:
    assert accepts(EVENTS, json.loads(native.dump([event])), EVENTS)


@settings(max_examples=20)
@given(position=positions)
def test_a_position_that_we_write_the_schema_accepts(position: Any) -> None:
    assert accepts(POSITIONS, json.loads(native.dump([position])), POSITIONS)


@pytest.mark.parametrize("told", reference.EXAMPLES.values(), ids=lambda each: type(each).__name__)
def test_the_examples_of_the_reference_are_accepted(told: Any) -> None:
    line = json.loads(native.dump([told]))

    schema = EVENTS if "type" in line else POSITIONS

    assert accepts(schema, line, schema)


def test_every_broken_line_is_refused_by_the_schema_too() -> None:
    taken = [(field, line) for field, line in broken_fields() if accepts(EVENTS, line, EVENTS)]

    assert taken == []


@settings(max_examples=60)
@given(
    event=calls | jobs | availabilities,
    field=st.sampled_from(["message_id", "occurred_at", "status", "sequence", "type", "call_sign", "kind"]),
    value=st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(JobStatus),
)
def test_any_value_in_a_field_is_judged_as_the_reader_judges_it(event: Any, field: str, value: Any) -> None:
    # Through JSON again: a word of ours is sent as plain text.
    line = json.loads(json.dumps(json.loads(native.dump([event])) | {field: value}))

    assert accepts(EVENTS, line, EVENTS) == is_read(json.dumps(line).encode())


@settings(max_examples=60)
@given(
    counts=st.dictionaries(
        st.sampled_from([*map(str, HospitalMeasure), "colour"]), st.integers(-1, 10_000) | st.integers(0, 5)
    ),
    said=st.fixed_dictionaries(
        {},
        optional={
            "note": st.sampled_from(["", "full", None]),
            "cohort": st.sampled_from([[], None, [{"assignment": "I1/A101"}], [{}]]),
            "relief": st.sampled_from([None, {}, {"expected_at": "2026-02-03T11:00:00Z"}, {"when": "soon"}]),
        },
    ),
)
def test_a_report_of_a_hospital_is_judged_as_the_reader_judges_it(
    counts: dict[str, int], said: dict[str, Any]
) -> None:
    line = HOSPITAL | {"counts": counts} | said

    assert accepts(EVENTS, line, EVENTS) == is_read(json.dumps(line).encode())


@pytest.mark.parametrize(
    "at",
    [
        *("2026-02-03T10:00:00Z", "2026-02-03T10:00:00.5+01:00", "2026-02-03t10:00:00z"),
        *("1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z", "2099-12-31T00:00:00Z", "2100-01-01T00:00:00Z"),
        *("2026-02-30T10:00:00Z", "2026-02-03T10:00:00", "2026-02-03", "2026-02-03T25:00:00Z", "soon"),
    ],
)
def test_a_time_is_judged_as_the_reader_judges_it(at: str) -> None:
    line = HOSPITAL | {"occurred_at": at}

    assert accepts(EVENTS, line, EVENTS) == is_read(json.dumps(line).encode())


def test_the_command_prints_the_published_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["feed", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == EVENTS
    assert cli.main(["feed", "schema", "--kind", "positions", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == POSITIONS
