import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

feeder = pytest.importorskip("clearway.gateway.feeder", reason="the simulated world is not here yet")

from clearway.domain.ambulance.events import Position  # noqa: E402

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class Ingest(http.server.BaseHTTPRequestHandler):
    """Answers with the statuses it was given, then with 202; keeps what it accepted."""

    statuses: list[int]
    accepted: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.statuses.pop(0) if self.statuses else 202
        if status == 202:
            self.accepted.append(body)
        self.send_response(status)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Quiet."""


@pytest.fixture
def ingest() -> Iterator[http.server.ThreadingHTTPServer]:
    Ingest.statuses, Ingest.accepted = [], []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ingest)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def positions(count: int) -> list[Position]:
    return [Position(f"A{number}", START, 50.7, -3.5) for number in range(count)]


def gateway(server: http.server.ThreadingHTTPServer) -> "feeder.Gateway":
    return feeder.Gateway(f"http://127.0.0.1:{server.server_port}", {"avl": "word"}, threading.Event())


def test_values_travel_in_batches_and_in_order(ingest: http.server.ThreadingHTTPServer) -> None:
    gateway(ingest).deliver("positions", "avl", positions(feeder.LINES_A_BATCH + 1))

    assert [len(body.splitlines()) for body in Ingest.accepted] == [feeder.LINES_A_BATCH, 1]
    assert json.loads(Ingest.accepted[1])["call_sign"] == f"A{feeder.LINES_A_BATCH}"


def test_a_gateway_in_trouble_is_tried_again_until_it_takes_the_batch(
    ingest: http.server.ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeder, "PAUSE", 0.01)
    Ingest.statuses = [503, 500]

    gateway(ingest).deliver("positions", "avl", positions(1))

    assert len(Ingest.accepted) == 1


def test_a_refusal_is_final(ingest: http.server.ThreadingHTTPServer) -> None:
    Ingest.statuses = [401]

    with pytest.raises(feeder.Refused, match="401"):
        gateway(ingest).deliver("positions", "avl", positions(1))


def test_a_journey_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "journey.json"
    journey = feeder.Journey("south-west", "typical", 1, START, START, live=True)

    assert feeder.Journey.load(path) is None
    journey.save(path)
    assert feeder.Journey.load(path) == journey
