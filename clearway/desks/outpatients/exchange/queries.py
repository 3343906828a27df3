"""Reading how senders write and which of their records are ours."""

import logging
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from django.db.models import Q

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


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """Messages that other systems have not taken, and how many wait for a person. Two queries."""
    rows = Telling.objects.filter(source__organisation_id=organisation_id)
    on_the_way = rows.exclude(outgoing__state__in=[*LEFT, State.WITHDRAWN])
    return on_the_way.count(), rows.filter(outgoing__state__in=STOPPED).count()


def not_taken(organisation_id: int) -> list[Telling]:
    """Messages that stopped, and those whose system has not taken them yet, the oldest first."""
    rows = Telling.objects.filter(source__organisation_id=organisation_id).select_related(
        "source", "outgoing"
    )
    waiting = Q(outgoing__state=State.READY, outgoing__tries__gt=0)
    return list(rows.filter(Q(outgoing__state__in=STOPPED) | waiting).order_by("outgoing_id")[:200])


def reconciliations(organisation_id: int) -> list[Reconciliation]:
    """The last of each system."""
    rows = Reconciliation.objects.filter(source__organisation_id=organisation_id).select_related("source")
    return list(rows.order_by("source_id", "-id").distinct("source_id"))
