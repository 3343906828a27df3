"""Messages that crossed on the way: theirs left before something happened here, or echoes what we told."""

from collections.abc import Sequence
from typing import Any

from clearway.domain.outpatients.telling import Said
from clearway.domain.outpatients.told import AppointmentTold, Step

from ..booking import queries as booked
from .envelope import Envelope, Kind, remember
from .models import Counterpart, Telling

PLACED = (Step.BOOKED, Step.MOVED, Step.CHANGED)
ENDED = (Step.CANCELLED, Step.MADE_IN_ERROR)


def crossed(told: AppointmentTold, envelope: Envelope, row: Any, known: Counterpart | None) -> str:
    """Why a message about our appointment changes nothing here; "" where it is to be taken.

    Both ids are linked then, if they were not. It is old where something newer happened here that its sender
    is told, taken or not; an echo where it tells under our id, for the first time, of a place that we told
    and that is not the appointment's any more: it was written before our newer message was read.
    """
    subject = f"appointment:{booked.whole_chain(row)[0]}"
    tellings = Telling.objects.filter(source=envelope.source, subject=subject).order_by("-number")
    rows = [(Said.again(each.said), each.acknowledged_at) for each in tellings]
    is_old = any(said.happened_at > envelope.told_at for said, _ in rows)
    echoed = [said for said, _ in rows if known is None and _is_echo(told, said, row)]
    if not (is_old or echoed):
        return ""
    if known is None:
        _link(told, envelope, row, [said for said, taken in rows if taken is not None] or echoed)
    if is_old:
        return "Something newer happened to this appointment here."
    return "It says what was told from here, and that has changed since."


def _is_echo(told: AppointmentTold, said: Said, row: Any) -> bool:
    if told.step not in PLACED or (told.starts_at, told.clinic) != (said.starts_at, said.clinic):
        return False
    template = row.slot.session.template
    here = (row.starts_at, template.code if template is not None else "")
    return row.state in ("cancelled", "lapsed") or here != (told.starts_at, told.clinic)


def _link(told: AppointmentTold, envelope: Envelope, row: Any, holds: Sequence[Said]) -> None:
    """Both ids are of one appointment. holds: what they hold as far as they took it, the newest first"""
    starts_at, told_at = told.starts_at or row.starts_at, envelope.told_at
    state = "cancelled" if told.step in ENDED else "booked"
    if holds:  # what they take later counts from there
        starts_at, state, told_at = holds[0].starts_at, holds[0].state, holds[0].happened_at
    remember(
        envelope,
        Kind.APPOINTMENT,
        told.filler,
        row.pk,
        starts_at=starts_at,
        state=state,
        told_at=told_at,
    )
