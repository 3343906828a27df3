"""Server-sent events: one listener per web process, a bounded queue per screen.

Raw ASGI, beside Django's pages: a screen costs a queue and a socket, not a thread. Each push is encoded once
and shared. A screen that was cut off names the last id it saw and gets what came after; one that cannot keep
up, or was away too long, is told to load its page anew.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import psycopg
from asgiref.sync import sync_to_async
from psycopg.rows import TupleRow

from .tailer import CHANNEL

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

QUEUE = 500  # pushes that a slow screen may fall behind
REPLAY = 2_000  # pushes sent again after a cut; more than that and a new page is cheaper
# Who sees one site alone gets its own fragments of the topics keyed by ODS code, and what is of no site.
TOPICS_OF_SITES, TOPICS_OF_ALL = ("handovers", "wall"), ("feeds",)
RESET = b"event: reset\ndata: {}\n\n"
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: what they may see decides what is sent. `sites` None means every site."""

    organisation_id: int
    topics: frozenset[str]
    sites: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Pushed:
    """One push, encoded once for everybody."""

    id: int
    organisation_id: int
    topic: str
    key: str
    encoded: bytes

    def is_for(self, viewer: Viewer) -> bool:
        if self.organisation_id != viewer.organisation_id or self.topic not in viewer.topics:
            return False
        if viewer.sites is None or self.topic in TOPICS_OF_ALL:
            return True
        return self.topic in TOPICS_OF_SITES and self.key in viewer.sites


@dataclass(eq=False)
class Screen:
    """One open stream."""

    viewer: Viewer
    queue: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    after: int = 0
    lost: bool = False

    def offer(self, encoded: bytes) -> None:
        try:
            self.queue.put_nowait(encoded)
        except asyncio.QueueFull:
            self.lost = True


Authenticate = Callable[[Scope, frozenset[str]], Viewer | None]


class Stream:
    """The ASGI application of /live/.

    connect       opens a connection of this process's own, outside the pool; in autocommit
    authenticate  the viewer behind a request, or None; called once, at connect, in a thread
    """

    def __init__(
        self, connect: Callable[[], Awaitable[psycopg.AsyncConnection[TupleRow]]], authenticate: Authenticate
    ) -> None:
        self._connect = connect
        self._authenticate = authenticate
        self._screens: set[Screen] = set()
        self._newest = 0
        self._listener: asyncio.Task[None] | None = None
        self._delivered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = parse_qs(scope["query_string"].decode())
        topics = frozenset(" ".join(asked.get("topics", [])).split())
        viewer = await sync_to_async(self._authenticate, thread_sensitive=False)(scope, topics)
        if viewer is None:
            await _refuse(send)
            return
        screen = Screen(viewer, after=_last_seen(scope, asked))
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
        await self._serve(screen, receive, send)

    async def _serve(self, screen: Screen, receive: Receive, send: Send) -> None:
        self._ensure_listening()
        self._screens.add(screen)
        gone = asyncio.create_task(_until_disconnect(receive))
        try:
            await self._replay(screen, send)
            while not gone.done():
                encoded = await self._next(screen, gone)
                if encoded is not None:
                    await send({"type": "http.response.body", "body": encoded, "more_body": True})
                if screen.lost:
                    await send({"type": "http.response.body", "body": RESET, "more_body": False})
                    return
        finally:
            self._screens.discard(screen)
            gone.cancel()

    async def _next(self, screen: Screen, gone: asyncio.Task[None]) -> bytes | None:
        waiting = asyncio.create_task(screen.queue.get())
        done, _ = await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        if waiting not in done:
            waiting.cancel()
            return None
        parts = [waiting.result()]
        while not screen.queue.empty():
            parts.append(screen.queue.get_nowait())
        self._delivered += len(parts)
        return b"".join(parts)

    async def _replay(self, screen: Screen, send: Send) -> None:
        async with contextlib.aclosing(self._since(screen.after)) as missed:
            count = 0
            async for push in missed:
                count += 1
                if count > REPLAY:
                    screen.lost = True
                    return
                if push.is_for(screen.viewer):
                    await send({"type": "http.response.body", "body": push.encoded, "more_body": True})

    def _ensure_listening(self) -> None:
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen_for_ever())

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except psycopg.Error:
                log.warning("The live stream lost the database; trying again")
            await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        # Two connections: while one waits for notices, psycopg lets nothing else be asked on it.
        async with await self._connect() as link, await self._connect() as reader:
            await link.execute(f"LISTEN {CHANNEL}")
            if self._newest:
                await self._fan_out(reader)
            else:
                cursor = await reader.execute("SELECT coalesce(max(id), 0) FROM core_push")
                row = await cursor.fetchone()
                self._newest = row[0] if row else 0
            async for notice in link.notifies():
                message = json.loads(notice.payload)
                if "beat" in message:
                    self._beat(message["beat"])
                else:
                    await self._fan_out(reader)

    def _beat(self, at: str) -> None:
        encoded = f"event: beat\ndata: {json.dumps({'at': at})}\n\n".encode()
        for screen in self._screens:
            screen.offer(encoded)

    async def _fan_out(self, link: psycopg.AsyncConnection[TupleRow]) -> None:
        for push in await _fetch(link, self._newest):
            self._newest = push.id
            for screen in self._screens:
                if push.is_for(screen.viewer):
                    screen.offer(push.encoded)

    async def _since(self, after: int) -> AsyncGenerator[Pushed, None]:
        async with await self._connect() as link:
            for push in await _fetch(link, after, REPLAY + 1):
                yield push


async def _fetch(link: psycopg.AsyncConnection[TupleRow], after: int, limit: int = 100_000) -> list[Pushed]:
    cursor = await link.execute(
        "SELECT id, organisation_id, topic, key, body FROM core_push WHERE id > %s ORDER BY id LIMIT %s",
        [after, limit],
    )
    return [
        Pushed(id_, organisation_id, topic, key, _encoded(id_, topic, key, body))
        for id_, organisation_id, topic, key, body in await cursor.fetchall()
    ]


def _encoded(id_: int, topic: str, key: str, body: str) -> bytes:
    data = json.dumps({"topic": topic, "key": key, "html": body}, ensure_ascii=False)
    return f"id: {id_}\nevent: push\ndata: {data}\n\n".encode()


def _last_seen(scope: Scope, asked: dict[str, list[str]]) -> int:
    headers = dict(scope["headers"])
    said = headers.get(b"last-event-id", b"").decode() or asked.get("after", ["0"])[0]
    return int(said) if said.isdigit() else 0


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send) -> None:
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Sign in to see live boards."})
