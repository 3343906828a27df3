"""The listener for HL7 v2 over MLLP: each message is answered before the next of its connection is read.

Several senders share one port, told apart by MSH-3 and MSH-4. With TLS and an authority of client
certificates, the common name of the certificate is the name of the source, and must be.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import close_old_connections
from hl7.mllp import start_hl7_server

from clearway.core.feeds.models import Source
from clearway.desks.outpatients.exchange import queries
from clearway.domain.shared.errors import CannotParse
from clearway.interchange.hl7 import answer, reading
from clearway.interchange.hl7.answer import AR, Answer

from . import hl7, tls

log = logging.getLogger(__name__)
IDLE = 600.0  # seconds without a message after which a connection is closed; a sender opens it again
AT_ONCE, FROM_ONE = 64, 8  # connections: in all, and from one address
PATIENCE = 30.0  # seconds for a block that has begun, and for an answer to be fetched
THREADS = 8
START, END = b"\x0b", b"\x1c\r"  # of a block of MLLP
UNKNOWN = CannotParse(
    "MSH-3",
    "No source here is called so, or it is switched off.",
    "Ask the trust to set up this sender, with MSH-3 and MSH-4 in its mapping.",
)
NO_MESSAGE = CannotParse(
    "block", "It is no block of MLLP, or too long.", "Send VT, the message of at most 1 MiB, FS, CR."
)


@dataclass(frozen=True, slots=True)
class Tls:
    """Files: the server's certificate and key; the authority of its clients, where they must have one."""

    certificate: Path
    key: Path
    clients: Path | None = None

    def context(self) -> ssl.SSLContext:
        """The context to listen with. Raises OSError or ssl.SSLError for files that cannot be used."""
        made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.load_cert_chain(self.certificate, self.key)
        if self.clients is not None:
            made.load_verify_locations(self.clients)
            made.verify_mode = ssl.CERT_REQUIRED
        return made


def clock() -> datetime:
    """The present."""
    return datetime.now(UTC)


class Listener:
    """Takes messages on one port until it is stopped."""

    def __init__(self, tls: Tls | None = None, clock: Callable[[], datetime] = clock) -> None:
        self.tls, self.clock = tls, clock
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mllp")
        self.connections: dict[asyncio.Task[None], str] = {}
        self.context: ssl.SSLContext | None = None

    async def serve(self, host: str, port: int, stop: asyncio.Event, ready: Callable[[int], None]) -> None:
        """Listen until `stop` is set; `ready` is told the port once it is open."""
        self.context = self.tls.context() if self.tls else None
        server = await start_hl7_server(self._accept, host, port, limit=hl7.MOST_BYTES + 1024)
        async with server:
            ready(server.sockets[0].getsockname()[1])
            await stop.wait()
            server.close()
            for task in list(self.connections):
                task.cancel()
            await asyncio.gather(*self.connections, return_exceptions=True)
        self.threads.shutdown()

    async def _accept(self, reader: Any, writer: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        address = (writer.get_extra_info("peername") or ("",))[0]
        if len(self.connections) >= AT_ONCE or list(self.connections.values()).count(address) >= FROM_ONE:
            log.warning("More than %s connections, or %s from one: one was turned away", AT_ONCE, FROM_ONE)
            writer.close()
            return
        self.connections[task] = address
        try:
            if self.context is None or await _is_safe(writer, self.context, address):
                await self._converse(reader, writer)
        except (ConnectionError, ssl.SSLError, TimeoutError):
            log.warning("A sender went away before it was answered; it sends the message again")
        finally:
            self.connections.pop(task, None)
            writer.close()

    async def _converse(self, reader: Any, writer: Any) -> None:
        name = _common_name(writer.get_extra_info("peercert")) if self.tls and self.tls.clients else None
        loop = asyncio.get_running_loop()
        while True:
            try:
                # Not wait_for: it can swallow that the listener stops, when something comes in just then.
                async with asyncio.timeout(IDLE):
                    begun = await reader.readexactly(1)
                async with asyncio.timeout(PATIENCE):
                    raw = await reader.readuntil(END)
            except asyncio.LimitOverrunError:
                begun, raw = b"", b""
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
                return
            if begun != START:
                await _answer(writer, _refusal(NO_MESSAGE, None, self.clock()))
                return
            try:
                said = await loop.run_in_executor(self.threads, self._deliver, raw.removesuffix(END), name)
            except Exception:
                log.exception("A message was not kept: its sender gets no answer and sends it again")
                return
            await _answer(writer, said)

    def _deliver(self, raw: bytes, name: str | None) -> bytes:
        close_old_connections()
        try:
            header = reading.header_of(raw, ZoneInfo("Europe/London"))
            source = _sender(header, name)
            if source is None:
                return _refusal(UNKNOWN if name is None else _unnamed(name), header, self.clock())
            return hl7.deliver(source, raw, self.clock)
        finally:
            close_old_connections()


async def _is_safe(writer: Any, context: ssl.SSLContext, address: str) -> bool:
    """Begin TLS; where that fails, say why in the log. Nothing may be awaited before: what the sender says
    first belongs to TLS."""
    try:
        await writer.start_tls(context, ssl_handshake_timeout=PATIENCE)
    except OSError as problem:  # an SSLError is one
        log.warning("A sender at %s was turned away: %s", address, tls.why(problem, "--clients"))
        return False
    return True


async def _answer(writer: Any, said: bytes) -> None:
    writer.writeblock(said)
    async with asyncio.timeout(PATIENCE):
        await writer.drain()


def _sender(header: reading.Header | None, name: str | None) -> Source | None:
    """Who sends, by what the message says of itself; with a certificate only who is named by it.

    A message without a header that can be read is kept under the only sender there is, to be looked at.
    """
    found = [each for each in queries.senders(hl7.KIND) if name is None or each[0].name == name]
    if header is None:
        return found[0][0] if len(found) == 1 else None
    if name is None and len(found) > 1:  # among several, only who says who it is
        found = [each for each in found if each[1].application or each[1].facility]
    fits = (source for source, mapping in found if mapping.is_from(header.application, header.facility))
    return next(fits, None)


def _unnamed(name: str) -> CannotParse:
    """A certificate tells who sends, and must tell the same as MSH-3 and MSH-4."""
    said = f"No source here is called {name[:60]}, as its certificate is"
    why = f"{said}, or that source writes another MSH-3 or MSH-4."
    return CannotParse("MSH-3", why, "Call the source as the certificate, or mend [sender] of its mapping.")


def _refusal(error: CannotParse, header: reading.Header | None, at: datetime) -> bytes:
    return answer.write(Answer(AR, answer.UNREADABLE, error), header, key="0", at=at)


def _common_name(certificate: Any) -> str:
    for names in (certificate or {}).get("subject", ()):
        for key, value in names:
            if key == "commonName":
                return str(value)
    return ""
