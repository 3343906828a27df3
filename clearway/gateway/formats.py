"""Which interchange reads a source's lines: the native one, or an adapter by its name."""

from collections.abc import Iterable
from typing import Protocol

from clearway.domain.ambulance.events import Event
from clearway.interchange import native

Message = tuple[str, tuple[Event, ...]]


class Reader(Protocol):
    """Splits a body into lines and reads one line.

    `read` returns the key of the message within its source and the events it became; raises CannotParse.
    """

    def lines(self, body: bytes) -> Iterable[tuple[int, bytes]]: ...

    def read(self, line: bytes, header: bytes, number: int) -> Message: ...


class Native:
    """Native events, one JSON object a line."""

    def lines(self, body: bytes) -> Iterable[tuple[int, bytes]]:
        return native.lines(body)

    def read(self, line: bytes, header: bytes, number: int) -> Message:
        event = native.parse_event(line)
        return event.message_id, (event,)


def of(name: str) -> Reader:
    """The reader of a format. Raises KeyError for a format that is not installed."""
    return {"native": Native()}[name]
