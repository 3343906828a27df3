"""The same table as an OpenAPI 3.1 document, so that tools can ask by it, and fuzz it."""

from collections.abc import Iterable, Mapping
from typing import Any

from . import checking
from .served import CREATE, DATE, ID, MOST, MOST_ASKED, REFERENCE, SERVED, UPDATE, Param, Served
from .shapes import SHAPES, Element, Shape

TYPE = "application/fhir+json"
REFUSALS: Mapping[str, str] = {
    "400": "it cannot be read",
    "401": "no key that is known",
    "405": "not done here",
    "406": "not spoken here",
    "429": "asked too often",
    "500": "it failed here",
}
OF_A_BODY: Mapping[str, str] = {
    "202": "stored, to be read later",
    "409": "somebody else was first, or it was taken already",
    "411": "its length is not said",
    "413": "too long",
    "415": "not read here",
    "422": "a rule of the desk is against it",
}
_NUMBERS = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "unsignedInt": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
    "positiveInt": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    "decimal": {"type": "number"},
}


def write(address: str, version: str) -> dict[str, Any]:
    """The document. address  where the server answers"""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Clearway FHIR R4",
            "version": version,
            "description": "Made from the table that the server answers by.",
        },
        "servers": [{"url": address}],
        "security": [{"key": []}],
        "paths": dict(_paths()),
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(("Appointment", "Bundle")),
        },
    }


def _paths() -> Iterable[tuple[str, dict[str, Any]]]:
    yield "/metadata", {"get": {**_operation("metadata", "what is served", ()), "security": []}}
    for served in SERVED.values():
        yield f"/{served.kind}", _of_type(served)
        yield f"/{served.kind}/{{id}}", _of_one(served)
    message = _operation("process-message", "one message of the Booking and Referral Standard", (_REQUEST,))
    message["requestBody"] = _body("Bundle")
    message["responses"] |= _told(OF_A_BODY)
    yield "/$process-message", {"post": message}


def _of_type(served: Served) -> dict[str, Any]:
    asked = [_param(each) for each in (ID, *served.params)]
    many = _query("_count", {"type": "integer", "minimum": 1, "maximum": MOST_ASKED})
    asked.append({**many, "description": f"how many come at once; at most {MOST} do"})
    if served.includes:
        asked.append(_query("_include", {"type": "string", "enum": list(served.includes)}))
    found = {"get": _operation(f"search-{served.kind}", served.says, asked)}
    if CREATE in served.interactions:
        made = _operation(f"create-{served.kind}", "book, or hold", (_REQUEST,))
        made["requestBody"] = _body(served.kind)
        made["responses"] |= {"201": _resource("booked or held"), **_told(OF_A_BODY)}
        found["post"] = made
    return found


def _of_one(served: Served) -> dict[str, Any]:
    found = {"get": _operation(f"read-{served.kind}", served.says, (_ID,))}
    found["get"]["responses"]["404"] = _resource("there is none of this id")
    if UPDATE in served.interactions:
        changed = _operation(f"update-{served.kind}", "move, cancel or confirm", (_ID, _REQUEST, _MATCH))
        changed["requestBody"] = _body(served.kind)
        changed["responses"] |= _told(
            {**OF_A_BODY, "412": "it was changed since it was read", "428": "If-Match is missing"}
        )
        found["put"] = changed
    return found


def _operation(name: str, says: str, parameters: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": says,
        "parameters": list(parameters),
        "responses": {"200": _resource("done"), **_told(REFUSALS)},
    }


def _told(statuses: Mapping[str, str]) -> dict[str, Any]:
    return {status: _resource(says) for status, says in statuses.items()}


def _resource(says: str) -> dict[str, Any]:
    kind = {"type": "object", "required": ["resourceType"]}
    return {"description": says, "content": {f"{TYPE}; charset=utf-8": {"schema": kind}}}


def _body(kind: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{kind}"}
    return {"required": True, "content": {TYPE: {"schema": schema}}}


def _param(param: Param) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200, "example": param.example}
    if param.kind == DATE:
        schema["pattern"] = r"^(ge|le|gt|lt|eq)?(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$"
    elif param.kind == REFERENCE:
        schema["pattern"] = r"^([A-Z][A-Za-z]{2,20}/)?\d{1,9}$"
    return {**_query(param.name, schema), "description": param.says}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": r"^[A-Za-z0-9.\-]{1,64}$"},
}
_REQUEST = {
    "name": "X-Request-Id",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": r"^[A-Za-z0-9-]{8,64}$"},
}
_MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string", "pattern": r'^W/"[0-9a-f]{20}"$'},
}


def _schemas(roots: Iterable[str]) -> dict[str, Any]:
    """The schemas of these types and of all that they are made of."""
    found: dict[str, Any] = {"Resource": _ANY, "Extension": _EXTENSION, "any": True}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found and name in SHAPES:
            shape = SHAPES[name]
            found[name] = _schema(name, shape)
            waiting += [each.type for each in shape.elements.values()]
    return found


_ANY = {"type": "object", "required": ["resourceType"], "properties": {"resourceType": {"type": "string"}}}
_EXTENSION = {
    "type": "object",
    "required": ["url"],
    "properties": {"url": {"type": "string", "minLength": 1}, "valueString": {"type": "string"}},
}
ROOTS = frozenset({*SERVED, "Bundle", "MessageHeader"})


def _schema(name: str, shape: Shape) -> dict[str, Any]:
    properties = {each.name: _element(each) for each in shape.elements.values()}
    properties["id"] = _primitive("id" if name in ROOTS else "string")
    needed = [each for each in sorted(shape.needed) if each not in shape.one_of]
    if name in ROOTS:
        properties["resourceType"] = {"const": name}
        needed.append("resourceType")
    return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}


def _element(element: Element) -> Any:
    one = _primitive(element.type, element.codes) if element.type[:1].islower() else _named(element.type)
    return {"type": "array", "items": one, "minItems": 1, "maxItems": 4} if element.is_many else one


def _named(kind: str) -> Any:
    known = kind in SHAPES or kind in ("Resource", "Extension")
    return {"$ref": f"#/components/schemas/{kind}"} if known else {"type": "object"}


def _primitive(kind: str, codes: frozenset[str] = frozenset()) -> Any:
    if kind == "any":
        return True
    if kind in _NUMBERS:
        return _NUMBERS[kind]
    if codes:
        return {"type": "string", "enum": sorted(codes)}
    pattern = checking.PATTERNS.get(kind)
    said: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200}
    if pattern:
        said["pattern"] = f"^({pattern})$"
    return said
