"""Placing and releasing a legal hold on one patient, by commands: the desks have no right to the table."""

from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.domain.shared.errors import NotAllowed

from ..patients import queries as patients
from .models import PatientHold


@transaction.atomic
def place_hold(patient_id: int, reason: str, *, organisation_id: int, by: Actor, at: datetime) -> PatientHold:
    """Keep everything about a patient until it is released. Raises NotAllowed."""
    event = "Placing this hold"
    try:
        patients.one(organisation_id, patient_id)
    except ObjectDoesNotExist as missing:
        raise NotAllowed("as it stands", event, "There is no such patient here.") from missing
    if not reason.strip():
        raise NotAllowed("as it stands", event, "Say why, for whoever reads it in years.")
    hold = PatientHold.objects.create(
        patient_id=patient_id, reason=reason.strip(), placed_at=at, placed_by=by.name
    )
    detail = {"hold": hold.pk, "reason": hold.reason}
    audit(
        [Entry("retention.hold", f"patient:{patient_id}", detail)],
        organisation_id=organisation_id,
        by=by,
        at=at,
    )
    return hold


@transaction.atomic
def release_hold(hold_id: int, *, by: Actor, at: datetime) -> PatientHold:
    """End a hold on a patient. Raises NotAllowed when there is none of this number in force."""
    rows = PatientHold.objects.select_for_update(of=("self",)).select_related("patient")
    hold = rows.filter(pk=hold_id, released_at__isnull=True).first()
    if hold is None:
        why = f"There is no hold P{hold_id} on a patient that is in force."
        raise NotAllowed("not held", "Releasing this hold", why)
    hold.released_at, hold.released_by = at, by.name
    hold.save(update_fields=["released_at", "released_by"])
    audit(
        [Entry("retention.release", f"patient:{hold.patient_id}", {"hold": hold.pk})],
        organisation_id=hold.patient.organisation_id,
        by=by,
        at=at,
    )
    return hold
