"""Is this process alive, can it serve, and how is it doing: /livez, /readyz and /metrics.

Answered beside Django and without its pool of connections, so that the answer comes even when every thread
and every connection is taken.
"""

import json
import os
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any

import psycopg

from clearway import __version__
from clearway.config import database
from clearway.config.metrics import REQUESTS, Labels, family

PATHS = ("/livez", "/readyz", "/metrics")
PATIENCE = 3  # seconds to wait for the database
STARTED_AT = time.time()

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Check:
    """One condition of serving. `needed` ones decide whether this process takes requests."""

    name: str
    ok: bool
    why: str
    needed: bool = True


async def application(scope: Scope, receive: object, send: Send) -> None:
    """The three pages, as an ASGI application."""
    if scope["path"] == "/livez":
        await _answer(send, 200, json.dumps({"status": "alive", "version": __version__}))
    elif scope["path"] == "/readyz":
        status, body = readiness(await checks())
        await _answer(send, status, json.dumps(body))
    elif may_read_metrics(scope):
        await _answer(send, 200, await metrics(), "text/plain; version=0.0.4; charset=utf-8")
    else:
        await _answer(send, 403, json.dumps({"status": "refused", "why": "Give the token of the metrics."}))


async def _answer(send: Send, status: int, body: str, kind: str = "application/json") -> None:
    headers = [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


def readiness(found: list[Check]) -> tuple[int, dict[str, Any]]:
    """The status and body of /readyz: 503 when a needed check fails, "degraded" when another does."""
    faults = [check for check in found if not check.ok]
    unready = any(check.needed for check in faults)
    word = "not ready" if unready else "degraded" if faults else "ready"
    return (503 if unready else 200), {"status": word, "checks": [asdict(check) for check in found]}


async def checks() -> list[Check]:
    """Every condition of serving, in the order in which they build on each other."""
    try:
        link = await _connect()
    except (psycopg.Error, OSError) as problem:
        return [Check("database", False, f"Not reachable: {_first_line(problem)}")]
    async with link:
        try:
            return [
                Check("database", True, "Reachable."),
                await _migrations(link),
                *await _heartbeats(link),
            ]
        except psycopg.Error as problem:
            return [Check("database", False, f"Answers with an error: {_first_line(problem)}")]


async def _connect() -> psycopg.AsyncConnection[Any]:
    words = {**database.address(), "connect_timeout": PATIENCE}
    options = f"-c statement_timeout={PATIENCE}s -c timezone=UTC"
    return await psycopg.AsyncConnection.connect(**words, options=options, autocommit=True)


def _first_line(problem: Exception) -> str:
    return str(problem).strip().partition("\n")[0]


async def _migrations(link: psycopg.AsyncConnection[Any]) -> Check:
    rows = await (await link.execute("SELECT app, name FROM django_migrations")).fetchall()
    missing = sorted(expected_migrations() - {(app, name) for app, name in rows})
    if not missing:
        return Check("migrations", True, "All applied.")
    names = ", ".join(f"{app} {name}" for app, name in missing[:3])
    return Check("migrations", False, f"{len(missing)} to run, first {names}. Run: clearway migrate")


@cache
def expected_migrations() -> frozenset[tuple[str, str]]:
    """Every migration of this version's code."""
    from django.db.migrations.loader import MigrationLoader

    return frozenset(MigrationLoader(None).disk_migrations)


def missing_migrations() -> list[str]:
    """The migrations that this version has and the database has not, as "app name"."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    applied = set(MigrationRecorder(connection).applied_migrations())
    return [f"{app} {name}" for app, name in sorted(expected_migrations() - applied)]


async def _heartbeats(link: psycopg.AsyncConnection[Any]) -> list[Check]:
    """A silent worker does not stop the desks from showing what they know, so it only degrades."""
    query = "SELECT name, at, every_seconds, now() FROM core_heartbeat ORDER BY name"
    rows = await (await link.execute(query)).fetchall()
    if not rows:
        return [Check("worker", False, "No worker has run yet. Start one: clearway worker", needed=False)]
    return [_heartbeat(*row) for row in rows]


def _heartbeat(name: str, at: datetime, every_seconds: float, now: datetime) -> Check:
    age = (now - at).total_seconds()
    why = f"Last beat {age:.0f} s ago, expected every {every_seconds:g} s."
    return Check(f"heartbeat {name}", age <= 4 * every_seconds, why, needed=False)


def may_read_metrics(scope: Scope) -> bool:
    """Whoever is on this machine, or gives the token of CLEARWAY_METRICS_TOKEN."""
    token = os.environ.get("CLEARWAY_METRICS_TOKEN")
    given = dict(scope["headers"]).get(b"authorization", b"")
    if token and secrets.compare_digest(given, f"Bearer {token}".encode()):
        return True
    host, _ = scope.get("client") or ("", 0)
    return not token and host in ("127.0.0.1", "::1")


# Each gauge with what it tells and the query that reads it: label, value.
GAUGES = {
    "clearway_heartbeat_age_seconds": (
        "name",
        "Seconds since each background job last reported.",
        "SELECT name, extract(epoch FROM now() - at)::float FROM core_heartbeat",
    ),
    "clearway_feed_age_seconds": (
        "source",
        "Seconds since each source was last heard.",
        """SELECT name, extract(epoch FROM now() - received_at)::float FROM core_source
           WHERE received_at IS NOT NULL AND enabled""",
    ),
    "clearway_inbox_batches": (
        "source",
        "Received batches that wait to be read.",
        """SELECT s.name, count(*)::float FROM core_batch b JOIN core_source s ON s.id = b.source_id
           WHERE b.done_at IS NULL GROUP BY s.name""",
    ),
}


async def metrics() -> str:
    """Everything that Prometheus asks for; the database's part is left out while it cannot be reached."""
    up: dict[Labels, float] = {(("version", __version__),): 1.0}
    lines = [
        *family("clearway_info", "gauge", "The version that runs.", up),
        *family("clearway_started_seconds", "gauge", "When this process started.", {(): STARTED_AT}),
        *REQUESTS.lines(),
    ]
    reachable = True
    try:
        async with await _connect() as link:
            for name, (label, what, query) in GAUGES.items():
                lines += family(name, "gauge", what, await _gauge(link, label, query))
    except (psycopg.Error, OSError):
        reachable = False
    lines += family("clearway_database_up", "gauge", "1 when the database answers.", {(): float(reachable)})
    return "\n".join(lines) + "\n"


async def _gauge(link: psycopg.AsyncConnection[Any], label: str, query: str) -> dict[Labels, float]:
    rows = await (await link.execute(query)).fetchall()
    return {((label, str(name)),): value for name, value in rows}
