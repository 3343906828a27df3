"""What GOV.UK Notify tells us by callback: delivery receipts and texts from patients, one JSON object each.

Source of the fields: its REST API documentation, 2026. Refusals name the field and never its value.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from clearway.domain.shared.delivery import Heard, Receipt, Status
from clearway.domain.shared.errors import CannotParse

MOST_WORDS = 1000  # characters of a text that are kept


def parse(body: bytes) -> Receipt | Heard:
    """One callback. Raises CannotParse."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise CannotParse("message", "It is not JSON.", "Send the callback as it comes.") from None
    if not isinstance(said, dict):
        raise CannotParse("message", "It is no JSON object.", "Send the callback as it comes.")
    return _heard(said) if "source_number" in said else _receipt(said)


def _receipt(said: dict[str, Any]) -> Receipt:
    word = _text(said, "status")
    if word not in list(Status):
        raise CannotParse("field status", "This state is not known.", f"Send one of: {', '.join(Status)}.")
    return Receipt(_text(said, "reference"), Status(word), _text(said, "id"))


def _heard(said: dict[str, Any]) -> Heard:
    at = _text(said, "date_received")
    try:
        when = datetime.fromisoformat(at.replace("Z", "+00:00"))
    except ValueError:
        why = "It is no date with a time."
        raise CannotParse("field date_received", why, "Send it as 2026-11-02T14:02:00Z.") from None
    words = said.get("message")
    if not isinstance(words, str):
        raise CannotParse("field message", "It is missing.", "Send the words of the text.")
    return Heard(
        _text(said, "id"),
        _text(said, "source_number"),
        words.replace("\x00", "")[:MOST_WORDS],
        when if when.tzinfo else when.replace(tzinfo=UTC),
    )


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > 100:
        raise CannotParse(f"field {name}", "It is missing, or no text of up to 100 signs.", "Send it.")
    return value.strip()


def schema() -> dict[str, Any]:
    """One callback as JSON Schema (2020-12); further fields are passed over."""
    text = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"\S"}
    receipt = {
        "title": "Receipt",
        "description": "What became of a message that was sent.",
        "type": "object",
        "required": ["id", "reference", "status"],
        "properties": {
            "id": {**text, "description": "the provider's own name of the message"},
            "reference": {**text, "description": "what the message was sent under"},
            "status": {"type": "string", "enum": [each.value for each in Status]},
            "source_number": False,
        },
    }
    heard = {
        "title": "Heard",
        "description": "A text from somebody.",
        "type": "object",
        "required": ["id", "source_number", "message", "date_received"],
        "properties": {
            "id": {**text, "description": "the provider's own name of the text: the same tells a repeat"},
            "source_number": {**text, "description": "the number it came from"},
            "message": {"type": "string", "description": f"its words, of which {MOST_WORDS} are kept"},
            "date_received": {**text, "format": "date-time"},
        },
    }
    return {"anyOf": [receipt, heard]}


EXAMPLE: Mapping[str, str] = MappingProxyType(
    {
        "id": "740e5834-3a29-46b4-9a6f-16142fde533a",
        "reference": "clearway-2c26b46b68ffc68ff99b453c1d30413413422d70",
        "status": "delivered",
    }
)
HEARD: Mapping[str, str] = MappingProxyType(
    {
        "id": "a1b2c3d4-1111-4222-8333-444455556666",
        "source_number": "447700900123",
        "message": "YES",
        "date_received": "2026-11-02T14:02:00Z",
    }
)
