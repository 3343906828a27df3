"""Numbers that the trust gives out itself: one sequence per table, so that no two desks get the same."""

from django.db import connection


def next_number(table: str) -> int:
    """The next primary key of a table, taken now; a number once taken is never given again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        return int(cursor.fetchone()[0])
