"""The CapabilityStatement: the table of what is served, in the words of FHIR."""

from typing import Any

from .codes import UKCORE
from .served import CONTROLS, ID, MESSAGES, MOST, SERVED, VERSION, Param, Served

WRITTEN = "2026-11-23"  # when the table last changed what it says


def write(address: str, version: str) -> dict[str, Any]:
    """What this server does. address  where it answers; version  of the software"""
    return {
        "resourceType": "CapabilityStatement",
        "name": "Clearway",
        "title": "Clearway, outpatient desk",
        "status": "active",
        "date": WRITTEN,
        "kind": "instance",
        "software": {"name": "Clearway", "version": version},
        "implementation": {"description": "Booking and referral for outpatients", "url": address},
        "fhirVersion": VERSION,
        "format": ["application/fhir+json"],
        "implementationGuide": ["https://fhir.hl7.org.uk/ImplementationGuide/fhir.r4.ukcore.stu2"],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "Each sender has a key of its own, sent as Authorization: Bearer. Requests that change "
                    "something carry X-Request-Id. An unknown parameter is refused unless Prefer says "
                    f"handling=lenient. Besides {', '.join(CONTROLS)}, nothing is taken that is not listed. "
                    f"A page has at most {MOST} resources; follow the link next."
                ),
                "security": {"description": "A bearer key for each sender; see the documentation."},
                "resource": [_resource(each) for each in SERVED.values()],
                "operation": [
                    {
                        "name": "process-message",
                        "definition": "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
                    }
                ],
            }
        ],
        "messaging": [
            {
                "endpoint": [
                    {
                        "protocol": {
                            "system": "http://terminology.hl7.org/CodeSystem/message-transport",
                            "code": "http",
                        },
                        "address": f"{address}/$process-message",
                    }
                ],
                "supportedMessage": [
                    {"mode": "receiver", "definition": definition} for _, definition in MESSAGES
                ],
            }
        ],
    }


def _resource(served: Served) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": served.kind,
        "profile": f"{UKCORE}UKCore-{served.kind}",
        "documentation": served.says[:1].upper() + served.says[1:],
        "interaction": [{"code": each} for each in served.interactions],
        "versioning": "versioned-update" if "update" in served.interactions else "versioned",
        "readHistory": False,
        "updateCreate": False,
        "conditionalCreate": False,
        "conditionalUpdate": False,
        "searchParam": [_param(each) for each in (ID, *served.params)],
    }
    if served.includes:
        said["searchInclude"] = list(served.includes)
    return said


def _param(param: Param) -> dict[str, str]:
    return {"name": param.name, "type": param.kind, "documentation": param.says}
