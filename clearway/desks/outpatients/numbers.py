"""Numbers that the trust gives out itself: one sequence per table, so that no two desks get the same."""

from django.db import connection


def next_numbers(table: str, count: int) -> list[int]:
    """So many at once, in rising order; one query."""
    with connection.cursor() as cursor:
        sql = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
        cursor.execute(sql, [table, count])
        return sorted(int(row[0]) for row in cursor.fetchall())


def next_number(table: str) -> int:
    """The next primary key of a table, taken now; a number once taken is never given again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        return int(cursor.fetchone()[0])
