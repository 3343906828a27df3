"""The steps that a request for records and one to correct a record have in common."""

from datetime import date, datetime
from typing import TypeVar

from clearway.core.audit.actions import Actor
from clearway.core.layout.times import local
from clearway.domain.shared.errors import NotAllowed

from ..patients import queries as patients
from .models import RecordsRequest, Rectification

Request = TypeVar("Request", RecordsRequest, Rectification)


def check_taken(patient_id: int, received_on: date, organisation_id: int, at: datetime) -> None:
    """Raises NotAllowed for nobody's records, and for a request of tomorrow."""
    event = "Entering this request"
    if not patients.exists(organisation_id, patient_id):
        raise NotAllowed("as it stands", event, "There is no such patient here.")
    if received_on > local(at).date():
        raise NotAllowed("as it stands", event, "It cannot have come after today.")


def identify(row: Request, how: str, *, by: Actor, at: datetime) -> Request:
    """Who asks was checked, and that they may; not saved yet. Raises NotAllowed."""
    if row.identified_at is not None:
        raise NotAllowed("checked", "Checking who asks", f"{row.identified_by} did so already.")
    row.identified_at, row.identified_by, row.identified_how = at, by.name, how
    return row
