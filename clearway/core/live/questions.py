"""A queryset put into SQL once and asked again and again: Django takes longer to word it than to ask it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.expressions import RawSQL

Rows = Callable[[int, datetime], QuerySet[Any, Any]]
WORDED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Question:
    """SQL with its values, as they were at one instant."""

    sql: str
    values: tuple[Any, ...]
    at: datetime

    def values_at(self, at: datetime) -> list[Any]:
        """Its values at another instant of the same hour: every time it names keeps its distance."""
        later = at - self.at
        return [value + later if isinstance(value, datetime) else value for value in self.values]


def versions(rows: Rows, organisation_id: int, at: datetime, *columns: str) -> Question:
    """These columns and the version of every row that an organisation has at an instant.

    PostgreSQL gives every version of a row a place (ctid) and the transaction that wrote it (xmin); no other
    row or version has both.

    rows  gives a queryset, neither sliced nor distinct; the times in it are at fixed distances from `at`, and
          days do not change within an hour
    """
    return _versions(rows, organisation_id, at.replace(minute=0, second=0, microsecond=0), columns)


def version_of(rows: QuerySet[Any, Any]) -> RawSQL:
    """The version of each row, as an expression."""
    table = rows.model._meta.db_table
    return RawSQL(f"{table}.xmin::text || {table}.ctid::text", [], output_field=TextField())


@lru_cache(maxsize=512)
def _versions(rows: Rows, organisation_id: int, hour: datetime, columns: tuple[str, ...]) -> Question:
    found = rows(organisation_id, hour)
    sql, values = found.values_list(*columns, version_of(found)).query.sql_with_params()
    return Question(sql, tuple(values), hour)
