"""Asking a Valhalla service, over HTTP as it speaks it, and doing without it."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from clearway.domain.ambulance.disruptions import Disruption, DisruptionKind
from clearway.domain.ambulance.situation import Sites
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.geography import Point, distance_km
from clearway.engine.ambulance.travel import SOURCES, Journeys, Network
from clearway.gateway.valhalla import NoAnswer, Service, journeys
from clearway.interchange import valhalla

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SITES = Sites(("A", "B"), ("", ""), np.array([51.0, 51.4]), np.array([-3.0, -3.0]))
HERE = [Point(51.1, -3.0)]
CLOSED = Disruption(
    "d", DisruptionKind.CLOSURE, Point(51.2, -3.0), 1.0, 10.0, NOON, NOON + timedelta(hours=1)
)


def matrix(rows: list[list[float | None]]) -> bytes:
    """An answer as the service documents it: seconds, null where there is no way."""
    cells = [
        [
            {"distance": 10.0, "time": took, "from_index": start, "to_index": end}
            for end, took in enumerate(row)
        ]
        for start, row in enumerate(rows)
    ]
    return json.dumps(
        {"algorithm": "costmatrix", "units": "kilometers", "sources_to_targets": cells}
    ).encode()


class Asked(ThreadingHTTPServer):
    """A server that keeps what it was asked and answers what it was told."""

    answer: Callable[[], bytes] = staticmethod(lambda: matrix([[600, 1200]]))
    status = 200
    questions: list[Any]


class Handler(BaseHTTPRequestHandler):
    server: Asked

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.questions.append((self.path, json.loads(body)))
        answer = self.server.answer()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # nobody waited
            self.wfile.write(answer)

    def log_message(self, *words: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Asked]:
    made = Asked(("127.0.0.1", 0), Handler)
    made.questions = []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def service(server: Asked, seconds: float = 2.0) -> Service:
    return Service(f"http://127.0.0.1:{server.server_port}", seconds)


def ask(server: Asked, *disruptions: Disruption, seconds: float = 2.0) -> Journeys:
    return journeys(
        service(server, seconds),
        Network.plain(),
        HERE,
        SITES,
        at=NOON.timestamp() + 1,
        disruptions=disruptions,
        blue_light=0.5,
    )


def test_its_minutes_are_taken_and_marked_as_its_own(server: Asked) -> None:
    answer = ask(server)

    assert answer.minutes.tolist() == [[5, 10]]  # half of 10 and 20 minutes
    assert [SOURCES[code] for code in answer.source[0]] == ["service", "service"]
    assert answer.as_of == NOON.timestamp() + 1
    path, question = server.questions[0]
    assert path == "/sources_to_targets"
    assert question["sources"] == [{"lat": 51.1, "lon": -3.0}]
    assert question["costing"] == "auto"


def test_a_closure_goes_with_the_question_as_a_ring_and_is_not_charged_again(server: Asked) -> None:
    answer = ask(server, CLOSED)

    (ring,) = server.questions[0][1]["exclude_polygons"]
    assert ring[0] == ring[-1]
    assert [float(distance_km(51.2, -3.0, north, east)) for east, north in ring] == pytest.approx(
        [1.0] * len(ring), abs=0.01
    )
    assert (answer.estimated_penalty == 0).all()


def test_where_it_finds_no_way_the_network_answers(server: Asked) -> None:
    server.answer = lambda: matrix([[600, None]])

    answer = ask(server)

    assert [SOURCES[code] for code in answer.source[0]] == ["service", "distance"]
    assert np.isfinite(answer.minutes).all()


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"no",
        b"[]",
        b"{}",
        matrix([[600]]),
        matrix([[-1, 5]]),
        b'{"sources_to_targets": [[{"time": "x"}]]}',
    ],
)
def test_an_answer_that_is_none_is_done_without(server: Asked, wrong: bytes) -> None:
    server.answer = lambda: wrong

    assert {SOURCES[code] for code in ask(server).source[0]} == {"distance"}


def test_a_service_that_fails_is_done_without(server: Asked) -> None:
    server.status = 500

    assert {SOURCES[code] for code in ask(server).source[0]} == {"distance"}


def test_a_service_that_is_slow_is_not_waited_for(server: Asked) -> None:
    def slowly() -> bytes:
        time.sleep(2)
        return matrix([[600, 1200]])

    server.answer = slowly
    began = time.monotonic()
    answer = ask(server, seconds=0.2)

    assert time.monotonic() - began < 1.5
    assert {SOURCES[code] for code in answer.source[0]} == {"distance"}


def test_a_service_that_is_not_there_is_done_without() -> None:
    with pytest.raises(NoAnswer):
        Service("http://127.0.0.1:9", 0.5).minutes(HERE, HERE)
    with pytest.raises(NoAnswer):
        Service("file:///etc/hostname", 0.5).minutes(HERE, HERE)


def test_the_short_form_is_read_too() -> None:
    body = json.dumps({"sources_to_targets": {"durations": [[600, None]], "distances": [[1, 2]]}}).encode()

    assert valhalla.minutes(body, 1, 2)[0, 0] == 10
    with pytest.raises(CannotParse, match="2 by 2 times were asked for"):
        valhalla.minutes(body, 2, 2)
