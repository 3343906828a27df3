"""A system that receives HL7 v2, built on another library's MLLP server and parser."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.mllp import AbstractHandler, MLLPServer
from hl7apy.parser import parse_message

KINDS = ("SIU^S12", "SIU^S13", "SIU^S14", "SIU^S15", "SIU^S26", "ADT^A08")


def acknowledgement(of: str, code: str = "AA", words: str = "") -> str:
    """An ACK of a control id, with an ERR where something was wrong."""
    lines = [
        f"MSH|^~\\&|PAS|RWP|CLEARWAY|RWP|20261120090000||ACK|A{of}|P|2.4",
        f"MSA|{code}|{of}",
        *([f"ERR|||207|E||||{words}"] if words else []),
    ]
    return f"\x0b{chr(13).join(lines)}\r\x1c\r"


@dataclass
class Peer:
    """What came, and how it answers. Control ids that it has taken are taken once.

    says  the acknowledgement of a control id; None: it hangs up without one
    """

    says: Callable[[str], str | None] = acknowledgement
    came: list[Any] = field(default_factory=list)
    taken: dict[str, Any] = field(default_factory=dict)
    port: int = 0

    def hear(self, raw: str) -> str:
        message = parse_message(raw, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)
        key = message.msh.msh_10.value
        self.came.append(message)
        said = self.says(key)
        if said is None or "MSA|AA" in said:
            self.taken.setdefault(key, message)
        if said is None:
            raise ConnectionResetError
        return said

    def kinds(self) -> list[str]:
        """What was taken, in order."""
        return [each.msh.msh_9.value for each in self.taken.values()]


class Handler(AbstractHandler):  # type: ignore[misc]
    """Gives each message to the peer."""

    def __init__(self, message: str, peer: Peer) -> None:
        super().__init__(message)
        self.peer = peer

    def reply(self) -> str:
        return self.peer.hear(self.incoming_message)


class Server(MLLPServer):  # type: ignore[misc]
    """Ends with its threads, says nothing of a connection that it breaks off itself."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def listening(peer: Peer, port: int = 0, context: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """The peer takes messages meanwhile, on peer.port. context: of TLS, for a peer that asks for it"""
    server = Server("127.0.0.1", port, dict.fromkeys(KINDS, (Handler, peer)), timeout=5)
    peer.port = server.server_address[1]
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
