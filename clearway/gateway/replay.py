"""Replaying a file through the gateway: everything at once, or its events in time, as if they came in now."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice

import msgspec

from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import Opening, open_source, store, switch
from clearway.core.feeds.models import Batch, Source
from clearway.core.organisation.models import Organisation
from clearway.domain.ambulance.events import Event
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import native
from clearway.interchange.adapters import ADAPTERS
from clearway.interchange.adapters.adapter import Line, read, split

from . import inbox

ROWS_AT_ONCE = 500
REPLAYED_INTERVAL_SECONDS = 3600  # a file is heard from when somebody replays it
LIVE_INTERVAL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the lines of a replay: received = applied + duplicate + quarantined."""

    source: str
    received: int
    applied: int
    duplicate: int
    quarantined: int

    def in_words(self) -> str:
        return (
            f"{self.source}: received {self.received} = applied {self.applied} + duplicate {self.duplicate}"
            f" + quarantined {self.quarantined}"
        )

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def source_for(
    organisation: Organisation, adapter: str, name: str, live: bool, *, by: Actor, at: datetime
) -> Source:
    """The source a replay speaks as, made on its first use. It is off: a file says nothing of the present.

    live  the events are sent one by one as native messages, not row by row in the file's own format
    Raises NotAllowed when the name is taken by another organisation or another kind of source.
    """
    knows = ADAPTERS[adapter].KNOWS if adapter in ADAPTERS else frozenset({"destination", "handover"})
    opening = Opening(
        name=name,
        kind="cad",
        format="native" if live else adapter,
        expected_interval_seconds=LIVE_INTERVAL_SECONDS if live else REPLAYED_INTERVAL_SECONDS,
        knows=knows,
    )
    return open_source(organisation, opening, by=by, at=at)


@contextmanager
def switched_on(source: Source, *, by: Actor, clock: Callable[[], datetime]) -> Iterator[None]:
    """The source is part of the present while the block runs, however it ends; one that was on stays on."""
    was_off = switch(source, True, by=by, at=clock())
    try:
        yield
    finally:
        if was_off:
            switch(source, False, by=by, at=clock())


def at_once(source: Source, body: bytes, *, clock: Callable[[], datetime]) -> Account:
    """Store the whole file in batches and read it, whether or not a worker is running."""
    batches = [
        store(source, rows, at=clock(), header=header, first_line=first)
        for header, first, rows in _chunks(source.format, body)
    ]
    while inbox.process(clock):
        pass
    return _account(source, batches)


def in_time(
    source: Source,
    adapter: str,
    body: bytes,
    *,
    speed: float,
    clock: Callable[[], datetime],
    wait: Callable[[float], None],
) -> Account:
    """Send the file's events in the order they happened, the first one now, the rest `speed` times faster.

    Their times are moved to the present and their distances divided by `speed`, so that waits on the boards
    keep their proportions. A row that cannot be read is sent as it is, and ends in quarantine.
    """
    begun = clock()
    batches = []
    origin: datetime | None = None
    for happened, event in _events_in_order(adapter, body):
        origin = origin or happened
        due = begun + (happened - origin) / speed
        if due > clock():
            wait((due - clock()).total_seconds())
        batches.append(store(source, _moved(event, due, begun), at=clock()))
        inbox.process(clock)
    while inbox.process(clock):
        pass
    return _account(source, batches)


def _chunks(format_name: str, body: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Header, number of the first line and rows of each batch of a file."""
    if format_name == "native":
        numbered = native.lines(body)
        while part := list(islice(numbered, ROWS_AT_ONCE)):
            yield b"", part[0][0], b"\n".join(line for _, line in part)
        return
    rows: Iterator[Line] = iter(split(body))
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        yield chunk[0].header, chunk[0].number, b"\n".join(line.raw for line in chunk)


def _events_in_order(adapter: str, body: bytes) -> list[tuple[datetime, Event | bytes]]:
    listed: list[tuple[datetime, Event | bytes]] = []
    latest: datetime | None = None
    for events, raw in _readings(adapter, body):
        if isinstance(events, CannotParse):
            if latest:
                listed.append((latest, raw))
            continue
        listed += [(event.occurred_at, event) for event in events]
        latest = max((event.occurred_at for event in events), default=latest)
    return sorted(listed, key=lambda each: each[0])


def _readings(adapter: str, body: bytes) -> Iterator[tuple[list[Event] | CannotParse, bytes]]:
    if adapter in ADAPTERS:
        for line, events in read(ADAPTERS[adapter], body):
            yield events, line.raw
        return
    for _, raw in native.lines(body):
        try:
            yield [native.parse_event(raw)], raw
        except CannotParse as refusal:
            yield refusal, raw


def _moved(event: Event | bytes, to: datetime, begun: datetime) -> bytes:
    if isinstance(event, bytes):
        return event
    key = f"{begun.timestamp():.0f}:{event.message_id}"
    return native.dump([msgspec.structs.replace(event, occurred_at=to, message_id=key)])


def _account(source: Source, batches: list[Batch]) -> Account:
    done = Batch.objects.filter(pk__in=[batch.pk for batch in batches], done_at__isnull=False)
    rows = list(done.values_list("lines", "applied", "duplicate", "quarantined"))
    received, applied, duplicate, quarantined = (
        sum(column) for column in (zip(*rows, strict=True) if rows else ((), (), (), ()))
    )
    return Account(source.name, received, applied, duplicate, quarantined)
