"""Worklists of e-RS as its interface answers them, with invented patients."""

import json
from typing import Any

ITEM = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-eRS-{}-WorkListItem-1"
ADA, BEN = "9990548609", "9990526729"


def coded(url: str, code: str) -> dict[str, Any]:
    return {"url": url, "valueCodeableConcept": {"coding": [{"system": "x", "code": code}]}}


def an_entry(
    ubrn: str, number: str = ADA, reason: str = "", day: str = "2026-11-16", **more: Any
) -> dict[str, Any]:
    """One entry: for review, or a slot issue where a reason is given."""
    dated = "dateAddedToWorklist" if reason else "dateWhenBookingMade"
    parts = [
        {"url": "patient", "valueReference": {"reference": f"#Patient-{number}"}},
        coded("priority", "ROUTINE"),
        {"url": dated, "valueDateTime": day if "T" in day else f"{day}T13:42:10.967Z"},
    ]
    if reason:
        parts.append(coded("reviewReason", reason))
    url = ITEM.format("AppointmentSlotIssues" if reason else "ReferralsforReview")
    item = {"reference": f"ReferralRequest/{ubrn}"}
    return {"extension": [{"url": url, "extension": parts}], "item": item, **more}


def a_list(*entries: Any, names: bool = False) -> bytes:
    """An answer with these entries; its patients by number alone, as e-RS does, or with names."""
    said: dict[str, Any] = {"name": [{"family": "Brown", "given": ["Ada"]}], "birthDate": "1970-03-01"}
    held = [
        {
            "resourceType": "Patient",
            "id": f"Patient-{number}",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number}],
            **(said if names else {}),
        }
        for number in (ADA, BEN)
    ]
    answer = {"resourceType": "List", "status": "current", "contained": held, "entry": list(entries)}
    return json.dumps(answer).encode()
