"""Numbers that the trust gives out itself: one sequence per table, so that no two desks get the same."""

from django.db import connection


def next_numbers(table: str, count: int) -> list[int]:
    """So many at once, in rising order; one query."""
    with connection.cursor() as cursor:
        sql = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
        cursor.execute(sql, [table, count])
        return sorted(int(row[0]) for row in cursor.fetchall())


class Numbers:
    """Numbers for many rows, taken from the database so many at a time; those left over are nobody's."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._taken: dict[str, list[int]] = {}

    def next(self, table: str) -> int:
        """The next number of a table."""
        held = self._taken.setdefault(table, [])
        if not held:
            held.extend(reversed(next_numbers(table, self._at_once)))
        return held.pop()


def next_number(table: str) -> int:
    """The next primary key of a table, taken now; a number once taken is never given again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        return int(cursor.fetchone()[0])
