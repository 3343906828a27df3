"""Replay a file of a real control room, or of native events, through the real gateway.

Every row is stored, read and accounted for as if it had just come in: received = applied + duplicate +
quarantined. Replaying a file twice changes nothing. With --speed 1 or 60 its events come one by one, in the
order in which they happened, moved to the present and that many times faster: something to watch. Boards
count on the replay's source only while it runs.

Example:
  clearway replay day.jsonl --adapter native --organisation south-west
"""

import argparse
import contextlib
import gzip
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearway.core.organisation.models import Organisation


SPEEDS = ("1", "60", "max")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the file; .gz is read as it is")
    parser.add_argument("--adapter", default="native", help="how to read it: native or an adapter's name")
    parser.add_argument(
        "--organisation", help="slug of the organisation it belongs to; default: the only one"
    )
    parser.add_argument(
        "--source", help="name of the source to speak as; default: made from the adapter's name"
    )
    parser.add_argument("--speed", choices=SPEEDS, default="max", help="default: max, all at once")
    parser.add_argument("--json", action="store_true", help="print the account as JSON")


def run(arguments: argparse.Namespace) -> int:
    import getpass
    import time
    from datetime import UTC, datetime

    from clearway.cli import ground

    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.gateway import replay

    _check_adapter(arguments.adapter)
    organisation, body = _organisation(arguments.organisation), _read(arguments.file)
    live = arguments.speed != "max"
    name = arguments.source or f"{arguments.adapter.replace('_', '-')}-{'live' if live else 'file'}"
    by = Actor(f"command:{getpass.getuser()}")

    def clock() -> datetime:
        return datetime.now(UTC)

    source = replay.source_for(organisation, arguments.adapter, name, live, by=by, at=clock())
    if live:
        with _ended_by_a_signal(), replay.switched_on(source, by=by, clock=clock):
            account = replay.in_time(
                source, arguments.adapter, body, speed=float(arguments.speed), clock=clock, wait=time.sleep
            )
    else:
        account = replay.at_once(source, body, clock=clock)
    print(account.as_json() if arguments.json else account.in_words())
    return 0


@contextlib.contextmanager
def _ended_by_a_signal() -> Iterator[None]:
    """Within, a request to end is like Ctrl-C: what was switched on is switched off again."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _check_adapter(name: str) -> None:
    from clearway.cli import CannotRun
    from clearway.interchange.adapters import ADAPTERS

    if name != "native" and name not in ADAPTERS:
        raise CannotRun(f"There is no adapter {name!r}; choose from native, {', '.join(ADAPTERS)}.")


def _read(file: Path) -> bytes:
    from clearway.cli import CannotRun

    try:
        body = file.read_bytes()
    except OSError as problem:
        raise CannotRun(f"{file} cannot be read: {problem.strerror}.") from None
    return gzip.decompress(body) if file.suffix == ".gz" else body


def _organisation(slug: str | None) -> "Organisation":
    from clearway.cli import CannotRun
    from clearway.core.organisation.models import Organisation

    found = Organisation.objects.filter(slug=slug) if slug else Organisation.objects.all()
    if len(found) == 1:
        return found[0]
    there = (
        ", ".join(Organisation.objects.values_list("slug", flat=True)) or "none; load one with region load"
    )
    raise CannotRun(f"Name the organisation with --organisation. There are: {there}.")
