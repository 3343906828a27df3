"""Saying that a day of the diary has changed, so that whoever looks at it sees it."""

from collections.abc import Iterable
from datetime import datetime

from clearway.core.layout.times import local
from clearway.core.live.actions import announce


def diary(starts: Iterable[datetime], *, organisation_id: int, at: datetime) -> None:
    """Something that begins at these instants changed. In the transaction of the change."""
    days = {local(each).date().isoformat() for each in starts}
    if days:
        announce("diary", sorted(days), organisation_id=organisation_id, at=at)
