"""Checking patients in."""

from datetime import datetime

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import clock, local
from clearway.domain.outpatients.telling import What
from clearway.domain.shared.errors import NotAllowed

from .. import changed
from ..exchange import wanted as exchange
from .models import Appointment

State = Appointment.State
CHECKING_IN, TAKING_BACK = "Checking in", "Taking the check-in back"


@transaction.atomic
def check_in(
    key: int, *, organisation_id: int, by: Actor, at: datetime, happened_at: datetime | None = None
) -> Appointment:
    """The patient is here. Raises NotAllowed for an appointment of another day or one that is not booked.

    happened_at  when they came, where that is told later
    """
    came_at = min(happened_at or at, at)
    row = _locked(key, organisation_id)
    if row.state == State.ARRIVED and row.arrived_at:
        raise NotAllowed("arrived", CHECKING_IN, f"Checked in at {clock(row.arrived_at)} already.")
    if row.state != State.BOOKED:
        raise NotAllowed(
            row.get_state_display().lower(), CHECKING_IN, "Only a booked appointment can be checked in."
        )
    if local(row.starts_at).date() != local(came_at).date():
        when = f"{local(row.starts_at):%-d %b %Y, %H:%M}"
        raise NotAllowed("on another day", CHECKING_IN, f"The appointment is on {when}.")
    row.state, row.arrived_at = State.ARRIVED, came_at
    return _saved(row, "reception.check_in", by, at)


@transaction.atomic
def take_back(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Appointment:
    """The wrong row was checked in. Raises NotAllowed for one that is not."""
    row = _locked(key, organisation_id)
    if row.state != State.ARRIVED:
        raise NotAllowed(row.get_state_display().lower(), TAKING_BACK, "The patient is not checked in.")
    row.state, row.arrived_at = State.BOOKED, None
    return _saved(row, "reception.take_back", by, at)


def _locked(key: int, organisation_id: int) -> Appointment:
    rows = Appointment.objects.select_for_update(of=("self",)).select_related("patient")
    return rows.get(pk=key, organisation_id=organisation_id)


def _saved(row: Appointment, verb: str, by: Actor, at: datetime) -> Appointment:
    row.save(update_fields=["state", "arrived_at"])
    exchange.appointment(row, What.ARRIVED if row.arrived_at else What.NOT_ARRIVED, by=by, at=at)
    entry = Entry(verb, f"appointment:{row.pk}", {})
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
    changed.diary([row.starts_at], organisation_id=row.organisation_id, at=at)
    return row
