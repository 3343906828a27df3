"""Making packs for meetings. Every write of them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from clearway.domain.shared.figures import Figures

from . import figures, meeting
from .actions import lock
from .models import MeetingPack
from .policy import command_policy

log = logging.getLogger(__name__)


@dataclass
class NotWhole(Exception):
    """A pack of the duty lacks parts, and is not kept: one that is kept is never made again."""

    parts: Sequence[str]

    def __str__(self) -> str:
        return f"These parts could not be made: {', '.join(self.parts)}"


def make(
    unit: Unit, day: date, *, organisation_id: int, by: Actor, at: datetime, by_duty: bool = False
) -> MeetingPack:
    """Make a pack of the week or month of a day, as it is known now, and keep it. By itself one is made once:
    asked again, it is given back. Raises NotAllowed for what has not begun; by itself NotWhole."""
    if day > local(at).date():
        raise NotAllowed("to come", "Making a pack", "Choose a day that has begun.")
    first = first_day(unit, day)
    look = meeting.Look(organisation_id, at, unit, first, command_policy(organisation_id, at).packs)
    # A pack takes long: nothing is locked meanwhile, or a major incident could not be declared.
    tried = {code: figures.tried(code, meeting.PARTS, look) for code in meeting.PARTS}
    failed = [code for code, (_, is_made) in tried.items() if not is_made]
    if by_duty and failed:
        raise NotWhole(failed)
    parts = {code: part for code, (part, _) in tried.items()}
    return _keep(unit, first, parts, organisation_id=organisation_id, by=by, at=at, by_duty=by_duty)


@transaction.atomic
def _keep(
    unit: Unit,
    first: date,
    parts: Mapping[str, Figures],
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    by_duty: bool,
) -> MeetingPack:
    lock(organisation_id)
    made = MeetingPack.objects.filter(organisation_id=organisation_id)
    if by_duty and (same := made.filter(unit=unit, first=first, by_duty=True).first()) is not None:
        return same
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
    """Make the pack of the newest whole week or month that has none, one at a time. None: nothing is due,
    nothing was heard of it, or it is not whole: then it is tried again the next time."""
    policy, heard = command_policy(organisation_id, at).packs, first_heard(organisation_id)
    made = MeetingPack.objects.filter(organisation_id=organisation_id, by_duty=True)
    for unit in policy.units:
        first = whole(unit, policy, at, LONDON)
        over = midnight(next_day(unit, first), LONDON)
        if heard is not None and heard < over and not made.filter(unit=unit, first=first).exists():
            try:
                return make(unit, first, organisation_id=organisation_id, by=by, at=at, by_duty=True)
            except NotWhole as problem:
                log.warning("no meeting pack of the %s of %s: %s", unit.value, first, problem)
    return None
