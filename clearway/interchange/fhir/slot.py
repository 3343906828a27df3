"""Slot, UK Core: one time into which a patient can be booked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import parts
from .codes import (
    APPOINTMENT_TYPE,
    CHANNEL_OF_MEDIUM,
    DELIVERY_CHANNEL,
    SERVICE_CODE,
    TREATMENT_FUNCTION,
    TYPE_OF_KIND,
)
from .parts import Json

FREE, BUSY, UNAVAILABLE = "free", "busy", "busy-unavailable"
STATUSES = (FREE, BUSY, UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Values:
    """A slot. status  free, busy, or busy-unavailable where nobody can be booked whatever is free

    kept_for, until  whom it is kept for, and until when; "" for anybody
    """

    key: int
    schedule: int
    service_code: str
    service_name: str
    function: str
    kind: str
    medium: str
    status: str
    starts_at: datetime
    ends_at: datetime
    kept_for: str = ""
    until: datetime | None = None


def write(values: Values) -> Json:
    """The resource."""
    code, display = TYPE_OF_KIND[values.kind]
    return parts.resource(
        "Slot",
        values.key,
        extension=channel(values.medium),
        serviceType=[parts.concept(SERVICE_CODE, values.service_code, values.service_name)],
        specialty=parts.without_empty([parts.concept(TREATMENT_FUNCTION, values.function)]),
        appointmentType=parts.concept(APPOINTMENT_TYPE, code, display, values.kind.replace("_", "-")),
        schedule=parts.reference("Schedule", values.schedule),
        status=values.status,
        start=parts.instant(values.starts_at),
        end=parts.instant(values.ends_at),
        comment=_kept(values),
    )


def channel(medium: str) -> list[Json]:
    """How the patient is seen, where UK Core has a word for it."""
    word = CHANNEL_OF_MEDIUM.get(medium)
    if word is None:
        return []
    return [parts.extension("DeliveryChannel", valueCodeableConcept=parts.concept(DELIVERY_CHANNEL, word))]


def _kept(values: Values) -> str:
    if not values.kept_for:
        return ""
    until = f" until {parts.instant(values.until)}" if values.until else ""
    return f"Kept for: {values.kept_for}{until}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A slot as a message names it: by its id here, or by its times and the service it belongs to."""

    key: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    service: str = ""


def read(resource: Mapping[str, Any], place: str, service: str = "") -> Asked:
    """What a slot in a message says of itself. Raises Refused."""
    return Asked(
        key=parts.key(str(resource.get("id", ""))),
        starts_at=parts.time_of(resource.get("start"), f"{place}.start"),
        ends_at=parts.time_of(resource.get("end"), f"{place}.end"),
        service=service,
    )
