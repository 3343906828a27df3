"""Reading how senders write and which of their records are ours."""

from functools import lru_cache

from clearway.core.feeds.models import Source
from clearway.interchange.hl7 import mapping
from clearway.interchange.hl7.mapping import SenderMapping

from .models import FeedMapping


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
