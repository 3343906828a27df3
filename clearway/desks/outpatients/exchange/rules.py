"""What the worklist says of messages that other systems have not taken."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from clearway.core.layout.times import day, local
from clearway.core.worklist.rules import Wanted
from clearway.domain.shared.outgoing import State

from .models import Telling
from .queries import STOPPED

WAITS_FOR = timedelta(minutes=30)  # three tries of a system that is away: a restart is over by then
ON_THE_WAY = (State.QUEUED, State.READY, State.SENDING)
LEADER = "outpatient_team_leader"  # of the office, who may send them again (feeds.replay)


@dataclass(frozen=True, slots=True)
class Untold:
    """A system that has not been told everything: how many messages stopped, how many have waited for long,
    and since when the oldest of them."""

    source: int
    name: str
    stopped: int
    waiting: int
    oldest: datetime


def untold(organisation_id: int, at: datetime) -> tuple[Untold, ...]:
    """Each system with messages that stopped or have waited for longer than WAITS_FOR. One query."""
    is_stopped = Q(outgoing__state__in=STOPPED)
    has_waited = Q(outgoing__state__in=ON_THE_WAY, outgoing__queued_at__lt=at - WAITS_FOR)
    rows = Telling.objects.filter(is_stopped | has_waited, source__organisation_id=organisation_id)
    found = rows.order_by("source__name").values_list("source_id", "source__name")
    counted = found.annotate(
        stopped=Count("pk", filter=is_stopped),
        waiting=Count("pk", filter=has_waited),
        oldest=Min("outgoing__queued_at"),
    )
    return tuple(Untold(*row) for row in counted)


def to_see_to(found: Sequence[Untold]) -> Iterator[Wanted]:
    """One task for each system."""
    for each in found:
        yield Wanted(
            subject=f"source:{each.source}:untold",
            priority=2 if each.stopped else 3,
            title=f"Messages to {each.name} are {'stopped' if each.stopped else 'waiting'}",
            cause=f"The oldest is of {day(each.oldest)}, {local(each.oldest):%H:%M}",
            role=LEADER,
            suggestion="See why, send them again or withdraw them: /outpatients/exchange/",
            reading=float(each.stopped + each.waiting),
            threshold=1.0,
        )
