"""Reporting faults, asking about them again, and saying that they are mended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.domain.outpatients import upkeep as rules
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.upkeep import STOPS, Kind, Weight
from clearway.domain.shared.errors import NotAllowed

from .. import policy
from ..clinics import actions as clinic_actions
from ..clinics import queries as clinics
from . import queries
from .models import Fault


@dataclass(frozen=True, slots=True)
class New:
    """A fault as somebody reports it. until: how long the room or equipment is reckoned not to be usable."""

    room_id: int
    kind: Kind
    weight: Weight
    what: str
    thing: str = ""
    reference: str = ""
    until: date | None = None
    equipment_id: int | None = None


@transaction.atomic
def report(new: New, *, organisation_id: int, by: Actor, at: datetime) -> Fault:
    """Report a fault; if it stops the room or equipment, its slots are blocked until the day reckoned with.

    Who is booked into them stays until somebody moves each (queries.to_move lists them). Raises NotAllowed.
    """
    event, today = "Reporting this fault", local(at).date()
    if not clinics.rooms(organisation_id).filter(pk=new.room_id).exists():
        raise NotAllowed("as it stands", event, "There is no such room here.")
    things = clinics.equipment(organisation_id).filter(room_id=new.room_id)
    if new.equipment_id is not None and not things.filter(pk=new.equipment_id).exists():
        raise NotAllowed("as it stands", event, "There is no such equipment in this room.")
    stops = new.weight in STOPS
    _check_until(new.until, today, event, stops)
    row = Fault.objects.create(
        organisation_id=organisation_id,
        room_id=new.room_id,
        equipment_id=new.equipment_id,
        thing=new.thing.strip(),
        kind=new.kind.value,
        weight=new.weight.value,
        what=new.what,
        reported_at=at,
        reported_by=by.name,
        mender=rules.USUAL[new.kind].value,
        reference=new.reference.strip(),
        until=new.until if stops else None,
        chase_on=rules.chase_on(new.weight, today, policy.upkeep(organisation_id, at), BANK_HOLIDAYS),
    )
    _block(row, by, at)
    detail = {"room": row.room_id, "equipment": row.equipment_id, "weight": row.weight, "mender": row.mender}
    return _saved(row, "upkeep.report", detail, by, at)


@transaction.atomic
def chase(
    key: int,
    said: str,
    *,
    reference: str = "",
    until: date | None = None,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Fault:
    """Somebody asked the mender again: what they said, and until when the room is out of use now.

    Slots that fall free by it can be booked again, further ones are blocked. Raises NotAllowed.
    """
    event, today = "Asking about it", local(at).date()
    row = _standing(key, organisation_id, event)
    weight = Weight(row.weight)
    if weight in STOPS:
        until = until or row.until
        _check_until(until, today, event, True)
        row.until = until
    row.said, row.asked = said, row.asked + 1
    row.reference = reference.strip() or row.reference
    row.chase_on = rules.chase_on(weight, today, policy.upkeep(organisation_id, at), BANK_HOLIDAYS)
    row.save()
    if weight in STOPS:
        _free(row, by, at)
        _block(row, by, at)
    return _saved(row, "upkeep.chase", {"asked": row.asked}, by, at)


@transaction.atomic
def mend(key: int, how: str, *, organisation_id: int, by: Actor, at: datetime) -> Fault:
    """It is mended: the slots that it blocked can be booked again, unless something else stops them."""
    row = _standing(key, organisation_id, "Calling it mended")
    row.mended_at, row.mended_by, row.how = at, by.name, how
    row.save()
    _free(row, by, at)
    return _saved(row, "upkeep.mend", {}, by, at)


def _check_until(until: date | None, today: date, event: str, stops: bool) -> None:
    if stops and (until is None or until < today):
        raise NotAllowed("as it stands", event, "Say until when the room cannot be used: today or later.")


def _block(row: Fault, by: Actor, at: datetime) -> None:
    if row.until is not None:
        words = f"{queries.cause(row.pk)} {row.what}"
        clinic_actions.block(
            queries.place(row), words, row.until, organisation_id=row.organisation_id, by=by, at=at
        )


def _free(row: Fault, by: Actor, at: datetime) -> None:
    clinic_actions.free(
        queries.place(row), queries.cause(row.pk), organisation_id=row.organisation_id, by=by, at=at
    )


def _standing(key: int, organisation_id: int, event: str) -> Fault:
    row = Fault.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if row.mended_at is not None:
        raise NotAllowed("mended", event, f"{row.mended_by} said that it is mended. Look at it again.")
    return row


def _saved(row: Fault, verb: str, detail: Mapping[str, Any], by: Actor, at: datetime) -> Fault:
    row.save()
    audit([Entry(verb, f"fault:{row.pk}", detail)], organisation_id=row.organisation_id, by=by, at=at)
    return row
