"""Reading the outbox: how many stand where, and since when the oldest."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from clearway.domain.shared.outgoing import WAITING, State

from .models import POST, Outgoing


@dataclass(frozen=True, slots=True)
class Standing:
    """How many messages stand so, and since when the oldest of them."""

    count: int
    oldest: datetime | None


def standing(organisation_id: int, kind: str) -> dict[State, Standing]:
    """Of every state in which something is still to be done, and what failed. One query."""
    states = [*WAITING, State.FAILED]
    rows = Outgoing.objects.filter(organisation_id=organisation_id, kind=kind, state__in=states)
    found = {
        State(state): Standing(count, oldest)
        for state, count, oldest in rows.values_list("state").annotate(Count("pk"), Min("since"))
    }
    return {state: found.get(state, Standing(0, None)) for state in states}


def overdue(organisation_id: int, before: datetime) -> Standing:
    """Messages due before then that no worker has made or carried: it stands still. One query."""
    carried = Q(state=State.READY) & ~Q(carrier=POST)  # letters wait for people
    rows = Outgoing.objects.filter(
        Q(state__in=(State.QUEUED, State.SENDING)) | carried,
        organisation_id=organisation_id,
        due_at__lt=before,
    )
    found = rows.aggregate(count=Count("pk"), oldest=Min("due_at"))
    return Standing(found["count"], found["oldest"])
