"""What booking tells recycling, that a seat was given back or is taken, and which seats are kept for others.

Called inside the transactions of booking, which keep the audit.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from clearway.domain.outpatients.booking import notice_hours

from .models import FreedSlot, SlotOffer

OUT = SlotOffer.State.OUT
ANY_OPEN = "SELECT 1 FROM outpatients_freed_slot WHERE slot_id = %s AND state = %s LIMIT 1"


def freed(row: Any, how: str, at: datetime) -> None:
    """A seat that its patient gave back can be filled, unless its clinic does not take place."""
    if row.slot.blocked or row.slot.session.state != "open":
        return
    FreedSlot.objects.create(
        organisation_id=row.organisation_id,
        slot_id=row.slot_id,
        seat=row.seat,
        appointment=row,
        how=how,
        starts_at=row.starts_at,
        freed_at=at,
        notice=notice_hours(row.starts_at, at),
    )


def open_seats(slot_id: int) -> list[FreedSlot]:
    """The seats of a slot that were given back and not filled, with who is asked about them. Three queries,
    one where there are none, as for most bookings: Django takes longer to word it than to ask it."""
    with connection.cursor() as cursor:
        cursor.execute(ANY_OPEN, [slot_id, FreedSlot.State.OPEN])
        if cursor.fetchone() is None:
            return []
    return list(
        FreedSlot.objects.filter(slot_id=slot_id, state=FreedSlot.State.OPEN).prefetch_related("offers")
    )


def asked_about(at: datetime) -> Any:
    """SQL for a query of slots: how many seats of each others are asked about at this instant."""
    out = FreedSlot.objects.filter(
        slot_id=OuterRef("pk"), state=FreedSlot.State.OPEN, offers__state=OUT, offers__expires_at__gt=at
    )
    counted = out.order_by().values("slot_id").annotate(seats=Count("pk", distinct=True)).values("seats")
    return Coalesce(Subquery(counted), 0)


def kept(seats: Iterable[FreedSlot], entry_id: int, at: datetime) -> set[int]:
    """The seats that others are asked about and this entry is not."""
    return {each.seat for each in seats if (entries := _asked(each, at)) and entry_id not in entries}


def asked(seats: Iterable[FreedSlot], entry_id: int, at: datetime) -> set[int]:
    """The seats that this entry is asked about."""
    return {each.seat for each in seats if entry_id in _asked(each, at)}


def _asked(seat: FreedSlot, at: datetime) -> set[int]:
    """An offer whose time is over keeps nothing, whether or not a worker has ended it."""
    return {offer.entry_id for offer in seat.offers.all() if offer.state == OUT and offer.expires_at > at}


def filled(seats: Iterable[FreedSlot], made: Any, at: datetime) -> None:
    """One of these seats is booked: the offers of it end, for the one who has it and for the others."""
    row = next((each for each in seats if each.seat == made.seat), None)
    if row is None:
        return
    row.state, row.ended_at, row.filled_by = FreedSlot.State.FILLED, at, made
    row.save(update_fields=["state", "ended_at", "filled_by"])
    out = SlotOffer.objects.filter(freed=row, state=OUT)
    mine = out.filter(entry=made.entry)
    mine.update(state=SlotOffer.State.ACCEPTED, ended_at=at, ended_by=made.made_by, reached_at=at)
    out.update(state=SlotOffer.State.THANKED, ended_at=at, ended_by=made.made_by)


def led_to(given_back: Any, made: Any) -> None:
    """The seat that was given back for another that had been freed: it comes after that one."""
    before = FreedSlot.objects.filter(filled_by=made).values("pk")[:1]
    FreedSlot.objects.filter(appointment=given_back).update(after=before)


def reached(offer_id: int, at: datetime) -> None:
    """The text of an offer arrived."""
    SlotOffer.objects.filter(pk=offer_id, reached_at=None).update(reached_at=at)


def not_reached(offer_id: int, why: str, at: datetime, *, has_left: bool) -> None:
    """The text of an offer did not go, or did not arrive: who can be rung is rung; of anybody else the offer
    has ended, and the next is asked. It says nothing of how people answer.

    has_left  it went to their number and was refused there: only another number is of use
    """
    offer = SlotOffer.objects.select_related("patient__merged_into").filter(pk=offer_id, state=OUT).first()
    if offer is None:
        return
    patient, rows = offer.patient.stands, SlotOffer.objects.filter(pk=offer_id, state=OUT)
    other = patient.phone if has_left else patient.phone or patient.mobile
    if other and patient.died_on is None and offer.expires_at > at:
        rows.update(channel="phone")
    else:
        rows.update(state=SlotOffer.State.WITHDRAWN, ended_at=at, ended_by=f"Not sent: {why}"[:150])


def thanked(offer_id: int, at: datetime) -> None:
    """Who was not first was told so."""
    SlotOffer.objects.filter(pk=offer_id, told_at=None).exclude(state=OUT).update(told_at=at)
