"""The shapes of FHIR resources, what is served by the one table, and reading what others send."""

import json
from typing import Any

import pytest

from clearway.interchange.fhir import capability, checking, openapi, searching
from clearway.interchange.fhir.outcome import Refused
from clearway.interchange.fhir.searching import Span, Token
from clearway.interchange.fhir.served import SERVED
from clearway.interchange.fhir.shapes import RESOURCES, SHAPES

SLOT = {
    "resourceType": "Slot",
    "schedule": {"reference": "Schedule/1"},
    "status": "free",
    "start": "2026-11-23T09:00:00Z",
    "end": "2026-11-23T09:30:00+00:00",
}


def issues(resource: Any, kind: str = "Slot") -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refusal:
        checking.check(resource, kind)
    return [(each.code, each.where) for each in refusal.value.issues]


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"status": "nope"}, "code-invalid", "Slot.status"),
        ({"status": None}, "required", "Slot.status"),
        ({"start": "2026-11-23T09:00:00"}, "value", "Slot.start"),
        ({"start": "2026-02-30T09:00:00Z"}, "value", "Slot.start"),
        ({"start": 7}, "value", "Slot.start"),
        ({"favourite": "tea"}, "structure", "Slot"),
        ({"schedule": "Schedule/1"}, "structure", "Slot.schedule"),
        ({"schedule": {"reference": ""}}, "value", "Slot.schedule.reference"),
        ({"identifier": {"value": "1"}}, "structure", "Slot.identifier"),
        ({"identifier": [{"value": 1}]}, "value", "Slot.identifier[0].value"),
        ({"identifier": [None]}, "structure", "Slot.identifier[0]"),
        ({"overbooked": "yes"}, "value", "Slot.overbooked"),
        ({"id": "a b"}, "value", "Slot.id"),
        ({"extension": [{}]}, "structure", "Slot.extension[0]"),
        ({"contained": [{}]}, "structure", "Slot.contained[0]"),
    ],
)
def test_what_has_not_the_shape_of_its_type_is_refused_by_its_place(
    changes: dict[str, Any], code: str, where: str
) -> None:
    assert (code, where) in issues({**SLOT, **changes})


def test_a_resource_of_the_right_shape_is_let_through() -> None:
    said = {**SLOT, "_status": {"id": "1"}, "extension": [{"url": "urn:x", "valueCode": "a"}]}

    assert checking.check(said, "Slot") is said


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\u0000"}',
        b'{"a": 1, "a": 2}',
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_resource_is_refused_and_nothing_of_it_is_repeated(body: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        checking.parse(body)

    assert refusal.value.status == 400


def test_one_of_several_types_stands_alone_and_is_there_where_it_is_needed() -> None:
    header: dict[str, Any] = {"resourceType": "MessageHeader", "source": {"endpoint": "urn:x"}}

    assert ("required", "MessageHeader.event") in issues(header, "MessageHeader")
    both = {**header, "eventUri": "urn:y", "eventCoding": {"code": "a"}}
    assert ("structure", "MessageHeader.event") in issues(both, "MessageHeader")


@pytest.mark.parametrize("kind", RESOURCES)
def test_another_makers_models_know_the_same_elements(kind: str) -> None:
    """fhir.resources (8.3) on the other side: names, lists and codes of every element."""
    models = pytest.importorskip("fhir.resources.R4B", reason="fhir.resources is not installed")
    waiting, seen = [kind], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in SHAPES:
            continue
        seen.add(name)
        theirs = {
            field.alias or key: field
            for key, field in models.get_fhir_model_class(name).model_fields.items()
            if not (field.alias or key).startswith("_") and not key.endswith("__ext")
        }
        left_out = {"id", "extension", "modifierExtension", "resource_type", "resourceType", "fhir_comments"}
        ours = SHAPES[name].elements
        anything = [prefix for prefix, of in SHAPES[name].one_of.items() if not of]
        missing = {
            each
            for each in set(theirs) - set(ours) - left_out
            if not any(each.startswith(prefix) for prefix in anything)
        }
        assert missing == set(), name
        common = {"contained", "text"} if kind == "Bundle" else set()
        assert set(ours) - set(theirs) - common == set(), name
        for each, element in ours.items():
            if each in theirs:
                assert element.is_many == ("List[" in str(theirs[each].annotation)), f"{name}.{each}"
                _same_codes(element.codes, theirs[each].json_schema_extra or {}, f"{name}.{each}")
        waiting += [each.type for each in ours.values()]


def _same_codes(ours: frozenset[str], extra: dict[str, Any], place: str) -> None:
    theirs = set(extra.get("enum_values", ()))
    if ours and theirs and "+" not in theirs:  # they cut long lists short
        assert ours == theirs, place


# Searching


def read(kind: str, query: str, strict: bool = True) -> searching.Query:
    from urllib.parse import parse_qsl

    return searching.read(SERVED[kind], parse_qsl(query, keep_blank_values=True), strict=strict)


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("Patient", ""),
        ("Patient", "family=Brown"),
        ("Patient", "identifier="),
        ("Patient", "identifier=a|"),
        ("Patient", "_id=1&_id=2"),
        ("Patient", "_id=1&_count=0"),
        ("Patient", "_id=1&_count=x"),
        ("Patient", "_id=1&_after=x"),
        ("Patient", "_id=1&_include=Slot:schedule"),
        ("Patient", "_id=1&name=Brown"),
        ("Patient", "_id=1&_sort=family"),
        ("Patient", "family=Brown&birthdate=yesterday"),
        ("Patient", "family=Brown&birthdate=sa1970-03-01"),
        ("Appointment", "date=ge0001-01-01"),
        ("Appointment", "date=ge9999-12-31T23:59:59Z"),
        ("Appointment", "date=ge2026-11-23T09:00:00"),
        ("Appointment", "patient=Ada"),
        ("Slot", "status=free&start=2026&start=2026&start=2026"),
        ("Slot", "start=ge2026-11-23"),
    ],
)
def test_a_search_that_is_not_understood_is_refused(kind: str, query: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(kind, query)

    assert refusal.value.status == 400


def test_a_search_is_read_by_the_kinds_of_its_parameters() -> None:
    query = read(
        "Appointment", "patient=Patient/12,13&date=ge2026-03-29&date=le2026-03-29&status=a|b,c&_count=500"
    )

    assert query.values["patient"] == [12, 13]
    assert query.values["status"] == [Token("a", "b"), Token("", "c")]
    first, last = query.values["date"]
    assert isinstance(first, Span) and isinstance(last, Span)
    assert first.since and last.until
    assert (last.until - first.since).total_seconds() == 23 * 3600, "the day on which the clocks go forward"
    assert query.count == 100


def test_a_plus_that_became_a_space_in_an_address_is_an_offset_all_the_same() -> None:
    (span,) = read("Appointment", "date=ge2026-11-23T09:00:00+00:00").values["date"]

    assert isinstance(span, Span) and span.since and span.since.hour == 9


# The statement


def test_the_statement_and_the_description_say_what_the_table_says() -> None:
    said = capability.write("https://x/fhir/R4", "1")
    paths = openapi.write("https://x/fhir/R4", "1")["paths"]

    for each in said["rest"][0]["resource"]:
        served = SERVED[each["type"]]
        assert [code["code"] for code in each["interaction"]] == list(served.interactions)
        names = {param["name"] for param in paths[f"/{served.kind}"]["get"]["parameters"]}
        assert {param["name"] for param in each["searchParam"]} <= names
        assert ("post" in paths[f"/{served.kind}"]) == ("create" in served.interactions)
        assert ("put" in paths[f"/{served.kind}/{{id}}"]) == ("update" in served.interactions)
    json.dumps(said)


@pytest.mark.parametrize("count", [-1, 0, 1, 100, 101, 99_999_999, 100_000_000])
def test_the_description_allows_as_many_at_once_as_are_understood(count: int) -> None:
    paths = openapi.write("https://x/fhir/R4", "1")["paths"]
    (asked,) = [each for each in paths["/Location"]["get"]["parameters"] if each["name"] == "_count"]

    try:
        page = searching.read(SERVED["Location"], [("_count", str(count))]).count
    except Refused:
        page = 0

    allowed = asked["schema"]["minimum"] <= count <= asked["schema"]["maximum"]
    assert (page > 0) == allowed
    assert page <= 100


def test_every_parameter_has_an_example_that_is_understood() -> None:
    for served in SERVED.values():
        for group in served.needed or ((),):
            given = {name: served.param(name) for name in group}
            others = {each.name: each for each in served.params if each.name not in given}
            for name in ("", *others):
                asked = [*given.items(), *([(name, others[name])] if name else [])]
                pairs = [(key, param.example) for key, param in asked if param]
                assert searching.read(served, pairs).values or not pairs
