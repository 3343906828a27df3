"""The one tailer: change rows in, rendered fragments out.

It renders each changed thing once for all screens, stores the fragment under the next push id, and wakes the
web processes. Fragments that came out the same as last time are not pushed again.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from ..organisation.models import Organisation
from .fragments import Fragment
from .models import Change, Push

CHANNEL = "clearway_push"
LOCK = 4103  # advisory lock: one tailer for the whole database
CHANGES_AT_ONCE = 20_000
BEAT_EVERY = timedelta(seconds=2)
TICK_EVERY = timedelta(seconds=5)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
KEEP = timedelta(hours=1)  # a screen that was away longer loads its page anew

Render = Callable[[int, frozenset[str], datetime], Sequence[Fragment]]


@dataclass
class Tailer:
    """Renders what changed.

    renderers  change topic -> what to render for the keys that changed
    tickers    what to render again as time passes, for every organisation

    A beat every two seconds tells every screen that the whole way from the database to it is alive.
    """

    renderers: Mapping[str, Render]
    tickers: Sequence[Render] = ()
    _pushed: dict[tuple[int, str, str], bytes] = field(default_factory=dict)
    _beaten: datetime = LONG_AGO
    _ticked: datetime = LONG_AGO

    def work(self, at: datetime) -> int:
        """Do what is due at this instant, if no other process is the tailer. Returns change rows taken."""
        with transaction.atomic():
            if not self._is_the_one():
                self._pushed.clear()  # another one pushes now; what we pushed last is no longer the last
                return 0
            taken = self._follow(at)
            if at - self._beaten >= BEAT_EVERY:
                self._beaten = at
                _notify({"beat": at.isoformat()})
            if at - self._ticked >= TICK_EVERY:
                self._ticked = at
                self._tick(at)
        return taken

    def _is_the_one(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            return bool(cursor.fetchone()[0])

    def _follow(self, at: datetime) -> int:
        changes = list(Change.objects.order_by("id")[:CHANGES_AT_ONCE])
        keys: dict[tuple[int, str], set[str]] = defaultdict(set)
        for change in changes:
            keys[change.organisation_id, change.topic].add(change.key)
        for (organisation_id, topic), changed in keys.items():
            if topic in self.renderers:
                fragments = self.renderers[topic](organisation_id, frozenset(changed), at)
                self._push(organisation_id, fragments, at)
        Change.objects.filter(id__in=[change.pk for change in changes]).delete()
        return len(changes)

    def _tick(self, at: datetime) -> None:
        for organisation_id in Organisation.objects.values_list("pk", flat=True):
            for render in self.tickers:
                self._push(organisation_id, render(organisation_id, frozenset(), at), at)
        Push.objects.filter(at__lt=at - KEEP).delete()

    def _push(self, organisation_id: int, fragments: Sequence[Fragment], at: datetime) -> None:
        changed = []
        for fragment in fragments:
            key = (organisation_id, fragment.topic, fragment.key)
            digest = hashlib.blake2b(fragment.html.encode(), digest_size=16).digest()
            if self._pushed.get(key) != digest:
                self._pushed[key] = digest
                changed.append(fragment)
        if not changed:
            return
        rows = Push.objects.bulk_create(
            Push(organisation_id=organisation_id, topic=each.topic, key=each.key, body=each.html, at=at)
            for each in changed
        )
        _notify({"push": rows[-1].pk})


def _notify(message: dict[str, object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps(message)])
