"""Carrying messages to other systems over MLLP, each on a connection of its own, until it is acknowledged.

A message is known by its control id: sent again after a connection that broke, its receiver takes it once.
"""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping

from clearway.core.outbox.sending import Carrier, NotTaken, Parcel, Refused
from clearway.desks.outpatients.exchange import queries
from clearway.desks.outpatients.exchange.wanted import carrier_of
from clearway.domain.shared.errors import CannotParse
from clearway.interchange.hl7 import answered
from clearway.interchange.hl7.answer import AA, AE
from clearway.interchange.hl7.send import Send

from . import tls

BEGIN, END = b"\x0b", b"\x1c\r"
PATIENCE = 5.0  # seconds for connecting to one address, and then for the handshake, sending and the answer
MOST_BYTES = 64 * 1024  # of an answer


class MllpCarrier:
    """One system, as a carrier of the outbox."""

    takes_key = True

    def __init__(self, send: Send, patience: float = PATIENCE) -> None:
        self.send, self.patience = send, patience

    def carry(self, parcel: Parcel) -> str:
        """Send it; the control id of its acknowledgement. Raises NotTaken, and Refused with what was said.

        Whatever is wrong with the link or a certificate waits, and goes on by itself once it is mended.
        """
        try:
            raw = self._asked(parcel.body)
        except OSError as problem:  # an SSLError is one
            words = f"{self.send.host}:{self.send.port} cannot be reached: {self._why(problem)}"
            raise NotTaken(words, waits=True) from problem
        key = parcel.body.partition(b"\r")[0].split(b"|")[9].decode()
        try:
            said = answered.read(raw)
        except CannotParse as error:
            raise NotTaken(f"the answer is no acknowledgement ({error.where})") from error
        if said.of != key:
            raise NotTaken("the acknowledgement is of another message")
        if said.code == AA:
            return said.key
        words = f"{said.code}: {said.words or 'it names no error'}"
        if said.code == AE:
            raise Refused(words)
        raise NotTaken(words)

    def _asked(self, body: bytes) -> bytes:
        context = self._context() if self.send.tls else None
        with socket.create_connection((self.send.host, self.send.port), self.patience) as plain:
            # One deadline for all that follows, far under the lease of the outbox: who sends a byte now and
            # then would hold the worker for ever, and the message would be sent again meanwhile.
            until = time.monotonic() + self.patience
            if context is None:
                return _exchange(plain, body, until)
            with context.wrap_socket(plain, server_hostname=self.send.host) as safe:
                return _exchange(safe, body, until)

    def _why(self, problem: OSError) -> str:
        words = tls.why(problem, "[send]")
        # Who refuses a certificate may close before its alert was read.
        if self.send.tls and tls.is_broken_off(problem) and not isinstance(problem, ConnectionRefusedError):
            has = "accepts our certificate" if self.send.certificate else "asks for a certificate of ours"
            return f"{words}; look there whether it {has}"
        return words

    def _context(self) -> ssl.SSLContext:
        """Raises NotTaken where a file cannot be used, with the field of [send] that names it."""
        field = "authority"
        try:
            context = ssl.create_default_context(cafile=self.send.authority or None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            field = "certificate or key"
            if self.send.certificate:
                context.load_cert_chain(self.send.certificate, self.send.key)
        except OSError as problem:  # an SSLError is one
            words = f"the file that {field} of [send] names cannot be used: {_of_file(problem)}"
            raise NotTaken(words, waits=True) from problem
        return context


def _of_file(problem: OSError) -> str:
    if isinstance(problem, ssl.SSLError):
        return "it holds no certificate, or no key that goes with it"
    return (problem.strerror or type(problem).__name__).lower()


def _exchange(link: socket.socket, body: bytes, until: float) -> bytes:
    """Send one block and read one. Raises OSError where the connection ends before, or the time is over."""
    link.settimeout(_left(until))
    link.sendall(BEGIN + body + END)
    read = b""
    while END not in read:
        link.settimeout(_left(until))
        more = link.recv(4096)
        if not more or len(read) > MOST_BYTES:
            raise ConnectionResetError("no whole block came")
        read += more
    return read.partition(BEGIN)[2].partition(END)[0]


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("no whole block came in time")
    return left


class Carriers(Mapping[str, Carrier]):
    """The carriers that are there always, and one for each system that is sent something by its mapping.

    Read anew whenever it is asked, so that a mapping counts from when it is in force.
    """

    def __init__(self, always: Mapping[str, Carrier]) -> None:
        self.always = always

    def __getitem__(self, name: str) -> Carrier:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Carrier]:
        found = dict(self.always)
        for source, mapping in queries.to_send():
            if mapping.send is not None:
                found[carrier_of(source.pk)] = MllpCarrier(mapping.send)
        return found
