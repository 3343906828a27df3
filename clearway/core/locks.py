"""One at a time, for what cannot be locked by its row."""

from django.db import connection


def one_at_a_time(kind: int, key: int) -> None:
    """Wait until nobody else works on this until the transaction ends.

    For append-only rows: PostgreSQL locks a row only for who may update it, and nobody may.

    kind  the number of the kind of thing, each used in one place only
    key   the row
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [kind, key % 2**31])
