"""The web process: health and live streams as raw ASGI, everything else through Django in threads."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearway.config.settings")

import psycopg
from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application
from psycopg.rows import TupleRow

from clearway.config import database, health
from clearway.config.collector import spare_what_stands

_pages = WSGIMiddleware(get_wsgi_application(), workers=8)  # type: ignore[arg-type]

from clearway.core.live.stream import Receive, Scope, Send, Stream  # noqa: E402
from clearway.core.live.viewers import LIVE, authenticate  # noqa: E402


async def _connect() -> psycopg.AsyncConnection[TupleRow]:
    return await psycopg.AsyncConnection.connect(**database.address(), autocommit=True, connect_timeout=5)


_live = Stream(_connect, authenticate)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI entry point of web and ingest."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"] in health.PATHS:
        await health.application(scope, receive, send)
    elif scope["type"] == "http" and scope["path"] in LIVE:
        await _live(scope, receive, send)
    else:
        await _pages(scope, receive, send)  # type: ignore[arg-type]


async def _lifespan(receive: Receive, send: Send) -> None:
    spare_what_stands()
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
