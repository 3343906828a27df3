"""Placing, reviewing and lifting a legal hold on one patient."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.domain.outpatients.records import check_review
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..patients import queries as patients
from .models import PatientHold

PLACING, LIFTING = "Placing this hold", "Lifting this hold"


@transaction.atomic
def place_hold(
    patient_id: int,
    reason: str,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    review_on: date | None = None,
) -> PatientHold:
    """Keep everything about a patient until it is lifted. Raises NotAllowed.

    review_on  when somebody looks whether it is still needed; None: as the policy says
    """
    try:
        patients.one(organisation_id, patient_id)
    except ObjectDoesNotExist as missing:
        raise NotAllowed("as it stands", PLACING, "There is no such patient here.") from missing
    reason, today = reason.strip(), local(at).date()
    if not reason:
        raise NotAllowed("as it stands", PLACING, "Say why, for whoever reads it in years.")
    standing = PatientHold.objects.filter(patient_id=patient_id, released_at=None, reason__iexact=reason)
    if (same := standing.first()) is not None:
        since = f"{local(same.placed_at):%-d %b %Y}"
        raise NotAllowed("held", PLACING, f"This record is held for this reason since {since} already.")
    days = policy.records(organisation_id, at).hold_review_days
    on = review_on or today + timedelta(days=days)
    check_review(on, today, PLACING)
    hold = PatientHold.objects.create(
        patient_id=patient_id, reason=reason, placed_at=at, placed_by=by.name[:150], review_on=on
    )
    _note("retention.hold", hold, {"reason": reason, "review_on": on.isoformat()}, organisation_id, by, at)
    return hold


@transaction.atomic
def review(
    hold_id: int, found: str, review_on: date, *, organisation_id: int, by: Actor, at: datetime
) -> PatientHold:
    """Somebody looked: it is still needed, and when to look again. Raises NotAllowed.

    found  who was asked, and what they said
    """
    hold = _in_force(hold_id, organisation_id, "Reviewing this hold")
    check_review(review_on, local(at).date(), "Reviewing this hold")
    hold.review_on = review_on
    hold.save(update_fields=["review_on"])
    detail = {"found": found, "review_on": review_on.isoformat()}
    _note("retention.review", hold, detail, organisation_id, by, at)
    return hold


@transaction.atomic
def ask_to_lift(hold_id: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> PatientHold:
    """Say that a hold is not needed any more, and why. It stays in force until somebody else lifts it."""
    hold = _in_force(hold_id, organisation_id, LIFTING)
    if hold.lift_asked_at is not None:
        raise NotAllowed("asked", LIFTING, f"{hold.lift_asked_by} asked already: somebody else decides.")
    if not why.strip():
        raise NotAllowed("in force", LIFTING, "Say why it is not needed any more.")
    hold.lift_asked_at, hold.lift_asked_by, hold.lift_why = at, by.name[:150], why.strip()
    _save_asking(hold)
    _note("retention.ask_to_lift", hold, {"why": hold.lift_why}, organisation_id, by, at)
    return hold


@transaction.atomic
def keep_on(hold_id: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> PatientHold:
    """Refuse to lift a hold, or take back one's own asking: it goes on as it was. Raises NotAllowed."""
    hold = _in_force(hold_id, organisation_id, "Keeping this hold")
    if hold.lift_asked_at is None:
        raise NotAllowed("in force", "Keeping this hold", "Nobody asks to lift it.")
    hold.lift_asked_at, hold.lift_asked_by, hold.lift_why = None, "", ""
    _save_asking(hold)
    _note("retention.keep_on", hold, {"why": why}, organisation_id, by, at)
    return hold


@transaction.atomic
def lift(hold_id: int, *, organisation_id: int, by: Actor, at: datetime) -> PatientHold:
    """Lift a hold that somebody else asked to lift. Raises NotAllowed.

    What it alone kept goes with the next round of retention, and cannot be had back.
    """
    hold = _in_force(hold_id, organisation_id, LIFTING)
    if hold.lift_asked_at is None:
        raise NotAllowed("in force", LIFTING, "Say first why it is not needed any more.")
    if hold.lift_asked_by == by.name[:150]:
        raise NotAllowed("asked", LIFTING, "You asked for it: somebody else lifts it.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT clearway_lift_hold(%s, %s, %s)", [hold.pk, by.name[:150], at])
    hold.refresh_from_db()
    detail = {"asked_by": hold.lift_asked_by, "why": hold.lift_why}
    _note("retention.release", hold, detail, organisation_id, by, at)
    return hold


@transaction.atomic
def release_hold(hold_id: int, *, by: Actor, at: datetime) -> PatientHold:
    """End a hold on a patient by command, as the owner. Raises NotAllowed when none of this number stands."""
    rows = PatientHold.objects.select_for_update(of=("self",)).select_related("patient")
    hold = rows.filter(pk=hold_id, released_at__isnull=True).first()
    if hold is None:
        why = f"There is no hold P{hold_id} on a patient that is in force."
        raise NotAllowed("not held", "Releasing this hold", why)
    hold.released_at, hold.released_by = at, by.name
    hold.save(update_fields=["released_at", "released_by"])
    _note("retention.release", hold, {}, hold.patient.organisation_id, by, at)
    return hold


def _in_force(hold_id: int, organisation_id: int, event: str) -> PatientHold:
    """Raises PatientHold.DoesNotExist for none of this number, NotAllowed for one that was lifted."""
    rows = PatientHold.objects.select_for_update(of=("self",)).select_related("patient")
    hold = rows.get(pk=hold_id, patient__organisation_id=organisation_id)
    if hold.released_at is not None:
        raise NotAllowed("lifted", event, f"It was lifted by {hold.released_by}. Place another if needed.")
    return hold


def _save_asking(hold: PatientHold) -> None:
    hold.save(update_fields=["lift_asked_at", "lift_asked_by", "lift_why"])


def _note(
    verb: str,
    hold: PatientHold,
    detail: Mapping[str, object],
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> None:
    entry = Entry(verb, f"patient:{hold.patient_id}", {"hold": hold.pk, **detail})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
