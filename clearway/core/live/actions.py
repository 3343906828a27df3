"""Saying that something a screen shows has changed, or who may see it."""

import json
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from .tailer import CHANNEL


def announce(topic: str, keys: Iterable[str], *, organisation_id: int, at: datetime) -> None:
    """Insert change rows, in the transaction of the change; the tailer turns them into pushes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_change (organisation_id, topic, key, at) SELECT %s, %s, unnest(%s::text[]), %s",
            [organisation_id, topic, list(dict.fromkeys(keys)), at],
        )


def look_again(organisation_id: int) -> None:
    """Have every live stream of the organisation ask now who is behind it, once the transaction is done.

    For what may not wait for the next check of each: a session was ended from outside.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps({"look_again": organisation_id})])
