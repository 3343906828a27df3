"""Following the audit: what was done since one looked last, each action once, however late it commits."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection

from .models import Action

_ENDED = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@dataclass
class Follower:
    """Its place in the audit, kept in the process: what came before its first look is not told."""

    _from: int | None = None  # every action of an older transaction was told, or came before the first look
    _told: frozenset[int] = field(default_factory=frozenset)

    def fresh(self) -> Sequence[Action]:
        """Actions that were not told yet: organisation_id, verb, subject and detail of each."""
        ended = _ended()
        if self._from is None:
            self._from = ended
        rows = Action.objects.filter(xid__gte=self._from, organisation__isnull=False)
        found = list(rows.only("organisation_id", "verb", "subject", "detail", "xid"))
        fresh = [each for each in found if each.pk not in self._told]
        # What ended is never looked at again; of the rest, what was told is remembered.
        self._from, self._told = ended, frozenset(each.pk for each in found if each.xid >= ended)
        return fresh

    def forget(self) -> None:
        """Begin anew with the next look."""
        self._from, self._told = None, frozenset()


def _ended() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_ENDED)
        return int(cursor.fetchone()[0])
