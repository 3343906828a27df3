"""What the commands about one source share."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearway.core.audit.actions import Actor
    from clearway.core.feeds.models import Source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which source."""
    parser.add_argument("name", help="name of the source, as in its region pack")


@contextmanager
def named(name: str) -> Iterator[tuple["Source", "Actor", datetime]]:
    """The source, who acts and when, with the database at hand. Raises CannotRun when there is none."""
    import getpass

    from clearway.cli import CannotRun
    from clearway.cli.ground import database_at_hand, load_django

    with database_at_hand():
        load_django("owner")
        from clearway.core.audit.actions import Actor
        from clearway.core.feeds.models import Source

        source = Source.objects.filter(name=name).first()
        if source is None:
            known = ", ".join(Source.objects.values_list("name", flat=True)) or "none; load a region first"
            raise CannotRun(f"There is no source {name!r}. There are: {known}.")
        yield source, Actor(f"command:{getpass.getuser()}"), datetime.now(UTC)


def switch(name: str, on: bool) -> int:
    """Switch the source on or off and say what came of it."""
    with named(name) as (source, by, at):
        from clearway.core.feeds import actions

        changed = actions.switch(source, on, by=by, at=at)
        print(f"{source.name} {'is' if changed else 'was already'} {'on' if on else 'off'}.")
    return 0
