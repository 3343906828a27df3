"""Which interchange reads a source's lines: the native one, or an adapter by its name."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from clearway.domain.ambulance.events import Event
from clearway.interchange import native
from clearway.interchange.adapters import ADAPTERS
from clearway.interchange.adapters.adapter import Adapter, Line, parse, split

Message = tuple[str, tuple[Event, ...]]


class Reader(Protocol):
    """Splits the body of a batch into lines and reads one line.

    `header` is what stands above the lines in the file that the batch is a part of; native events have none.
    `read` returns the key of the message within its source and the events it became; raises CannotParse.
    """

    def lines(self, body: bytes, header: bytes) -> Iterable[tuple[int, bytes]]: ...

    def read(self, line: bytes, header: bytes, number: int) -> Message: ...


class Native:
    """Native events, one JSON object a line."""

    def lines(self, body: bytes, header: bytes) -> Iterable[tuple[int, bytes]]:
        return native.lines(body)

    def read(self, line: bytes, header: bytes, number: int) -> Message:
        event = native.parse_event(line)
        return event.message_id, (event,)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a control room's own file, whose header is kept with the batch.

    A row has no key of its own, so its digest is the key: the same row again is a duplicate, a changed one
    is a new message, and its facts stand beside the old.
    """

    adapter: Adapter

    def lines(self, body: bytes, header: bytes) -> Iterable[tuple[int, bytes]]:
        return ((line.number, line.raw) for line in split(body, header))

    def read(self, line: bytes, header: bytes, number: int) -> Message:
        key = hashlib.blake2b(line, digest_size=16).hexdigest()
        return key, tuple(parse(self.adapter, Line(number, header, line).message))


def of(name: str) -> Reader:
    """The reader of a format. Raises KeyError for a format that is not installed."""
    return Native() if name == "native" else Rows(ADAPTERS[name])
