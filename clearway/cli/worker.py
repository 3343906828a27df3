"""Do what happens by itself: read the inbox, tell the boards, run rules, keep history.

Groups can run in processes of their own: `inbox` as often as needed, `boards` (which tells the screens) and
`rules` (rules, forecast, advice, history) once each; a second one of `boards` waits as a standby.

Example: clearway worker inbox
"""

import argparse
import os
import signal
import threading

GROUPS = ("inbox", "boards", "rules")
PATIENCE = 5  # added niceness: on a busy machine what thinks ahead lets messages and screens go first


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"{', '.join(GROUPS)}; default: all")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import CannotRun

    unknown = set(arguments.groups) - set(GROUPS)
    if unknown:
        raise CannotRun(f"There is no group {', '.join(sorted(unknown))}; choose from {', '.join(GROUPS)}.")
    from clearway.cli.ground import database_at_hand, load_django

    with database_at_hand():
        load_django("worker")
        from clearway.config.collector import spare_what_stands
        from clearway.gateway import duties, worker

        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        chosen, groups = arguments.groups or GROUPS, duties.groups()
        if set(chosen) == {"rules"}:
            os.nice(PATIENCE)
        spare_what_stands()
        worker.run([duty for name in chosen for duty in groups[name]()], stop)
    return 0
