"""Values made from small tables that seldom change: one question tells which of them must be read again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from . import remembered
from .questions import Rows, versions


@dataclass(frozen=True, slots=True)
class Part:
    """One value of an organisation at an instant.

    made  reads it
    rows  every row that it is made from, for questions.versions
    """

    made: Callable[[int, datetime], Any]
    rows: Sequence[Rows]


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
            asked = [versions(rows, organisation_id, at) for rows in part.rows]
            columns.append(" || ".join(_digest(each.sql) for each in asked))
            values += [value for each in asked for value in each.values_at(at)]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(columns)}", values)
            return dict(zip(self.parts, cursor.fetchone() or (), strict=True))


def _digest(sql: str) -> str:
    digest = "coalesce(md5(string_agg(each, '' ORDER BY each)), '')"
    return f"(SELECT {digest} FROM ({sql}) AS rows(each))"
