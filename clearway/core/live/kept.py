"""Values made from small tables that seldom change: one question tells which of them must be read again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.expressions import RawSQL

from . import remembered

Rows = QuerySet[Any, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One value of an organisation at an instant.

    rows  every row that it is made from: whole querysets, neither sliced nor distinct
    made  reads these rows into the value
    """

    rows: Callable[[int, datetime], Sequence[Rows]]
    made: Callable[[int, datetime], Any]


@dataclass
class Kept:
    """Parts by name, kept in one process for as long as their rows stay the same versions.

    Like Remembered it trusts nobody to say what changed, and forgets all after a minute.
    """

    parts: Mapping[str, Part]
    _kept: dict[int, tuple[datetime, dict[str, tuple[str, Any]]]] = field(default_factory=dict)

    def read(self, organisation_id: int, at: datetime) -> dict[str, Any]:
        """Every value by the name of its part. One query, and those of the parts whose rows changed."""
        stamps = self._stamps(organisation_id, at)
        began, kept = self._kept.get(organisation_id, (at, {}))
        if abs(at - began) > remembered.FORGET_AFTER:
            began, kept = at, {}
        found = {
            name: kept[name]
            if name in kept and kept[name][0] == stamps[name]
            else (stamps[name], part.made(organisation_id, at))
            for name, part in self.parts.items()
        }
        self._kept[organisation_id] = began, found  # in one step: other threads read too
        return {name: value for name, (_, value) in found.items()}

    def _stamps(self, organisation_id: int, at: datetime) -> dict[str, str]:
        """Part -> what the versions of all its rows add up to."""
        columns, values = [], []
        for part in self.parts.values():
            digests = [_digest(rows) for rows in part.rows(organisation_id, at)]
            columns.append(" || ".join(sql for sql, _ in digests))
            values += [each for _, given in digests for each in given]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(columns)}", values)
            return dict(zip(self.parts, cursor.fetchone(), strict=True))


def _digest(rows: Rows) -> tuple[str, Sequence[Any]]:
    table = rows.model._meta.db_table
    version = RawSQL(remembered.VERSION.format(table=table), [], output_field=TextField())
    sql, values = rows.order_by().values_list(version).query.sql_with_params()
    digest = "coalesce(md5(string_agg(each, '' ORDER BY each)), '')"
    return f"(SELECT {digest} FROM ({sql}) AS rows(each))", values
