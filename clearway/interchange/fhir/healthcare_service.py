"""HealthcareService, UK Core: what patients are referred to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import parts
from .codes import DOS_SERVICE, ODS_ORGANISATION, SERVICE_CODE, TREATMENT_FUNCTION
from .parts import Json


@dataclass(frozen=True, slots=True)
class Values:
    """A service. function  treatment function code; trust, trust_name  who provides it."""

    key: int
    code: str
    name: str
    function: str
    is_open: bool
    trust: str
    trust_name: str


def write(values: Values) -> Json:
    """The resource."""
    return parts.resource(
        "HealthcareService",
        values.key,
        identifier=[parts.identifier(SERVICE_CODE, values.code)],
        active=values.is_open,
        providedBy=parts.said(
            type="Organization",
            identifier=parts.identifier(ODS_ORGANISATION, values.trust),
            display=values.trust_name,
        ),
        specialty=parts.without_empty([parts.concept(TREATMENT_FUNCTION, values.function)]),
        name=values.name,
        appointmentRequired=True,
    )


def read(resource: Mapping[str, Any]) -> str:
    """The code by which a service that was sent is known: ours, else that of the directory of services."""
    other = f"http{DOS_SERVICE.removeprefix('https')}"  # the published examples spell it both ways
    found = parts.identified(resource, SERVICE_CODE) or parts.identified(resource, DOS_SERVICE, other)
    return found or next(
        (str(each["value"]) for each in resource.get("identifier", ()) if each.get("value")), ""
    )
