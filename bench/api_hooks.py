"""What Schemathesis has to know beyond a description, to ask the interfaces of Clearway by it.

Lines of JSON are made from the schema of one line; right bodies get words that mean something here, so that
they come far; and three more checks: who may not ask is let in nowhere, what is wrong is refused (or, where
it is stored first, refused when it is read: see `unread`), and of many parts each wrong one is refused.

FUZZ_ASKER in the environment: the security schemes that the asker has, with spaces between. FUZZ_SOURCE: the
name of its source, without which no delivery is let in. FUZZ_BOOKINGS: slots, each with a patient who can be
booked there.
"""

import json
import os
import re
import zlib
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import schemathesis
from schemathesis.specs.openapi.checks import negative_data_rejection

from clearway.interchange import api_description, referral_message

LINES = "application/x-ndjson"
REFUSED = frozenset({400, 401, 404, 405, 411, 413, 415, 429})
MEANT: Mapping[str, Mapping[str, Any]] = {
    "send-referrals": dict(referral_message.EXAMPLE),
    "ask-for-advice": {
        "call_sign": "A1",
        "continuing_care": "TVH01",
        "booked_at": "TVH02",
        "standing": "TVH01",
    },
    "deliver-cad": {"incident": "1", "call_sign": "A1", "destination": "TVH01"},
    "deliver-hospital": {"site": "TVH01"},
    "deliver-positions": {"call_sign": "A1"},
}
KEPT = frozenset({"reference", "family_name", "question"})  # where chance makes one differ from another
DOCUMENT = api_description.write("http://localhost")


def judge(schema: str) -> Any:
    """What tells whether a value keeps to a schema of the description."""
    components = {"components": DOCUMENT["components"]}
    whole = {**components, "$ref": f"#/components/schemas/{schema}"}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


REFERRAL = judge("Referral")


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Keys are the asker's, never made up; and streams are made of items."""
    usual = raw_schema.pop("security", [])
    for item in raw_schema["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["x-asks"] = operation.pop("security", usual)
                _make_of_items(operation.get("requestBody", {}).get("content", {}))


def _make_of_items(content: dict[str, Any]) -> None:
    """The items of a stream as OpenAPI 3.2 means them: a few, which the serializer writes one a line."""
    if LINES not in content:
        return
    one, told = content[LINES]["x-item-schema"], content[LINES]["examples"]
    examples = {
        name: {"value": [json.loads(line) for line in each["value"].splitlines()]}
        for name, each in told.items()
    }
    schema = {"type": "array", "items": one, "minItems": 1, "maxItems": 4}
    content[LINES] = {"schema": schema, "examples": examples}


@schemathesis.serializer(LINES)
def as_lines(context: Any, value: Any) -> bytes:
    """One a line; what is no list is one line."""
    parts = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(part).encode() + b"\n" for part in parts)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Every other right body says something that is known here."""
    named = case.path_parameters or {}
    if re.fullmatch(r"[-a-zA-Z0-9_]{1,60}", str(named.get("source", ""))):  # else it is wrong on purpose
        named["source"] = os.environ.get("FUZZ_SOURCE", "")
    name = case.operation.definition.raw.get("operationId")
    mode = case.meta.generation.mode if case.meta else None
    if mode is None or not mode.is_positive:
        return
    if name in MEANT:
        case.body = _with_meaning(case.body, MEANT[name])
    elif name == "create-Appointment" and (booking := _booking(case.body)):
        case.body = booking


def _booking(body: Any) -> dict[str, Any] | None:
    """In place of every other right body, one that books a slot for somebody who waits."""
    known = json.loads(os.environ.get("FUZZ_BOOKINGS", "[]"))
    chosen = zlib.crc32(json.dumps(body).encode())
    if not known or chosen % 2:
        return None
    slot, patient = known[chosen // 2 % len(known)]
    actor = {"reference": f"Patient/{patient}", "type": "Patient"}
    return {
        "resourceType": "Appointment",
        "status": "booked",
        "slot": [{"reference": f"Slot/{slot}"}],
        "participant": [{"actor": actor, "status": "accepted"}],
    }


def _with_meaning(body: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(body, list):
        return [_with_meaning(each, known) for each in body]
    if not isinstance(body, dict):
        return body
    if isinstance(body.get("referrals"), list):
        return {"referrals": _with_meaning(body["referrals"], known)}
    if len(json.dumps(body)) % 2:
        return body
    return {name: said if name in KEPT else known.get(name, said) for name, said in body.items()}


@schemathesis.check
def lets_in_only_who_may(ctx: Any, response: Any, case: Any) -> None:
    """Somebody without what an operation asks for is refused, whatever is sent."""
    has = set(os.environ.get("FUZZ_ASKER", "").split())
    asked = case.operation.definition.raw["x-asks"]
    if asked and not any(set(each) <= has for each in asked):
        assert response.status_code in REFUSED, f"{response.status_code} for somebody who may not ask"


@schemathesis.check
def refuses_what_is_wrong(ctx: Any, response: Any, case: Any) -> None:
    """What the description does not allow is answered 4xx, unless it is stored first."""
    raw = case.operation.definition.raw
    if raw.get("requestBody", {}).get("x-stored-first") or response.status_code == 207:
        return
    negative_data_rejection(ctx, response, case)


@schemathesis.check
def refuses_each_wrong_part(ctx: Any, response: Any, case: Any) -> None:
    """Of several referrals each that the schema refuses is refused."""
    if case.operation.definition.raw.get("operationId") != "send-referrals" or response.status_code != 207:
        return
    rows = json.loads(response.content)["rows"]
    parts = case.body["referrals"] if isinstance(case.body, dict) else case.body
    taken = [part for part, row in zip(parts, rows, strict=True) if row["state"] != "refused"]
    wrong = [part for part in taken if not REFERRAL.is_valid(part)]
    assert not wrong, f"taken, though the description does not allow it: {wrong}"


CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance", "unsupported_method"),
    *("lets_in_only_who_may", "refuses_what_is_wrong", "refuses_each_wrong_part"),
)


def unread(kind: str, body: bytes) -> int:
    """How many lines of a stored batch the description does not allow: as many at least are in quarantine."""
    one = judge({"cad": "Event", "hospital": "HospitalEvent", "positions": "Position"}[kind])
    return sum(not one.is_valid(_parsed(line)) for line in body.split(b"\n") if line.strip())


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
