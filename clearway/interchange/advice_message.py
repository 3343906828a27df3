"""Questions for conveyance advice as JSON from another system, and the shape of the answer.

The question is one JSON object of the fields of `Question`, which is also its published schema. What only a
region can tell, such as whether a code is one of its places, the desk judges.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from clearway.domain.ambulance.words import Need
from clearway.domain.shared.errors import CannotParse

from . import native

FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "call_sign": (
            "text: a crew on a job; its place, age of the patient and category then come from the feeds"
        ),
        "latitude": "degrees, with longitude: where the journey begins, when there is no call sign",
        "longitude": "degrees",
        "age": "whole years, 0 to 120",
        "news2": "whole number, 0 to 20",
        "needs": "list of words of the reference page of needs; [] for none, left out where nobody asked",
        "ready_in_minutes": "number, 0 to 240: when the crew can leave; 0 if not said",
        "continuing_care": "code of the site that treats the patient already",
        "booked_at": "code of the site where the birth is booked",
        "refused": "list of codes of sites that the patient refuses",
        "standing": "code of the answer that stands",
    }
)
Code = Annotated[str, Meta(max_length=20)]


class Question(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One case. A field that is null or left out is not said."""

    call_sign: Annotated[str, Meta(max_length=80)] | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    age: Annotated[int, Meta(ge=0, le=120)] | None = None
    news2: Annotated[int, Meta(ge=0, le=20)] | None = None
    needs: Annotated[list[Need], Meta(max_length=40)] | None = None
    ready_in_minutes: Annotated[float, Meta(ge=0, le=240)] | None = None
    continuing_care: Code | None = None
    booked_at: Code | None = None
    refused: Annotated[list[Code], Meta(max_length=100)] | None = None
    standing: Code | None = None


_QUESTIONS = msgspec.json.Decoder(Question)
EXAMPLE: Mapping[str, Any] = MappingProxyType(
    {"call_sign": "A101", "age": 71, "news2": 4, "needs": ["stroke"]}
)


def parse(body: bytes) -> dict[str, Any]:
    """What is said of a case. Raises CannotParse; where  the field, "body" for the whole."""
    try:
        return msgspec.structs.asdict(_QUESTIONS.decode(body))
    except msgspec.ValidationError as error:
        found = native.explained(str(error))
        field = re.split(r"[.\[]", found.where.removeprefix("field "))[0]
        raise _wrong(field, found.why) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CannotParse("body", "It is not JSON.", "Send one JSON object, UTF-8.") from None


def _wrong(field: str, why: str) -> CannotParse:
    if field == "object":
        return CannotParse("body", "It is no JSON object.", 'Send one, like {"call_sign": "A101"}.')
    if field == "needs":
        return CannotParse(field, why, f"Send a list of these words, [] for none: {', '.join(Need)}.")
    if field not in FIELDS:
        return CannotParse(
            field if field.isidentifier() else "body", "There is no such field.", f"Use: {', '.join(FIELDS)}."
        )
    return CannotParse(field, why, f"Send {FIELDS[field]}.")


def schema() -> dict[str, Any]:
    """The question as JSON Schema (2020-12). One of a crew or of a place must be said."""
    shape: dict[str, Any] = msgspec.json.schema(Question)["$defs"]["Question"]
    need = {"type": "string", "enum": [each.value for each in Need]}
    shape["properties"]["needs"]["anyOf"][0]["items"] = need
    for name, of in shape["properties"].items():
        of["description"] = FIELDS[name]
    place = {name: {"type": "number"} for name in ("latitude", "longitude")}
    crew = {"call_sign": {"type": "string", "minLength": 1}}
    return {
        **shape,
        "description": "One case: a crew by its call sign, or a place.",
        "anyOf": [
            {"required": ["call_sign"], "properties": crew},
            {"required": ["latitude", "longitude"], "properties": place},
        ],
    }


def answer_schema(verdicts: Mapping[str, str]) -> dict[str, Any]:
    """The answer as JSON Schema (2020-12). verdicts  each word with what it means"""
    meaning = "; ".join(f"{word}: {says}" for word, says in verdicts.items())
    option = _option()
    return _object(
        {
            "key": {**_TEXT, "description": "of the sending, or the place that was asked for"},
            "call_sign": {**_TEXT, "description": "empty for a place"},
            "at": {"type": "string", "format": "date-time", "description": "when it was answered"},
            "verdict": {"enum": list(verdicts), "description": meaning},
            "chosen": {**_CODE, "description": "where to go; null: nowhere, or people have to settle it"},
            "nearest": {**_CODE, "description": "the nearest that may be considered"},
            "options": _list(option),
            "compared": {"anyOf": [option, {"type": "null"}], "description": "the nearest, likewise"},
            "exclusions": _list(
                _object({"code": _TEXT, "name": _TEXT, "cause": _TEXT, "sentence": _TEXT}),
                "places that may not be considered, and why",
            ),
            "why": _TEXT,
            "why_not_nearest": _TEXT,
            "would_change": {**_TEXT, "description": "what would change the answer"},
            "notes": _list(_TEXT, "what the rules ask for besides, and what is not known"),
            "may_have": _list(_TEXT, "alternatives that nobody has confirmed"),
            "ask_first": {**_TEXT, "description": "why it is not to be taken yet; empty where it may be"},
            "unsettled": _list(
                _object({"code": _TEXT, "name": _TEXT, "travel_minutes": _NUMBER, "unit": _TEXT}),
                "places that may have what is needed, which nobody has confirmed",
            ),
            "past_review": _list(_object({"what": _TEXT, "code": _CODE, "review_on": _TEXT})),
            "inputs": _list(_object({"name": _TEXT, "age_minutes": _NUMBER}), "what it rests on, with ages"),
            "read_back": {**_TEXT, "description": "the sentence to read to the crew"},
            "engine_version": _TEXT,
            "inputs_hash": {**_TEXT, "description": "the same inputs have the same"},
        }
    )


_TEXT: dict[str, Any] = {"type": "string"}
_CODE: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
_NUMBER: dict[str, Any] = {"anyOf": [{"type": "number"}, {"type": "null"}]}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _list(items: dict[str, Any], says: str = "") -> dict[str, Any]:
    return {"type": "array", "items": items} | ({"description": says} if says else {})


def _option() -> dict[str, Any]:
    minutes = ("travel_minutes", "travel_error", "travel_penalty", "wait_minutes", "wait_low", "wait_high")
    return _object(
        {
            "code": {**_TEXT, "description": "ODS code of the place"},
            "name": _TEXT,
            "is_department": {"type": "boolean", "description": "an emergency department"},
            "total_minutes": {**_NUMBER, "description": "sum of the counted parts; null where unranked"},
            "parts": _list(_object({"name": _TEXT, "minutes": _NUMBER, "counted": _NUMBER})),
            "arrival_at": {"type": "string", "format": "date-time"},
            "travel_source": _TEXT,
            "method": _TEXT,
            "call_first": {**_TEXT, "description": "how it is asked before the crew leaves"},
            **dict.fromkeys(minutes, _NUMBER),
        }
    )
