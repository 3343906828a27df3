"""Telling other systems: called by the parts of the desk in the transaction of what happens.

Who came with it is not told it again: what a feed did goes to every other system that asks for it. What
follows from it in clocks is told to everybody who asks, because only we reckon them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, prefetch_related_objects

from clearway.core.audit.actions import Actor
from clearway.core.feeds.models import Source
from clearway.core.outbox import actions as outbox
from clearway.domain.outpatients.telling import Said, What

from . import queries
from .models import Telling

OUTBOX = "hl7"  # the kind of these messages in the outbox


def carrier_of(source_id: int) -> str:
    """What the carrier to a system is called in the outbox; by number, as names may be long."""
    return f"mllp:{source_id}"


def appointment(row: Any, what: What, *, by: Actor, at: datetime) -> None:
    """Something happened to an appointment, which is locked. One query where nobody is told."""
    if told := _told(row.organisation_id, what, by):
        first = _first(row)
        wants = [_Want(f"appointment:{first.pk}", _of_appointment(row, what, first, at))]
        _put(told, wants, row.organisation_id, at)


def clocks(happened: Iterable[tuple[Any, Any]], organisation_id: int, *, by: Actor, at: datetime) -> None:
    """Events were recorded of clocks: pairs of a pathway, as it stands now, and its event, as rows."""
    pairs = list(happened)
    if pairs and (told := _told(organisation_id, What.CLOCK, by)):
        prefetch_related_objects([pathway for pathway, _ in pairs], "patient__merged_into")
        wants = [_Want(f"pathway:{pathway.pk}", _of_clock(pathway, event, at)) for pathway, event in pairs]
        _put(told, wants, organisation_id, at)


def again(row: Any, what: What, source: Source, *, at: datetime) -> None:
    """Tell one system how an appointment stands, because it has it otherwise: whoever did it."""
    first = _first(row)
    want = _Want(f"appointment:{first.pk}", _of_appointment(row, what, first, at))
    _put([source], [want], row.organisation_id, at)


@dataclass(frozen=True, slots=True)
class _Want:
    subject: str
    said: Said


def _told(organisation_id: int, what: What, by: Actor) -> list[Source]:
    """Who is told: whoever asks for it, but of an appointment not who did it."""
    return [
        source
        for source, mapping in queries.told(organisation_id)
        if mapping.send is not None
        and mapping.send.wants(what)
        and (what is What.CLOCK or by.name != f"feed:{source.name}")
    ]


def _put(told: Sequence[Source], wants: Sequence[_Want], organisation_id: int, at: datetime) -> None:
    for source in told:
        subjects = {each.subject for each in wants}
        rows = Telling.objects.filter(source=source, subject__in=subjects)
        # By the highest, as the oldest are let go of when their period is over.
        before = dict(rows.values_list("subject").annotate(Max("number")).order_by())
        made: dict[str, Telling] = {}
        for want in wants:
            number = before[want.subject] = before.get(want.subject, 0) + 1
            key = f"hl7:{source.pk}:{want.subject}:{number}:{want.said.what}"
            made[key] = Telling(source=source, subject=want.subject, number=number, said=want.said.kept())
        put = outbox.put(
            list(made), OUTBOX, carrier=carrier_of(source.pk), organisation_id=organisation_id, at=at
        )
        for key, row in put.items():
            made[key].outgoing_id = row
        Telling.objects.bulk_create(made[key] for key in put)


def _first(row: Any) -> Any:
    """The appointment that this one came from, before every move."""
    while (before := row.moved_from.first()) is not None:
        row = before
    return row


def _person(patient: Any) -> dict[str, Any]:
    stands = patient.stands
    return {
        "number": stands.number,
        "nhs_number": stands.nhs_number or "",
        "family_name": stands.family_name,
        "given_names": stands.given_names,
        "born_on": stands.born_on,
        "sex": stands.sex,
    }


def _of_appointment(row: Any, what: What, first: Any, at: datetime) -> Said:
    template = row.slot.session.template
    pathway = row.entry.pathway if row.entry is not None else None
    return Said(
        what,
        at,
        **_person(row.patient),
        placer=str(first.pk),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        clinic=template.code if template is not None else "",
        state=row.state,
        reason=row.cancel_reason,
        **(_clock(pathway) if pathway is not None else {}) | {"status": row.status},
    )


def _of_clock(pathway: Any, event: Any, at: datetime) -> Said:
    return Said(
        What.CLOCK,
        at,
        **_person(pathway.patient),
        **_clock(pathway),
        event=event.kind,
        event_on=event.on,
    )


def _clock(pathway: Any) -> dict[str, Any]:
    """As the newest day says, and no more than another system needs to report it."""
    return {
        "status": pathway.status,
        "pathway": pathway.ppid,
        "issuer": pathway.issuer,
        "started_on": pathway.started_on,
        "treat_by": pathway.treat_by,
        "ended_on": pathway.ended_on,
    }
