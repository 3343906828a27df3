"""The whole demo, from the command line: parts killed, the whole stopped and killed, started again."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from clearway.config import database, postgres
from tests.watching import is_running, wait_until_gone

pytest.importorskip("clearway.simulation.ambulance.world", reason="There is no simulated world to play.")

STARTED = 120  # seconds for the first page; the promise is 90 on a quiet machine
BACK = 15  # seconds for a killed part to serve again


class Demo:
    """A demo as a person would start it, in a home of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        left_out = ("CLEARWAY_SECRET_KEY", "DJANGO_SETTINGS_MODULE", "CLEARWAY_PROCESS")
        environment = {name: value for name, value in os.environ.items() if name not in left_out}
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "clearway", "demo", "--port", str(port)],
            env={**environment, "CLEARWAY_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def read_until(self, wanted: str) -> str:
        """The first line that holds these words; fails when the demo ends before."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line)
            if wanted in line:
                return line
        raise AssertionError("".join(self.said))

    def address(self) -> str:
        """The one address, once it is told."""
        found = re.search(r"http://\S+/", self.read_until("Clearway is ready"))
        assert found
        return found.group()

    def children(self) -> list[int]:
        """Every process that belongs to this demo: those that name its home, and theirs."""
        listed = subprocess.run(
            ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()]
        found = {self.process.pid}
        for _ in range(3):
            found |= {int(pid) for pid, parent, *_ in rows if int(parent) in found}
        return sorted(found - {self.process.pid})

    def child(self, word: str) -> int:
        """The child whose command holds a word."""
        for pid in self.children():
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            if word in words:
                return pid
        raise AssertionError(f"No child {word!r}.")

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        words = database.address({"CLEARWAY_HOME": str(self.home)})
        with psycopg.connect(**words, connect_timeout=5) as link:
            row = link.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(row[0]) if row else 0


@pytest.fixture
def start() -> Iterator[Callable[[], Demo]]:
    folder = Path(tempfile.mkdtemp(prefix="clearway-demo-"))
    folder.chmod(0o711)
    demos: list[Demo] = []

    def begin(port: int = 8600) -> Demo:
        demos.append(Demo(folder / "home", port))
        return demos[-1]

    yield begin
    for demo in demos:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(timeout=30)
    shutil.rmtree(folder, ignore_errors=True)


def status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.2)
    return condition()


@pytest.mark.promise("E1")
def test_the_demo_fills_its_boards_outlives_its_parts_and_leaves_nothing(start: Callable[[], Demo]) -> None:
    began = time.monotonic()
    demo = start()
    address = demo.address()

    assert time.monotonic() - began < STARTED
    assert wait_for(lambda: status(f"{address}sign-in/") == 200, 30)
    assert demo.rows("ambulance_fact") > 1000
    with urllib.request.urlopen(f"{address}metrics", timeout=5) as metrics:
        assert b'clearway_feed_age_seconds{source="swast-cad"}' in metrics.read()

    for word in ("web", "worker", "ingest", "feed"):
        os.kill(demo.child(word), signal.SIGKILL)
        demo.read_until(f"{word} is running again")
    assert wait_for(lambda: status(f"{address}readyz") == 200, BACK)

    facts = demo.rows("ambulance_fact")
    os.kill(demo.child("-k"), signal.SIGKILL)  # the server: its command names the socket folder
    demo.read_until("PostgreSQL is running again")
    assert wait_for(lambda: status(f"{address}readyz") == 200, BACK)
    assert demo.rows("ambulance_fact") >= facts

    children = demo.children()
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(timeout=30) == 0
    assert [pid for pid in children if is_running(pid)] == []


def test_a_second_start_goes_on_and_a_killed_supervisor_leaves_nothing(start: Callable[[], Demo]) -> None:
    first = start()
    first.address()
    facts, password = first.rows("ambulance_fact"), (first.home / "demo.json").read_text()
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(timeout=30) == 0

    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 8600))
        other.listen()
        second = start()
        assert "Port 8600 is taken; using 8601." in second.read_until("is taken")
        address = second.address()
    assert address == "http://127.0.0.1:8601/"
    assert second.rows("ambulance_fact") >= facts
    assert json.loads(password)["password"] in (first.home / "demo.json").read_text()

    refused = start()
    assert refused.process.wait(timeout=30) == 2
    assert refused.process.stdout
    assert "Clearway already runs here" in refused.process.stdout.read()

    children = second.children()
    second.process.kill()
    second.process.wait()
    assert all(wait_until_gone(pid) for pid in children)
    assert not postgres.is_answering(second.home / "postgres")
