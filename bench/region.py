"""A region on a PostgreSQL of the bench's own, thrown away at the end."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def fresh(slug: str = "south-west", options: tuple[str, ...] = ()) -> Iterator[Any]:
    """A fresh server with the region loaded, Django set up on it as owner. Yields the organisation."""
    home = Path(tempfile.mkdtemp(prefix="clearway-bench-"))
    home.chmod(0o711)
    os.environ |= {
        "CLEARWAY_HOME": str(home),
        "CLEARWAY_SECRET_KEY": "only for a bench",
        "DJANGO_SETTINGS_MODULE": "clearway.config.settings",
    }
    from clearway.config import database, postgres
    from clearway.config.migrate import migrate, prepare_embedded

    server = postgres.start(database.home() / "postgres", options)
    try:
        prepare_embedded(str(server.sockets))
        import django

        django.setup()
        migrate()
        yield _load(slug)
    finally:
        from django.db import connections

        connections.close_all()
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _load(slug: str) -> Any:
    from datetime import UTC, datetime

    from clearway.config.regions import find
    from clearway.core.audit.actions import Actor
    from clearway.core.organisation.actions import load_region
    from clearway.interchange.region_pack import parse

    return load_region(parse(find(slug)), by=Actor("bench"), at=datetime.now(UTC))
