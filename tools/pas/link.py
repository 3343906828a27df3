"""The link to the other side: messages leave in their order by python-hl7, and come in by hl7apy."""

import random
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hl7
from hl7.client import MLLPClient
from hl7apy.mllp import AbstractHandler, MLLPServer

from .system import Pas

KINDS = ("SIU^S12", "SIU^S13", "SIU^S14", "SIU^S15", "SIU^S26", "ADT^A08")
PATIENCE, PAUSE = 20.0, 0.2  # seconds for an answer, and between two tries of a link that is down


@dataclass(frozen=True)
class Files:
    """Certificate and key of this system, and the authority of the other side's; None for no TLS."""

    certificate: Path
    key: Path
    authority: Path

    def context(self, purpose: ssl.Purpose) -> ssl.SSLContext:
        made = ssl.create_default_context(purpose, cafile=str(self.authority))
        made.load_cert_chain(self.certificate, self.key)
        if purpose is ssl.Purpose.CLIENT_AUTH:
            made.verify_mode = ssl.CERT_REQUIRED
        return made


class Sender(threading.Thread):
    """Sends what waits, one message after the other, each until it was answered.

    chance  where it is given, what waits together leaves in any order, and some of it twice
    """

    def __init__(
        self, pas: Pas, host: str, port: int, tls: Files | None, chance: random.Random | None
    ) -> None:
        super().__init__(daemon=True)
        self.pas, self.address, self.tls, self.chance = pas, (host, port), tls, chance
        self.is_open = threading.Event()
        self.more = threading.Condition(pas.lock)
        self.deaf = 0  # answers that are lost

    def run(self) -> None:
        while True:
            self.is_open.wait()
            try:
                with self._connected() as client:
                    while self.is_open.is_set():
                        self._one(client)
            except (OSError, hl7.HL7Exception):
                threading.Event().wait(PAUSE)

    def _connected(self) -> Any:
        client = MLLPClient(*self.address)
        client.socket.settimeout(PATIENCE)
        if self.tls is not None:
            context = self.tls.context(ssl.Purpose.SERVER_AUTH)
            client.socket = context.wrap_socket(client.socket, server_hostname=self.address[0])
        return client

    def _one(self, client: Any) -> None:
        with self.more:
            if not self.pas.book.queue:
                self.more.wait(PAUSE)
                return
            place = self.chance.randrange(len(self.pas.book.queue)) if self.chance else 0
            key, text = self.pas.book.queue[place]
        again = 2 if self.chance and self.chance.random() < 0.4 else 1
        for _ in range(again):
            said = client.send_message(text).decode()
        if not said:
            raise ConnectionResetError("no answer came")
        answer = hl7.parse(said.strip("\x0b\x1c\r"))
        if self.deaf:
            self.deaf -= 1
            raise ConnectionResetError("the answer was lost")
        with self.more:
            self.pas.book.queue.remove((key, text))
            self._answered(key, answer)
            self.pas.save()
            self.more.notify_all()

    def _answered(self, key: str, answer: Any) -> None:
        code, of = str(answer.segment("MSA")(1)), str(answer.segment("MSA")(2))
        if of != key:
            raise ConnectionResetError("the answer is of another message")
        if code == "AA":
            self.pas.book.acknowledged += 1
        else:
            words = str(answer.segment("ERR")) if "ERR" in [str(each(0)) for each in answer] else ""
            self.pas.book.refused.append({"key": key, "code": code, "words": words})

    def wait(self, seconds: float) -> int:
        """Wait until everything has left; how many have not."""
        with self.more:
            self.more.wait_for(lambda: not self.pas.book.queue, seconds)
            return len(self.pas.book.queue)


class _Handler(AbstractHandler):  # type: ignore[misc]
    def __init__(self, message: str, listener: "Listener") -> None:
        super().__init__(message)
        self.listener = listener

    def reply(self) -> str:
        said = self.listener.pas.receive(self.incoming_message)
        if self.listener.mute:
            self.listener.mute -= 1
            raise ConnectionResetError
        return said


class _Server(MLLPServer):  # type: ignore[misc]
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class Listener:
    """Takes messages while it is open."""

    def __init__(self, pas: Pas, host: str, port: int, tls: Files | None) -> None:
        self.pas, self.address, self.tls = pas, (host, port), tls
        self.mute = 0  # messages that are taken and not answered
        self.server: Any = None

    def open(self) -> None:
        handlers = dict.fromkeys(KINDS, (_Handler, self))
        self.server = _Server(*self.address, handlers, timeout=PATIENCE)
        if self.tls is not None:
            context = self.tls.context(ssl.Purpose.CLIENT_AUTH)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None
