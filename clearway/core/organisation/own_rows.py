"""Which trust's rows the database shows: the second fence behind the filters of the queries.

Tables that hold patients' data have a policy for rows (docs/adr/0109): the role of the desks sees and writes
only those of the trust that its session names. Each request says whose rows it may see, as soon as it is
known who asks; until then it sees none. Workers act for every trust and say so when they connect. The owner,
who migrates and exports, is not bound.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.signals import connection_created
from psycopg.pq import TransactionStatus

SETTING = "clearway.organisation"  # of the database session
EVERY, NONE = "all", ""
INERROR = TransactionStatus.INERROR
_shown = threading.local()


def begin() -> None:
    """A request begins: nothing is shown until `only` or `of_every_trust` says whose."""
    _show(NONE)


def only(organisation_id: int | None) -> None:
    """Show the rows of one trust until the request ends; None for no trust's."""
    _show(NONE if organisation_id is None else str(organisation_id))


@contextmanager
def of_every_trust() -> Iterator[None]:
    """Show every trust's rows: for who comes with a secret of their own, which says whose to look for."""
    before = _now()
    _show(EVERY)
    try:
        yield
    finally:
        _show(before)


def _now() -> str:
    return str(getattr(_shown, "whose", NONE))


def _show(whose: str) -> None:
    _shown.whose = whose
    # A thread without a connection is told when it gets one; a broken transaction takes no word any more.
    link = connection.connection
    if link is not None and not connection.needs_rollback and link.info.transaction_status != INERROR:
        _tell(connection, whose)


def _tell(link: Any, whose: str) -> None:
    # Straight to the driver: it belongs to the session, and to no page's count of queries.
    link.connection.execute("SELECT set_config(%s, %s, false)", [SETTING, whose])


def _tell_new(sender: object, connection: Any, **rest: object) -> None:
    """A connection comes from the pool as the request before it left it."""
    if hasattr(_shown, "whose"):
        _tell(connection, _now())


connection_created.connect(_tell_new, dispatch_uid="own_rows")


# SQL for migrations

WHOSE = """
-- The trusts whose rows this session may see.
CREATE FUNCTION clearway_whose_rows() RETURNS bigint[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    whose text := coalesce(current_setting('clearway.organisation', true), '');
BEGIN
    IF whose = 'all' THEN
        RETURN ARRAY(SELECT id FROM core_organisation);
    END IF;
    RETURN CASE whose WHEN '' THEN '{}' ELSE ARRAY[whose::bigint] END;
END $$;
"""
# Asked once for each query, not for each row: a subquery that refers to nothing outside of it.
THEIRS = "= ANY ((SELECT clearway_whose_rows())::bigint[])"


def fenced(table: str, shown: str = f"organisation_id {THEIRS}") -> str:
    """A policy on a table: the desks see and write only rows for which `shown` holds."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n"
        f"CREATE POLICY own_rows ON {table} USING ({shown});\n"
    )


def fenced_with(table: str, column: str, parent: str) -> str:
    """The same where the trust is that of a parent row, whose own policy says whether it is there at all."""
    return fenced(table, f"EXISTS (SELECT FROM {parent} p WHERE p.id = {table}.{column})")
