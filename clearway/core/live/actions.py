"""Saying that something a screen shows has changed."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection


def announce(topic: str, keys: Iterable[str], *, organisation_id: int, at: datetime) -> None:
    """Insert change rows, in the transaction of the change; the tailer turns them into pushes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_change (organisation_id, topic, key, at) SELECT %s, %s, unnest(%s::text[]), %s",
            [organisation_id, topic, list(dict.fromkeys(keys)), at],
        )
