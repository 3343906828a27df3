"""Play a simulated region into the gateway, in real time and over HTTP, as a control room would send it.

The simulation knows no clock and no network; this does. What was sent is remembered in a small file, so
that a feeder which is stopped, killed or started again next day goes on in the same simulated world where
it was: nothing is lost, and what is sent twice the gateway knows by its message id.
"""

import http.client
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from clearway.domain.ambulance.events import Event, Position
from clearway.domain.shared.region import Region
from clearway.interchange import native
from clearway.simulation.ambulance.world import World

T = TypeVar("T")

LINES_A_BATCH = 1000
STRIDE = timedelta(minutes=20)  # of simulated time, while catching up
RHYTHM = 2.0  # seconds between deliveries, once level with the clock
POSITION_SECONDS = 30.0  # between the positions of a crew
POSITIONS_BACK = timedelta(minutes=2)  # of positions sent when catching up: older ones show nothing
TIMEOUT, PAUSE = 20.0, 1.0  # seconds to wait for an answer, and before a delivery is tried again


class Refused(Exception):
    """The gateway does not accept what we send, and would not the next time either."""


@dataclass(frozen=True)
class Journey:
    """Which world is played and how far it has been sent. `live` once it has caught up with the clock."""

    region: str
    regime: str
    seed: int
    start: datetime
    sent_until: datetime
    live: bool = False

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), default=datetime.isoformat))
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Journey | None":
        """The journey so far; None before the first."""
        if not path.is_file():
            return None
        kept = json.loads(path.read_text())
        instants = {name: datetime.fromisoformat(kept[name]) for name in ("start", "sent_until")}
        return cls(**{**kept, **instants})


class Gateway:
    """Where batches are delivered. Waits out an absent gateway; a refusal is final.

    to    address of the ingest process, such as http://127.0.0.1:8001
    keys  bearer key of each source by name
    """

    def __init__(self, to: str, keys: dict[str, str], stop: threading.Event) -> None:
        self._to, self._keys, self._stop = urlsplit(to), keys, stop
        self._link: http.client.HTTPConnection | None = None

    def deliver(self, kind: str, source: str, values: Iterable[Event | Position]) -> None:
        """Send values in batches, each until it is acknowledged or we are told to stop."""
        for batch in batches(values, LINES_A_BATCH):
            body = native.dump(batch)
            while not self._stop.is_set() and not self._post(f"/feeds/{kind}/{source}", source, body):
                self._stop.wait(PAUSE)

    def _post(self, path: str, source: str, body: bytes) -> bool:
        """One try; whether the batch was acknowledged. Raises Refused."""
        headers = {"Authorization": f"Bearer {self._keys[source]}", "Content-Type": "application/x-ndjson"}
        try:
            link = self._connection()
            link.request("POST", path, body, headers)
            answer = link.getresponse()
            said = answer.read(500)
        except (OSError, http.client.HTTPException):
            self._link = None
            return False
        if 400 <= answer.status < 500:
            raise Refused(f"The gateway answered {answer.status}: {said.decode(errors='replace')}")
        return answer.status < 300

    def _connection(self) -> http.client.HTTPConnection:
        if self._link is None:
            kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
            self._link = kinds[self._to.scheme](self._to.hostname or "", self._to.port, timeout=TIMEOUT)
        return self._link


def batches(values: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """The values in their order, at most `size` at a time."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


def source_of(region: Region, kind: str) -> str:
    """The name of the region's first source of a kind. Raises LookupError."""
    for source in region.sources:
        if source.kind == kind:
            return source.name
    raise LookupError(f"The region {region.slug} has no source of the kind {kind!r}.")


def play(
    region: Region,
    journey: Journey,
    gateway: Gateway,
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
    remember: Callable[[Journey], None],
) -> None:
    """Send everything up to now as fast as it is taken, then go with the clock until told to stop."""
    world = World(region, journey.regime, journey.seed, journey.start, positions=POSITION_SECONDS)
    world.advance(journey.sent_until)
    world.positions(journey.sent_until)
    world.reports(journey.sent_until)
    control_room, vehicles = source_of(region, "cad"), source_of(region, "positions")
    hospitals = source_of(region, "hospital")
    while not stop.is_set():
        now = clock()
        until = min(journey.sent_until + STRIDE, now)
        gateway.deliver("cad", control_room, world.advance(until))
        gateway.deliver("hospital", hospitals, world.reports(until))
        recent = world.positions(until)
        gateway.deliver("positions", vehicles, [p for p in recent if p.occurred_at > now - POSITIONS_BACK])
        if stop.is_set():
            return
        journey = replace(journey, sent_until=until, live=until == now)
        remember(journey)
        if journey.live:
            stop.wait(RHYTHM)


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)
