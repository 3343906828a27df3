"""Referrals as JSON from another system: one object, a list of them, or {"referrals": [...]}.

Fields and how they are read are those of a file (referral_file.FIELDS); `reference`, the sender's own key, is
needed, because it is what tells a repeat. Refusals name place, reason and fix, and no value.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from clearway.domain.shared.errors import CannotParse

from . import referral_file
from .referral_file import FIELDS, ReferralRow

MOST_ROWS = 100  # in one message: it is answered row by row while the sender waits
NEEDED = ("reference", *referral_file.NEEDED)
PAGE = "docs/reference/referral-messages.md"
STATES = ("registered", "repeat", "refused")


class _Object(dict[str, Any]):
    """A JSON object with its fields as they were written: one that came twice is in `written` twice."""

    written: list[tuple[str, Any]]


def _object(written: list[tuple[str, Any]]) -> _Object:
    made = _Object(written)
    made.written = written
    return made


def _dumped(part: Any) -> bytes:
    """A part as JSON again, with every field that was written."""
    if not isinstance(part, _Object):
        return json.dumps(part).encode()
    fields = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in part.written)
    return ("{" + ", ".join(fields) + "}").encode()


def split(body: bytes) -> list[tuple[int, bytes]]:
    """The referrals of a message, numbered from 1, each as JSON. What is no JSON is one part, whole."""
    try:
        said = json.loads(body, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return [(1, body)]
    if isinstance(said, _Object) and "referrals" in said and len(said.written) > 1:
        return [(1, body)]
    if isinstance(said, dict) and set(said) == {"referrals"} and isinstance(said["referrals"], list):
        said = said["referrals"]
    parts = said if isinstance(said, list) else [said]
    if len(parts) > MOST_ROWS or not parts:
        return [(1, body)]
    return [(number, _dumped(part)) for number, part in enumerate(parts, start=1)]


def parse(part: bytes, number: int) -> ReferralRow | CannotParse:
    """One referral of a message, or why it cannot be read. number  its place in the message, from 1."""
    place = f"line {number}"
    try:
        said = json.loads(part, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return CannotParse(f"{place}, message", "It is not JSON.", "Send one JSON object a referral, UTF-8.")
    if isinstance(said, list) or (isinstance(said, dict) and "referrals" in said):
        why = f"It holds no referral, or more than {MOST_ROWS}."
        return CannotParse(f"{place}, message", why, f"Send 1 to {MOST_ROWS} in one message.")
    if not isinstance(said, _Object):
        return CannotParse(
            f"{place}, message", "It is no JSON object.", f"Send one with the fields of {PAGE}."
        )
    names = [name for name, _ in said.written]
    if twice := [name for name in FIELDS if names.count(name) > 1]:
        why = "It stands there twice, and nobody can tell which is meant."
        return CannotParse(f"{place}, {twice[0]}", why, "Send every field once.")
    return _row(said, number, place)


def _row(said: dict[str, Any], number: int, place: str) -> ReferralRow | CannotParse:
    if [name for name in said if name not in FIELDS]:
        why = "It has a field that the schema does not name."
        return CannotParse(f"{place}, message", why, f"Leave it out, or use a field of {PAGE}.")
    for name, value in said.items():
        if not isinstance(value, str | None):
            why = "It is not text."
            return CannotParse(f"{place}, {name}", why, "Send every value as text, between quotation marks.")
        if len(value or "") > FIELDS[name].most:  # with the spaces around it, which a file's cell may have
            why = f"It is longer than {FIELDS[name].most} characters."
            return CannotParse(f"{place}, {name}", why, "Shorten it.")
    if not (said.get("reference") or "").strip():
        why = "It is empty, so that a repeat could not be told."
        return CannotParse(f"{place}, reference", why, "Send your own key of the referral.")
    row = referral_file.row_of(number, {name: value or "" for name, value in said.items()})
    if isinstance(row, CannotParse):
        label = row.where.partition(", ")[2]
        return CannotParse(f"{place}, {name_of(label)}", row.why, row.fix)
    return row


def name_of(label: str) -> str:
    """The name of a field in a message, by what it is called in a file."""
    return next((name for name, field in FIELDS.items() if field.label == label), label)


def answer(verdict: str, number: int, **known: Any) -> dict[str, Any]:
    """What the sender is told of one referral; what is empty is left out."""
    said = {"row": number, "state": verdict, **known}
    if "field" in said:
        said["field"] = name_of(said["field"])
    return {name: value for name, value in said.items() if value not in ("", None)}


def schema() -> dict[str, Any]:
    """One referral as JSON Schema (2020-12). How dates and codes may be written, the reader judges."""
    properties: dict[str, Any] = {}
    for name, field in FIELDS.items():
        text = {"type": "string", "maxLength": field.most}
        if name in NEEDED:
            properties[name] = {**text, "minLength": 1, "pattern": r"\S", "description": field.holds}
        else:
            properties[name] = {"anyOf": [text, {"type": "null"}], "description": field.holds}
    return {
        "type": "object",
        "description": "One referral. Every value is text; days are written 2026-11-02.",
        "required": list(NEEDED),
        "additionalProperties": False,
        "properties": properties,
    }


def message_schema(one: Mapping[str, Any]) -> dict[str, Any]:
    """What a message may hold. one  the schema of a referral, or a reference to it"""
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_ROWS}
    whole = {
        "type": "object",
        "required": ["referrals"],
        "additionalProperties": False,
        "properties": {"referrals": many},
    }
    return {"anyOf": [one, many, whole]}


def answer_schema() -> dict[str, Any]:
    """What a message that was read is answered, as JSON Schema (2020-12)."""
    text, count = {"type": "string"}, {"type": "integer", "minimum": 0}
    row = {
        "type": "object",
        "required": ["row", "state"],
        "additionalProperties": False,
        "properties": {
            "row": {"type": "integer", "minimum": 1, "description": "its place in the message, from 1"},
            "state": {"enum": list(STATES), "description": "what became of it"},
            "reference": {**text, "description": "the sender's own key"},
            "referral": {**text, "description": "its number here"},
            "gaps": {"type": "array", "items": text, "description": "what it lacks and will be asked for"},
            "field": {**text, "description": "of a refusal: where"},
            "why": {**text, "description": "why it is refused, or what it repeats"},
            "fix": {**text, "description": "what mends it"},
        },
    }
    return {
        "type": "object",
        "required": ["batch", *STATES, "rows"],
        "additionalProperties": False,
        "properties": {
            "batch": {"type": "integer", "description": "number of the stored message"},
            **{name: {**count, "description": f"how many rows are {name}"} for name in STATES},
            "rows": {"type": "array", "items": row},
        },
    }


EXAMPLE: Mapping[str, str] = MappingProxyType(
    {
        "reference": "HS-2026-00417",
        "family_name": "Brown",
        "given_names": "Ada",
        "born_on": "1970-03-01",
        "sex": "female",
        "nhs_number": "9990548609",
        "mobile": "07700900123",
        "practice": "M81001",
        "service": "MSK",
        "received_on": "2026-11-19",
        "source": "03",
        "sender": "Dr Field",
        "priority": "routine",
        "condition": "Knee pain",
        "question": "Please assess and treat",
    }
)


def reference_page() -> str:
    """The page of the schema, made from the table of fields."""
    lines = [
        "# Referrals as messages",
        "Generated from the code by `clearway reference write`; edit the code, not this page.",
        (
            "What one referral of `POST /api/v1/referrals` may say; see "
            "[the how-to](../how-to/send-referrals.md). Every value is text. Dates are written 2026-11-02. A "
            f'message holds one object, a list, or `{{"referrals": [...]}}`, of 1 to {MOST_ROWS} referrals.'
        ),
        "\n".join(
            [
                "| field | needed | longest | holds |",
                "| --- | --- | --- | --- |",
                *(
                    f"| `{name}` | {'yes' if name in NEEDED else ''} | {field.most} | {field.holds} |"
                    for name, field in FIELDS.items()
                ),
            ]
        ),
        "## Answer",
        (
            "Status 200 when every referral is registered or was here already, 207 when some were refused, "
            "422 when all were; 202 when the message is stored and will be read later. `rows` answers each:"
        ),
        (
            "| field | holds |\n| --- | --- |\n"
            "| `row` | its place in the message, from 1 |\n"
            "| `reference` | the sender's own key |\n"
            "| `state` | `registered`, `repeat` or `refused` |\n"
            "| `referral` | number here, of what was registered or is repeated |\n"
            "| `gaps` | what it lacks and will be asked for: `identity`, `reach`, `sender`, `condition`, "
            "`question`, `parent` |\n"
            "| `field`, `why`, `fix` | of a refusal: where, the reason, and what mends it |"
        ),
    ]
    return "\n\n".join(lines) + "\n"
