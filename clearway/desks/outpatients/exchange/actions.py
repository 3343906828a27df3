"""What follows here from what another system tells: each told thing becomes the desk's own action.

The same booking, the same constraint and the same refusal as at the desk. What cannot be done is refused with
the place in the message, the reason and the fix, and leaves nothing behind. A message that is older than what
its sender told of the same thing before changes nothing: so repeats and reordering end alike.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.clashes import check_whole
from clearway.core.feeds.models import Source
from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.outpatients.told import (
    AppointmentTold,
    Identity,
    PeopleMerged,
    PersonTold,
    ReferralTold,
    Told,
    VisitTold,
)
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange.hl7 import mapping

from . import bookings, people, referred, touched
from .envelope import Envelope, Refused, Taken
from .models import FeedMapping

LOADING = "Loading this mapping"
TAKERS: Mapping[type, Callable[[Any, Envelope], Taken]] = MappingProxyType(
    {
        PersonTold: people.person,
        PeopleMerged: people.merged,
        VisitTold: bookings.visit,
        AppointmentTold: bookings.appointment,
        ReferralTold: referred.referral,
    }
)

AGAIN = "again"  # of nothing here in particular: it is read once more, as all that watches is, and no more


@transaction.atomic
def take(told: Told, envelope: Envelope) -> Taken:
    """Do what follows from one message; one message of a sender at a time.

    Raises Refused, and then nothing is kept.
    """
    one_at_a_time(Lock.EXCHANGE, envelope.source.pk)
    try:
        with transaction.atomic():
            return TAKERS[type(told)](told, envelope)
    except NotAllowed as refusal:
        fix = "Put it right here, and the message is read again by itself; or put it right there."
        raise Refused("message", refusal.why, fix, watches=_watched(told, envelope)) from None
    except ObjectDoesNotExist:
        why = "What it speaks of went while it was read."
        fix = "It is read once more by itself. If it waits all the same, read it again here."
        raise Refused("message", why, fix, watches=[AGAIN]) from None


def _watched(told: Told, envelope: Envelope) -> tuple[str, ...]:
    """What the rules of the desk, by which this was refused, look at."""
    if isinstance(told, AppointmentTold | VisitTold):
        return bookings.watched(told, envelope)
    asked = [told.who.who, Identity(told.prior)] if isinstance(told, PeopleMerged) else [told.who]
    found = [who for each in asked if (who := people.find(each, envelope)) is not None]
    return (touched.PATIENTS, *dict.fromkeys(map(touched.person, found)))


def says(row: FeedMapping | None) -> dict[str, str]:
    """What a version says, to be held against what somebody puts in its place."""
    return {"text": row.text if row else ""}


@transaction.atomic
def load_mapping(
    source: Source, text: str, why: str, *, by: Actor, at: datetime, seen: Mapping[str, Any] | None = None
) -> FeedMapping:
    """Put a new version of how a sender writes in force.

    seen  what was in force when the form was opened, as `says` gives it
    Raises CannotParse for a mapping that cannot be read, NotAllowed without a reason, and ChangedMeanwhile
    where another version came into force since.
    """
    event = LOADING
    if not why.strip():
        raise NotAllowed("not said", event, "Say what the new version mends.")
    mapping.parse(text)
    one_at_a_time(Lock.EXCHANGE, source.pk)
    newest = FeedMapping.objects.filter(source=source).order_by("-version").first()
    if seen is not None:
        check_whole({"text": text}, seen, says(newest), event)
    version = (newest.version if newest else 0) + 1
    row = FeedMapping.objects.create(
        source=source, version=version, text=text, why=why.strip()[:300], loaded_at=at, loaded_by=by.name
    )
    entry = Entry("exchange.load_mapping", f"source:{source.name}", {"version": version, "why": row.why})
    audit([entry], organisation_id=source.organisation_id, by=by, at=at)
    return row
