"""What several commands stand on: a database that answers, Django ready, a free port."""

import atexit
import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clearway.cli import CannotRun
from clearway.config import database, keeper
from clearway.domain.shared.region import Desk


@contextlib.contextmanager
def database_at_hand() -> Iterator[None]:
    """The database for as long as the block runs.

    An outside server, or an embedded one that runs already, is used as it is; otherwise the embedded one is
    started, and stops when the last command that uses it has ended. A supervised process never starts one:
    when the database is away its supervisor is bringing it back, and would find a rival in its place.
    """
    home = database.home() / "postgres"
    supervised = os.environ.get("CLEARWAY_SUPERVISED") == "1"
    if supervised or not database.is_embedded():
        yield
        return
    with keeper.shared(home, make_embedded_database):
        yield


def prepare(process: str) -> None:
    """The database until this process ends, and Django ready to use it."""
    rest = contextlib.ExitStack()
    rest.enter_context(database_at_hand())
    atexit.register(rest.close)
    load_django(process)


def make_embedded_database(sockets: Path) -> None:
    """Roles and an empty database on the embedded server, where they are missing."""
    from clearway.config.migrate import prepare_embedded

    prepare_embedded(str(sockets))


def load_django(process: str) -> None:
    """Make Django ready for this kind of process; once, before anything else of Django is imported."""
    prepare_environment(process)
    import django

    django.setup()


def bring_up_to_date() -> None:
    """Migrate the database. Django is loaded as owner. Raises CannotRun for one with other tables."""
    from clearway.config.migrate import OtherTables, migrate

    try:
        migrate()
    except OtherTables as problem:
        raise CannotRun(str(problem)) from None


def read_file(path: Path) -> bytes:
    """What a file that was named holds. Raises CannotRun."""
    try:
        return path.read_bytes()
    except OSError as problem:
        raise CannotRun(f"{path}: {problem.strerror}. Give a file that can be read.") from None


def the_trust(slug: str | None, desk: Desk = Desk.OUTPATIENTS) -> Any:
    """The trust of this slug, or the only one with such a desk. Raises CannotRun."""
    from clearway.core.organisation.models import Organisation
    from clearway.core.organisation.queries import with_desk

    with_one = Organisation.objects.filter(pk__in=with_desk(desk)).order_by("slug")
    chosen = [each for each in with_one if slug in (None, each.slug)]
    if len(chosen) != 1:
        known = ", ".join(each.slug for each in with_one)
        raise CannotRun(f"Name one trust with --organisation: {known or 'none has such a desk'}.")
    return chosen[0]


def prepare_environment(process: str) -> None:
    """Say what kind of process this is, and make its key where there is none."""
    os.environ["CLEARWAY_PROCESS"] = process
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearway.config.settings")
    ensure_secret_key()
    ensure_factor_key()


def ensure_secret_key() -> None:
    """Make the key that signs sessions on the first start, readable by this user only.

    A deployment gives its own in CLEARWAY_SECRET_KEY or CLEARWAY_SECRET_KEY_FILE.
    """
    if os.environ.get("CLEARWAY_SECRET_KEY") or os.environ.get("CLEARWAY_SECRET_KEY_FILE"):
        return
    path = database.home() / "secret-key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48))


def ensure_factor_key() -> None:
    """Make the key that seals the secrets of second factors, likewise; several machines are given one."""
    if os.environ.get("CLEARWAY_FACTOR_KEY") or os.environ.get("CLEARWAY_FACTOR_KEY_FILE"):
        return
    path = database.home() / "factor-key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48))


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft-{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


def next_free_port(host: str, port: int) -> int:
    """The first port from this one on where a server could listen. Raises CannotRun after a hundred."""
    for candidate in range(port, min(port + 100, 65536)):
        if is_free(host, candidate):
            return candidate
    raise CannotRun(f"No port from {port} to {port + 99} is free on {host}. Give another with --port.")


def serve(process: str, host: str, port: int, workers: int = 1) -> int:
    """Serve one kind of process over HTTP until a signal ends it."""
    if not is_free(host, port):
        raise CannotRun(f"Port {port} on {host} is taken. Stop what uses it, or give another with --port.")
    with database_at_hand():
        (database.home() / "static").mkdir(
            parents=True, exist_ok=True
        )  # where collected page files would lie
        prepare_environment(process)
        from clearway.config import server

        server.serve(host, port, workers)
    return 0
