"""A PostgreSQL of its own for a while: everything in it goes at the end, and nothing outside is touched."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import database, postgres
from .environment import PREFIX

# How long a drive takes is the same there; nothing else of the deployment reaches it, or is reached from it.
KEPT = frozenset({"CLEARWAY_DRIVE_TIMES", "CLEARWAY_ROAD_GRAPH"})


@contextlib.contextmanager
def server(options: tuple[str, ...] = ()) -> Iterator[None]:
    """A fresh server with every table, Django set up on it as owner; both for as long as the block runs.

    options  settings of the server, each "name=value"
    Once in a process, and before anything else of Django: this process sees no other database after it.
    """
    home = Path(tempfile.mkdtemp(prefix="clearway-scratch-"))
    home.chmod(0o711)  # an ordinary user who runs PostgreSQL for root passes through
    for name in of_the_deployment(os.environ):
        del os.environ[name]
    os.environ |= {
        "CLEARWAY_HOME": str(home),
        "CLEARWAY_PROCESS": "owner",
        "CLEARWAY_SECRET_KEY": "of a database that nobody signs in to",
        "DJANGO_SETTINGS_MODULE": "clearway.config.settings",
    }
    running = postgres.start(database.home() / "postgres", options)
    try:
        from clearway.config.migrate import migrate, prepare_embedded

        prepare_embedded(str(running.sockets))
        import django

        django.setup()
        migrate()
        yield
    finally:
        from django.db import connections

        connections.close_all()
        running.stop()
        shutil.rmtree(home, ignore_errors=True)


def of_the_deployment(environment: Iterable[str]) -> list[str]:
    """The variables that a database of its own must not see: where things are written, sent or read."""
    return [name for name in environment if name.startswith((PREFIX, "DATABASE_URL")) and name not in KEPT]
