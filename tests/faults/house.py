"""A whole Clearway of real processes on a PostgreSQL of its own, to be broken on purpose."""

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from clearway.config import database, postgres
from clearway.config.children import stop_with_parent
from clearway.config.migrate import prepare_embedded

REPOSITORY = Path(__file__).resolve().parents[2]
KEY = "a key only for tests"

# Run in a process of its own, because the tests' own Django stands on another database.
PREPARE = """
import json
import django
django.setup()
from clearway.config.migrate import migrate
migrate()
from datetime import UTC, datetime
from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.organisation.actions import load_region
from clearway.interchange.region_pack import parse
from tests.trust import signed_in, somebody
organisation = load_region(parse(find("test-valley")), by=Actor("test"), at=datetime.now(UTC))
browser = signed_in(somebody("pfc", "patient_flow_coordinator", organisation))
print(json.dumps({"cookies": [browser.cookies["sessionid"].value]}))
"""


@dataclass
class House:
    """The server, the processes and what a client needs to speak with them.

    cookies  a session of somebody at the desk of each region
    """

    home: Path
    server: postgres.Server
    cookies: list[str] = field(default_factory=list)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        return self.cookies[0]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "CLEARWAY_HOME": str(self.home),
            "CLEARWAY_SECRET_KEY": "only for tests of faults",
            "DJANGO_SETTINGS_MODULE": "clearway.config.settings",
            "PYTHONPATH": str(REPOSITORY),
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `python WORDS` on this house to its end."""
        command = [sys.executable, *words]
        return subprocess.run(
            command, env=self.environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
        )

    def begin(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        """Start `python WORDS` under a name; its output goes to a log of that name."""
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *words],
                env=self.environment | {"PGAPPNAME": name, "CLEARWAY_SUPERVISED": "1"},
                cwd=REPOSITORY,
                stdout=log,
                stderr=log,
                preexec_fn=stop_with_parent(signal.SIGKILL),  # noqa: PLW1509 - it only asks the kernel
            )
        return self.processes[name]

    def serve(self, name: str) -> str:
        """The address of web or ingest, always the same; started if it does not run."""
        port = self.ports.setdefault(name, free_port())
        if name in self.processes:
            return f"http://127.0.0.1:{port}"
        kind = name.split("-", maxsplit=1)[0]
        self.begin(name, "-m", "clearway", kind, "--port", str(port))
        wait_for(lambda: listens(port), seconds=60, what=f"{name} to listen")
        return f"http://127.0.0.1:{port}"

    def work(self, name: str, *groups: str) -> subprocess.Popen[bytes]:
        """Start a worker."""
        return self.begin(name, "-m", "clearway", "worker", *groups)

    def kill(self, name: str) -> None:
        """kill -9."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def kill_database(self) -> None:
        """kill -9 of PostgreSQL, then a start that recovers."""
        self.server.process.kill()
        self.server.process.wait()
        self.server = postgres.start(self.home / "postgres")

    def end_all(self, but: Sequence[str] = ()) -> None:
        """End every process but the database."""
        for name in set(self.processes) - set(but):
            self.kill(name)

    def tell(self) -> None:
        """Print the end of every log, for whoever reads a failure."""
        for log in sorted(self.home.glob("*.log")):
            print(f"--- {log.name}", *log.read_text().splitlines()[-8:], sep="\n")
            os.truncate(log, 0)

    def connect(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(
            host=str(self.server.sockets), user=postgres.OWNER, dbname=database.DATABASE, autocommit=True
        )

    def ask(self, query: str, *values: object) -> Any:
        """The first value of the first row."""
        with self.connect() as link:
            row = link.execute(query, values).fetchone()
            return row[0] if row else None

    def add_source(self, name: str, kind: str) -> httpx.Headers:
        """A source of this kind that nobody else uses; returns the headers to send as it."""
        with self.connect() as link:
            link.execute(
                "INSERT INTO core_source (organisation_id, name, kind, format, key_hash,"
                " expected_interval_seconds, knows, enabled)"
                " SELECT id, %s, %s, 'native', %s, 60, '{destination,handover}', true FROM core_organisation",
                [name, kind, hashlib.sha256(KEY.encode()).hexdigest()],
            )
        return httpx.Headers({"Authorization": f"Bearer {KEY}"})


@contextlib.contextmanager
def a_house(prepare: str = PREPARE) -> Iterator[House]:
    """A house with the invented region and a coordinator who is signed in; swept away at the end.

    prepare  the program that fills the empty database and prints the cookies as JSON
    """
    home = Path(tempfile.mkdtemp(prefix="clearway-house-"))
    home.chmod(0o711)  # the ordinary user that runs PostgreSQL for root must be able to pass through
    house = House(home, postgres.start(home / "postgres"))
    try:
        prepare_embedded(str(house.server.sockets))
        prepared = house.run("-c", prepare)
        assert prepared.returncode == 0, prepared.stderr
        house.cookies = json.loads(prepared.stdout.splitlines()[-1])["cookies"]
        yield house
    except BaseException:
        house.tell()
        raise
    finally:
        house.end_all()
        house.server.stop()
        shutil.rmtree(home, ignore_errors=True)


def free_port() -> int:
    """A port that nobody uses, and that no client gets by chance.

    A client that calls a dead server again and again on a port of the ephemeral range gets connected to
    itself one day, and the server cannot have its port back.
    """
    while True:
        port = random.randrange(20_000, 30_000)
        if not listens(port):
            return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(done: Callable[[], object], *, seconds: float, what: str) -> None:
    """Wait until something is true; fails naming what did not happen."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.05)


def lines(events: Sequence[dict[str, object]]) -> bytes:
    return b"\n".join(json.dumps(event).encode() for event in events)
