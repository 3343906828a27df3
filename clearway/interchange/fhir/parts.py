"""The small shapes that every resource is made of, and reading them back."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from .codes import UKCORE
from .outcome import Refused, refused

Json = dict[str, Any]
EARLIEST, LATEST = 1900, 2200  # years that a table and a calendar can hold without a thought


def resource(kind: str, key: int | str, **elements: Any) -> Json:
    """A resource with what is known of it: what is None or empty is left out."""
    profile = {"profile": [f"{UKCORE}UKCore-{kind}"]}
    return {"resourceType": kind, "id": str(key), "meta": profile, **said(**elements)}


def said(**elements: Any) -> Json:
    """The elements that hold something. A trailing underscore keeps a name out of Python's own words."""
    return {
        name.rstrip("_"): value for name, value in elements.items() if value not in (None, "", [], {}, ())
    }


def reference(kind: str, key: int | str | None, display: str = "") -> Json:
    """A reference to a resource served here; nothing where there is none."""
    return said(reference=f"{kind}/{key}", type=kind, display=display) if key is not None else {}


def identifier(system: str, value: str, **more: Any) -> Json:
    return {**said(**more), "system": system, "value": value} if value else {}


def concept(system: str, code: str, display: str = "", text: str = "") -> Json:
    """A CodeableConcept of one coding; of words alone without a code."""
    coding = [said(system=system, code=code, display=display)] if code else []
    return said(coding=coding, text=text)


def extension(name: str, **value: Any) -> Json:
    """An extension of UK Core."""
    return {"url": f"{UKCORE}Extension-UKCore-{name}", **value}


def instant(at: datetime | None) -> str | None:
    """A time as FHIR writes it, in UTC; a part of a second only where there is one."""
    return at.astimezone(UTC).isoformat() if at is not None else None


def day(on: date | None) -> str | None:
    return on.isoformat() if on is not None else None


def without_empty(values: list[Json]) -> list[Json]:
    return [each for each in values if each]


# Reading


def time_of(text: str | None, place: str) -> datetime | None:
    """A time that was sent, in UTC; None where none was. Raises Refused without offset or out of bounds."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace(":60", ":59"))
    except ValueError:
        raise _no_time(place) from None
    if at.tzinfo is None:
        raise _no_time(place)
    if not EARLIEST < at.year < LATEST:
        raise refused(
            400, "value", place, "It lies outside the calendar.", "Send a year that people live in."
        )
    return at.astimezone(UTC)


def _no_time(place: str) -> Refused:
    fix = "Send it like 2026-11-02T09:30:00+00:00."
    return refused(400, "value", place, "It is no time with an offset.", fix)


def day_of(text: str | None, place: str) -> date | None:
    """A whole date that was sent, of a date or a time. Raises Refused for a month or a year alone."""
    if not text:
        return None
    try:
        on = date.fromisoformat(text[:10])
    except ValueError:
        fix = "Send it like 2026-11-02."
        raise refused(400, "value", place, "The day is not said.", fix) from None
    if not EARLIEST < on.year < LATEST and not on.year == EARLIEST:
        raise refused(
            400, "value", place, "It lies outside the calendar.", "Send a year that people live in."
        )
    return on


def coded(concept: Mapping[str, Any] | None, *systems: str) -> str:
    """The code of the first coding of one of these systems; "" where there is none."""
    for coding in (concept or {}).get("coding", ()):
        if coding.get("system") in systems:
            return str(coding.get("code", ""))
    return ""


def words(concept: Mapping[str, Any] | None) -> str:
    """What a concept says for people: its text, else the first display."""
    concept = concept or {}
    shown = [each["display"] for each in concept.get("coding", ()) if each.get("display")]
    return str(concept.get("text") or next(iter(shown), ""))


def identified(resource: Mapping[str, Any], *systems: str) -> str:
    """The first identifier of one of these systems, spaces taken out; "" where there is none."""
    for each in resource.get("identifier", ()):
        if each.get("system") in systems and each.get("value"):
            return "".join(str(each["value"]).split())
    return ""


def extended(resource: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """An extension of UK Core by its name."""
    url = f"{UKCORE}Extension-UKCore-{name}"
    return next((each for each in resource.get("extension", ()) if each.get("url") == url), None)


def key_of(reference: Mapping[str, Any] | None, kind: str) -> int | None:
    """The number in a reference to a resource of this server; None for any other."""
    text = str((reference or {}).get("reference", ""))
    found, _, key = text.rpartition("/")
    if (found == kind or found.endswith(f"/{kind}")) and _is_key(key):
        return int(key)
    return None


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


def key(text: str) -> int | None:
    """The number of a logical id; None for one that no resource here has."""
    return int(text) if _is_key(text) else None
