"""A worklist of the national e-Referral Service as the rows of a sheet: its interface's answer in, cells out.

Read is the STU3 List that the endpoint “Retrieve worklist” (A008) answers, for REFERRALS_FOR_REVIEW and
APPOINTMENT_SLOT_ISSUES: one entry for each booking reference, its patient by NHS number, as the endpoint's
public page shows. An export as CSV needs nothing of this: its columns are mapped as those of any file.

What both worklists call each thing is in `NAMED`, as the published specification has it (extensions
ReferralsforReview-WorkListItem and AppointmentSlotIssues-WorkListItem), with names that earlier answers used;
an entry that has none of them is refused.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from clearway.domain.shared.errors import CannotParse

from .sheets import MOST_ROWS, Sheet

LONDON = ZoneInfo("Europe/London")

MOST_BYTES = 10 * 1024 * 1024  # of one answer, by the limits of the interface
HEADING = (
    *("ubrn", "nhs_number", "family_name", "given_names", "born_on", "sex", "postcode", "service"),
    *("priority", "review_reason", "received_on", "sender", "sender_organisation"),
)
# Our field -> what an entry may call it, the first that is there counts.
NAMED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "priority": ("priority",),
        "review_reason": ("reviewReason", "asiReason", "reason", "referralType"),
        "received_on": (
            "dateAddedToWorklist",
            "dateAddedToList",
            "dateWhenBookingMade",
            "ubrnReceived",
            "eReferralPathwayStart",
        ),
        "service": ("service",),
    }
)
ASK_AGAIN = "Keep the answer of e-RS as it came and give it again."


def is_one(raw: bytes) -> bool:
    """Whether a file is meant as an answer of the interface rather than a sheet."""
    return raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def sheet(raw: bytes) -> Sheet:
    """The entries as rows under the names of our fields, each with its place in the list, from 1.

    A cell is empty where the entry does not say; whether it may be is decided with the other rows.
    Raises CannotParse where it cannot be read as a whole.
    """
    if len(raw) > MOST_BYTES:
        raise CannotParse("the file", "It is larger than 10 MB.", "Ask for one service at a time.")
    try:
        said = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise CannotParse("the file", "It is not readable as JSON.", ASK_AGAIN) from None
    if not isinstance(said, dict) or said.get("resourceType") != "List":
        raise CannotParse("resourceType", "It is no List.", "Give what A008 answers, or a CSV export.")
    entries = said.get("entry", [])
    if not isinstance(entries, list):
        raise CannotParse("entry", "It is no list of entries.", ASK_AGAIN)
    if len(entries) > MOST_ROWS:
        raise CannotParse("entry", f"It has more than {MOST_ROWS}.", "Ask for one service at a time.")
    held = {f"#{_text(each.get('id'))}": each for each in _objects(said.get("contained"))}
    rows = tuple((place, _cells(entry, held)) for place, entry in enumerate(entries, start=1))
    return Sheet(HEADING, rows)


def _cells(entry: Any, held: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """What one entry says, in the order of HEADING."""
    entry = entry if isinstance(entry, dict) else {}
    parts = {_text(each.get("url")): each for each in _leaves(entry.get("extension"))}
    item = entry.get("item")
    kind, _, ubrn = _text(item.get("reference") if isinstance(item, dict) else "").rpartition("/")
    said = {name: _first(parts, urls) for name, urls in NAMED.items()}
    said["received_on"] = _day(said["received_on"])
    said["ubrn"] = ubrn if kind.endswith("ReferralRequest") else ""
    # An entry of the list for review has a type in place of a reason, and it may lack even that.
    if said["review_reason"] in ("TRIAGE_DEFERRAL", "APPOINTMENT") or (
        not said["review_reason"] and _is_for_review(entry)
    ):
        said["review_reason"] = "TRIAGE"
    said |= _patient(_held(parts.get("patient"), held))
    said["nhs_number"] = said["nhs_number"] or _referred(parts.get("patient"))
    return tuple(said.get(name, "") for name in HEADING)


def _day(said: str) -> str:
    """Of an instant, its day in London: half past eleven at night UTC in summer is the next day there."""
    try:
        instant = datetime.fromisoformat(said)
    except ValueError:
        return said[:10]
    is_instant = len(said) > 10 and instant.tzinfo is not None
    return (instant.astimezone(LONDON) if is_instant else instant).date().isoformat()


def _is_for_review(entry: Mapping[str, Any]) -> bool:
    urls = (_text(each.get("url")).casefold() for each in _objects(entry.get("extension")))
    return any("referralsforreview" in url for url in urls)


def _patient(found: Mapping[str, Any]) -> dict[str, str]:
    numbers = [
        _text(each.get("value"))
        for each in _objects(found.get("identifier"))
        if _text(each.get("system")).casefold().endswith("/nhs-number")
    ]
    name = next(_objects(found.get("name")), {})
    given = name.get("given")
    address = next(_objects(found.get("address")), {})
    return {
        "nhs_number": numbers[0] if numbers else "",
        "family_name": _text(name.get("family")),
        "given_names": " ".join(map(_text, given)) if isinstance(given, list) else "",
        "born_on": _text(found.get("birthDate")),
        "sex": _text(found.get("gender")),
        "postcode": _text(address.get("postalCode")),
    }


def _held(part: Mapping[str, Any] | None, held: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    reference = (part or {}).get("valueReference")
    return held.get(_text(reference.get("reference")), {}) if isinstance(reference, dict) else {}


def _referred(part: Mapping[str, Any] | None) -> str:
    """The NHS number in the reference itself, as slot issues name their patient."""
    reference = (part or {}).get("valueReference")
    identifier = reference.get("identifier") if isinstance(reference, dict) else None
    if not isinstance(identifier, dict) or not _text(identifier.get("system")).endswith("/nhs-number"):
        return ""
    return _text(identifier.get("value"))


def _first(parts: Mapping[str, Mapping[str, Any]], urls: Sequence[str]) -> str:
    return next((found for url in urls if (found := _value(parts.get(url, {})))), "")


def _value(part: Mapping[str, Any]) -> str:
    """A coded value by its first code, an identifier by its value, anything else as it stands."""
    concept, identifier = part.get("valueCodeableConcept"), part.get("valueIdentifier")
    if isinstance(concept, dict):
        return _text(next(_objects(concept.get("coding")), {}).get("code"))
    if isinstance(identifier, dict):
        return _text(identifier.get("value"))
    plain = ("valueCode", "valueString", "valueDateTime", "valueDate")
    return next((_text(part[name]) for name in plain if name in part), "")


def _leaves(extensions: Any) -> Iterator[Mapping[str, Any]]:
    """The extensions of an entry's extension: one level, as the profile has them."""
    for each in _objects(extensions):
        yield from _objects(each.get("extension"))


def _objects(said: Any) -> Iterator[Mapping[str, Any]]:
    return (each for each in said if isinstance(each, dict)) if isinstance(said, list) else iter(())


def _text(said: Any) -> str:
    return said.strip() if isinstance(said, str) else ""
