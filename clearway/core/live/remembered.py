"""Values made from the rows of a table, and made again only for rows that were written since."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import connection

from .questions import Rows, version_of, versions

FORGET_AFTER = timedelta(minutes=1)
Value = TypeVar("Value")


@dataclass
class Remembered(Generic[Value]):
    """What rows say, as values by key, for as often as they are asked for in one process.

    rows     the wanted rows of one table, in their order (see questions.versions)
    key      the column that names a row within its organisation
    columns  what a value is made from
    made     takes the values of these columns, in their order

    Comparing the versions of rows needs nobody to say what changed: no word can be lost, come late or be
    taken back. All is forgotten after a minute even so, because a server put back to an earlier day could
    give the same version again.
    """

    rows: Rows
    key: str
    columns: Sequence[str]
    made: Callable[[Sequence[Any]], Value]
    _kept: dict[int, tuple[datetime, dict[str, tuple[str, Value]]]] = field(default_factory=dict)

    def read(self, organisation_id: int, at: datetime) -> dict[str, Value]:
        """The values of these rows, in their order. Two queries: for all versions, and for the new ones."""
        asked = versions(self.rows, organisation_id, at, self.key)
        with connection.cursor() as cursor:
            cursor.execute(asked.sql, asked.values_at(at))
            now = cursor.fetchall()
        began, kept = self._kept.get(organisation_id, (at, {}))
        if abs(at - began) > FORGET_AFTER:
            began, kept = at, {}
        nothing = ("", None)
        changed = [key for key, version in now if kept.get(key, nothing)[0] != version]
        known = kept | self._read_again(organisation_id, at, changed, len(now)) if changed else kept
        found = {key: known[key] for key, _ in now if key in known}
        self._kept[organisation_id] = began, found  # in one step: other threads read too
        return {key: value for key, (_, value) in found.items()}

    def _read_again(
        self, organisation_id: int, at: datetime, changed: Sequence[str], number: int
    ) -> dict[str, tuple[str, Value]]:
        """The values of these rows with their versions, through Django: it knows how columns are read."""
        rows = self.rows(organisation_id, at)
        # To name half of the rows costs more than to read them all.
        rows = rows if 2 * len(changed) > number else rows.filter(**{f"{self.key}__in": changed})
        found = rows.values_list(self.key, version_of(rows), *self.columns)
        return {key: (version, self.made(values)) for key, version, *values in found}
