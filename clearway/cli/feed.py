"""Play a simulated region into the gateway, in real time, as a control room would send it.

A new journey begins some simulated hours back, sent as fast as the gateway takes them, so that the boards are
not empty. A journey that was stopped goes on where it was.

Examples:
  clearway feed south-west --keys var/feed-keys.json
  clearway feed south-west --regime severe --seed 7 --keys keys.json --to https://ingest.example
"""

import argparse
import json
import signal
import threading
from datetime import timedelta
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to play, and to whom."""
    parser.add_argument("region", help="name of the region pack, for instance south-west")
    parser.add_argument("--regime", default="typical", help="how busy it is (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="chance begins here (default: %(default)s)")
    parser.add_argument(
        "--warm-up", type=float, default=6, metavar="HOURS", help="hours played at once (default: 6)"
    )
    parser.add_argument(
        "--to", default="http://127.0.0.1:8001", help="the ingest process (default: %(default)s)"
    )
    parser.add_argument(
        "--keys", type=Path, required=True, help="JSON file with the key of each source by name"
    )
    parser.add_argument(
        "--journey", type=Path, default=Path("journey.json"), help="file that remembers how far it was sent"
    )


def run(arguments: argparse.Namespace) -> int:
    """Play until a signal ends it."""
    from clearway.cli import CannotRun
    from clearway.config.regions import find
    from clearway.gateway import feeder
    from clearway.interchange.region_pack import parse

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        region = parse(find(arguments.region))
        keys = json.loads(arguments.keys.read_text())
        feeder.play(
            region,
            _journey(arguments),
            feeder.Gateway(arguments.to, keys, stop),
            clock=feeder.utc_now,
            stop=stop,
            remember=lambda journey: journey.save(arguments.journey),
        )
    except (OSError, ValueError, KeyError, LookupError, feeder.Refused) as problem:
        raise CannotRun(f"{type(problem).__name__}: {problem}") from problem
    return 0


def _journey(arguments: argparse.Namespace):  # type: ignore[no-untyped-def]
    """The journey so far, when it is the one asked for; else a new one."""
    from clearway.gateway.feeder import Journey, utc_now

    wanted = (arguments.region, arguments.regime, arguments.seed)
    kept = Journey.load(arguments.journey)
    if kept and (kept.region, kept.regime, kept.seed) == wanted:
        return kept
    start = (utc_now() - timedelta(hours=arguments.warm_up)).replace(second=0, microsecond=0)
    return Journey(*wanted, start=start, sent_until=start)
