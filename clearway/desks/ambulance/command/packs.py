"""Making packs for meetings. Every write of them."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.feeds.queries import first_heard
from clearway.core.layout.times import LONDON, local
from clearway.core.live.actions import announce
from clearway.domain.ambulance.meeting import Unit, first_day, midnight, next_day, whole
from clearway.domain.shared import figures as shared
from clearway.domain.shared.errors import NotAllowed

from . import figures, meeting
from .actions import lock
from .models import MeetingPack
from .policy import command_policy


@transaction.atomic
def make(
    unit: Unit, day: date, *, organisation_id: int, by: Actor, at: datetime, by_duty: bool = False
) -> MeetingPack:
    """Make a pack of the week or month of a day, as it is known now, and keep it. By itself one is made once:
    asked again, it is given back. Raises NotAllowed for what has not begun."""
    if day > local(at).date():
        raise NotAllowed("to come", "Making a pack", "Choose a day that has begun.")
    lock(organisation_id)
    first = first_day(unit, day)
    made = MeetingPack.objects.filter(organisation_id=organisation_id)
    if by_duty and (same := made.filter(unit=unit, first=first, by_duty=True).first()) is not None:
        return same
    look = meeting.Look(organisation_id, at, unit, first, command_policy(organisation_id, at).packs)
    parts = {code: figures.told(code, meeting.PARTS, look) for code in meeting.PARTS}
    row = MeetingPack.objects.create(
        organisation_id=organisation_id,
        number=(made.aggregate(Max("number"))["number__max"] or 0) + 1,
        unit=unit.value,
        first=first,
        at=at,
        by=by.name,
        by_duty=by_duty,
        figures={code: shared.kept([part])[0] for code, part in parts.items()},
    )
    entry = Entry("meeting_packs.make", f"pack:{row.number}", {"unit": row.unit, "first": first.isoformat()})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    announce("pack", [str(row.number)], organisation_id=organisation_id, at=at)
    return row


def follow(organisation_id: int, *, by: Actor, at: datetime) -> MeetingPack | None:
    """Make the pack of the newest whole week or month that has none, one at a time. None: nothing is due, or
    nothing was heard of it."""
    policy, heard = command_policy(organisation_id, at).packs, first_heard(organisation_id)
    made = MeetingPack.objects.filter(organisation_id=organisation_id, by_duty=True)
    for unit in policy.units:
        first = whole(unit, policy, at, LONDON)
        over = midnight(next_day(unit, first), LONDON)
        if heard is not None and heard < over and not made.filter(unit=unit, first=first).exists():
            return make(unit, first, organisation_id=organisation_id, by=by, at=at, by_duty=True)
    return None
