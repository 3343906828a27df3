"""Keeping the append-only tables in handy pieces."""

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

log = logging.getLogger(__name__)

DAYS_AHEAD = 3
MONTHS_AHEAD = 2


def make_partitions(at: datetime) -> list[str]:
    """Make the partitions of the coming days and months. Returns the names of those made.

    What arrives for a time without a partition goes to the default one and is found all the same.
    """
    wanted = [*_days(at), *_months(at)]
    made = []
    with connection.cursor() as cursor:
        for table, name, start, end in wanted:
            cursor.execute("SELECT to_regclass(%s)", [name])
            if cursor.fetchone()[0] is None and _made(cursor, table, name, start, end):
                made.append(name)
    return made


def _made(cursor: CursorWrapper, table: str, name: str, start: str, end: str) -> bool:
    try:
        with transaction.atomic():
            cursor.execute(
                "SELECT clearway_add_partition(%s, %s, %s::date, %s::date)", [table, name, start, end]
            )
    except IntegrityError:
        # Rows of that time already lie in the default partition, where they are found all the same.
        log.warning("%s was not made: rows of its time are in the default partition", name)
        return False
    return True


def _days(at: datetime) -> list[tuple[str, str, str, str]]:
    days = [at.date() + timedelta(days=ahead) for ahead in range(1, DAYS_AHEAD + 1)]
    return [
        ("ambulance_position", f"ambulance_position_{day:%Y%m%d}", f"{day}", f"{day + timedelta(days=1)}")
        for day in days
    ]


def _months(at: datetime) -> list[tuple[str, str, str, str]]:
    months = []
    first = at.date().replace(day=1)
    for _ in range(MONTHS_AHEAD):
        first = (first + timedelta(days=32)).replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
        months.append(("ambulance_fact", f"ambulance_fact_{first:%Y%m}", f"{first}", f"{after}"))
    return months
