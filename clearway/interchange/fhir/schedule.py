"""Schedule, UK Core: one clinic on one day, which its slots hang on."""

from dataclasses import dataclass
from datetime import datetime

from . import parts
from .codes import CLINICIAN_CODE, TREATMENT_FUNCTION
from .parts import Json


@dataclass(frozen=True, slots=True)
class Values:
    """A clinic. is_open  whether anybody can be booked into it."""

    key: int
    service: int
    service_name: str
    function: str
    site: int
    site_name: str
    clinician: str
    clinician_name: str
    starts_at: datetime
    ends_at: datetime
    is_open: bool


def write(values: Values) -> Json:
    """The resource. The clinician is named and no resource of their own."""
    who = {
        "type": "Practitioner",
        "identifier": parts.identifier(CLINICIAN_CODE, values.clinician),
        "display": values.clinician_name,
    }
    return parts.resource(
        "Schedule",
        values.key,
        active=values.is_open,
        specialty=parts.without_empty([parts.concept(TREATMENT_FUNCTION, values.function)]),
        actor=[
            parts.reference("HealthcareService", values.service, values.service_name),
            parts.reference("Location", values.site, values.site_name),
            who,
        ],
        planningHorizon={"start": parts.instant(values.starts_at), "end": parts.instant(values.ends_at)},
    )
