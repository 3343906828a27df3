"""Server-sent events: one listener per web process, a bounded queue per screen.

Raw ASGI, beside Django's pages: a screen costs a queue and a socket, not a thread. Each push is encoded once
and shared. A screen that was cut off names the last id it saw and gets what came after, from memory; one that
cannot keep up, or was away too long, is told to load its page anew.
"""

import asyncio
import contextlib
import json
import logging
import random
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Collection, MutableMapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qs

import psycopg
from asgiref.sync import sync_to_async
from django.db import Error as DatabaseError
from psycopg.rows import TupleRow

from ..layout.numbers import whole_number
from .tailer import CHANNEL

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

QUEUE = 2_000  # pushes that a slow screen may fall behind; a whole region drawn anew is fewer
REPLAY = 5_000  # newest pushes kept to send again after a cut; for more than that a new page is cheaper
LISTENING_SECONDS = 5  # how long a screen waits for the process to hear the database
LOOK_SECONDS = 10  # after so long a silence the database is asked, which finds a dead connection
CHECK_SECONDS = (
    50  # how soon a screen hears that its person signed out or holds another role, within a minute
)
TOPICS_OF_ALL = ("feeds", "notices")  # told to everybody of the trust, whatever sites they see
AT_ONCE_SECONDS = 1  # the same where a session was ended from outside
RESET = b"event: reset\ndata: {}\n\n"
ENDED = b"event: ended\ndata: {}\n\n"
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: what they may see decides what is sent.

    scopes  (topic, the sites at which they may read it); None is every site, and what is of none
    """

    organisation_id: int
    scopes: frozenset[tuple[str, frozenset[str] | None]]

    def sees(self, topic: str, site: str | None) -> bool:
        for mine, sites in self.scopes:
            if mine == topic:
                return sites is None or topic in TOPICS_OF_ALL or site in sites
        return False


@dataclass(frozen=True, slots=True)
class Pushed:
    """One push, encoded once for everybody."""

    id: int
    organisation_id: int
    topic: str
    site: str | None
    encoded: bytes

    def is_for(self, viewer: Viewer) -> bool:
        return self.organisation_id == viewer.organisation_id and viewer.sees(self.topic, self.site)


@dataclass(eq=False)
class Screen:
    """One open stream.

    after    the newest id it has seen; nothing up to it is sent again
    waiting  what is to be sent next
    awake    set when there is something to do
    doubted  set when it is to be asked now who is behind it
    lost     it fell too far behind, or its person now sees other things: it loads its page anew
    ended    its person may see nothing of it any more
    """

    viewer: Viewer
    after: int = 0
    waiting: list[bytes] = field(default_factory=list)
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    doubted: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = False
    ended: bool = False

    def push(self, pushes: Sequence[Pushed]) -> None:
        """Queue pushes, ids ascending. One already seen, from another process, is not sent again."""
        if pushes and pushes[0].id <= self.after:
            pushes = [push for push in pushes if push.id > self.after]
        if pushes:
            self.after = pushes[-1].id
            self.offer([push.encoded for push in pushes])

    def offer(self, encoded: Sequence[bytes]) -> None:
        """Queue encoded events, or mark the screen as lost when they are too many for it."""
        self.lost = self.lost or len(self.waiting) + len(encoded) > QUEUE
        if self.lost or self.ended:
            self.waiting.clear()
        else:
            self.waiting += encoded
        self.awake.set()

    def finish(self, *, ended: bool) -> None:
        """Send nothing of what waits; say goodbye instead."""
        self.waiting.clear()
        self.ended, self.lost = ended, not ended
        self.awake.set()

    def take(self) -> bytes:
        """Everything that waits, as one piece."""
        waiting, self.waiting = self.waiting, []
        return b"".join(waiting)


class Recent:
    """The newest pushes of all organisations, oldest first."""

    def __init__(self, size: int = REPLAY) -> None:
        self._pushes: deque[Pushed] = deque(maxlen=size)

    def add(self, pushes: Sequence[Pushed]) -> None:
        self._pushes.extend(pushes)

    @property
    def newest(self) -> int:
        """The id of the newest, 0 when there is none."""
        return self._pushes[-1].id if self._pushes else 0

    def since(self, after: int) -> list[Pushed] | None:
        """Every push after an id, oldest first; None when some of them are no longer kept."""
        if self._pushes and after < self._pushes[0].id - 1:
            return None
        missed = list(takewhile(lambda push: push.id > after, reversed(self._pushes)))
        return missed[::-1]


Authenticate = Callable[[Scope, frozenset[str]], Viewer | None]


class Stream:
    """The ASGI application of /live/.

    connect       opens a connection of this process's own, outside the pool; in autocommit
    authenticate  the viewer behind a request, or None; called in a thread, at connect and then again
                  every `check_seconds`
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[psycopg.AsyncConnection[TupleRow]]],
        authenticate: Authenticate,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._check_seconds = check_seconds
        self._connect = connect
        self._authenticate = authenticate
        self._screens: dict[Viewer, set[Screen]] = defaultdict(set)
        self._recent = Recent()
        self._has_begun = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = parse_qs(scope["query_string"].decode())
        topics = frozenset(" ".join(asked.get("topics", [])).split())
        try:
            viewer = await self._viewer(scope, topics)
            await self._listening()
        except (DatabaseError, TimeoutError):
            await _answer(send, 503, b"The database is away. Trying again helps.")
            return
        if viewer is None:
            await _answer(send, 403, b"Sign in to see live boards.")
            return
        if "probe" in asked:  # a script cannot see why its stream was refused, so it asks in words
            await _answer(send, 204, b"")
            return
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
        after = _last_seen(scope, asked)
        screen = Screen(viewer, self._recent.newest if after is None else after)
        screen.lost = not await self._has_reached(screen.after)
        checking = asyncio.create_task(self._keep_checking(screen, scope, topics))
        try:
            await self._serve(screen, receive, send)
        finally:
            checking.cancel()

    async def _viewer(self, scope: Scope, topics: frozenset[str]) -> Viewer | None:
        return await sync_to_async(self._authenticate, thread_sensitive=False)(scope, topics)

    async def _keep_checking(self, screen: Screen, scope: Scope, topics: frozenset[str]) -> None:
        """End the screen when its person may no longer see it; have it load anew when the reach changed.

        While the database is away nothing is pushed either, so the question can wait.
        """
        while True:
            # Screens that came back together are not asked about together.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(screen.doubted.wait(), self._check_seconds * random.uniform(0.8, 1))
                await asyncio.sleep(random.uniform(0, AT_ONCE_SECONDS))
            screen.doubted.clear()
            try:
                viewer = await self._viewer(scope, topics)
            except DatabaseError:
                continue
            except Exception:
                log.exception("A screen could not be checked; it loads its page anew")
                screen.finish(ended=False)
                return
            if viewer != screen.viewer:
                screen.finish(ended=viewer is None)
                return

    async def _serve(self, screen: Screen, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_until_disconnect(receive))
        gone.add_done_callback(lambda _: screen.awake.set())
        self._join(screen)
        try:
            while await screen.awake.wait() and not gone.done():
                screen.awake.clear()
                if screen.lost or screen.ended:
                    last = ENDED if screen.ended else RESET
                    await send({"type": "http.response.body", "body": last, "more_body": False})
                    return
                await send({"type": "http.response.body", "body": screen.take(), "more_body": True})
        finally:
            self._leave(screen)
            gone.cancel()

    async def _has_reached(self, after: int) -> bool:
        """Whether this process knows of an id; another process may be a moment ahead of this one.

        An id that is never reached is from before the database was made anew.
        """
        for _ in range(20):
            if after <= self._recent.newest:
                return True
            await asyncio.sleep(0.05)
        return False

    def _join(self, screen: Screen) -> None:
        """Queue what the screen missed and count it in; without a pause, so that no push comes between."""
        missed = self._recent.since(screen.after)
        if missed is None:
            screen.lost = True
        else:
            mine = [push for push in missed if push.is_for(screen.viewer)]
            screen.waiting = [push.encoded for push in mine]
            screen.after = mine[-1].id if mine else screen.after
        if screen.lost or screen.waiting:
            screen.awake.set()
        self._screens[screen.viewer].add(screen)

    def _leave(self, screen: Screen) -> None:
        together = self._screens[screen.viewer]
        together.discard(screen)
        if not together:
            del self._screens[screen.viewer]

    async def _listening(self) -> None:
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen_for_ever())
        await asyncio.wait_for(self._has_begun.wait(), LISTENING_SECONDS)

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except psycopg.Error:
                log.warning("The live stream lost the database; trying again")
            await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        async with await self._connect() as link:
            await link.execute(f"LISTEN {CHANNEL}")
            if self._has_begun.is_set():
                await self._fan_out(link)
            else:
                self._recent.add(await _fetch(link, after=0, newest=REPLAY))
                self._has_begun.set()
            while True:
                # Heard in turns, because the connection does nothing else while it listens.
                heard = link.notifies(timeout=LOOK_SECONDS, stop_after=1)
                messages = [json.loads(notice.payload) async for notice in heard]
                await self._fan_out(link)
                for message in messages:
                    if "beat" in message:
                        self._beat(message["beat"], message.get("but", ()))
                    if "look_again" in message:
                        self._doubt(message["look_again"])

    def _beat(self, at: str, but: Collection[int] = ()) -> None:
        """Tell every screen that all is well, but those of some organisations: their boards may be wrong."""
        encoded = [f"event: beat\ndata: {json.dumps({'at': at})}\n\n".encode()]
        for viewer, screens in self._screens.items():
            for screen in screens if viewer.organisation_id not in but else ():
                screen.offer(encoded)

    def _doubt(self, organisation_id: int) -> None:
        """Somebody's session was ended: every screen of the organisation is checked."""
        for viewer, screens in self._screens.items():
            for screen in screens if viewer.organisation_id == organisation_id else ():
                screen.doubted.set()

    async def _fan_out(self, link: psycopg.AsyncConnection[TupleRow]) -> None:
        pushes = await _fetch(link, after=self._recent.newest)
        self._recent.add(pushes)
        for viewer, screens in self._screens.items():
            wanted = [push for push in pushes if push.is_for(viewer)]
            for screen in screens:
                screen.push(wanted)


async def _fetch(
    link: psycopg.AsyncConnection[TupleRow], *, after: int, newest: int | None = None
) -> list[Pushed]:
    """Pushes after an id, oldest first; only the newest so many if a number is given."""
    cursor = await link.execute(
        "SELECT * FROM (SELECT id, organisation_id, topic, key, site, body FROM core_push"
        " WHERE id > %s ORDER BY id DESC LIMIT %s) AS found ORDER BY id",
        [after, newest],
    )
    return [
        Pushed(id_, organisation_id, topic, site, _encoded(id_, topic, key, body))
        for id_, organisation_id, topic, key, site, body in await cursor.fetchall()
    ]


def _encoded(id_: int, topic: str, key: str, body: str) -> bytes:
    data = json.dumps({"topic": topic, "key": key, "html": body}, ensure_ascii=False)
    return f"id: {id_}\nevent: push\ndata: {data}\n\n".encode()


def _last_seen(scope: Scope, asked: dict[str, list[str]]) -> int | None:
    headers = dict(scope["headers"])
    said = headers.get(b"last-event-id", b"").decode("latin-1") or asked.get("after", [""])[0]
    return whole_number(said)


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Send, status: int, text: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"retry-after", b"3")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
