"""The table of operations as an OpenAPI 3.1 document and as a reference page.

The schema of a line is the published one (native_schema), with its definitions among the components. OpenAPI
3.1 has no word for the items of a stream, so that of 3.2 stands as `x-item-schema`.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from clearway.engine.ambulance.ranking import Verdict

from . import advice_message, native_schema, notify, referral_message, regional_figures
from .api import (
    INGEST,
    LINES,
    OPERATIONS,
    PROBLEM,
    Body,
    Operation,
    Param,
    Said,
    told,
)

VERSION = "1"
PAGE = "https://clearway.example"  # in the page; the one that is served names its own address
DELIVERED_TO = {
    "url": "https://{ingest}",
    "description": "the process that takes deliveries",
    "variables": {"ingest": {"default": "ingest.example", "description": "its name, which the trust tells"}},
}
VERDICTS: Mapping[str, str] = {
    Verdict.ADVISED: "clearly the best of those that may be considered",
    Verdict.NEAREST: "the difference is noise, so the nearest appropriate",
    Verdict.BY_RULE: "the rules leave one place",
    Verdict.ABSTAINED: "inputs are stale or missing, or people have to settle it",
    Verdict.NOWHERE: "no department may be considered",
}
KINDS: Mapping[str, str] = {
    "cad": "a control room",
    "hospital": "a hospital, or a system that knows several",
    "positions": "a system that knows where vehicles are",
    "referrals": "a system that refers patients",
    "dashboard": "a dashboard that reads and never sends",
    "notify": "the provider of texts and emails",
}
ABOUT = """
What systems beside Clearway ask of it, but for FHIR R4, which describes itself at `/fhir/R4/metadata`
and `/fhir/R4/openapi.json`. Every operation, its sizes and its refusals are made from the table that the
server answers by.

## Keys

Each system is a *source* of one kind, named in the trust's region pack or by `clearway source add`.
`clearway source key NAME` prints its key, once; send it as `Authorization: Bearer KEY`. A key opens what
its kind may do and nothing else, and shows its own trust alone. A source that is switched off has a
wrong key.

## What is stored first

Deliveries and callbacks are stored and committed before they are acknowledged, and read afterwards. 202
says that nothing will be lost. What cannot be read waits in quarantine (the page Feeds) with its place,
the reason and what mends it, and is read again once it is mended. Received = applied + duplicate +
quarantined, for every source.

## Sending again

There is no idempotency key to invent: what is sent has its own. A line of a feed is known by
`message_id` within its source (a position by call sign and time), a referral by `reference`, a callback
by the provider's name of it. After a lost answer, a timeout or 5xx, send the same bytes again: what was
taken already counts once. The same key with other words is refused of an event and of a referral. Of a
position and of a callback the first stands, and what comes later under its key counts as a duplicate.

## Times

Instants carry an offset (`2026-02-03T10:12:00Z`) and lie between 2000 and 2099. A report that lies in
the future is refused. Lines may come late and in any order: the end is the same.

## Refusals

A refusal is `application/problem+json`: `status`, `title`, `fix` and, where one field is at fault,
`field`. None repeats a value that was sent, but for the name of a field or a code that nobody knows. An
unknown field is refused. A body is sent whole with a Content-Length, never in chunks, and never as a
form of a browser.
"""


def write(address: str) -> dict[str, Any]:
    """The document. address  where the server answers"""
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        item = paths.setdefault(each.path, {})
        item[each.method.lower()] = _operation(each)
        if each.process == INGEST:
            item["servers"] = [DELIVERED_TO]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Clearway: interfaces besides FHIR",
            "version": VERSION,
            "summary": "Feeds, referrals, advice, callbacks and regional figures.",
            "description": ABOUT.strip(),
        },
        "servers": [{"url": address}],
        "paths": paths,
        "components": {"securitySchemes": _schemes(), "schemas": _schemas()},
    }


def page() -> str:
    """The document as it stands in the documentation."""
    return json.dumps(write(PAGE), indent=1, ensure_ascii=False) + "\n"


def scheme_of(kind: str) -> str:
    """The name of the security scheme of a kind of source."""
    return f"{kind}Key"


def _schemes() -> dict[str, Any]:
    keys = {
        scheme_of(kind): {
            "type": "http",
            "scheme": "bearer",
            "description": f"The key of a source of the kind `{kind}`: {who}.",
        }
        for kind, who in KINDS.items()
    }
    session = "The session of somebody who may read advice; with it the token of our forms."
    return {
        **keys,
        "session": {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": session},
        "formToken": {
            "type": "apiKey",
            "in": "header",
            "name": "X-CSRFToken",
            "description": "What the cookie csrftoken holds, which must be sent too.",
        },
    }


def _operation(each: Operation) -> dict[str, Any]:
    security: list[dict[str, list[str]]] = [{scheme_of(kind): []} for kind in each.kinds]
    if each.permission:
        security.append({"session": [], "formToken": []})
    found: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.title,
        "description": each.says,
        "security": security,
        "parameters": [*_of_path(each), *(_of_query(param) for param in each.params)],
        "responses": {str(said.status): _said(said) for said in told(each)},
    }
    if each.body is not None:
        found["requestBody"] = _body(each.body)
    return found


def _of_path(each: Operation) -> Iterable[dict[str, Any]]:
    if "{source}" in each.path:
        yield {
            "name": "source",
            "in": "path",
            "required": True,
            "description": "name of the source whose key is sent",
            "schema": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$", "maxLength": 60},
            "example": f"south-west-{each.kinds[0]}",
        }


def _of_query(param: Param) -> dict[str, Any]:
    schema = {"type": "string", "enum": list(param.words), "default": param.words[0]}
    return {"name": param.name, "in": "query", "description": param.says, "schema": schema}


def _said(said: Said) -> dict[str, Any]:
    found: dict[str, Any] = {"description": said.says}
    if said.status == 401:
        found["headers"] = {"WWW-Authenticate": _header("that a bearer key is asked for")}
    if said.status == 405:
        found["headers"] = {"Allow": _header("the methods that are served")}
    content: dict[str, dict[str, Any]] = {
        kind: {"schema": {"$ref": f"#/components/schemas/{name}"}} for kind, name in said.types.items()
    }
    if PROBLEM in content:
        content[PROBLEM]["example"] = {"status": said.status, "title": "…", "fix": "…"}
    return {**found, "content": content}


def _header(says: str) -> dict[str, Any]:
    return {"description": says, "required": True, "schema": {"type": "string"}}


def _body(body: Body) -> dict[str, Any]:
    shape: dict[str, Any] = {"$ref": f"#/components/schemas/{body.shape}"}
    media: dict[str, Any] = {"schema": shape}
    if body.type == LINES:
        text = "lines of JSON, each an object of x-item-schema"
        media = {"schema": {"type": "string", "minLength": 1, "description": text}, "x-item-schema": shape}
    media["examples"] = {name: {"value": value} for name, value in body.examples}
    return {
        "required": True,
        "description": f"At most {body.most:,} bytes.",
        "content": {body.type: media},
        "x-stored-first": body.is_kept,
    }


def _schemas() -> dict[str, Any]:
    event, position = native_schema.published("event"), native_schema.published("position")
    figures = {name: said for name, said in regional_figures.schema().items() if name != "$schema"}
    referral = {"$ref": "#/components/schemas/Referral"}
    batch = {"type": "integer", "minimum": 1, "description": "its number here, on the page Feeds"}
    found = {
        "Problem": _problem(),
        "Stored": _answer(batch=batch, bytes={"type": "integer", "minimum": 1}),
        "StoredCallback": _answer(batch=batch),
        "StoredForLater": _answer(batch=batch, title={"type": "string"}),
        "Event": {name: said for name, said in event.items() if name not in ("$schema", "$defs")},
        **event["$defs"],
        **position["$defs"],
        "Referral": referral_message.schema(),
        "ReferralMessage": referral_message.message_schema(referral),
        "ReferralAnswer": referral_message.answer_schema(),
        "RegionalFigures": figures,
        "Table": {
            "type": "string",
            "description": f"one figure a line under: {', '.join(regional_figures.COLUMNS)}",
        },
        "Question": advice_message.schema(),
        "Advice": advice_message.answer_schema(VERDICTS),
        "Callback": notify.schema(),
        "Description": {"type": "object", "required": ["openapi", "info", "paths"]},
    }
    return {name: _pointing(found[name]) for name in sorted(found)}


def _problem() -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    return {
        "type": "object",
        "required": ["status", "title", "fix"],
        "additionalProperties": False,
        "properties": {
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "title": {**text, "description": "what is wrong, in a sentence"},
            "fix": {**text, "description": "what to do, in a sentence"},
            "field": {**text, "description": "the field that is wrong"},
        },
    }


def _answer(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _pointing(schema: Any) -> Any:
    """The schema with what it refers to among the components of the document."""
    if isinstance(schema, dict):
        return {name: _pointing(said) for name, said in schema.items()}
    if isinstance(schema, list):
        return [_pointing(each) for each in schema]
    if isinstance(schema, str) and schema.startswith("#/$defs/"):
        return schema.replace("#/$defs/", "#/components/schemas/")
    return schema


def reference_page() -> str:
    """The page of the operations, made from the table."""
    lines = [
        "# Interfaces besides FHIR",
        "Generated from the code by `clearway reference write`; edit the code, not this page.",
        (
            "What other systems ask of Clearway, as an OpenAPI 3.1 document: "
            "[api.openapi.json](api.openapi.json), and at `/api/v1/openapi.json` of every server, which "
            "anybody may read. Tools make clients, tests and pages from it. FHIR R4 has [its "
            "own](fhir.md)."
        ),
        "\n".join(
            [
                "| operation | what it does | key of a source of the kind | answers |",
                "| --- | --- | --- | --- |",
                *(_row(each) for each in OPERATIONS),
            ]
        ),
        "## What each is",
        *(f"**`{each.method} {each.path}`**: {each.says}" for each in OPERATIONS),
    ]
    return "\n\n".join(lines) + "\n"


def _row(each: Operation) -> str:
    who = ", ".join(f"`{kind}`" for kind in each.kinds) or "none: anybody"
    if each.permission:
        who += "; or a person who may see advice"
    statuses = ", ".join(str(said.status) for said in told(each))
    title = each.title[0].lower() + each.title[1:]
    return f"| `{each.method} {each.path}` | {title} | {who} | {statuses} |"
