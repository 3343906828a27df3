"""Saying that something a screen shows has changed."""

from collections.abc import Iterable
from datetime import datetime

from .models import Change


def announce(topic: str, keys: Iterable[str], *, organisation_id: int, at: datetime) -> None:
    """Insert change rows, in the transaction of the change; the tailer turns them into pushes."""
    Change.objects.bulk_create(
        Change(organisation_id=organisation_id, topic=topic, key=key, at=at) for key in dict.fromkeys(keys)
    )
