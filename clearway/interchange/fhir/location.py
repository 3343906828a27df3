"""Location, UK Core: the sites at which clinics are held."""

from dataclasses import dataclass

from . import parts
from .codes import ODS_ORGANISATION, ODS_SITE
from .parts import Json


@dataclass(frozen=True, slots=True)
class Values:
    """A site. code  its ODS code."""

    key: int
    code: str
    name: str
    town: str
    latitude: float
    longitude: float
    trust: str


def write(values: Values) -> Json:
    """The resource."""
    return parts.resource(
        "Location",
        values.key,
        identifier=[parts.identifier(ODS_SITE, values.code)],
        status="active",
        name=values.name,
        mode="instance",
        address=parts.said(city=values.town),
        position={"longitude": values.longitude, "latitude": values.latitude},
        managingOrganization={
            "type": "Organization",
            "identifier": parts.identifier(ODS_ORGANISATION, values.trust),
        },
    )
