"""A region on a PostgreSQL of the bench's own, thrown away at the end."""

import contextlib
from collections.abc import Iterator
from typing import Any

from clearway.config import scratch


@contextlib.contextmanager
def fresh(slug: str = "south-west", options: tuple[str, ...] = ()) -> Iterator[Any]:
    """A fresh server with the region loaded, Django set up on it as owner. Yields the organisation."""
    with scratch.server(options):
        yield _load(slug)


def _load(slug: str) -> Any:
    from datetime import UTC, datetime

    from clearway.config.regions import find
    from clearway.core.audit.actions import Actor
    from clearway.core.organisation.actions import load_region
    from clearway.interchange.region_pack import parse

    return load_region(parse(find(slug)), by=Actor("bench"), at=datetime.now(UTC))
