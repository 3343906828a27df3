"""What is past its period, over the whole house: what would go, and letting it go."""

from datetime import datetime

from clearway.core.audit.actions import Actor
from clearway.core.organisation.models import Organisation
from clearway.core.retention import actions, queries
from clearway.core.retention.queries import Due
from clearway.core.retention.shelves import SHELVES
from clearway.desks.ambulance import retention as ambulance
from clearway.desks.outpatients import retention as outpatients

ALL = (*SHELVES, *ambulance.SHELVES, *outpatients.SHELVES)


def due(at: datetime) -> list[Due]:
    """What would go now, kind by kind and trust by trust. Changes nothing."""
    found = ambulance.due(at)
    for organisation in Organisation.objects.order_by("slug"):
        found += [*queries.due(organisation, ALL, at), *queries.left_to_people(organisation, at)]
    return found


def forget(at: datetime, *, by: Actor) -> bool:
    """Let one bounded part of each kind go. Returns whether there may be more."""
    more = False
    for organisation in Organisation.objects.order_by("pk"):
        for shelf in ALL:
            more |= actions.forget(organisation, shelf, by=by, at=at) == actions.ROWS_AT_ONCE
    return ambulance.forget(by=by, at=at) or more


def forget_all(at: datetime, *, by: Actor) -> None:
    """Let everything go that is past its period."""
    while forget(at, by=by):
        pass
