"""Reading how senders write and which of their records are ours."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db.models import Count, Max, Min, Q

from clearway.core.feeds.models import Source
from clearway.domain.outpatients.telling import What
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.outgoing import LEFT, State
from clearway.interchange.hl7 import mapping
from clearway.interchange.hl7.mapping import SenderMapping

from .models import Counterpart, FeedMapping, Reconciliation, Telling

log = logging.getLogger(__name__)


def versions(source: Source) -> list[FeedMapping]:
    """Every version of a sender's mapping, newest first."""
    return list(FeedMapping.objects.filter(source=source).order_by("-version"))


def senders(kind: str) -> list[tuple[Source, SenderMapping]]:
    """Every sender of a kind that may deliver, with how it writes; who says most of itself first."""
    found = [(each, mapping_of(each)) for each in Source.objects.filter(kind=kind, enabled=True)]
    return sorted(found, key=lambda each: (not each[1].application, not each[1].facility, each[0].name))


def mapping_of(source: Source) -> SenderMapping:
    """How a sender writes now; the usual way where nobody has said anything. One query."""
    text = (
        FeedMapping.objects.filter(source=source).order_by("-version").values_list("text", flat=True).first()
    )
    return _parsed(text or "")


@lru_cache(maxsize=32)
def _parsed(text: str) -> SenderMapping:
    return mapping.parse(text)


def told(organisation_id: int) -> list[tuple[Source, SenderMapping]]:
    """Every system of a trust that has a mapping, with the one in force. One query.

    One whose mapping cannot be read any more is left out and logged: it must stop nobody's booking.
    """
    rows = FeedMapping.objects.filter(source__organisation_id=organisation_id, source__enabled=True)
    newest = rows.order_by("source_id", "-version").distinct("source_id").select_related("source")
    return [(row.source, found) for row in newest if (found := _readable(row.source, row.text)) is not None]


def is_told(source: Source, what: What) -> bool:
    """Whether a system asks to be told of this, and can be. One query."""
    send = mapping_of(source).send
    return source.enabled and send is not None and send.wants(what)


def to_send() -> list[tuple[Source, SenderMapping]]:
    """Every HL7 system that may be sent something, of every trust, as `told` gives them. One query."""
    rows = FeedMapping.objects.filter(source__kind="hl7", source__enabled=True)
    newest = rows.order_by("source_id", "-version").distinct("source_id").select_related("source")
    return [(row.source, found) for row in newest if (found := _readable(row.source, row.text)) is not None]


def _readable(source: Source, text: str) -> SenderMapping | None:
    try:
        return _parsed(text)
    except CannotParse as error:
        log.error("The mapping of source %s cannot be read: %s: %s", source.name, error.where, error.why)
        return None


def their_name(source: Source, kind: str, ours: Iterable[int]) -> str:
    """What a system calls one of our records, by any of its ids here; "" where it has told none."""
    rows = Counterpart.objects.filter(source=source, kind=kind, ours__in=list(ours)).order_by("-told_at")
    return rows.values_list("theirs", flat=True).first() or ""


STOPPED = (State.FAILED, State.HELD)
MOST_SHOWN = 200
TRYING = "It is asked again at this moment."


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """Messages that other systems have not taken, and how many wait for a person. Two queries."""
    rows = Telling.objects.filter(source__organisation_id=organisation_id)
    on_the_way = rows.exclude(outgoing__state__in=[*LEFT, State.WITHDRAWN])
    return on_the_way.count(), rows.filter(outgoing__state__in=STOPPED).count()


def stopped(organisation_id: int) -> list[Telling]:
    """Messages that wait for a person, the oldest first. One query."""
    rows = Telling.objects.filter(source__organisation_id=organisation_id, outgoing__state__in=STOPPED)
    return list(rows.select_related("source", "outgoing").order_by("outgoing_id")[:MOST_SHOWN])


@dataclass(frozen=True, slots=True)
class Away:
    """A system that took nothing when it was last asked: why, how many messages wait for it and since when,
    how often the first was tried, and when it is asked again."""

    source: int
    name: str
    why: str
    count: int
    since: datetime
    tries: int
    again: datetime


def away(organisation_id: int) -> list[Away]:
    """Systems that are waited for, by name. Two queries."""
    rows = Telling.objects.filter(source__organisation_id=organisation_id)
    # While the first is tried again it is sending, and its system is as far away as before.
    is_again = Q(outgoing__state=State.SENDING, outgoing__tries__gt=1)
    rows = rows.filter(Q(outgoing__state=State.READY) | is_again)
    tried = rows.filter(outgoing__tries__gt=0).order_by("source__name", "-outgoing__since", "-outgoing_id")
    found = list(tried.distinct("source__name").select_related("source", "outgoing"))
    counted = rows.filter(source__in=[each.source_id for each in found]).values("source_id").order_by()
    sums = counted.annotate(
        count=Count("pk"),
        since=Min("outgoing__queued_at"),
        tries=Max("outgoing__tries"),
        again=Min("outgoing__due_at"),
    )
    names = ("source_id", "count", "since", "tries", "again")
    by_source = {each[0]: each[1:] for each in sums.values_list(*names)}
    return [
        Away(each.source_id, each.source.name, each.outgoing.why or TRYING, *said)
        for each in found
        if (said := by_source.get(each.source_id)) is not None  # none, where the last was taken meanwhile
    ]


def reconciliations(organisation_id: int) -> list[Reconciliation]:
    """The last of each system."""
    rows = Reconciliation.objects.filter(source__organisation_id=organisation_id).select_related("source")
    return list(rows.order_by("source_id", "-id").distinct("source_id"))
