"""Values made from the rows of a table, and made again only for rows that were written since."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet, TextField
from django.db.models.expressions import RawSQL

FORGET_AFTER = timedelta(minutes=1)
VERSION = "{table}.xmin::text || {table}.ctid::text"  # of a row: no other one has the same
Value = TypeVar("Value")


@dataclass
class Remembered(Generic[Value]):
    """What rows say, as values by key, for as often as they are asked for in one process.

    key      the column that names a row within its organisation
    columns  what a value is made from
    made     takes the values of these columns, in their order

    PostgreSQL gives every version of a row a place (ctid) and the transaction that wrote it (xmin). Comparing
    both needs nobody to say what changed: no word can be lost, come late or be taken back. All is forgotten
    after a minute even so, because a server put back to an earlier day could give both again.
    """

    key: str
    columns: Sequence[str]
    made: Callable[[Sequence[Any]], Value]
    _kept: dict[int, tuple[datetime, dict[str, tuple[str, Value]]]] = field(default_factory=dict)

    def read(self, organisation_id: int, rows: QuerySet[Any, Any], at: datetime) -> dict[str, Value]:
        """The values of these rows, in their order. Two queries: for all versions, and for the new ones.

        rows  the wanted rows of the one table, all of this organisation
        """
        table = rows.model._meta.db_table
        version = RawSQL(VERSION.format(table=table), [], output_field=TextField())
        versions = list(rows.values_list(self.key, version))
        began, kept = self._kept.get(organisation_id, (at, {}))
        if abs(at - began) > FORGET_AFTER:
            began, kept = at, {}
        nothing = ("", None)
        changed = [key for key, is_now in versions if kept.get(key, nothing)[0] != is_now]
        # To name half of the rows costs more than to read them all.
        to_read = rows if 2 * len(changed) > len(versions) else rows.filter(**{f"{self.key}__in": changed})
        known = kept | {
            key: (is_now, self.made(values))
            for key, is_now, *values in to_read.values_list(self.key, version, *self.columns)
        }
        found = {key: known[key] for key, _ in versions if key in known}
        self._kept[organisation_id] = began, found  # in one step: other threads read too
        return {key: value for key, (_, value) in found.items()}
