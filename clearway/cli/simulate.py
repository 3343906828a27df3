"""Rehearse a region: let its simulated days pass, and hold the result against published figures.

Waits are not drawn from the published distribution: they emerge from bays, nurses, boarding and beds, whose
parameters stand in the pack's simulation.toml. One day passes unmeasured before the first one counted.
Same region, regime, seed, start and days give the same result, byte for byte.

Example: clearway simulate south-west --days 7 --seed 1 --regime pressured
"""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearway.domain.ambulance.events import Event


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("slug", help="name of the pack, for instance south-west")
    parser.add_argument("--seed", type=int, required=True, help="which of the possible days")
    parser.add_argument("--days", type=_days, default=7, metavar="N", help="days measured (default 7)")
    parser.add_argument("--regime", default="typical", help="state of the system (default typical)")
    parser.add_argument(
        "--start",
        type=_day,
        default=datetime(2026, 3, 2, tzinfo=UTC),
        metavar="YYYY-MM-DD",
        help="first measured day, from midnight UTC (default 2026-03-02)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON instead of tables; minutes and shares"
    )
    parser.add_argument(
        "--events",
        type=Path,
        metavar="FILE",
        help="also write the measured days' events there, one JSON a line",
    )


def run(arguments: argparse.Namespace) -> int:
    import msgspec

    from clearway.cli import CannotRun
    from clearway.config.regions import find
    from clearway.interchange.region_pack import parse
    from clearway.simulation.ambulance import report

    try:
        summary = report.rehearse(
            parse(find(arguments.slug)),
            arguments.regime,
            arguments.seed,
            arguments.start,
            arguments.days,
            each=_writer(arguments.events, arguments.start),
        )
    except (LookupError, OSError) as problem:
        raise CannotRun(str(problem)) from None
    if arguments.json:
        text = msgspec.json.format(msgspec.json.encode(summary, enc_hook=dict), indent=2).decode()
    else:
        text = report.as_text(summary)
    print(text)
    return 0


def _writer(file: Path | None, start: datetime) -> "Callable[[list[Event]], None]":
    """What writes each batch of events, or nothing."""
    if file is None:
        return lambda events: None
    from clearway.interchange.native import dump

    file.write_bytes(b"")

    def write(events: "list[Event]") -> None:
        with file.open("ab") as out:
            out.write(dump(event for event in events if event.occurred_at >= start))

    return write


def _days(word: str) -> int:
    days = int(word)
    if not 1 <= days <= 366:
        raise argparse.ArgumentTypeError("between 1 and 366")
    return days


def _day(word: str) -> datetime:
    return datetime.strptime(word, "%Y-%m-%d").replace(tzinfo=UTC)
