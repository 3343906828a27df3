"""Saying what was arranged for a need at a visit, and whether the patient had it."""

from datetime import datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.domain.outpatients.support import ARRANGED
from clearway.domain.shared.errors import NotAllowed

from ..patients import queries as patients
from .models import Appointment, Arrangement

OPEN, CAME = ("booked", "arrived"), ("arrived", "attended", "missed")
MOST = 150


@transaction.atomic
def arrange(visit: int, need: int, how: str, *, organisation_id: int, by: Actor, at: datetime) -> Arrangement:
    """Something is arranged for a need at a visit; said again, it takes the place of what was said before.

    how  what, and with whom. Raises NotAllowed, and Appointment.DoesNotExist.
    """
    event, how = "Arranging this", " ".join(how.split())
    row = _locked(visit, need, OPEN, event, organisation_id)
    if not how or len(how) > MOST:
        raise NotAllowed("as it stands", event, f"Say what is arranged and with whom, in {MOST} characters.")
    row.how, row.arranged_at, row.arranged_by = how, at, by.name
    return _saved(row, "support.arrange", {"need": need}, by, at)


@transaction.atomic
def undo(visit: int, need: int, *, organisation_id: int, by: Actor, at: datetime) -> Arrangement:
    """What was arranged does not come about: the visit asks for it again. Raises as arrange does."""
    row = _locked(visit, need, OPEN, "Taking this back", organisation_id)
    row.how, row.arranged_at, row.arranged_by = "", None, ""
    return _saved(row, "support.undo", {"need": need}, by, at)


@transaction.atomic
def met(
    visit: int,
    need: int,
    *,
    was_met: bool,
    why: str = "",
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Arrangement:
    """Whether the patient had what they need, from their arrival on; said again, the newest answer stands.

    why  they had not; needed then. Raises as arrange does.
    """
    event, why = "Saying whether it was met", " ".join(why.split())
    row = _locked(visit, need, CAME, event, organisation_id)
    if not was_met and (not why or len(why) > MOST):
        raise NotAllowed("as it stands", event, f"Say why it was not met, in {MOST} characters.")
    row.met, row.met_at, row.met_by, row.why = was_met, at, by.name, "" if was_met else why
    return _saved(row, "support.met", {"need": need, "met": was_met}, by, at)


def _locked(visit: int, need: int, states: tuple[str, ...], event: str, organisation_id: int) -> Arrangement:
    """The need at the visit, which is locked: two who say something at once do so one after the other."""
    rows = Appointment.objects.select_for_update(no_key=True)
    appointment = rows.get(pk=visit, organisation_id=organisation_id)
    if appointment.state not in states:
        state = f"it is {appointment.get_state_display().lower()}"
        when = "while the visit is to come" if states is OPEN else "once the patient is checked in"
        raise NotAllowed(state, event, f"This is said {when}.")
    held = patients.needs_of([appointment.patient_id]).get(appointment.patient_id, [])
    if need not in {each.pk for each in held if each.kind in ARRANGED}:
        raise NotAllowed("as it stands", event, "The patient has no such need any more. Look again.")
    known = Arrangement.objects.filter(appointment=appointment, need_id=need).first()
    return known or Arrangement(organisation_id=organisation_id, appointment=appointment, need_id=need)


def _saved(row: Arrangement, verb: str, detail: dict[str, Any], by: Actor, at: datetime) -> Arrangement:
    row.save()
    entry = Entry(verb, f"appointment:{row.appointment_id}", detail)
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
    return row
