"""The addresses of FHIR: what is served, reading, searching, and asking for something."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from clearway import __version__
from clearway.desks.outpatients.patients import actions as patients
from clearway.interchange.fhir import capability, openapi, searching
from clearway.interchange.fhir.outcome import refused
from clearway.interchange.fhir.parts import Json, key
from clearway.interchange.fhir.searching import Query, Span
from clearway.interchange.fhir.served import CREATE, SERVED, UPDATE

from . import answering, reading
from .changing import MESSAGE
from .door import Answer, Asking, address, door
from .reading import Found, Ground

MOST_PARAMS = 40


@door("GET", needs_key=False)
def metadata(request: Any) -> Answer:
    """The CapabilityStatement; it is told to everybody."""
    return Answer(200, capability.write(address(request), __version__))


@door("GET", needs_key=False)
def described(request: Any) -> Answer:
    """The same as an OpenAPI document, for tools that ask by one."""
    return Answer(200, openapi.write(address(request), __version__))


@door("GET", "POST")
def kind(request: Any, asking: Asking, kind: str) -> Answer:
    """Search a type, or create one of it."""
    served = SERVED.get(kind)
    if served is None:
        raise _no_such_type()
    if request.method == "POST":
        if CREATE not in served.interactions:
            fix = "See the CapabilityStatement at metadata."
            raise refused(405, "not-supported", "method", "It is not created here.", fix)
        return answering.take(request, asking, kind)
    pairs = parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=None)
    if len(pairs) > MOST_PARAMS:
        raise refused(400, "too-costly", "parameters", "There are too many.", f"Send {MOST_PARAMS}.")
    pairs = _with_target(kind, pairs, asking.target)
    strict = "handling=lenient" not in request.headers.get("Prefer", "").replace(" ", "").casefold()
    query = searching.read(served, pairs, strict=strict)
    if kind == "Slot":
        _check_bounds(query)
    on = Ground(asking.source.organisation, asking.at)
    page = reading.search(kind, query, on)
    beside = reading.included(query.includes, page.found, on)
    if served.identity:
        _look(asking, f"FHIR search of {kind}", [*page.found, *(each for _, each in beside)])
    return Answer(200, _bundle(request, asking, kind, query, page, beside))


def _with_target(kind: str, pairs: list[tuple[str, str]], target: str) -> list[tuple[str, str]]:
    """Slots are those of the service that the standard's header names, where the search names none."""
    name = "schedule.actor:HealthcareService"
    if kind != "Slot" or not target or any(each.casefold() == name.casefold() for each, _ in pairs):
        return pairs
    return [*pairs, (name, target)]


def _check_bounds(query: Query) -> None:
    spans = [each for each in query.values.get("start", ()) if isinstance(each, Span)]
    if "_id" in query.values:
        return
    if not any(each.since for each in spans) or not any(each.until for each in spans):
        fix = "Send start twice: with ge and with le."
        raise refused(400, "required", "parameter start", "It has no first or no last time.", fix)


@door("GET", "PUT")
def resource(request: Any, asking: Asking, kind: str, id: str) -> Answer:
    """Read one resource, or update it."""
    served = SERVED.get(kind)
    if served is None:
        raise _no_such_type()
    if request.method == "PUT":
        if UPDATE not in served.interactions:
            fix = "See the CapabilityStatement at metadata."
            raise refused(405, "not-supported", "method", "It is not updated here.", fix)
        return answering.take(request, asking, f"{kind}/{id}")
    if request.META.get("QUERY_STRING", "") not in ("", "_format=json"):
        fix = "Leave it out: a resource is read whole."
        raise refused(400, "invalid", "parameter", "Reading takes none.", fix)
    found = reading.one(kind, key(id), Ground(asking.source.organisation, asking.at))
    if found is None:
        fix = "Search for it: it may be of another trust."
        raise refused(404, "not-found", f"{kind}.id", "There is none of this id here.", fix)
    if served.identity:
        _look(asking, f"FHIR read of {kind}", [found])
    return Answer(200, reading.versioned(found.resource), reading.version(found.resource))


@door("POST")
def process_message(request: Any, asking: Asking) -> Answer:
    """Take one message of the Booking and Referral Standard."""
    return answering.take(request, asking, MESSAGE)


@door("GET", "POST", "PUT", "PATCH", "DELETE")
def nothing(request: Any, asking: Asking, rest: str = "") -> Answer:
    """Every other address under /fhir/R4."""
    raise _no_such_type()


def _no_such_type() -> Exception:
    fix = f"Served are {', '.join(SERVED)}."
    return refused(404, "not-found", "address", "Nothing is served there.", fix)


def _look(asking: Asking, page: str, found: list[Found]) -> None:
    """Record whose identity is shown, before it is."""
    whom = dict.fromkeys(key for each in found for key in each.patients)
    patients.look(list(whom), page, organisation_id=asking.organisation_id, by=asking.by, at=asking.at)


def _bundle(
    request: Any,
    asking: Asking,
    kind: str,
    query: Query,
    page: reading.Page,
    beside: list[tuple[str, Found]],
) -> Json:
    base, used = asking.address, [each for each in query.used if each[0] != "_after"]
    links = [{"relation": "self", "url": f"{base}/{kind}?{urlencode(query.used)}"}]
    if page.after:
        links.append(
            {"relation": "next", "url": f"{base}/{kind}?{urlencode([*used, ('_after', page.after)])}"}
        )
    entries = [_entry(base, each.resource, "match") for each in page.found]
    entries += [_entry(base, each.resource, "include") for _, each in beside]
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": asking.at.isoformat(),
        "total": page.total,
        "link": links,
    }
    return {**bundle, "entry": entries} if entries else bundle


def _entry(base: str, resource: Json, mode: str) -> Json:
    return {
        "fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}",
        "resource": reading.versioned(resource),
        "search": {"mode": mode},
    }
