"""The parent of an embedded PostgreSQL that commands share: it lives as long as any of them.

A command that needs the server holds a shared lock on a file beside the data. The first one starts this
process, which starts PostgreSQL and waits for the same lock alone: when it gets it, nobody uses the server
any more, and it stops it. Locks end with who holds them, so a killed command counts as one that has ended;
and should this process be killed, the server stops with it.
"""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from clearway.config import postgres


@contextlib.contextmanager
def shared(home: Path, make: Callable[[Path], None]) -> Iterator[None]:
    """An embedded server for as long as the block runs, and for as long as others use it.

    home  PostgreSQL's folder; the locks lie beside it
    make  called with the folder of the socket when the server was started here, before anybody else uses it
    Whoever ends last waits until it has stopped. Raises CannotStart.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    with _users(home).open("a") as using:
        with _one_at_a_time(home):
            fcntl.flock(using, fcntl.LOCK_SH)
            if not postgres.is_answering(home):
                _begin(home)
                make(postgres.socket_folder(postgres.place(home)))
        try:
            yield
        finally:
            if home.parent.is_dir():  # a folder that was removed takes its locks and its server with it
                with _one_at_a_time(home):
                    _leave(home, using)


def _begin(home: Path) -> None:
    """Start the keeper and wait until its server answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "clearway.config.keeper", str(home.absolute())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in a terminal is for the command
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdout
    with process.stdout as said:
        line = said.readline()
    problem = json.loads(line) if line else "The process that keeps PostgreSQL ended at once."
    if problem:
        raise postgres.CannotStart(problem)


def _leave(home: Path, using: IO[str]) -> None:
    """Stop using the server. The last to leave waits for the keeper, which has nobody left to keep it for."""
    try:
        fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # somebody else uses it
    fcntl.flock(using, fcntl.LOCK_UN)
    with _keeper(home).open("a") as kept:
        fcntl.flock(kept, fcntl.LOCK_SH)


@contextlib.contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    """Commands that begin or end at the same moment do so one after the other."""
    with home.with_name(f"{home.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _users(home: Path) -> Path:
    return home.with_name(f"{home.name}.users")


def _keeper(home: Path) -> Path:
    return home.with_name(f"{home.name}.keeper")


def keep(home: Path) -> int:
    """Run the server until nobody holds the lock of its users, or it ends by itself.

    Writes one line of JSON when it answers: null, or why it could not be started.
    """
    with _keeper(home).open("a") as kept, _users(home).open("a") as users:
        fcntl.flock(kept, fcntl.LOCK_EX)
        try:
            server = postgres.start(home)
        except postgres.CannotStart as problem:
            _say(str(problem))
            return 1
        _say(None)
        threading.Thread(target=_stop_when_unused, args=[server, users], daemon=True).start()
        server.process.wait()
    return 0


def _stop_when_unused(server: postgres.Server, users: IO[str]) -> None:
    fcntl.flock(users, fcntl.LOCK_EX)
    server.stop()


def _say(problem: str | None) -> None:
    sys.stdout.write(f"{json.dumps(problem)}\n")
    sys.stdout.flush()
    os.close(sys.stdout.fileno())


if __name__ == "__main__":
    os._exit(keep(Path(sys.argv[1])))  # a thread may wait for the lock for ever
