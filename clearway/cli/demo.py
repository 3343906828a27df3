"""Start everything with a simulated region, and print one address.

PostgreSQL, the desks, ingest, a worker and the simulated control room run until Ctrl-C, all on this machine
and only for it. What happened is kept in CLEARWAY_HOME, so a second start goes on where the first one
stopped.

Examples:
  clearway demo
  clearway demo --fresh --port 9000
  clearway demo --regime severe
"""

import argparse
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from clearway.cli import CannotRun

HOST = "127.0.0.1"
WEB_PORT = 8000
READY_PATIENCE = 120.0  # seconds until the first board answers
LEVEL_PATIENCE = 60.0  # further seconds until the boards have caught up with the simulated hours
STOP_PATIENCE = 15.0  # seconds an interrupted preparation may take to end
DEPARTMENT = "worcestershire"  # the pack of the outpatient desk
KEPT = (
    "postgres",
    "logs",
    "static",
    "demo.json",
    "feed-keys.json",
    "journey.json",
    "packs",
    "pack-passphrase",
    "department.json",
    "secret-key",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to show, and where."""
    parser.add_argument("--port", type=int, default=WEB_PORT, help="port of the desks (default: %(default)s)")
    parser.add_argument(
        "--region", default="south-west", help="name of the region pack (default: %(default)s)"
    )
    parser.add_argument("--regime", default="typical", help="how busy it is (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="chance begins here (default: %(default)s)")
    parser.add_argument("--fresh", action="store_true", help="forget what was kept and start over")
    parser.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Start, show the address, and keep everything running until told to stop."""
    from clearway.config import database
    from clearway.config.children import ask_to_stop_with_parent
    from clearway.config.supervisor import Supervisor

    if arguments.with_parent:
        ask_to_stop_with_parent()
    home = database.home()
    home.mkdir(parents=True, exist_ok=True)
    supervisor = Supervisor(say)
    with only_one(home), supervisor.until_signalled():
        if arguments.fresh:
            forget(home)
        try:
            if Demo(arguments, home, supervisor).start():
                supervisor.watch(until=lambda: False)
        finally:
            say("Stopping.")
            supervisor.stop()
            say("Stopped. Nothing is left running; what happened is kept.")
    return 0


def say(line: str) -> None:
    """Tell the person, at once."""
    print(line, flush=True)


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the lock of this home. Raises CannotRun when another demo has it."""
    with (home / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise CannotRun(f"Clearway already runs here ({lock.read().strip()}). Stop it first.") from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        yield


def forget(home: Path) -> None:
    """Remove everything kept by earlier starts."""
    from clearway.config import postgres

    say("Starting over: removing what was kept.")
    for path in (*(home / name for name in KEPT), postgres.place(home / "postgres")):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


class Demo:
    """One run of the demo: the parts, in the order in which they need each other."""

    def __init__(self, arguments: argparse.Namespace, home: Path, supervisor) -> None:  # type: ignore[no-untyped-def]
        self.arguments, self.home, self.supervisor = arguments, home, supervisor
        self.began = time.monotonic()

    def start(self) -> bool:
        """Start all parts; False when a signal asked to stop meanwhile."""
        from clearway.cli.ground import ensure_factor_key, ensure_secret_key, next_free_port

        ensure_secret_key()
        ensure_factor_key()
        # A look around must need no telephone; `clearway doctor` says who is without one.
        os.environ.setdefault("CLEARWAY_SECOND_FACTOR", "none")
        port = next_free_port(HOST, self.arguments.port)
        if port != self.arguments.port:
            say(f"Port {self.arguments.port} is taken; using {port}.")
        ingest_port = next_free_port(HOST, port + 1)
        if not self._database():
            return False
        say("Making tables, region and accounts ready ...")
        if not self._prepare():
            return False
        self._pack()
        provider_port = self._provide(port, next_free_port(HOST, ingest_port + 1))
        self._begin("web", "web", "--port", str(port))
        self._begin("ingest", "ingest", "--port", str(ingest_port))
        self._begin("worker", "worker")
        goes_on = (self.home / "journey.json").is_file()
        self._begin("feed", *self._feed_words(ingest_port))
        say("Starting the desks ...")
        self._wait(lambda: answers(f"http://{HOST}:{port}/readyz"), READY_PATIENCE, "web")
        if not goes_on:  # else the boards show the last session at once, and catch up while one looks
            say("Playing the last hours of the simulated region ...")
            self._wait(self._is_level, LEVEL_PATIENCE, "feed", needed=False)
            if self._once("desk", "desk", "--region", self.arguments.region):
                say(f"What people say and write is missing: see {self._log('desk')}.")
        if not self.supervisor.stopping:
            played = str(self.home / "department.json")
            words = ("--played", played, "--seed", str(self.arguments.seed))
            self._begin("department", "feed", "department", DEPARTMENT, *words)
            self._welcome(port, provider_port)
        return not self.supervisor.stopping

    def _database(self) -> bool:
        from clearway.cli.ground import make_embedded_database
        from clearway.config import database, postgres
        from clearway.config.supervisor import Part

        if not database.is_embedded():
            return True
        home = self.home / "postgres"
        place = postgres.place(home)
        say("Starting PostgreSQL ..." if place.exists() else "Making the database ...")
        if place != home:
            say(f"Its files are in {place}: the user who runs PostgreSQL cannot reach {self.home}.")
        part = Part("PostgreSQL", lambda: postgres.start(home).process, signal.SIGINT, patience=30, last=True)
        self.supervisor.begin(part)
        make_embedded_database(postgres.socket_folder(place))
        return not self.supervisor.stopping

    def _prepare(self) -> bool:
        """Migrate and load in a process of its own, so that this one stays small and quick to stop."""
        chosen = self.arguments
        failed = self._once("prepare", "prepare", "--region", chosen.region, "--regime", chosen.regime)
        if failed:
            log = self._log("prepare")
            raise CannotRun(f"The database could not be made ready. The end of {log}:\n{tail(log)}")
        return not self.supervisor.stopping

    def _once(self, name: str, *words: str) -> bool:
        """Run a part of the demo to its end; whether it failed. A signal that asks to stop ends it."""
        from clearway.config.supervisor import program

        process = program(name, ["demo", *words], dict(os.environ), self._log(name)).start()
        while process.poll() is None:
            if self.supervisor.stopping:
                process.terminate()
                process.wait(STOP_PATIENCE)
                return False
            time.sleep(0.05)
        return process.returncode != 0

    def _begin(self, name: str, *words: str) -> None:
        from clearway.config.supervisor import program

        self.supervisor.begin(program(name, words, dict(os.environ), self._log(name)))

    def _feed_words(self, ingest_port: int) -> list[str]:
        chosen = self.arguments
        return [
            *("feed", chosen.region, "--regime", chosen.regime, "--seed", str(chosen.seed)),
            *("--to", f"http://{HOST}:{ingest_port}"),
            *("--keys", str(self.home / "feed-keys.json"), "--journey", str(self.home / "journey.json")),
        ]

    def _wait(self, until: Callable[[], bool], patience: float, name: str, needed: bool = True) -> None:
        """Keep everything running until a condition holds or a signal asks to stop.

        needed  raise CannotRun when it takes too long, instead of going on without
        """
        give_up_at = time.monotonic() + patience
        self.supervisor.watch(until=lambda: until() or time.monotonic() > give_up_at)
        if needed and not self.supervisor.stopping and not until():
            log = self._log(name)
            raise CannotRun(f"{name} did not answer in {patience:.0f} s. The end of {log}:\n{tail(log)}")

    def _is_level(self) -> bool:
        """Whether the feed has caught up with the clock and the worker has read all of it."""
        import psycopg

        from clearway.config import database

        journey = self.home / "journey.json"
        if not journey.is_file() or not json.loads(journey.read_text())["live"]:
            return False
        with psycopg.connect(**database.address(), connect_timeout=2) as link:
            row = link.execute("SELECT count(*) FROM core_batch WHERE done_at IS NULL").fetchone()
        return row is not None and row[0] <= 2

    def _pack(self) -> None:
        """Two folders for downtime packs, and their passphrase, where the environment names none."""
        from clearway.cli.ground import write_private

        if "CLEARWAY_DOWNTIME_FOLDERS" in os.environ:
            return
        folders = [self.home / "packs" / name for name in ("one", "two")]
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        words = self.home / "pack-passphrase"
        if not words.exists():
            write_private(words, secrets.token_urlsafe(18))
        os.environ |= {
            "CLEARWAY_DOWNTIME_FOLDERS": ",".join(map(str, folders)),
            "CLEARWAY_DOWNTIME_PASSPHRASE_FILE": str(words),
        }

    def _provide(self, port: int, provider_port: int) -> int:
        """Begin the local provider of texts and emails, and name it to the processes that follow."""
        from clearway.cli.provider import DEMO_KEY

        keys = json.loads((self.home / "demo.json").read_text())
        os.environ |= {
            "CLEARWAY_NOTIFY_KEY": DEMO_KEY,
            "CLEARWAY_NOTIFY_ADDRESS": f"http://{HOST}:{provider_port}",
            "CLEARWAY_NOTIFY_TEXT": "demo-text",
            "CLEARWAY_NOTIFY_EMAIL": "demo-email",
            "CLEARWAY_PATIENT_ADDRESS": f"http://{HOST}:{port}",
            "CLEARWAY_CALLBACK_KEY": keys["callback_key"],
        }
        address = f"http://{HOST}:{port}/api/v1/notify"
        self._begin("provider", "provider", "--port", str(provider_port), "--tell", address)
        return provider_port

    def _welcome(self, port: int, provider_port: int) -> None:
        notes = json.loads((self.home / "demo.json").read_text())
        others = ", ".join(name for name in notes["accounts"] if "-" not in name and name != "pfc")
        outpatients = ", ".join(notes.get("outpatient_accounts", ())[1:])
        say("")
        say(f"Clearway is ready after {time.monotonic() - self.began:.0f} s:  http://{HOST}:{port}/")
        say("")
        say(f"  Sign in as  pfc         (Patient Flow Coordinator)    password  {notes['password']}")
        say(f"  The same password opens {others}, and for one place halo-rde or commander-devon.")
        say("")
        say("  Outpatients: sign in as  opc  (Outpatient Coordinator), in a private window of the browser;")
        say(f"  {outpatients} have the same password. Its past is filled in during the first minute.")
        say(f"  What patients receive, and where you answer as them:  http://{HOST}:{provider_port}/")
        say(f"  Downtime packs, to open in a browser, are in {self.home / 'packs'};")
        say(f"  their passphrase is in {self.home / 'pack-passphrase'}.")
        say("  All people, patients and events are invented.")
        say("")
        say(f"Stop with Ctrl-C. Logs are in {self.home / 'logs'}.")

    def _log(self, name: str) -> Path:
        return self.home / "logs" / f"{name}.log"


def answers(address: str) -> bool:
    """Whether a page is there and well."""
    try:
        with urllib.request.urlopen(address, timeout=3) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def tail(log: Path) -> str:
    """The end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-12:])
