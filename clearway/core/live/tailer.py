"""The one tailer: change rows in, rendered fragments out.

It renders each changed thing once for all screens, stores the fragment under the next push id, and wakes the
web processes. Fragments that came out the same as last time are not pushed again.
"""

import contextlib
import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection, transaction

from ..locks import Lock
from .fragments import Fragment
from .models import Change, Push
from .turns import LONG_AGO, Turns

log = logging.getLogger(__name__)

CHANNEL = "clearway_push"
CHANGES_AT_ONCE = 20_000
BEAT_EVERY = timedelta(seconds=2)
TICK_EVERY = timedelta(seconds=5)
RETRY_AFTER = timedelta(seconds=4)  # less than a tick, so that what fails is tried at each
SEAT_IDLE = "5s"
KEEP = timedelta(hours=1)  # a screen that was away longer loads its page anew

# What the last tailer pushed; without it a new one would push every row of every board again.
_LAST_PUSHED = """
SELECT DISTINCT ON (organisation_id, topic, key) organisation_id, topic, key, sha256(convert_to(body, 'UTF8'))
FROM core_push ORDER BY organisation_id, topic, key, id DESC
"""

Render = Callable[[int, frozenset[str], datetime], Sequence[Fragment]]


@dataclass
class Tailer:
    """Renders what changed.

    renderers  change topic -> what to render for the keys that changed
    tickers    what to render again as time passes, for every organisation

    A beat every two seconds tells every screen that the whole way from the database to it is alive. What
    cannot be rendered is tried again later and holds nothing else up, but until then the screens of its
    organisation get no beat: one that may be wrong must not look calm.
    """

    renderers: Mapping[str, Render]
    tickers: Sequence[Render] = ()
    _seat: object = None
    _pushed: dict[tuple[int, str, str], bytes] = field(default_factory=dict)
    _beaten: datetime = LONG_AGO
    _turns: Turns = field(default_factory=lambda: Turns(TICK_EVERY))
    _failed: dict[tuple[int, Render], datetime] = field(default_factory=dict)

    @property
    def unsure(self) -> frozenset[int]:
        """The organisations of which something could not be rendered."""
        return frozenset(organisation_id for organisation_id, _ in self._failed)

    def work(self, at: datetime) -> int:
        """Do what is due at this instant, if no other process is the tailer. Returns change rows taken."""
        try:
            return self._round(at) if self._is_the_one() else 0
        except BaseException:
            self._stand_down()
            raise

    def _round(self, at: datetime) -> int:
        taken = self._follow(at)
        if at - self._beaten >= BEAT_EVERY:
            self._beaten = at
            _notify({"beat": at.isoformat(), "but": sorted(self.unsure)})
        self._tick_in_turn(at)
        return taken

    def _tick_in_turn(self, at: datetime) -> None:
        """One organisation after another, spread over a tick: a change waits for one at most."""
        organisation_id = self._turns.whose(at)
        if organisation_id is not None:
            self._tick(organisation_id, at)

    def _is_the_one(self) -> bool:
        """Whether this process has the seat, which is a lock of its session: gone when the connection is."""
        if self._seat is not None and self._seat is connection.connection:
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [Lock.TAILER.value])
            if not cursor.fetchone()[0]:
                return False
            # One that is stopped, but not dead, must not keep the seat.
            cursor.execute("SELECT set_config('idle_session_timeout', %s, false)", [SEAT_IDLE])
            cursor.execute(_LAST_PUSHED)
            self._pushed = {
                (organisation_id, topic, key): digest for organisation_id, topic, key, digest in cursor
            }
        self._seat = connection.connection
        return True

    def _stand_down(self) -> None:
        """Give the seat up and forget what was pushed: it may be undone, and another one may push now."""
        self._seat = None
        self._pushed.clear()
        self._failed.clear()
        self._turns = Turns(TICK_EVERY)
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all(), set_config('idle_session_timeout', '0', false)")

    def _follow(self, at: datetime) -> int:
        """Render what changed, one organisation after the other; what one renderer read serves the next."""
        changes = Change.objects.order_by("id").values_list("pk", "organisation_id", "topic", "key")
        together: dict[int, dict[str, list[tuple[int, str]]]] = defaultdict(lambda: defaultdict(list))
        for pk, organisation_id, topic, key in changes[:CHANGES_AT_ONCE]:
            together[organisation_id][topic].append((pk, key))
        return sum(
            self._follow_one(organisation_id, topics, at) for organisation_id, topics in together.items()
        )

    def _follow_one(
        self, organisation_id: int, topics: Mapping[str, Sequence[tuple[int, str]]], at: datetime
    ) -> int:
        done: list[int] = []
        fragments: list[Fragment] = []
        for topic, rows in topics.items():
            keys = frozenset(key for _, key in rows)
            render = self.renderers.get(topic, _nothing)
            drawn = self._render(render, organisation_id, keys, at)
            if drawn is not None:
                done += [pk for pk, _ in rows]
                fragments += drawn
        with transaction.atomic():  # a change goes only together with its push
            self._push(organisation_id, fragments, at)
            Change.objects.filter(id__in=done).delete()
        return len(done)

    def _render(
        self, render: Render, organisation_id: int, keys: frozenset[str], at: datetime
    ) -> Sequence[Fragment] | None:
        """What it draws; None where it failed, now or a moment ago. It only reads: outside a transaction."""
        name = (organisation_id, render)
        if at - self._failed.get(name, LONG_AGO) < RETRY_AFTER:
            return None
        try:
            fragments = render(organisation_id, keys, at)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("Rendering failed; it will be tried again")
            self._failed[name] = at
            return None
        self._failed.pop(name, None)
        return fragments

    def _tick(self, organisation_id: int, at: datetime) -> None:
        drawn = [self._render(render, organisation_id, frozenset(), at) for render in self.tickers]
        with transaction.atomic():
            Push.objects.filter(organisation_id=organisation_id, at__lt=at - KEEP).delete()
            self._push(organisation_id, [each for fragments in drawn for each in fragments or ()], at)

    def _push(self, organisation_id: int, fragments: Sequence[Fragment], at: datetime) -> None:
        changed = [each for each in fragments if self._is_news(organisation_id, each)]
        if not changed:
            return
        rows = Push.objects.bulk_create(
            Push(
                organisation_id=organisation_id,
                topic=each.topic,
                key=each.key,
                site=each.site,
                body=each.html,
                at=at,
            )
            for each in changed
        )
        _notify({"push": rows[-1].pk})

    def _is_news(self, organisation_id: int, fragment: Fragment) -> bool:
        name = (organisation_id, fragment.topic, fragment.key)
        digest = hashlib.sha256(fragment.html.encode()).digest()
        is_news = self._pushed.get(name) != digest
        self._pushed[name] = digest
        return is_news


def _nothing(_organisation_id: int, _keys: frozenset[str], _at: datetime) -> Sequence[Fragment]:
    """For a topic that no screen shows."""
    return ()


def _notify(message: dict[str, object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps(message)])
