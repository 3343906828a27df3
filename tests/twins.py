"""Two trusts that are the same but for their numbers: whatever one has, the other has a million higher."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

FIRST = 550_000  # the own trust's rows have the numbers after it
APART = 1_000_000
NOBODYS = 2 * APART  # above a number of one's own, what no trust has
OF_NO_TRUST = ("core_seal", "core_checkpoint_place", "core_change", "core_push", "core_heartbeat")

_COLUMNS = """
WITH columns AS (
    SELECT c.oid, c.relname, a.attnum, a.attname,
        format_type(a.atttypid, NULL) ~ '^(character|text)' AS is_text,
        format_type(a.atttypid, NULL) IN ('bigint', 'integer') AND (a.attname = 'id' OR EXISTS (
            SELECT FROM pg_constraint f
            WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.conkey = ARRAY[a.attnum])) AS is_number
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attgenerated = ''
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
        AND c.relname ~ '^(core|ambulance|outpatients)_'
), everywhere AS (  -- the first text of what is unique among all trusts
    SELECT DISTINCT ON (i.indexrelid) t.oid, t.attnum
    FROM pg_index i JOIN columns t ON t.oid = i.indrelid AND t.attnum = ANY (i.indkey) AND t.is_text
    WHERE i.indisunique AND NOT EXISTS (SELECT FROM columns n
        WHERE n.oid = i.indrelid AND n.attnum = ANY (i.indkey) AND n.is_number)
    ORDER BY i.indexrelid, t.attnum
)
SELECT relname, attname, is_number, (oid, attnum) IN (SELECT oid, attnum FROM everywhere)
FROM columns ORDER BY relname, attnum
"""


@contextmanager
def numbered() -> Iterator[None]:
    """What the block makes has numbers of its own; afterwards there is the other trust that has the same."""
    count_from(FIRST)
    yield
    _double()
    count_from(FIRST + 5 * APART)


def count_from(number: int) -> None:
    """What is made next has the number after this one, in every table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, %s) FROM pg_sequences"
            " WHERE sequencename ~ '^(core|ambulance|outpatients)_'",
            [number],
        )


def _double() -> None:
    """Past triggers and references: what they guard held for the rows that are copied."""
    tables: dict[str, list[tuple[str, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_COLUMNS)
        for table, column, is_number, is_unique in cursor.fetchall():
            value = f'"{column}"'
            if is_number:  # of a row that both have, as a permission has, it stays
                value = f"CASE WHEN {value} > {FIRST} THEN {value} + {APART} ELSE {value} END"
            elif is_unique:
                value = f"CASE WHEN {value} = '' THEN '' ELSE 'Z' || substr({value}, 2) END"
            tables.setdefault(table, []).append((f'"{column}"', value))
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, columns in tables.items():
            if table not in OF_NO_TRUST:
                names, values = (", ".join(each) for each in zip(*columns, strict=True))
                own = f" WHERE id > {FIRST}" if '"id"' in names.split(", ") else ""
                cursor.execute(
                    f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {table}{own}"
                )
        cursor.execute("SET LOCAL session_replication_role = origin")
        # Else plans that were made for emptier tables serve these: minutes, not seconds.
        cursor.execute("ANALYZE")
