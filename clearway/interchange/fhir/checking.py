"""Whether a resource has the shape of its type: every element known, of its type, there if needed, its code
one of those it may hold. The first twenty faults are told, each with its place; no value is repeated.
"""

import json
import math
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from .outcome import MOST_ISSUES, Issue, Refused, refused
from .shapes import SHAPES, Element, Shape

DEEPEST = 40  # levels of a body; what people send has about ten
LONGEST = 64 * 1024  # characters of one text
_OFFSET = r"(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?"
# Source: HL7 FHIR R4, data types: the expression of each primitive.
PATTERNS = {
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "code": r"\S+( \S+)*",
    "uri": r"\S+",
    "url": r"\S+",
    "canonical": r"\S+",
    "oid": r"urn:oid:[0-2](\.(0|[1-9]\d*))+",
    "uuid": r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "date": r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?",
    "dateTime": rf"\d{{4}}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T{_CLOCK}{_OFFSET})?)?)?",
    "instant": rf"\d{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T{_CLOCK}{_OFFSET}",
    "time": _CLOCK,
    "base64Binary": r"[A-Za-z0-9+/\s]*={0,2}",
}
_COMPILED = {name: re.compile(pattern, re.ASCII) for name, pattern in PATTERNS.items()}
WORDS = {
    "date": "a date like 2026-11-02",
    "dateTime": "a date, or a time like 2026-11-02T09:30:00+00:00",
    "instant": "a time with its offset, like 2026-11-02T09:30:00+00:00",
}


def parse(body: bytes) -> dict[str, Any]:
    """The resource that a body holds, not yet checked. Raises Refused for what is no JSON object."""
    try:
        said = json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise refused(400, "structure", "body", "It is not UTF-8.", "Send JSON in UTF-8.") from None
    except (ValueError, RecursionError):
        raise refused(400, "structure", "body", "It is not JSON.", "Send one JSON object in UTF-8.") from None
    if not isinstance(said, dict):
        raise refused(400, "structure", "body", "It is no JSON object.", "Send one resource as JSON.")
    if problem := next(_unkeepable(said, "body", 0), None):
        raise Refused(400, [problem])
    return said


class _Twice(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Twice
    return made


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _unkeepable(value: Any, place: str, depth: int) -> Iterator[Issue]:
    """What no table and no answer can hold."""
    if depth > DEEPEST:
        yield Issue("too-long", place, f"It is nested over {DEEPEST} levels.", "Send it flatter.")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _unkeepable(name, place, depth)
            yield from _unkeepable(each, place, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _unkeepable(each, place, depth + 1)
    elif isinstance(value, str):
        if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            yield Issue("value", place, "It holds a sign that is no text.", "Leave the sign out.")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Issue("value", place, "It holds a number out of all bounds.", "Send a smaller number.")


def check(resource: Any, kind: str, place: str = "") -> dict[str, Any]:
    """The resource, when it has the shape of its kind. Raises Refused (400) with all that is wrong."""
    place = place or kind
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        why = f"It is not of the type {kind}."
        raise refused(400, "structure", place, why, f'Send a resource with "resourceType": "{kind}".')
    problems: list[Issue] = []
    for each in _checked(resource, SHAPES[kind], place, is_resource=True):
        problems.append(each)
        if len(problems) == MOST_ISSUES:
            break
    if problems:
        raise Refused(400, problems)
    return resource


def _checked(
    value: dict[str, Any], shape: Shape, place: str, *, is_resource: bool = False
) -> Iterator[Issue]:
    for name in sorted(shape.needed):
        if not any(
            value.get(each) is not None for each in shape.one_of.get(name, (name,)) or _any(value, name)
        ):
            yield Issue("required", f"{place}.{name}", "It is missing.", f"Send {name}.")
    for name, several in shape.one_of.items():
        if sum(each in value for each in several) > 1:
            yield Issue("structure", f"{place}.{name}", "It stands there in two types.", "Send one of them.")
    for name, said in value.items():
        yield from _member(name, said, shape, place, is_resource=is_resource)


def _any(value: dict[str, Any], prefix: str) -> tuple[str, ...]:
    return tuple(name for name in value if name.startswith(prefix))


def _member(name: str, said: Any, shape: Shape, place: str, *, is_resource: bool) -> Iterator[Issue]:
    if (name == "resourceType" and is_resource) or name in shape.elements:
        if name in shape.elements:
            yield from _element(said, shape.elements[name], f"{place}.{name}")
    elif name == "id":
        yield from _primitive(said, "id" if is_resource else "string", f"{place}.id")
    elif name in ("extension", "modifierExtension"):
        yield from _extensions(said, f"{place}.{name}")
    elif name[:1] == "_" and name[1:] in shape.elements:  # what is said beside a primitive
        if not isinstance(said, dict | list):
            yield Issue("structure", f"{place}.{name[1:]}", "What stands beside it is no object.", "Mend it.")
    elif not any(name.startswith(each) for each, of in shape.one_of.items() if not of):
        known = ", ".join(sorted(shape.elements))
        yield Issue(
            "structure", place, "It has an element that R4 does not know.", f"It knows: {known}."[:400]
        )


def _element(said: Any, element: Element, place: str) -> Iterator[Issue]:
    if not element.is_many:
        yield from _one(said, element, place)
    elif not isinstance(said, list) or not said:
        yield Issue("structure", place, "It is no list, or an empty one.", "Send a JSON array.")
    else:
        for number, each in enumerate(said):
            is_gap = each is None and element.type[:1].islower()  # its words may stand beside it
            if not is_gap:
                yield from _one(each, element, f"{place}[{number}]")


def _one(said: Any, element: Element, place: str) -> Iterator[Issue]:
    kind = element.type
    if kind == "any":
        return
    if kind == "Resource":
        if not isinstance(said, dict) or not isinstance(said.get("resourceType"), str):
            yield Issue("structure", place, "It is no resource.", "Send an object with a resourceType.")
    elif kind in SHAPES:
        if not isinstance(said, dict) or not said:
            yield Issue("structure", place, "It is no object, or an empty one.", f"Send a {kind}.")
        else:
            yield from _checked(said, SHAPES[kind], place)
    elif kind[:1].isupper():
        if not isinstance(said, dict | list):
            yield Issue("structure", place, "It is no object.", f"Send a {kind}.")
    else:
        yield from _primitive(said, kind, place)
        if element.codes and isinstance(said, str) and said not in element.codes:
            known = ", ".join(sorted(element.codes))
            yield Issue("code-invalid", place, "This code is not one of those it may hold.", f"Send {known}.")


def _extensions(said: Any, place: str) -> Iterator[Issue]:
    if not isinstance(said, list) or not said:
        yield Issue("structure", place, "It is no list, or an empty one.", "Send a JSON array.")
        return
    for number, each in enumerate(said):
        if not isinstance(each, dict) or not isinstance(each.get("url"), str):
            yield Issue("structure", f"{place}[{number}]", "It has no url.", "Send each with its url.")


def _primitive(said: Any, kind: str, place: str) -> Iterator[Issue]:
    if not _is(said, kind):
        yield Issue("value", place, f"It is not {WORDS.get(kind, f'of the type {kind}')}.", "Mend the value.")


def _is(said: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(said, bool)
    if kind in ("integer", "unsignedInt", "positiveInt", "decimal"):
        return _is_number(said, kind)
    if not isinstance(said, str) or not said.strip() or len(said) > LONGEST:
        return kind == "base64Binary" and said == ""
    if kind in _COMPILED and not _COMPILED[kind].fullmatch(said):
        return False
    return kind not in ("date", "dateTime", "instant") or _is_day(said)


def _is_number(said: Any, kind: str) -> bool:
    if isinstance(said, bool) or not isinstance(said, int | float):
        return False
    if kind == "decimal":
        return True
    least = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}[kind]
    return isinstance(said, int) and least <= said < 2**31


def _is_day(said: str) -> bool:
    try:
        if "T" in said:
            datetime.fromisoformat(said.replace(":60", ":59"))
        elif len(said) == 10:
            date.fromisoformat(said)
    except ValueError:
        return False
    return said[:4] != "0000"
