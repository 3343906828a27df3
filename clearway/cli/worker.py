"""Do what happens by itself: read the inbox, tell the boards, run rules, keep history.

Groups can run in processes of their own: `inbox` as often as needed, `boards` (which tells the screens) and
`rules` (rules, forecast, advice, history) once each; a second one of `boards` waits as a standby.

Example: clearway worker inbox
"""

import argparse
import signal
import threading

GROUPS = ("inbox", "boards", "rules")


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
        from clearway.gateway import duties, worker

        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        groups = duties.groups()
        worker.run([duty for name in arguments.groups or GROUPS for duty in groups[name]()], stop)
    return 0
