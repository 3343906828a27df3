"""An invented therapies department, for the tests of the outpatient desk."""

from datetime import UTC, date, datetime
from typing import Any

from clearway.core.audit.actions import Actor
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.clinics.models import Service
from clearway.desks.outpatients.patients import actions as patients
from clearway.desks.outpatients.patients.models import Patient
from clearway.domain.outpatients.measurement import ServiceKind

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # a Friday
TODAY = date(2026, 11, 20)
DESK = Actor("desk")


def scope(trust: Organisation, at: datetime = NOW) -> dict[str, Any]:
    """Where, by whom and when an action is done."""
    return {"organisation_id": trust.pk, "by": DESK, "at": at}


def a_service(trust: Organisation, code: str = "MSK", **more: Any) -> Service:
    given = {"name": f"{code} physiotherapy", "kind": ServiceKind.THERAPY, "function": "650", **more}
    return Service.objects.create(organisation=trust, code=code, **given)


def a_patient(trust: Organisation, name: str = "Ada Brown", **more: Any) -> Patient:
    """A patient about whom everything is known."""
    first, _, last = name.partition(" ")
    given = {"born_on": date(1970, 3, 1), "address": "1 High Street", "postcode": "WR5 1DD", "sex": "2"}
    new = patients.New(last, first, **{**given, "phone": "01905 000000", **more})
    return patients.register(new, though_alike=True, **scope(trust))
